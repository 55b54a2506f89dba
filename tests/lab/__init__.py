"""Real hosts on one machine: boot them, break them, ask them from outside, leave nothing behind."""

from .errors import LabError, LabUnavailable
from .host import Host
from .lab import Lab
from .probe import Probe
from .snapshot import NOISE, Entry

__all__ = ["NOISE", "Entry", "Host", "Lab", "LabError", "LabUnavailable", "Probe"]
