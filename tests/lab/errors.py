"""What can go wrong with the lab itself, as opposed to what is tested in it."""

from __future__ import annotations


class LabError(RuntimeError):
    """The lab did not do what it was asked."""


class LabUnavailable(LabError):
    """This machine cannot run the lab, or one part of it; the text says what is missing."""
