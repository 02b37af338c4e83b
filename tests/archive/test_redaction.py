"""Redacted copies: drawn by one, confirmed by another, given before the clear file."""

from __future__ import annotations

import io
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from archive import gate, redaction, shredding, work
from archive.gate import RefusedError
from archive.records import redactions, store
from archive.records.errors import FieldError, NoSuchRecord, NotLabelled
from archive.records.labels import LabelInput
from archive.records.redactions import NotReady
from archive.records.tables import RedactionState
from archive.redaction import Drawn
from archive.vault import originals
from archive.vault.container import Kind
from archive.vault.errors import VaultError
from archive.vault.originals import WrongPermit
from archive.work import redacting
from auth import accounts
from auth.access import consents, grants
from auth.access.consents import Act
from auth.access.grants import GrantTerms
from auth.viewer import Access, Role, Tier
from blur.regions import Box, Keyframe, Region, Removal

FACE = Removal((Region((Keyframe(0, Box(0.3, 0.3, 0.3, 0.3)),)),))
MILD = (LabelInput("captive.public-curiosity", Tier.G1),)
FLAGGED = ("dead.body", "id.captive")


def noise() -> bytes:
    sink = io.BytesIO()
    Image.effect_noise((200, 160), 80).convert("RGB").save(sink, "PNG")
    return sink.getvalue()


def drawn(site, held, *, by="anna", labels=MILD, removal=FACE):
    with site.db.write() as s:
        asset_id = held.assets[0].id
        how = Drawn(removal, labels)
        row = redaction.draw(site, s, asset_id, how, by, site.clock())
        return row.id


def made(site, held, **how):
    redaction_id = drawn(site, held, **how)
    assert work.drain(site, held.record.id)
    return redaction_id


def confirmed(site, held, *, by="boris", **how):
    redaction_id = made(site, held, **how)
    with site.db.write() as s:
        redaction.confirm(site, s, redaction_id, by, site.clock())
    return redaction_id


def row_of(site, redaction_id):
    with site.db.read() as s:
        return redactions.require(s, redaction_id)


def opened(site, viewer, held, redaction_id=None, view="") -> bytes:
    form = gate.redacted_form(redaction_id, view) if redaction_id else gate.ORIGINAL
    asset_id = held.assets[0].id
    with gate.release(site, viewer, asset_id, site.clock(), form=form) as released:
        return b"".join(released.read(0, released.size))


def refused(site, viewer, held, redaction_id=None) -> set[str]:
    with pytest.raises(RefusedError) as caught:
        opened(site, viewer, held, redaction_id)
    return {str(code) for code in caught.value.refusal.codes}


def consent(site, viewer, held, *, identity="", redacted=False):
    with site.db.write() as s:
        record = store.require(s, held.record.id)
        item = store.item_of(record)
        if redacted:
            item = redactions.item_of(record, redactions.given(s, record))
        return consents.give(
            s,
            viewer,
            item,
            sorted(item.codes),
            "text",
            "en",
            "research",
            "for my book",
            10,
            site.clock(),
            act=Act(identity=identity),
        )


def told(site, held, event):
    with site.db.read() as s:
        return site.ledger.entries(s, record=held.record.id, event=event)


@pytest.fixture
def held(site, desk):
    return desk.publish(desk.deposit(noise()), *FLAGGED)


@pytest.fixture
def reader(desk):
    return desk.researcher()


def test_whom_it_shows_opens_only_for_a_consent_that_says_why(site, desk, held, reader):
    consent(site, reader, held)
    assert refused(site, desk.fresh(reader.account_id), held) == {"identity"}
    consent(site, reader, held, identity="comparing two faces")
    assert opened(site, desk.fresh(reader.account_id), held) == noise_of(site, held)
    [line] = told(site, held, "displaying")
    assert line.detail["identity"] == "comparing two faces"


def noise_of(site, held) -> bytes:
    with gate.derive(site, work.deriving.WORKER, held.assets[0].id, site.clock()) as o:
        return o.read_range(0, o.size)


def test_a_confirmed_copy_opens_without_that_and_shows_only_what_was_kept(
    site, desk, held, reader
):
    copy = confirmed(site, held)
    consent(site, reader, held)
    viewer = desk.fresh(reader.account_id)
    picture = np.asarray(Image.open(io.BytesIO(opened(site, viewer, held, copy))))
    assert np.unique(picture[60:90, 70:110].reshape(-1, 3), axis=0).shape[0] == 1
    assert refused(site, viewer, held) == {"identity"}
    [line] = told(site, held, "displaying")
    assert line.detail["form"] == f"redacted/{copy}"
    assert line.detail["tier"] == "G1"
    assert "identity" not in line.detail


def test_a_consent_to_the_copies_opens_nothing_clear(site, desk, held, reader):
    copy = confirmed(site, held)
    given = consent(site, reader, held, identity="I want it all", redacted=True)
    assert given.labels_version.startswith("r")
    viewer = desk.fresh(reader.account_id)
    assert opened(site, viewer, held, copy)
    assert refused(site, viewer, held) == {"consent_stale"}


def test_a_grant_without_identities_gives_the_redacted_copy_alone(site, desk, reader):
    held = desk.deposit(noise(), draft=desk.draft(access=Access.REQUEST))
    held = desk.publish(held, *FLAGGED)
    copy = confirmed(site, held)
    with site.db.write() as s:
        now = site.clock()
        terms = GrantTerms(
            Tier.G3,
            now,
            now + timedelta(days=1),
            "the copies are enough",
            record_id=held.record.id,
            excluded_labels=frozenset({"id.captive"}),
        )
        grants.give(s, reader.account_id, terms, "admin", now)
    consent(site, reader, held, redacted=True)
    viewer = desk.fresh(reader.account_id)
    assert opened(site, viewer, held, copy)
    assert refused(site, viewer, held) >= {"access_request"}
    consent(site, reader, held, identity="who he is")
    assert refused(site, desk.fresh(reader.account_id), held) == {"access_request"}


