"""Characters that stand for what is only known at run time, in strings that are otherwise literal."""

STAR, ONE, UNKNOWN, TAINTED, DEEP = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
"""Any characters but /, any one, any text, text from the network or out of a decoder, and all files below."""


class Unreadable(Exception):
    """Text that is no program, or one that says too much to be followed to its end."""


ALL = (STAR, ONE, UNKNOWN, TAINTED, DEEP)


def cleaned(text):
    """The text without characters that would be taken for marks."""
    for mark in ALL:
        if mark in text:
            text = text.replace(mark, "?")
    return text


def shown(text):
    """For people."""
    return (
        text.replace(STAR, "*")
        .replace(ONE, "?")
        .replace(UNKNOWN, "…")
        .replace(TAINTED, "…")
        .replace(DEEP, "**")
    )


def unknown(text):
    return UNKNOWN in text or TAINTED in text or DEEP in text


def globbed(text):
    return STAR in text or ONE in text


def literal(text):
    return not unknown(text) and not globbed(text)
