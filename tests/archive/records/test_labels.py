"""Labels: checked against the vocabulary, kept for ever, and what follows from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import moderation
from archive.intake import Deposit
from archive.records import labels, store, vocabulary
from archive.records.errors import (
    FieldError,
    Gone,
    RecordsError,
    SeverityOutOfRange,
    UnknownLabel,
)
from archive.records.labels import LabelInput
from archive.records.tables import Asset, Record
from auth.viewer import RecordState, Tier

WORDS = vocabulary.packaged()
CODES = tuple(WORDS.terms)


@pytest.fixture
def held(desk) -> Deposit:
    return desk.deposit()


def apply(site, asset_id, *given, by="m1", opinions=1):
    with site.db.write() as s:
        asset = store.require_asset(s, asset_id)
        return labels.apply(s, asset, given, by, site.clock(), opinions=opinions)


def look(site, deposit) -> tuple[Record, Asset]:
    with site.db.read() as s:
        return (
            store.require(s, deposit.record.id),
            store.require_asset(s, deposit.assets[0].id),
        )


def test_without_a_label_everything_counts_as_g5(site, held) -> None:
    record, asset = look(site, held)
    assert (record.tier, asset.tier) == (Tier.G5, Tier.G5)
    assert not record.labelled
    assert not asset.labelled


def test_the_tier_is_the_highest_of_the_tags(site, held) -> None:
    change = apply(
        site,
        held.assets[0].id,
        LabelInput("dead.body"),
        LabelInput("harm.threat", Tier.G2),
        LabelInput("id.victim"),
    )
    record, asset = look(site, held)
    assert (asset.tier, record.tier, change.tier_before) == (
        Tier.G3,
        Tier.G3,
        Tier.G5,
    )
    assert record.codes == ["dead.body", "harm.threat", "id.victim"]
    assert record.state is RecordState.LABELLED


def test_without_a_severity_the_highest_of_the_range_is_taken(site, held) -> None:
    apply(site, held.assets[0].id, LabelInput("kill.execution"))
    assert look(site, held)[1].tier is Tier.G5


@pytest.mark.parametrize("code", ["kill.execution", "dead.body", "property.pillage"])
@pytest.mark.parametrize("step", [-1, 1])
def test_a_severity_just_outside_the_range_is_refused(code: str, step: int) -> None:
    term = vocabulary.packaged().term(code)
    edge = term.lowest if step < 0 else term.highest
    inside = labels.checked([LabelInput(code, edge)], WORDS)
    assert inside[0].tier is edge
    with pytest.raises(SeverityOutOfRange, match=code):
        labels.checked([LabelInput(code, Tier(edge + step))], WORDS)


def test_sexual_violence_may_be_lower_only_where_it_is_told() -> None:
    told = LabelInput("phase.told")
    mild = LabelInput("harm.sexual-violence", Tier.G3)
    assert labels.tier_of(labels.checked([mild, told], WORDS), WORDS) is Tier.G3
    with pytest.raises(SeverityOutOfRange):
        labels.checked([mild], WORDS)


def test_a_child_raises_everything_by_one_tier() -> None:
    child = LabelInput("hostilities.child")

    def tier(*others: LabelInput) -> Tier:
        return labels.tier_of(labels.checked([child, *others], WORDS), WORDS)

    assert tier(LabelInput("captive.detention", Tier.G1)) is Tier.G2
    assert tier(LabelInput("harm.torture", Tier.G4)) is Tier.G5
    assert tier(LabelInput("kill.beheading")) is Tier.G5
    assert tier() is Tier.G5


def test_a_flag_has_no_severity() -> None:
    with pytest.raises(SeverityOutOfRange, match=r"id\.victim"):
        labels.checked([LabelInput("id.victim", Tier.G1)], WORDS)


def test_an_unknown_label_is_refused_by_name() -> None:
    with pytest.raises(UnknownLabel, match=r"kill\.everything"):
        labels.checked([LabelInput("kill.everything")], WORDS)


def test_flags_alone_are_not_a_rating() -> None:
    with pytest.raises(FieldError, match="Flags alone"):
        labels.checked([LabelInput("id.victim")], WORDS)


def test_nothing_graphic_cannot_stand_beside_something_graphic() -> None:
    none = LabelInput("context.none")
    assert (
        labels.tier_of(labels.checked([none, LabelInput("id.place")], WORDS), WORDS)
        is Tier.G0
    )
    with pytest.raises(FieldError, match=r"dead\.body"):
        labels.checked([none, LabelInput("dead.body")], WORDS)


@pytest.mark.parametrize(
    "label",
    [
        LabelInput("dead.body", from_s=-1),
        LabelInput("dead.body", from_s=5, to_s=4),
        LabelInput("dead.body", to_s=float("inf")),
        LabelInput("dead.body", from_s=float("nan")),
        LabelInput("dead.body", region=(0.5, 0.5, 0.6, 0.1)),
        LabelInput("dead.body", region=(0.5, 0.5, 0.0, 0.1)),
        LabelInput("dead.body", region=(-0.1, 0.5, 0.2, 0.1)),
        LabelInput("dead.body", region=(float("nan"), 0.5, 0.2, 0.1)),
        LabelInput("dead.body", note="x" * 2_001),
    ],
)
def test_times_regions_and_notes_that_make_no_sense_are_refused(label) -> None:
    with pytest.raises(RecordsError):
        labels.checked([label], WORDS)


@given(st.lists(st.sampled_from(CODES), max_size=6))
def test_whatever_is_taken_gives_a_tier_between_g0_and_g5(codes: list[str]) -> None:
    try:
        clean = labels.checked([LabelInput(code) for code in codes], WORDS)
    except RecordsError:
        return
    tier = labels.tier_of(clean, WORDS)
    assert Tier.G0 <= tier <= Tier.G5
    assert all(label.tier is None or label.tier <= tier for label in clean)


def test_removing_a_label_negates_it_and_keeps_it(site, held) -> None:
    asset_id = held.assets[0].id
    apply(site, asset_id, LabelInput("dead.body"), LabelInput("harm.threat"))
    change = apply(site, asset_id, LabelInput("dead.body"), by="m2")
    assert change.negated == ("harm.threat",)
    with site.db.read() as s:
        assert [row.code for row in labels.current(s, asset_id)] == ["dead.body"]
        history = labels.history(s, asset_id)
    assert sorted(row.code for row in history) == [
        "dead.body",
        "harm.threat",
        "harm.threat",
    ]
    negation = next(row for row in history if row.negates)
    assert negation.author == "m2"


def test_removing_every_label_makes_it_g5_again(site, held) -> None:
    apply(site, held.assets[0].id, LabelInput("context.none"))
    assert look(site, held)[0].labelled
    apply(site, held.assets[0].id)
    record, asset = look(site, held)
    assert (record.labelled, asset.tier) == (False, Tier.G5)
    assert record.state is RecordState.SUBMITTED


def test_the_labels_version_changes_with_the_labels_and_only_then(site, held) -> None:
    asset_id = held.assets[0].id
    one = apply(site, asset_id, LabelInput("dead.body")).labels_version
    same = apply(site, asset_id, LabelInput("dead.body"), by="m2").labels_version
    timed = apply(site, asset_id, LabelInput("dead.body", from_s=1, to_s=2))
    more = apply(site, asset_id, LabelInput("dead.body"), LabelInput("sense.sound"))
    back = apply(site, asset_id, LabelInput("dead.body")).labels_version
    assert one == same == back
    assert len({one, timed.labels_version, more.labels_version}) == 3


def test_the_record_takes_the_highest_tier_of_its_files(site, desk) -> None:
    pair = desk.deposit(desk.photo(), desk.photo())
    apply(site, pair.assets[0].id, LabelInput("context.none"))
    assert not look(site, pair)[0].labelled
    apply(site, pair.assets[1].id, LabelInput("dead.body"))
    record, first = look(site, pair)
    assert record.labelled
    assert (first.tier, record.tier) == (Tier.G0, Tier.G3)


def test_with_two_opinions_nothing_is_labelled_before_two_agree(site, held) -> None:
    asset_id, body = held.assets[0].id, LabelInput("dead.body")
    assert apply(site, asset_id, body, by="m1", opinions=2).agreeing == 1
    assert apply(site, asset_id, body, by="m1", opinions=2).agreeing == 1
    assert not look(site, held)[0].labelled
    assert look(site, held)[1].tier is Tier.G5
    assert apply(site, asset_id, body, by="m2", opinions=2).agreeing == 2
    assert look(site, held)[0].labelled
    assert look(site, held)[1].tier is Tier.G3


def test_with_two_opinions_one_may_raise_and_two_must_lower(site, held) -> None:
    asset_id = held.assets[0].id
    mild, grave = LabelInput("harm.threat", Tier.G2), LabelInput("dead.desecration")
    for moderator in ("m1", "m2"):
        apply(site, asset_id, mild, by=moderator, opinions=2)
    apply(site, asset_id, mild, grave, by="m1", opinions=2)
    assert look(site, held)[1].tier is Tier.G4
    apply(site, asset_id, mild, by="m1", opinions=2)
    assert look(site, held)[1].tier is Tier.G2  # m2 had said so before
    apply(site, asset_id, LabelInput("context.none"), by="m1", opinions=2)
    assert look(site, held)[1].tier is Tier.G2
    apply(site, asset_id, LabelInput("context.none"), by="m2", opinions=2)
    assert look(site, held)[1].tier is Tier.G0


def test_a_withdrawn_record_is_labelled_no_more(site, held) -> None:
    with site.db.write() as s:
        moderation.withdraw(
            site,
            s,
            held.record.id,
            category="family request",
            note="Asked for.",
            by="m1",
            now=site.clock(),
        )
    with pytest.raises(Gone):
        apply(site, held.assets[0].id, LabelInput("dead.body"))
