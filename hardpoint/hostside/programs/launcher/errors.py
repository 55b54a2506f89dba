"""Why nothing is started: a sentence for whoever typed the command."""


class Refused(Exception):
    """The launcher starts nothing; the text says why and what to do."""
