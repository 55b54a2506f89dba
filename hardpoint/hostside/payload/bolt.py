"""Reading a bolt database, podman's until its version 5, from its bytes: pages of a B+ tree.

Nothing is opened, locked or mapped: the caller has read the file. Format: go.etcd.io/bbolt, version 2.
Everything is checked against the size of the file; what doesn't fit is ValueError.
"""

import struct

MAGIC, VERSION = 0xED0CDAED, 2
_PAGE, _META, _BUCKET = struct.Struct("<QHHI"), struct.Struct("<IIIIQQQQQQ"), struct.Struct("<QQ")
_BRANCH_ELEMENT, _LEAF_ELEMENT = struct.Struct("<IIQ"), struct.Struct("<IIII")
BRANCH, LEAF, IS_BUCKET = 0x01, 0x02, 0x01
MOST_ENTRIES, DEEPEST = 100_000, 20


def items(data, *path):
    """[(key, value)] of the bucket that the names of `path` lead to; [] where there is none.

    A value is bytes; that of a bucket is None.
    """
    try:
        size, root = _root(data)
        entries = _entries(data, size, root, 0)
        for name in path:
            (entries,) = [_inside(data, size, v) for k, v, b in entries if b and k == name] or [[]]
    except (struct.error, OverflowError):
        raise ValueError("a place behind its end") from None
    return [(key, None if bucket else value) for key, value, bucket in entries]


def _root(data):
    """(page size, page of the root bucket), by the newer of the two meta pages that is whole."""
    metas = []
    for start in (0, *(1 << shift for shift in range(9, 17))):
        if start + _PAGE.size + _META.size > len(data):
            continue
        fields = _META.unpack_from(data, start + _PAGE.size)
        body = data[start + _PAGE.size : start + _PAGE.size + _META.size - 8]
        if fields[:2] == (MAGIC, VERSION) and fields[9] == _fnv(body):
            metas.append((fields[8], fields[2], fields[4]))
    if not metas:
        raise ValueError("no bolt database")
    return max(metas)[1:]


def _fnv(data):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def _inside(data, size, value):
    """The entries of a bucket; a small one lies in its parent, behind its header."""
    root, _ = _BUCKET.unpack_from(value)
    return _leaves(value, _BUCKET.size) if root == 0 else _entries(data, size, root, 0)


def _entries(data, size, page, depth):
    start = page * size
    _, flags, count, _ = _PAGE.unpack_from(data, start)
    if flags & LEAF:
        return _leaves(data, start)
    if not flags & BRANCH or depth > DEEPEST:
        raise ValueError("page %d is no tree" % page)
    found = []
    for number in range(count):
        element = start + _PAGE.size + number * _BRANCH_ELEMENT.size
        found += _entries(data, size, _BRANCH_ELEMENT.unpack_from(data, element)[2], depth + 1)
        if len(found) > MOST_ENTRIES:
            raise ValueError("too many entries")
    return found


def _leaves(data, start):
    _, _, count, _ = _PAGE.unpack_from(data, start)
    found = []
    for number in range(count):
        element = start + _PAGE.size + number * _LEAF_ELEMENT.size
        flags, position, key, value = _LEAF_ELEMENT.unpack_from(data, element)
        begin = element + position
        if begin + key + value > len(data):
            raise ValueError("an entry ends behind the file")
        name = data[begin : begin + key]
        found.append((name, data[begin + key : begin + key + value], bool(flags & IS_BUCKET)))
    return found
