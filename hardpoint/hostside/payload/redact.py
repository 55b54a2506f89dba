"""Text that leaves the host without what looks like a password, a key or a token."""

import re

HIDDEN = "[redacted]"
SOMEBODY = "redacted@"  # instead of user:password@, and still an address to every parser

# from the beginning of a word only: a long one must not take the square of its length
_NAME = r"[\w.-]*(?:key|secret|token|passw|pwd|credential|authorization|cookie)[\w.-]*"
_VALUE = r"\\+[\"'][^\"']*|\"[^\"]*\"|'[^']*'|[^\s\"',;&]+"  # the first: inside JSON, \"value\"
_RULES = (
    # https://user:password@host, where the password may hold an @ as well
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/?#\"']*@", re.I), r"\1%s@" % HIDDEN),
    # user:password@host without one; not unit@instance
    (re.compile(r"(?<![^\s,;=\"'(\[{])[^\s/\"',:@]+:[^\s/\"',]+@"), HIDDEN + "@"),
    (re.compile(r"\b(bearer|basic)\s+(?=[\w.~+/=-]{6})[\w.~+/=-]+", re.I), r"\1 " + HIDDEN),
    # API_KEY=..., "token": "...", password is ..., --api-key ...
    (
        re.compile(r"((?<![\w.-])%s[\"']?(?:\s*[:=]\s*|\s+is\s+))(?:%s)" % (_NAME, _VALUE), re.I),
        r"\1" + HIDDEN,
    ),
    (re.compile(r"((?<![\w.-])--?%s\s+)(?!-)(?:%s)" % (_NAME, _VALUE), re.I), r"\1" + HIDDEN),
    # what providers give out: sk-..., hf_..., ghp_..., glpat-..., xoxb-..., AKIA..., AIza..., a JWT
    (
        re.compile(
            r"\b(?:sk-|hf_|gh[a-z]_|github_pat_|glpat-|xox[a-z]-|gsk_|AKIA|AIza|eyJ)[\w.-]{10,}"
        ),
        HIDDEN,
    ),
    # any long word with letters of both cases and digits; a path begins with a slash or has dots
    (
        re.compile(
            r"(?<![\w/.+-])(?=[\w+/=-]*[a-z])(?=[\w+/=-]*[A-Z])(?=[\w+/=-]*\d)[\w+=-][\w+/=-]{23,}"
        ),
        HIDDEN,
    ),
    (re.compile(r"(?<![\w/.-])[0-9a-fA-F]{32,}\b"), HIDDEN),
)

# user:password@ before an address; with a scheme the user alone may be a token. Not unit@instance.
_USERINFO = re.compile(r"(://)[^\s/\"',]*@|(?<![^\s,;=\"'(\[{])[^\s/\"',:@]*:[^\s/\"',]*@")


def redacted(text):
    """Lines of a log. Names stay, so that a person sees which key is meant."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def without_userinfo(value):
    """A value of JSON in which no text has the user and password of an address any more."""
    if isinstance(value, str):
        return _USERINFO.sub(r"\1" + SOMEBODY, value) if "@" in value else value
    if isinstance(value, list):
        return [without_userinfo(one) for one in value]
    if isinstance(value, dict):
        return {name: without_userinfo(one) for name, one in value.items()}
    return value
