"""podman's old database, read page by page: what is torn or hostile is an error, never a guess."""

from __future__ import annotations

import random
import struct

import pytest

from hardpoint.hostside.payload import bolt

PAGE = 4096


def leaf(entries: list[tuple[bytes, bytes, bool]]) -> bytes:
    """A leaf page, or the inside of a small bucket."""
    head, body = b"", b""
    for number, (key, value, bucket) in enumerate(entries):
        position = (len(entries) - number) * 16 + len(body)
        head += struct.pack("<IIII", int(bucket), position, len(key), len(value))
        body += key + value
    return struct.pack("<QHHI", 3, bolt.LEAF, len(entries), 0) + head + body


def small(entries: list[tuple[bytes, bytes, bool]]) -> bytes:
    return struct.pack("<QQ", 0, 0) + leaf(entries)


def meta(root: int, transaction: int) -> bytes:
    body = struct.pack("<IIIIQQQQQ", bolt.MAGIC, 2, PAGE, 0, root, 0, 2, 9, transaction)
    return struct.pack("<QHHI", 0, 4, 0, 0) + body + struct.pack("<Q", bolt._fnv(body))


def database(*pages: bytes, newest: int = 3) -> bytes:
    """Two meta pages; the second is the newer one, and says where the root is."""
    everything = [meta(2, 6), meta(newest, 7), *pages]
    return b"".join(page.ljust(PAGE, b"\0") for page in everything)


CONTAINER = small([(b"config", b'{"name": "a"}', False), (b"state", b"{}", False)])
GOOD = database(
    leaf([]),
    leaf([(b"ctr", small([(b"12ab", CONTAINER, True)]), True), (b"vol", small([]), True)]),
)


def test_the_newer_root_is_read() -> None:
    assert bolt.items(GOOD) == [(b"ctr", None), (b"vol", None)]
    assert bolt.items(GOOD, b"ctr") == [(b"12ab", None)]
    found = [(b"config", b'{"name": "a"}'), (b"state", b"{}")]
    assert bolt.items(GOOD, b"ctr", b"12ab") == found
    assert bolt.items(GOOD, b"pod") == []


def test_a_meta_page_that_was_cut_is_not_believed() -> None:
    torn = GOOD[: PAGE + 20] + b"\xff" + GOOD[PAGE + 21 :]
    assert bolt.items(torn) == []
    with pytest.raises(ValueError, match="no bolt database"):
        bolt.items(b"SQLite format 3\0".ljust(PAGE, b"\0"))


def test_a_tree_that_bites_its_tail_ends() -> None:
    loop = struct.pack("<QHHI", 3, bolt.BRANCH, 1, 0) + struct.pack("<IIQ", 0, 0, 3)
    with pytest.raises(ValueError):
        bolt.items(database(leaf([]), loop))


def test_noise_is_an_error_at_worst() -> None:
    noise = random.Random(1)
    for _ in range(3000):
        damaged = bytearray(GOOD)
        for _ in range(3):
            damaged[noise.randrange(2 * PAGE, len(damaged))] = noise.randrange(256)
        try:
            bolt.items(bytes(damaged[: noise.choice([len(damaged), 3 * PAGE + 40])]), b"ctr")
        except ValueError:
            pass