def test_what_nobody_has_confirmed_is_guarded_as_its_original(site, desk, held, reader):
    copy = made(site, held)
    assert row_of(site, copy).state is RedactionState.MADE
    consent(site, reader, held, identity="to check the copy")
    viewer = desk.fresh(reader.account_id)
    assert refused(site, viewer, held, copy) == {"role"}
    with site.db.write() as s:
        mail, now = "mod@example.org", site.clock()
        someone = accounts.add(s, site.sealing, mail, "M", Role.MODERATOR, None, now)
    moderator = desk.fresh(someone.id)
    missing = refused(site, moderator, held, copy)
    assert "consent" in missing
    assert "role" not in missing


def test_whoever_drew_it_does_not_confirm_it(site, held):
    two = SimpleNamespace(sealing=site.sealing, ledger=site.ledger, label_opinions=2)
    copy = made(site, held)
    with site.db.write() as s, pytest.raises(NotReady, match="Somebody else"):
        redaction.confirm(two, s, copy, "anna", site.clock())
    with site.db.write() as s:
        redaction.confirm(two, s, copy, "boris", site.clock())
    assert row_of(site, copy).state is RedactionState.CONFIRMED
    [line] = told(site, held, "redaction confirmed")
    assert "second_opinion" not in line.detail
    one = SimpleNamespace(sealing=site.sealing, ledger=site.ledger, label_opinions=1)
    own = made(site, held)
    with site.db.write() as s:
        redaction.confirm(one, s, own, "anna", site.clock())
    first, *_ = told(site, held, "redaction confirmed")
    assert first.detail["second_opinion"] == "waived by anna"
    assert row_of(site, copy).state is RedactionState.ENDED
    assert row_of(site, own).state is RedactionState.CONFIRMED


def test_a_copy_stops_being_given_when_more_can_be_recognised(site, desk, held, reader):
    copy = confirmed(site, held)
    desk.label(held.assets[0].id, *FLAGGED, "id.minor")
    consent(site, reader, held)
    viewer = desk.fresh(reader.account_id)
    assert refused(site, viewer, held, copy) == {"role"}
    with site.db.read() as s:
        assert not redactions.given(s, store.require(s, held.record.id))


def test_a_withdrawn_copy_is_gone(site, desk, held, reader):
    copy = confirmed(site, held)
    before = row_of(site, copy).object_id
    consent(site, reader, held)
    with site.db.write() as s:
        redaction.withdraw(site, s, copy, "a mirror shows him", "anna", site.clock())
    with pytest.raises((RefusedError, NoSuchRecord)):
        opened(site, desk.fresh(reader.account_id), held, copy)
    with site.db.read() as s, pytest.raises(VaultError):
        originals.find(s, before, Kind.REDACTED)
    [line] = told(site, held, "redaction withdrawn")
    assert line.detail["why"] == "a mirror shows him"


def test_drawing_anew_stops_what_is_being_made(site, held):
    first = drawn(site, held)
    second = made(site, held)
    assert row_of(site, first).state is RedactionState.ENDED
    assert row_of(site, second).state is RedactionState.MADE


def test_shredding_destroys_the_copies(site, held):
    copy = confirmed(site, held)
    made_of = row_of(site, copy).object_id
    approved = shredding.Approved(("a", "b"))
    receipt = shredding.shred(site, held.record.id, "asked by the family", approved)
    assert str(made_of) in {each["object"] for each in receipt["destroyed"]}
    assert row_of(site, copy).state is RedactionState.ENDED


def test_the_leave_to_see_a_copy_opens_no_original(site, desk, held, reader):
    copy = confirmed(site, held)
    consent(site, reader, held, redacted=True)
    viewer, asset = desk.fresh(reader.account_id), held.assets[0]
    form = gate.redacted_form(copy)
    with gate.release(site, viewer, asset.id, site.clock(), form=form) as released:
        permit = released.permit
    with site.db.read() as s, pytest.raises(WrongPermit):
        originals.open_original(
            permit, s, site.vault, asset_id=asset.id, object_id=asset.object_id
        )


@pytest.mark.parametrize(
    ("removal", "labels", "field"),
    [
        (Removal(), MILD, "regions"),
        (FACE, (), "labels"),
        (FACE, (LabelInput("kill.beheading", Tier.G5),), "labels"),
        (
            Removal((Region((Keyframe(0, Box(0, 0, 1, 1)),), page=1),)),
            MILD,
            "regions",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    site, held, removal, labels, field
):
    with pytest.raises(FieldError) as caught:
        drawn(site, held, removal=removal, labels=labels)
    assert caught.value.field == field
    with site.db.read() as s:
        assert not redactions.of_asset(s, held.assets[0].id)


def test_an_unlabelled_file_is_labelled_first(site, desk):
    held = desk.deposit(noise())
    with pytest.raises(NotLabelled):
        drawn(site, held)


def test_what_cannot_be_made_says_why(site, held):
    copy = drawn(site, held)
    with site.db.write() as s:
        redacting.give_up(s, copy, "The file is damaged.")
    row = row_of(site, copy)
    assert (row.state, row.failure) == (RedactionState.FAILED, "The file is damaged.")
    with site.db.write() as s, pytest.raises(NotReady, match="draw it anew"):
        redaction.confirm(site, s, copy, "boris", site.clock())
