"""Published ports as people write them: compose's and podman's short syntax, variables included.

Sources: the Compose Specification (ports, interpolation), podman-run(1) --publish.
"""

import re

from . import container

_VARIABLE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)(?:(:?[-?+])((?:[^{}]|\{[^{}]*\})*))?\})")
DEEPEST = 5


def interpolated(text, variables, depth=0):
    """The text with its variables: $A, ${A}, ${A:-default}, ${A:+other}, ${A:?why}, $$.

    A variable that nobody set is empty, as compose has it.
    """

    def value(match):
        if match.group(1):
            return "$"
        found = variables.get(match.group(2) or match.group(3))
        sign, other = match.group(4) or "", match.group(5) or ""
        is_set = bool(found) if sign.startswith(":") else found is not None
        if sign.endswith("+"):
            return other if is_set else ""
        if sign.endswith("-") and not is_set:
            return interpolated(other, variables, depth + 1) if depth < DEEPEST else ""
        return found or ""

    return _VARIABLE.sub(value, text)


def environment_file(text):
    """{name: value} of a .env file; quotes go, what it computes from others is left as it stands."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$", line)
        if match:
            name, value = match.groups()
            quoted = re.match(r"(['\"])(.*?)\1", value)
            found[name] = quoted.group(2) if quoted else re.split(r"\s+#", value)[0]
    return found


def ports(spec):
    """What a short text publishes: rows of container.mappings. A port of 0 is one that the engine picks."""
    rest, _, protocol = spec.strip().partition("/")
    address, outside, inside = _split(rest)
    inner, outer = _range(inside), _range(outside)
    if inner is None:
        return []
    if outer is None:
        outer = (0, 0)
    many = inner[1] - inner[0] + 1
    if outer[1] - outer[0] + 1 != many:  # one of the range, whichever is free
        outer = (outer[0], outer[0])
    row = (address.strip("[]"), str(outer[0]), str(inner[0]), protocol.lower(), many)
    return container.mappings([row])


def _split(text):
    """(address, port of the host, port of the container); an IPv6 address has colons of its own."""
    parts = text.rsplit(":", 2)
    return tuple([""] * (3 - len(parts)) + parts)


def _range(text):
    """(first, last) of "80" or "80-90"; None for what is neither."""
    first, dash, last = text.strip().partition("-")
    if not (first.isascii() and first.isdigit() and (not dash or last.isdigit())):
        return None
    begin, end = int(first[:6]), int((last or first)[:6])
    return (begin, end) if begin <= end < 65536 else None
