"""Court packages that a job makes: sealed, given for a day, to their author alone.

Rows X11, I7, E6; requirement 38.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from archive import jobs, moderation, shredding, work
from archive.exchange.court import Wish
from archive.exchange.exports import giving, packages
from archive.exchange.exports.premises import Stale
from archive.exports import desk as exports
from archive.exports.tables import Export, ExportState
from archive.gate import RefusedError
from archive.intake import Deposit
from archive.ledger import Line
from archive.records import store
from archive.records.errors import Conflict, Gone, NoSuchRecord
from archive.site import Site
from archive.vault import listings
from archive.vault.container import Kind
from archive.vault.errors import Shredded
from archive.vault.tables import DataKey
from archive.work import exporting
from archive.work.task import Task
from auth import accounts, lifecycle
from auth.access import consents
from auth.credentials import sessions
from auth.credentials.sessions import Ending
from auth.entry.entrances import viewer_through
from auth.viewer import Viewer
from tests.archive.administrators import person
from tests.archive.conftest import Desk, photo
from tests.archive.exchange.test_court import agree

MARK = b"canary-export-51c07be2"


@pytest.fixture
def published(desk: Desk) -> tuple[Deposit, bytes]:
    content = photo() + MARK * 40_000
    return desk.publish(desk.deposit(content)), content


def ask(site: Site, viewer: Viewer, wish: Wish) -> str:
    with site.db.write() as s:
        account, entrance = str(viewer.account_id), viewer.session_id
        wanted = packages.asked(wish)
        row = exports.ask(site.sealing, s, wanted, account, entrance, site.clock())
        return row.id


def done(site: Site, export_id: str) -> Export:
    while work.run_one(site, site.clock()):
        pass
    return row_of(site, export_id)


def row_of(site: Site, export_id: str) -> Export:
    with site.db.read() as s:
        return s.get_one(Export, export_id)


def take(site: Site, export_id: str, viewer: Viewer) -> bytes:
    given = giving.give(site, export_id, viewer, site.clock())
    try:
        return b"".join(given.read())
    finally:
        given.close()


def told(site: Site, *events: str) -> list[Line]:
    with site.db.read() as s:
        return site.ledger.entries(s, events=events)


def in_clear(site: Site, mark: bytes) -> list[str]:
    home = site.config.home
    return [
        str(path)
        for path in home.rglob("*")
        if path.is_file() and mark in path.read_bytes()
    ]


def test_one_without_originals_is_made_sealed_and_given_after_its_line(
    site: Site, desk: Desk, published: tuple[Deposit, bytes]
) -> None:
    viewer = desk.researcher()
    made = ask(site, viewer, Wish(published[0].record.id))
    with pytest.raises(Gone):
        take(site, made, viewer)
    row = done(site, made)
    assert (row.state, row.media_type) == (ExportState.READY, "application/zip")
    (line,) = told(site, "exporting")
    assert line.account_id == viewer.account_id
    whole = take(site, made, viewer)
    assert len(whole) == row.size
    with zipfile.ZipFile(io.BytesIO(whole)) as bag:
        assert bag.testzip() is None
        (name,) = [each for each in bag.namelist() if each.endswith("data/record.json")]
        assert json.loads(bag.read(name))["id"] == published[0].record.id
    (given,) = told(site, "export given")
    assert given.detail["export"] == made
    assert given.detail["package"] == line.detail["package"]
    with site.db.read() as s:
        (key,) = s.scalars(select(DataKey).where(DataKey.object_id == row.object_id))
        assert Kind(key.kind) is Kind.LISTING


def test_with_originals_the_gate_is_asked_and_tells_at_making_and_at_giving(
    site: Site, desk: Desk, published: tuple[Deposit, bytes]
) -> None:
    deposit, content = published
    viewer = agree(desk, desk.researcher(), deposit.record.id)
    made = ask(site, viewer, Wish(deposit.record.id, original=True))
    row = done(site, made)
    assert row.state is ExportState.READY
    assert len(told(site, "displaying")) == 1
    assert content in take(site, made, viewer)
    lines = told(site, "displaying", "export given")
    assert [line.event for line in lines] == [
        "displaying",
        "export given",
        "displaying",
    ]
    assert lines[0].detail["form"] == "package"
    assert in_clear(site, MARK) == []
    with site.db.read() as s:
        (key,) = s.scalars(select(DataKey).where(DataKey.object_id == row.object_id))
        assert Kind(key.kind) is Kind.EXPORT
        with pytest.raises(Exception, match="no such object"):
            listings.open_listing(s, site.vault, row.object_id)


def _withdrawn_consent(site: Site, viewer: Viewer, record_id: str) -> None:
    with site.db.write() as s:
        (live,) = [each for each in viewer.consents if each.record_id == record_id]
        consents.withdraw(s, str(viewer.account_id), live.id, site.clock())


def _suspended(site: Site, viewer: Viewer, _record_id: str) -> None:
    with site.db.write() as s:
        account = accounts.get(s, str(viewer.account_id))
        lifecycle.suspend(s, account, "operator", "a test", site.clock())


def _labelled(site: Site, _viewer: Viewer, record_id: str) -> None:
    with site.db.read() as s:
        asset = store.assets_of(s, record_id)[0].id
    Desk(site).label(asset, "dead.body")


def _withdrawn(site: Site, _viewer: Viewer, record_id: str) -> None:
    with site.db.write() as s:
        moderation.withdraw(
            site,
            s,
            record_id,
            category="family",
            note="A family asked.",
            by="operator",
            now=site.clock(),
        )


Change = Callable[[Site, Viewer, str], None]


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (_withdrawn_consent, RefusedError),
        (_suspended, RefusedError),
        (_labelled, Stale),
        (_withdrawn, Stale),
    ],
)
def test_what_changed_since_it_was_made_shuts_it_and_nothing_is_told(
    site: Site,
    desk: Desk,
    published: tuple[Deposit, bytes],
    change: Change,
    refused: type[Exception],
) -> None:
    record_id = published[0].record.id
    viewer = agree(desk, desk.researcher(), record_id)
    made = ask(site, viewer, Wish(record_id, original=True))
    done(site, made)
    change(site, viewer, record_id)
    with site.db.read() as s:
        account, entrance = str(viewer.account_id), viewer.session_id
        now_standing = viewer_through(s, account, entrance, site.clock())
    with pytest.raises((refused, NoSuchRecord)):
        take(site, made, now_standing)
    assert len(told(site, "displaying")) == 1


def test_it_is_nobody_elses(
    site: Site, desk: Desk, published: tuple[Deposit, bytes]
) -> None:
    viewer, other = desk.researcher(), desk.researcher("other")
    made = ask(site, viewer, Wish(published[0].record.id))
    done(site, made)
    with pytest.raises(NoSuchRecord):
        take(site, made, other)
    with pytest.raises(NoSuchRecord):
        exports.end(site, made, str(other.account_id))
    assert take(site, made, viewer)


def test_when_its_day_is_over_its_key_is_destroyed(
    site: Site, desk: Desk, published: tuple[Deposit, bytes], clock
) -> None:
    viewer = desk.researcher()
    made = ask(site, viewer, Wish(published[0].record.id))
    row = done(site, made)
    clock.advance(hours=23)
    assert exports.shred_due(site) == 0
    clock.advance(hours=1)
    with pytest.raises(Gone):
        take(site, made, desk.fresh(str(viewer.account_id)))
    assert exports.shred_due(site) == 1
    assert row_of(site, made).state is ExportState.OVER
    with site.db.read() as s, pytest.raises(Shredded):
        listings.open_listing(s, site.vault, row.object_id)
    assert _blob(site, row) not in {each.name for each in site.vault.blobs.stored()}
    with site.db.write() as s:
        later = site.clock() + timedelta(days=900)
        assert exports.forget(s, [], timedelta(days=30), later) == {"exports": 1}
        assert not s.scalars(
            select(DataKey).where(DataKey.object_id == row.object_id)
        ).all()


def _blob(site: Site, row: Export) -> str:
    with site.db.read() as s:
        found = select(DataKey.id).where(DataKey.object_id == row.object_id)
        return s.scalars(found).one().hex


def test_cancelled_before_and_while_it_is_made_nothing_is_left(
    site: Site, desk: Desk, published: tuple[Deposit, bytes]
) -> None:
    viewer = desk.researcher()
    account = str(viewer.account_id)
    waiting = ask(site, viewer, Wish(published[0].record.id))
    exports.end(site, waiting, account)
    assert done(site, waiting).state is ExportState.CANCELLED
    before = _blobs(site)
    made = ask(site, viewer, Wish(published[0].record.id))

    def stopped() -> float:
        exports.end(site, made, account)
        return 0.0

    with pytest.raises(jobs.Lost):
        exporting.make(_claimed(site), stopped)
    assert row_of(site, made).state is ExportState.CANCELLED
    assert _blobs(site) == before
    assert exports.end(site, made, account).state is ExportState.CANCELLED


def test_killed_on_the_way_it_begins_again_and_is_whole(
    site: Site, desk: Desk, published: tuple[Deposit, bytes], clock
) -> None:
    deposit, content = published
    viewer = agree(desk, desk.researcher(), deposit.record.id)
    made = ask(site, viewer, Wish(deposit.record.id, original=True))
    ticks = iter([0.0])

    with pytest.raises(StopIteration):
        exporting.make(_claimed(site), lambda: next(ticks))
    assert row_of(site, made).state is ExportState.ASKED
    clock.advance(seconds=site.config.job_lease.total_seconds() + 1)
    assert done(site, made).state is ExportState.READY
    assert content in take(site, made, viewer)


def test_who_signed_out_has_nothing_made(
    site: Site, desk: Desk, published: tuple[Deposit, bytes]
) -> None:
    viewer = desk.researcher()
    made = ask(site, viewer, Wish(published[0].record.id))
    with site.db.write() as s:
        row = sessions.get(s, str(viewer.account_id), str(viewer.session_id))
        sessions.end(s, row, Ending.SIGNED_OUT, site.clock())
    row = done(site, made)
    assert (row.state, row.failure) == (ExportState.FAILED, exports.SIGNED_OUT)
    assert told(site, "exporting") == []


def test_a_destroyed_record_takes_its_packages_along(
    site: Site, desk: Desk, published: tuple[Deposit, bytes]
) -> None:
    record_id = published[0].record.id
    viewer = agree(desk, desk.researcher(), record_id)
    made = ask(site, viewer, Wish(record_id, original=True))
    row = done(site, made)
    approved = shredding.approve(site, [person(site, "a"), person(site, "b")])
    shredding.shred(site, record_id, "A family asked.", approved)
    assert row_of(site, made).state is ExportState.OVER
    with site.db.read() as s:
        (key,) = s.scalars(select(DataKey).where(DataKey.object_id == row.object_id))
        assert key.wrapped is None


def test_one_account_has_a_few_at_a_time(
    site: Site, desk: Desk, published: tuple[Deposit, bytes]
) -> None:
    viewer = desk.researcher()
    for _ in range(exports.MOST_OPEN):
        last = ask(site, viewer, Wish(published[0].record.id))
    with pytest.raises(Conflict):
        ask(site, viewer, Wish(published[0].record.id))
    exports.end(site, last, str(viewer.account_id))
    assert ask(site, viewer, Wish(published[0].record.id))


def _blobs(site: Site) -> set[str]:
    return {each.name for each in site.vault.blobs.stored()}


def _claimed(site: Site) -> Task:
    job = jobs.claim(
        site.db, "a worker", ("export",), site.config.job_lease, site.clock()
    )
    assert job is not None
    return Task(site, job, "a worker")
