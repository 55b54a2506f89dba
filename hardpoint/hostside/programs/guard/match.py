"""Whether a path with gaps (marks.py) could name what a pattern of the policy names."""

from marks import DEEP, ONE, STAR, TAINTED, UNKNOWN, unknown

ANY = (STAR, UNKNOWN, TAINTED, DEEP)


def tokens(pattern):
    """An fnmatch pattern of the policy, as characters and marks."""
    found, place = [], 0
    while place < len(pattern):
        char, close = pattern[place], pattern.find("]", place + 2)
        if char == "[" and close > 0:
            found.append(ONE)
            place = close
        else:
            found.append({"*": STAR, "?": ONE}.get(char, char))
        place += 1
    return "".join(found)


def meet(one, two):
    """Whether any text matches both of two strings with marks."""
    reach = {(0, 0)}
    seen = set()
    while reach:
        i, j = state = reach.pop()
        if state in seen:
            continue
        seen.add(state)
        if i == len(one) and j == len(two):
            return True
        if i < len(one) and one[i] in ANY:
            reach.add((i + 1, j))
            if j < len(two):
                reach.add((i, j + 1))
        if j < len(two) and two[j] in ANY:
            reach.add((i, j + 1))
            if i < len(one):
                reach.add((i + 1, j))
        if i < len(one) and j < len(two) and one[i] not in ANY and two[j] not in ANY:
            if one[i] == two[j] or ONE in (one[i], two[j]):
                reach.add((i + 1, j + 1))
    return False


def same(pattern, name):
    """Whether one component could match; a shell's glob never begins a hidden name."""
    if pattern == name:
        return True
    if name[:1] in (STAR, ONE) and pattern.startswith("."):
        return False
    if unknown(name) and not _told(pattern, name):
        return False
    return meet(tokens(pattern), name)


def _told(pattern, name):
    """Whether what is known of a name says what it is: enough of its beginning, or all of the pattern."""
    core = pattern.strip("*")
    known = name[: min(name.find(mark) for mark in (UNKNOWN, TAINTED, DEEP) if mark in name)]
    return core in name or (len(known) > 1 and known[0] == "." and pattern.startswith(known))


def below(pattern, parts):
    """Whether the path `parts` is or lies below what the pattern (with slashes) names."""
    wanted = pattern.split("/")
    return len(parts) >= len(wanted) and all(map(same, wanted, parts))


def above(pattern, parts):
    """Whether what the pattern names lies below the path `parts`."""
    wanted = pattern.split("/")
    return len(parts) < len(wanted) and all(map(same, wanted, parts))


def anywhere(pattern, parts):
    """Whether the pattern names the path or one of its folders, at any depth."""
    return any(below(pattern, parts[start:]) for start in range(len(parts)))
