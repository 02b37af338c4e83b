"""Originals left open for the next range: whose they are, and that they end."""

import time
from datetime import timedelta

import pytest

from archive.vault import keytable, originals
from archive.vault.ajar import KEPT_SECONDS, MOST, Ajar
from archive.vault.container import Kind
from archive.vault.errors import NoSuchObject, Shredded
from archive.vault.reader import STEP, SealedReader
from archive.vault.shredlist import Shredding
from auth.policy import Action, Permit
from auth.viewer import ANONYMOUS, Item

PLAIN = b"seen by one, and then by another " * 20_000


@pytest.fixture
def opened(seal, source, header, data_key):
    """Open the same blob anew, at a time of the test's own clock."""
    blob = seal(PLAIN, header, data_key)

    def open_at(moment: float) -> SealedReader:
        reader = SealedReader(source(blob), data_key, header)
        reader.opened_at = moment
        return reader

    return open_at


@pytest.fixture
def moment() -> list[float]:
    return [100.0]


@pytest.fixture
def ajar(moment):
    kept = Ajar(clock=lambda: moment[0])
    yield kept
    kept.shut()


def test_what_was_left_is_taken_by_one_and_read_anywhere(ajar, opened) -> None:
    reader = opened(100.0)
    reader.seek(77)
    ajar.leave("film", reader)
    assert ajar.take("another film") is None
    taken = ajar.take("film")
    assert taken is reader
    assert ajar.take("film") is None
    assert taken.tell() == 0
    for start in (0, 20_000, 300_000, len(PLAIN) - 9):
        assert taken.read_range(start, 30_000) == PLAIN[start : start + 30_000]


def test_two_readers_of_one_film_are_two(ajar, opened) -> None:
    first, second = opened(100.0), opened(100.0)
    ajar.leave("film", first)
    ajar.leave("film", second)
    assert {ajar.take("film"), ajar.take("film")} == {first, second}


def test_nothing_is_given_two_seconds_after_it_was_opened(ajar, opened, moment) -> None:
    reader = opened(100.0)
    for passed in (0.5, 1.0, 1.9):
        moment[0] = 100.0 + passed
        ajar.leave("film", reader)
        assert ajar.take("film") is reader
    ajar.leave("film", reader)
    moment[0] = 100.0 + KEPT_SECONDS
    assert ajar.take("film") is None


def test_what_is_left_too_late_is_closed(ajar, opened, moment) -> None:
    reader = opened(100.0)
    moment[0] = 100.0 + KEPT_SECONDS
    ajar.leave("film", reader)
    assert reader.closed


def test_no_more_are_kept_than_so_many(ajar, opened) -> None:
    readers = [opened(100.0) for _ in range(MOST + 1)]
    for reader in readers:
        ajar.leave("film", reader)
    assert [reader.closed for reader in readers] == [False] * MOST + [True]


def test_what_nobody_asks_for_again_is_closed_all_the_same(opened) -> None:
    kept = Ajar(kept_seconds=0.05)
    for _ in range(2):  # the one who sweeps leaves, and comes back
        reader = opened(time.monotonic())
        kept.leave("film", reader)
        latest = time.monotonic() + 20
        while not reader.closed and time.monotonic() < latest:
            time.sleep(0.01)
        assert reader.closed


def test_nothing_that_was_read_stays_in_memory(ajar, opened) -> None:
    reader = opened(100.0)
    reader.read(STEP + 100)
    assert any(reader._plain)
    ajar.leave("film", reader)
    assert not any(reader._plain)


@pytest.fixture
def permit(now):
    return Permit(Action.OPEN_ORIGINAL, ANONYMOUS, Item("r", asset_id="a"), now)


@pytest.fixture
def left(s, vault, now, permit):
    """The row of an original that somebody has just read from; its file is gone."""
    with vault.new_object(Kind.ORIGINAL) as incoming:
        incoming.write(b"untouched bytes")
        made = incoming.finish(s, now)
    row = originals.find(s, made.object_id)
    reader = originals.open_found(permit, vault, asset_id="a", row=row)
    originals.leave(vault, row, reader)
    vault.blobs.delete(row.id.hex)
    yield row
    vault.ajar.shut()


def test_the_same_row_opens_what_was_left(vault, permit, left) -> None:
    with originals.open_found(permit, vault, asset_id="a", row=left) as reader:
        assert reader.read() == b"untouched bytes"


def test_another_permit_takes_nothing(vault, permit, left, now) -> None:
    other = Permit(Action.OPEN_ORIGINAL, ANONYMOUS, Item("r", asset_id="b"), now)
    with pytest.raises(originals.WrongPermit):
        originals.open_found(other, vault, asset_id="a", row=left)


def test_what_was_shredded_meanwhile_does_not_open(
    vault, permit, left, now, tmp_path
) -> None:
    later = now + timedelta(seconds=1)
    shredded = Shredding(left.object_id, "r", later, "receipt", ("a", "b"), "order")
    vault.keyring.keep_shredded_at(tmp_path / "outside" / "shredded")
    vault.keyring.shredded.add([shredded])
    with pytest.raises(Shredded):
        originals.open_found(permit, vault, asset_id="a", row=left)


def test_a_row_without_its_key_takes_nothing(s, vault, permit, left, now) -> None:
    keytable.destroy(s, left.object_id, now)
    with pytest.raises(Shredded):
        originals.open_found(permit, vault, asset_id="a", row=left)


def test_a_row_that_was_wrapped_anew_is_opened_anew(vault, permit, left) -> None:
    header = keytable.header_of(left)
    data_key = keytable.unwrap(vault.keyring, left).data_key
    left.wrapping_key_id, left.wrapped = keytable.wrap_new(
        vault.keyring, header, data_key
    )
    with pytest.raises(NoSuchObject):
        originals.open_found(permit, vault, asset_id="a", row=left)


def test_the_program_itself_takes_nothing_that_was_left(s, vault, left, now) -> None:
    permit = Permit(Action.DERIVE, ANONYMOUS, Item("r", asset_id="a"), now)
    with pytest.raises(NoSuchObject):
        originals.open_original(
            permit, s, vault, asset_id="a", object_id=left.object_id
        )
