"""The tree of RFC 9162: every proof of small trees, and none that was bent."""

from __future__ import annotations

import hashlib

import pytest

from archive.ledger import merkle
from archive.ledger.tree import Growing

MOST = 40
DIGESTS = [hashlib.sha256(b"%d" % number).digest() for number in range(MOST)]


def complete(start: int, size: int) -> bytes:
    return merkle.fold([merkle.leaf(each) for each in DIGESTS[start : start + size]])


def plain_root(leaves: list[bytes]) -> bytes:
    """Section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    halves = plain_root(leaves[:k]) + plain_root(leaves[k:])
    return hashlib.sha256(b"\1" + halves).digest()


@pytest.mark.parametrize("size", range(MOST + 1))
def test_the_root_is_that_of_the_standard_however_it_is_made(size: int) -> None:
    growing = Growing()
    for digest in DIGESTS[:size]:
        growing.add(digest.hex())
    expected = plain_root(DIGESTS[:size])
    assert merkle.root(complete, 0, size) == growing.root() == expected


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_each_line_is_shown_to_be_in_and_no_other_line_or_place_is(size: int) -> None:
    top = merkle.root(complete, 0, size)
    for index in range(size):
        path = merkle.inclusion(complete, index, size)
        shown = DIGESTS[index]
        assert merkle.includes(shown, index, size, top, path)
        assert not merkle.includes(DIGESTS[index - 1], index, size, top, path) or (
            size == 1
        )
        assert not merkle.includes(shown, (index + 1) % size, size, top, path) or (
            size == 1
        )
        assert not merkle.includes(shown, index, size, top, [*path, top])
        for cut in range(len(path)):
            bent = [*path[:cut], bytes(32), *path[cut + 1 :]]
            assert not merkle.includes(shown, index, size, top, bent)
            assert not merkle.includes(shown, index, size, top, path[:cut])
    assert not merkle.includes(DIGESTS[0], size, size, top, [])
    assert not merkle.includes(DIGESTS[0], -1, size, top, [])


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_an_earlier_root_is_shown_to_be_the_beginning_and_no_other_is(
    size: int,
) -> None:
    later = merkle.root(complete, 0, size)
    for before in range(1, size + 1):
        earlier = merkle.root(complete, 0, before)
        path = merkle.consistency(complete, before, size)
        assert merkle.is_consistent(before, earlier, size, later, path)
        assert not merkle.is_consistent(before, bytes(32), size, later, path)
        assert not merkle.is_consistent(before, earlier, size, bytes(32), path)
        assert not merkle.is_consistent(before, earlier, size, later, [*path, later])
        for cut in range(len(path)):
            bent = [*path[:cut], bytes(32), *path[cut + 1 :]]
            assert not merkle.is_consistent(before, earlier, size, later, bent)
            assert not merkle.is_consistent(before, earlier, size, later, path[:cut])


def test_what_cannot_be_shown_is_said() -> None:
    for index, size in ((-1, 4), (4, 4), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion(complete, index, size)
    for before, size in ((0, 4), (5, 4)):
        with pytest.raises(ValueError, match="no earlier tree"):
            merkle.consistency(complete, before, size)
    with pytest.raises(ValueError, match="complete subtree"):
        merkle.fold([bytes(32)] * 3)
