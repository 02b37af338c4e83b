"""Segments: parts of recordings that raise their file at once and fall by two."""

from __future__ import annotations

import io
import secrets
import wave
from dataclasses import replace

import pytest
from sqlalchemy import select

from archive import moderation
from archive.intake import Deposit
from archive.ledger.tables import LedgerEntry
from archive.moderation import timelines
from archive.records import segments, store
from archive.records.errors import (
    Conflict,
    FieldError,
    Gone,
    SeverityOutOfRange,
    UnknownLabel,
)
from archive.records.segments import SegmentInput
from archive.records.tables import SegmentRow
from auth import accounts
from auth.viewer import AccountStatus, Role, Tier

CANARY = "kicked-7c1fd2"
BLOW = SegmentInput(500, 900, (("harm.torture", Tier.G4),), f"A captive is {CANARY}.")
FLASH = SegmentInput(0, 200, (("sense.flashing", None),))


def recording(seconds: float = 2) -> bytes:
    """Noise that nothing else has, at 8 kHz."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(8000)
        out.writeframes(secrets.token_bytes(int(8000 * seconds)))
    return sink.getvalue()


@pytest.fixture
def held(desk) -> Deposit:
    """A published recording of two seconds, at G1."""
    return desk.publish(desk.deposit(recording()))


def mark(site, deposit, *given, by="m1", version=None):
    asset = deposit.assets[0].id
    with site.db.write() as s:
        read = segments.version(s, asset) if version is None else version
        return timelines.mark_segments(
            site, s, asset, given, version=read, by=by, now=site.clock()
        )


def standing(site, deposit):
    with site.db.read() as s:
        return segments.of_asset(s, site.sealing, deposit.assets[0].id)


def look(site, deposit):
    with site.db.read() as s:
        return (
            store.require(s, deposit.record.id),
            store.require_asset(s, deposit.assets[0].id),
        )


def two_needed(site):
    """The archive with two moderators who must agree."""
    with site.db.write() as s:
        for number in range(2):
            email, role = f"m{number}@example.org", Role.MODERATOR
            made = accounts.add(s, site.sealing, email, "M", role, None, site.clock())
            made.status = AccountStatus.APPROVED
    return replace(site, config=replace(site.config, label_opinions=2))


def test_a_segment_raises_its_file_and_record_at_once(site, held) -> None:
    before = look(site, held)[0].labels_version
    change = mark(site, held, BLOW, FLASH)
    record, asset = look(site, held)
    assert (change.tier_before, change.tier_after) == (Tier.G1, Tier.G4)
    assert (asset.tier, record.tier) == (Tier.G4, Tier.G4)
    assert record.codes == ["harm.torture", "property.heritage", "sense.flashing"]
    assert record.labels_version not in {"", before}
    assert [(each.start_ms, each.end_ms) for each in standing(site, held)] == [
        (0, 200),
        (500, 900),
    ]


def test_a_consent_is_stale_once_a_segment_is_marked_or_moved(site, desk, held) -> None:
    person = desk.researcher()
    mark(site, held, BLOW)
    desk.consent(person, held.record.id)
    version = look(site, held)[0].labels_version
    mark(site, held, BLOW)
    assert look(site, held)[0].labels_version == version
    mark(site, held, SegmentInput(400, 900, BLOW.labels, BLOW.words))
    assert look(site, held)[0].labels_version != version
    assert desk.fresh(person.account_id).consents[0].labels_version == version


def test_the_words_of_a_segment_are_sealed_and_not_in_the_ledger(site, held) -> None:
    mark(site, held, BLOW)
    assert standing(site, held)[0].words == BLOW.words
    with site.db.read() as s:
        rows = s.scalars(select(SegmentRow)).all()
        lines = site.ledger.entries(s, event="labelling")
        told = "".join(str(line.detail) for line in lines)
    assert all(CANARY.encode() not in (row.words_sealed or b"") for row in rows)
    assert "[500, 900]" in told
    assert CANARY not in told


def test_nothing_changed_leaves_no_line(site, held) -> None:
    mark(site, held, BLOW)
    with site.db.read() as s:
        before = len(s.scalars(select(LedgerEntry)).all())
    assert mark(site, held, BLOW).is_empty
    with site.db.read() as s:
        assert len(s.scalars(select(LedgerEntry)).all()) == before


def test_segments_are_kept_for_ever_and_negated_without_their_words(site, held) -> None:
    mark(site, held, BLOW)
    mark(site, held, by="m2")
    assert standing(site, held) == []
    assert look(site, held)[1].tier is Tier.G1
    with site.db.read() as s:
        rows = s.scalars(select(SegmentRow)).all()
    negation = next(row for row in rows if row.negates)
    assert len(rows) == 2
    assert (negation.author, negation.words_sealed) == ("m2", None)


def test_a_lower_tier_waits_for_a_second_moderator_and_a_higher_does_not(
    site, held
) -> None:
    strict = two_needed(site)
    mark(strict, held, BLOW, FLASH, by="m1")
    assert look(site, held)[1].tier is Tier.G4
    change = mark(strict, held, FLASH, by="m1")
    assert len(change.waiting) == 1
    assert mark(strict, held, FLASH, by="m1").negated == ()
    assert look(site, held)[1].tier is Tier.G4
    assert standing(site, held)[1].removal_asked_by == "m1"
    mark(strict, held, BLOW, FLASH, by="m2")
    assert standing(site, held)[1].removal_asked_by == "m1"
    assert len(mark(strict, held, FLASH, by="m2").negated) == 1
    assert [each.codes for each in standing(site, held)] == [("sense.flashing",)]


def test_who_asked_for_a_removal_can_take_the_wish_back(site, held) -> None:
    strict = two_needed(site)
    mark(strict, held, BLOW)
    mark(strict, held)
    mark(strict, held, BLOW)
    assert standing(site, held)[0].removal_asked_by is None


def test_what_lowers_nothing_goes_at_once(site, held) -> None:
    strict = two_needed(site)
    mark(strict, held, BLOW, FLASH)
    assert len(mark(strict, held, BLOW).negated) == 1


def test_the_second_of_two_editors_is_told(site, held) -> None:
    with site.db.read() as s:
        read = segments.version(s, held.assets[0].id)
    mark(site, held, BLOW, by="m1", version=read)
    with pytest.raises(Conflict, match="in the meantime"):
        mark(site, held, FLASH, by="m2", version=read)
    assert len(standing(site, held)) == 1


def test_an_unlabelled_file_with_a_segment_is_still_unlabelled(site, desk) -> None:
    held = desk.deposit(recording())
    mark(site, held, SegmentInput(0, 100, (("dead.body", None),)))
    record, asset = look(site, held)
    assert (asset.tier, asset.labelled, record.labelled) == (Tier.G5, False, False)


def test_nothing_graphic_is_no_label_of_a_file_with_a_graphic_part(site, desk) -> None:
    held = desk.publish(desk.deposit(recording()), "context.none")
    mark(site, held, FLASH)
    assert look(site, held)[0].codes == ["context.none", "sense.flashing"]
    mark(site, held, FLASH, BLOW)
    assert look(site, held)[0].codes == ["harm.torture", "sense.flashing"]


def test_labelling_the_file_again_keeps_its_segments(site, desk, held) -> None:
    mark(site, held, BLOW)
    desk.label(held.assets[0].id, "dead.body")
    assert look(site, held)[0].codes == ["dead.body", "harm.torture"]
    assert look(site, held)[1].tier is Tier.G4


TORTURE = (("harm.torture", Tier.G4),)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ([SegmentInput(-1, 5, TORTURE)], FieldError, "0:00.000 or later"),
        ([SegmentInput(700, 700, TORTURE)], FieldError, "0:00.700 must end after"),
        ([SegmentInput(700, 600, TORTURE)], FieldError, "must end after"),
        ([SegmentInput(0, 2001, TORTURE)], FieldError, "ends at 0:02.000"),
        ([SegmentInput(0, 5, ())], FieldError, "no label"),
        ([SegmentInput(0, 5, TORTURE * 2)], FieldError, "a label twice"),
        ([SegmentInput(0, 5, (("kill.all", None),))], UnknownLabel, "kill.all"),
        (
            [SegmentInput(0, 5, (("harm.torture", Tier.G1),))],
            SeverityOutOfRange,
            "harm.torture",
        ),
        (
            [SegmentInput(0, 6, TORTURE), SegmentInput(5, 9, TORTURE)],
            FieldError,
            "twice at 0:00.005",
        ),
        (
            [SegmentInput(n, n + 1, TORTURE) for n in range(201)],
            FieldError,
            "at most 200",
        ),
        ([SegmentInput(0, 5, TORTURE, "x" * 1001)], FieldError, "1,000"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    site, held, wrong, error, words: str
) -> None:
    with pytest.raises(error, match=words):
        mark(site, held, FLASH, *wrong)
    assert standing(site, held) == []
    assert look(site, held)[1].tier is Tier.G1


def test_the_edges_of_what_can_be_are_taken(site, held) -> None:
    edges = [SegmentInput(0, 1000, TORTURE), SegmentInput(1000, 2000, TORTURE)]
    mark(site, held, *edges)
    first, second = standing(site, held)
    assert first.holds(0)
    assert not first.holds(1000)
    assert second.holds(1000)


def test_a_picture_has_no_segments(site, desk) -> None:
    held = desk.publish(desk.deposit())
    with pytest.raises(FieldError, match="film and sound"):
        mark(site, held, BLOW)


def test_a_withdrawn_record_is_marked_no_more(site, held) -> None:
    with site.db.write() as s:
        moderation.withdraw(
            site,
            s,
            held.record.id,
            category="other",
            note="Asked for.",
            by="m1",
            now=site.clock(),
        )
    with pytest.raises(Gone):
        mark(site, held, BLOW)


@pytest.mark.parametrize(
    ("t_ms", "words"),
    [(0, "0:00.000"), (61_005, "1:01.005"), (3_600_000, "1:00:00.000")],
)
def test_a_moment_is_written_to_the_millisecond(t_ms: int, words: str) -> None:
    assert segments.written(t_ms) == words
