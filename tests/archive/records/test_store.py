"""Records: sealed, scoped, revised, published, withdrawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from archive import moderation
from archive.records import labels, store
from archive.records.document import Description, RecordDocument
from archive.records.errors import (
    Conflict,
    FieldError,
    Gone,
    NoSuchRecord,
    NotLabelled,
)
from archive.vault.errors import VaultError
from auth.scope import Scope, scope
from auth.viewer import ANONYMOUS, RecordState, Tier, Visibility, operator_viewer

PUBLIC = Scope(frozenset({"public"}), guarded=False, digits=1)
VETTED = Scope(frozenset({"public", "vetted"}), guarded=True, digits=6)
STAFF = Scope(frozenset({"public", "vetted", "staff"}), guarded=True, digits=6)


def withdraw(site, record_id, **how):
    wanted = {"category": "safety", "note": "A witness asked.", "by": "m1"}
    with site.db.write() as s:
        now = site.clock()
        return moderation.withdraw(site, s, record_id, now=now, **{**wanted, **how})


def reached(site, ids, given) -> list[str]:
    with site.db.read() as s:
        listed = [record.id for record in store.list_by_ids(s, ids, given)]
        recent = {record.id for record in store.recent(s, given, 100)}
        assert recent <= set(listed)
        assert store.count(s, given) == len(recent)
        assert sum(store.counts_by_year(s, given).values()) <= len(recent)
        return listed


def test_the_description_is_sealed_for_its_own_record(any_site, any_desk) -> None:
    draft = any_desk.draft("canary-5d1f0c")
    one, two = any_desk.deposit(draft=draft), any_desk.deposit()
    with any_site.db.write() as s:
        stored = s.execute(text("SELECT * FROM records")).all()
        assert "canary" not in str(stored)
        other = store.require(s, two.record.id)
        other.document_sealed = store.require(s, one.record.id).document_sealed
    with any_site.db.read() as s, pytest.raises(VaultError):
        store.document_of(any_site.sealing, store.require(s, two.record.id))


def test_a_new_record_is_for_staff_whatever_visibility_it_asks_for(
    any_site, any_desk
) -> None:
    made = any_desk.deposit(draft=any_desk.draft(visibility=Visibility.PUBLIC))
    ids = [made.record.id]
    assert reached(any_site, ids, PUBLIC) == reached(any_site, ids, VETTED) == []
    assert reached(any_site, ids, STAFF) == ids
    any_desk.publish(made)
    assert reached(any_site, ids, PUBLIC) == ids


@pytest.mark.parametrize(
    ("visibility", "reaching"),
    [
        (Visibility.PUBLIC, [PUBLIC, VETTED, STAFF]),
        (Visibility.VETTED, [VETTED, STAFF]),
        (Visibility.STAFF, [STAFF]),
    ],
)
def test_a_published_record_is_listed_within_its_audience_only(
    site, desk, visibility, reaching
) -> None:
    made = desk.publish(desk.deposit(draft=desk.draft(visibility=visibility)))
    ids = [made.record.id]
    for given in (PUBLIC, VETTED, STAFF):
        assert reached(site, ids, given) == (ids if given in reaching else [])


def test_lists_and_the_policy_have_one_idea_of_who_may_know(site) -> None:
    now = site.clock()
    assert scope(ANONYMOUS, now) == PUBLIC
    assert scope(operator_viewer(), now).audiences == STAFF.audiences


def test_records_are_listed_in_the_order_asked_for(any_site, any_desk) -> None:
    ids = [any_desk.publish(any_desk.deposit()).record.id for _ in range(3)]
    wanted = [ids[2], "nothing", ids[0], ids[1]]
    assert reached(any_site, wanted, PUBLIC) == [ids[2], ids[0], ids[1]]


def test_years_are_counted_within_the_scope(any_site, any_desk) -> None:
    for date, visibility in (
        ("2020-10", Visibility.PUBLIC),
        ("2020", Visibility.PUBLIC),
        ("1992-03", Visibility.VETTED),
        ("", Visibility.PUBLIC),
    ):
        document = replace(any_desk.draft().document, event_date=date)
        draft = replace(any_desk.draft(), document=document, visibility=visibility)
        any_desk.publish(any_desk.deposit(draft=draft))
    with any_site.db.read() as s:
        assert store.counts_by_year(s, PUBLIC) == {2020: 2}
        assert store.counts_by_year(s, VETTED) == {1992: 1, 2020: 2}


def test_a_change_needs_the_revision_that_was_edited(site, desk) -> None:
    made = desk.deposit()
    new = desk.draft("Another title")

    def change(revision: int) -> None:
        with site.db.write() as s:
            moderation.describe(
                site,
                s,
                made.record.id,
                new,
                revision=revision,
                by="m1",
                now=site.clock(),
            )

    change(1)
    with pytest.raises(Conflict):
        change(1)
    with site.db.read() as s:
        record = store.require(s, made.record.id)
        assert record.revision == 2
        assert store.document_of(site.sealing, record).title() == "Another title"


def test_an_unlabelled_record_is_not_published(site, desk) -> None:
    pair = desk.deposit(desk.photo(), desk.photo())
    desk.label(pair.assets[0].id, "context.none")

    def publish() -> None:
        with site.db.write() as s:
            moderation.publish(site, s, pair.record.id, "m1", site.clock())

    with pytest.raises(NotLabelled):
        publish()
    desk.label(pair.assets[1].id, "context.none")
    publish()
    with site.db.read() as s:
        assert store.require(s, pair.record.id).state is RecordState.PUBLISHED


def test_publishing_with_one_opinion_says_who_waived_the_second(site, desk) -> None:
    made = desk.deposit()
    desk.label(made.assets[0].id, "dead.body", by="m1")
    with site.db.write() as s:
        moderation.publish(site, s, made.record.id, "m7", site.clock())
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="publication")
    assert line.detail["second_opinion"] == "waived by m7"


def test_publishing_with_two_opinions_waives_nothing(site, desk) -> None:
    made = desk.deposit()
    for moderator in ("m1", "m2"):
        desk.label(made.assets[0].id, "dead.body", by=moderator)
    with site.db.write() as s:
        moderation.publish(site, s, made.record.id, "m7", site.clock())
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="publication")
    assert "second_opinion" not in line.detail
    assert line.detail["opinions"] == [2]


def test_a_record_without_files_can_be_published(site, desk) -> None:
    with site.db.write() as s:
        record = store.create(s, site.sealing, desk.draft(), "m1", site.clock())
        moderation.publish(site, s, record.id, "m1", site.clock())
    assert reached(site, [record.id], PUBLIC) == [record.id]
    with site.db.read() as s:
        assert store.require(s, record.id).tier is Tier.G0


def test_a_withdrawn_record_leaves_a_tombstone_and_is_listed_nowhere(
    site, desk
) -> None:
    made = desk.publish(desk.deposit())
    withdraw(site, made.record.id)
    assert reached(site, [made.record.id], STAFF) == []
    with site.db.read() as s:
        record = store.require(s, made.record.id)
        assert record.tombstone == {
            "category": "safety",
            "note": "A witness asked.",
            "date": "2026-03-01",
        }
        assert made.record.id not in [each.id for each in store.queue(s)]
        (line,) = site.ledger.entries(s, event="deaccession")
    assert line.detail["category"] == "safety"


def test_a_withdrawn_record_is_neither_changed_nor_published_nor_withdrawn(
    site, desk
) -> None:
    made = desk.publish(desk.deposit())
    withdraw(site, made.record.id)
    with pytest.raises(Gone):
        withdraw(site, made.record.id)
    with site.db.write() as s:
        record, now = store.require(s, made.record.id), site.clock()
        with pytest.raises(Gone):
            store.publish(s, record, "m1", now)
        with pytest.raises(Gone):
            store.update(
                s, site.sealing, record, desk.draft(), revision=record.revision, now=now
            )


@pytest.mark.parametrize("missing", ["category", "note"])
def test_a_withdrawal_without_a_reason_is_refused(site, desk, missing: str) -> None:
    made = desk.publish(desk.deposit())
    with pytest.raises(FieldError) as refused:
        withdraw(site, made.record.id, **{missing: " "})
    assert refused.value.field == missing
    assert reached(site, [made.record.id], PUBLIC) == [made.record.id]


def test_what_is_not_there_is_said(site) -> None:
    with site.db.read() as s:
        with pytest.raises(NoSuchRecord):
            store.require(s, "nothing")
        with pytest.raises(NoSuchRecord):
            store.require_asset(s, "nothing")
        assert store.get(s, "nothing") is None


def test_the_same_bytes_are_found_by_keyed_digest_only(any_site, any_desk) -> None:
    content = any_desk.photo()
    one = any_desk.deposit(content)
    two = any_desk.deposit(content)
    assert [d.asset_id for d in two.duplicates] == [one.assets[0].id]
    with any_site.db.read() as s:
        digest = store.details_of(any_site.sealing, one.assets[0]).sha256
        assert len(store.same_file(s, any_site.sealing, digest)) == 2
        stored = str(s.execute(text("SELECT * FROM assets")).all())
    assert digest not in stored
    assert bytes.fromhex(digest) not in stored.encode()


def test_ids_are_short_and_unlike_each_other() -> None:
    ids = {store.new_record_id() for _ in range(500)}
    assert len(ids) == 500
    assert {len(each) for each in ids} == {12}


def test_the_policy_sees_the_asset_with_its_own_tier_and_the_records_labels(
    site, desk
) -> None:
    pair = desk.deposit(desk.photo(), desk.photo())
    desk.label(pair.assets[0].id, "context.none")
    desk.label(pair.assets[1].id, "dead.body", "id.victim")
    with site.db.read() as s:
        record = store.require(s, pair.record.id)
        first, second = store.assets_of(s, record.id)
        whole, mild, grave = (
            store.item_of(record),
            store.item_of(record, first),
            store.item_of(record, second),
        )
    assert (whole.tier, mild.tier, grave.tier) == (Tier.G3, Tier.G0, Tier.G3)
    assert (mild.codes, grave.codes) == (
        {"context.none"},
        {"dead.body", "id.victim"},
    )
    assert whole.labels_version == mild.labels_version == grave.labels_version != ""
    assert (whole.asset_id, mild.asset_id) == (None, first.id)


def test_a_collection_lists_its_published_records_page_by_page(site, desk) -> None:
    with site.db.write() as s:
        shelf = store.add_collection(
            s, "shushi", {"en": "Shushi"}, {}, "m1", site.clock()
        )
    ids = []
    for _ in range(3):
        site.clock.advance(minutes=1)
        draft = replace(desk.draft(), collection_id=shelf.id)
        ids.append(desk.publish(desk.deposit(draft=draft)).record.id)
    desk.deposit(draft=replace(desk.draft(), collection_id=shelf.id))
    with site.db.read() as s:
        total, page = store.in_collection(s, shelf.id, PUBLIC, limit=2)
        assert total == 3
        assert [record.id for record in page] == ids[:0:-1]
        assert store.collection(s, "shushi") is not None
        assert len(store.queue(s)) == 1


def test_an_embargo_and_a_description_in_four_languages_are_kept(site, desk) -> None:
    until = site.clock() + timedelta(days=90)
    texts = {lang: Description(f"title {lang}") for lang in ("en", "hy", "az", "ru")}
    draft = replace(desk.draft(), document=RecordDocument(texts), embargo_until=until)
    made = desk.deposit(draft=draft)
    with site.db.read() as s:
        record = store.require(s, made.record.id)
        assert record.embargo_until == until
        assert set(store.document_of(site.sealing, record).descriptions) == set(texts)
        assert labels.for_record(s, record.id) == {made.assets[0].id: []}


def test_what_every_front_page_asks_reads_no_record_that_it_does_not_show(
    site, desk
) -> None:
    desk.publish(desk.deposit())
    asked: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, *_more) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    def plan(ask) -> str:
        asked.clear()
        ask()
        (statement, parameters) = asked[0]
        explained = f"EXPLAIN QUERY PLAN {statement}"
        return str(s.connection().exec_driver_sql(explained, parameters).all())

    with site.db.read() as s:
        event.listen(site.db.engine, "after_cursor_execute", note)
        listed = "USING INDEX ix_records_listed (state=?)"
        assert listed in plan(lambda: store.recent(s, PUBLIC, 8))
        alone = "USING COVERING INDEX ix_records_listed (state=?)"
        assert alone in plan(lambda: store.count(s, PUBLIC))
        assert alone in plan(lambda: store.counts_by_year(s, PUBLIC))
        oldest = plan(lambda: store.queue(s))
        assert "USING INDEX ix_records_waiting (state=?)" in oldest
        assert "TEMP B-TREE" not in oldest
        ids = [f"id-{number}" for number in range(24)]
        looked_up = "sqlite_autoindex_records_1 (id=?)"
        assert looked_up in plan(lambda: store.list_by_ids(s, ids, PUBLIC))
        asked.clear()
        assert store.list_by_ids(s, [], PUBLIC) == []
        assert not asked
        event.remove(site.db.engine, "after_cursor_execute", note)
