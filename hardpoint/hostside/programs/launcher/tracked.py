"""Files that git has as they are: hiding one would hide nothing, and keep git from committing.

What `git add` has taken is in the repository's objects, which an agent may read. So a file is told by
its whole content, never by dates: whoever could forge an entry of the index would have to know it.
"""

import hashlib
import os

_ENTRY = 62  # before the name: ten numbers of 4 bytes, 20 of the object's id, 2 of flags
_EXTENDED = 0x4000
_LARGEST = 64 * 1024 * 1024


def unhidden(git_folder, project, paths):
    """Those of the paths whose present content the repository's index names."""
    index = os.path.join(git_folder, "index")
    if not paths or not os.path.isfile(index):
        return set()
    try:
        with open(index, "rb") as file:
            names = dict(_entries(file.read(_LARGEST)))
    except (OSError, ValueError, IndexError):
        return set()
    known = {path: names.get(os.fsencode(os.path.relpath(path, project))) for path in paths}
    return {path for path, id in known.items() if id and _id(path) == id}


def _entries(data):
    """(name, object's id) of an index of version 2 to 4, gitformat-index(5). Raises ValueError."""
    version, count = int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")
    if data[:4] != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index that we know")
    place, name = 12, b""
    for _ in range(count):
        flags = int.from_bytes(data[place + 60 : place + 62], "big")
        start = place + _ENTRY + (2 if version > 2 and flags & _EXTENDED else 0)
        if version == 4:
            cut, begin = _number(data, start)
            end = data.index(b"\0", begin)
            name = name[: len(name) - cut] + data[begin:end]
            after = end + 1
        else:
            end = data.index(b"\0", start)
            name = data[start:end]
            after = place + (end - place + 8) // 8 * 8
        yield name, data[place + 40 : place + 60]
        place = after


def _number(data, place):
    """(number, place after it), as git writes offsets."""
    byte = data[place]
    value = byte & 0x7F
    while byte & 0x80:
        place += 1
        byte = data[place]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, place + 1


def _id(path):
    try:
        if os.path.getsize(path) > _LARGEST:
            return None
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return None
    return hashlib.sha1(b"blob %d\0" % len(content) + content).digest()
