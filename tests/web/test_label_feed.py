"""Two archives: one offers its labels, the other listens and blurs its own copies."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select
from werkzeug.serving import make_server

from archive import config, feeds, jobs, moderation, twins, wording
from archive.app import create_app
from archive.cli.main import main
from archive.feeds import FeedAway, FeedError, FeedRefused, entries, reading
from archive.feeds.entries import BEGINNING, Place
from archive.feeds.tables import FeedEntry, FeedSubscription, ForeignLabel
from archive.founding import create_home
from archive.records import labels, store, vocabulary
from archive.records.labels import LabelInput
from archive.records.tables import LabelRow
from archive.site import Site, open_site
from archive.twins import Verdict
from archive.vault import signing
from archive.vault.keyrings import Keyring
from archive.wording import Edit
from archive.work.handlers import HANDLERS
from archive.work.task import Task
from auth import notices
from auth.access import alarms
from auth.viewer import Tier, Visibility
from blur.likeness.form import Closeness
from tests.web.conftest import Clock, Desk, csrf, photo

DOCS = Path(__file__).parents[2] / "docs/formats"
TOLD = ("index", "offers", "feeds")
PLANTED = "zanzibar-heliotrope"
GRAVE = LabelInput("kill.execution", Tier.G4)
OPEN = LabelInput("property.heritage", Tier.G1)


@dataclass
class Other:
    """The archive that offers: its site, its desk, and where it answers."""

    site: Site
    desk: Desk
    address: str = ""

    @property
    def key(self) -> str:
        return signing.public_key(self.site.keyring)


def label(site: Site, asset_id: str, *given: LabelInput) -> None:
    with site.db.write() as s:
        moderation.label(site, s, asset_id, given, "operator", site.clock())


def settle(site: Site) -> None:
    """Do what the worker does, but for previews."""
    while True:
        job = jobs.claim(site.db, "w", TOLD, site.config.job_lease, site.clock())
        if job is None:
            return
        HANDLERS[job.kind].run(Task(site, job, "w"))


def queue(site: Site, kind: str) -> None:
    with site.db.write() as s:
        jobs.enqueue(s, kind, {}, now=site.clock())
    settle(site)


@pytest.fixture(scope="module")
def other_home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("other")
    environ = {
        "VIGIL_HOME": str(folder / "home"),
        "VIGIL_KEY_FILE": str(folder / "keys" / "vigil.key"),
    }
    create_home(config.load(environ), Clock()).close()
    return environ


@pytest.fixture
def other(other_home: dict[str, str], tmp_path: Path, clock: Clock) -> Iterator[Other]:
    home = tmp_path / "other"
    shutil.copytree(other_home["VIGIL_HOME"], home)
    environ = {**other_home, "VIGIL_HOME": str(home), "VIGIL_LABEL_FEED": "1"}
    site = open_site(config.load(environ), clock)
    yield Other(site, Desk(site))
    site.close()


@pytest.fixture
def served(other: Other) -> Iterator[Other]:
    """The same, answering on a socket."""
    program = create_app(other.site)
    server = make_server("127.0.0.1", 0, program, threaded=True)
    running = threading.Thread(target=server.serve_forever)
    running.start()
    other.address = f"http://127.0.0.1:{server.server_port}"
    yield other
    server.shutdown()
    running.join()
    server.server_close()


def offered(other: Other, content: bytes, *given: LabelInput):
    """Deposit a file there, label it, make it public, and have it offered."""
    made = other.desk.deposit(content, draft=other.desk.draft(PLANTED))
    label(other.site, made.assets[0].id, *(given or (GRAVE,)))
    with other.site.db.write() as s:
        now = other.site.clock()
        moderation.publish(other.site, s, made.record.id, "operator", now)
    settle(other.site)
    return made


def listen(site: Site, other: Other, name: str = "other") -> None:
    with site.db.write() as s:
        feeds.subscribe(
            site,
            s,
            address=other.address,
            public_key=other.key,
            name=name,
            by="operator",
            now=site.clock(),
        )


def fetch(site: Site, name: str = "other") -> feeds.Fetched:
    done = feeds.fetch(site, name, by="operator")
    settle(site)
    return done


def withdraw(other: Other, s, record_id: str) -> None:
    how = {"category": "legal", "note": "x", "by": "operator"}
    moderation.withdraw(other.site, s, record_id, now=other.site.clock(), **how)


def relabel(other: Other, asset_id: str, *given: LabelInput) -> None:
    label(other.site, asset_id, *given)
    settle(other.site)


def asset(site: Site, asset_id: str):
    with site.db.read() as s:
        return store.require_asset(s, asset_id)


def page(other: Other, after: int = 0) -> dict[str, Any]:
    with other.site.db.read() as s:
        return feeds.page(other.site, s, after)


def told(other: Other) -> list[tuple[str, str | None, bool]]:
    return [(e["label"], e["tier"], e["negated"]) for e in page(other)["entries"]]


def events(site: Site, asset_id: str) -> list[str]:
    with site.db.read() as s:
        lines = site.ledger.entries(s, limit=500)
    about = ("label adopted", "label withdrawn", "adopted label dismissed")
    return [
        line.event
        for line in reversed(lines)
        if line.asset_id == asset_id and line.event in about
    ]


@pytest.fixture
def copy(site: Site, desk: Desk, served: Other) -> tuple[str, str]:
    """A copy here, labelled as harmless, of what is grave there; both ids."""
    content = photo()
    there = offered(served, content).assets[0].id
    here = desk.deposit(content).assets[0].id
    label(site, here, OPEN)
    settle(site)
    return here, there


# --- what the other archive offers ----------------------------------------------------


def test_a_public_file_is_offered_by_its_digest_with_other_peoples_codes(other):
    content = photo()
    offered(other, content, GRAVE, LabelInput("id.captive"))
    said = page(other)
    first, second = said["entries"]
    assert (first["label"], first["tier"], first["negated"]) == (
        "id.captive",
        None,
        False,
    )
    assert (second["label"], second["tier"]) == ("kill.execution", "G4")
    assert "cwarn:death" in second["iptc"]
    assert second["atproto"] == ["graphic-media", "!no-unauthenticated"]
    assert {e["sha256"] for e in said["entries"]} == {
        hashlib.sha256(content).hexdigest()
    }
    assert said["head"]["seq"] == 2
    read = reading.read(json.dumps(said).encode(), other.key, Place())
    assert read.is_last and read.reached.seq == 2


def test_nothing_but_labels_is_in_the_feed_nor_in_its_table_in_clear(other):
    made = offered(other, photo())
    said = json.dumps(page(other))
    with other.site.db.read() as s:
        row = s.scalars(select(FeedEntry)).one()
    digest = page(other)["entries"][0]["sha256"]
    for word in (PLANTED, made.record.id, made.assets[0].id, "file-0", "operator"):
        assert word not in said
    assert digest.encode() not in row.entry_sealed
    assert digest not in (row.digest, row.record_id)


@pytest.mark.parametrize("how", ["staff", "vetted", "embargo", "lure", "unlabelled"])
def test_what_nobody_may_know_of_is_never_offered_and_so_never_negated(
    other, clock, how
):
    visible = {"staff": Visibility.STAFF, "vetted": Visibility.VETTED}
    until = clock.now + timedelta(days=9) if how == "embargo" else None
    draft = other.desk.draft(PLANTED)
    draft = replace(
        draft, visibility=visible.get(how, Visibility.PUBLIC), embargo_until=until
    )
    made = other.desk.deposit(photo(), draft=draft)
    if how != "unlabelled":
        label(other.site, made.assets[0].id, GRAVE)
        with other.site.db.write() as s:
            if how == "lure":
                alarms.lay(s, made.record.id, "operator", clock.now)
            moderation.publish(other.site, s, made.record.id, "operator", clock.now)
    settle(other.site)
    queue(other.site, "offers")
    with other.site.db.write() as s:
        withdraw(other, s, made.record.id)
    settle(other.site)
    assert told(other) == []


def test_a_label_that_changes_is_said_anew_and_one_that_goes_is_negated(other):
    made = offered(other, photo())
    relabel(other, made.assets[0].id, LabelInput("kill.execution", Tier.G5))
    relabel(other, made.assets[0].id, OPEN)
    assert told(other) == [
        ("kill.execution", "G4", False),
        ("kill.execution", "G5", False),
        ("kill.execution", "G5", True),
        ("property.heritage", "G1", False),
    ]
    queue(other.site, "offers")
    assert len(told(other)) == 4


def test_a_record_that_is_withdrawn_negates_and_another_of_the_file_holds_it(
    other, clock
):
    content = photo()
    one, two = offered(other, content), offered(other, content)
    assert told(other) == [("kill.execution", "G4", False)]
    for made, expected in ((one, 1), (two, 2)):
        with other.site.db.write() as s:
            withdraw(other, s, made.record.id)
        settle(other.site)
        assert len(told(other)) == expected
    assert told(other)[-1] == ("kill.execution", "G4", True)


def test_the_chore_offers_what_was_public_before_the_setting_was(other):
    off = replace(other.site, config=replace(other.site.config, label_feed=False))
    quiet = Other(off, Desk(off))
    offered(quiet, photo())
    assert told(other) == []
    queue(off, "offers")
    assert told(other) == []
    queue(other.site, "offers")
    assert told(other) == [("kill.execution", "G4", False)]


def test_the_address_gives_pages_that_can_be_kept_and_is_off_by_default(other, visitor):
    assert visitor.get("/api/v1/label-feed").status_code == 404
    offered(other, photo())
    client = create_app(other.site).test_client()
    answer = client.get("/api/v1/label-feed?after=0")
    assert answer.status_code == 200
    assert answer.get_json() == page(other)
    assert "public" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/api/v1/label-feed?after=0", headers=tag).status_code == 304
    offered(other, photo())
    again = client.get("/api/v1/label-feed?after=0", headers=tag)
    assert again.status_code == 200
    assert client.get("/api/v1/label-feed?after=7").get_json()["entries"] == []
    for wrong in ("-1", "x", "1e3", "9" * 40, "٣"):
        refused = client.get("/api/v1/label-feed", query_string={"after": wrong})
        assert refused.status_code == 400, wrong


# --- what the archive that listens makes of it ----------------------------------------


def test_a_copy_becomes_as_strict_and_milder_again_when_it_is_taken_back(
    site, served, copy
):
    here, there = copy
    before = asset(site, here)
    assert (before.tier, before.labelled) == (Tier.G1, True)
    listen(site, served)
    done = fetch(site)
    assert (done.entries, done.files) == (1, 1)
    after = asset(site, here)
    assert (after.tier, after.labelled) == (Tier.G4, True)
    with site.db.read() as s:
        assert store.require(s, after.record_id).tier is Tier.G4
        (came,) = feeds.standing(s, here)
        assert (came.feed, came.row.code) == ("other", "kill.execution")
    assert fetch(site).entries == 0
    relabel(served, there, OPEN)
    fetch(site)
    assert asset(site, here).tier is Tier.G1
    assert asset(site, here).codes == ["property.heritage"]
    assert events(site, here) == ["label adopted", "label withdrawn"]


def test_a_foreign_label_never_makes_milder(site, desk, served):
    content = photo()
    offered(served, content, LabelInput("kill.execution", Tier.G4), OPEN)
    here = desk.deposit(content).assets[0].id
    label(site, here, LabelInput("kill.execution", Tier.G5))
    listen(site, served)
    fetch(site)
    assert asset(site, here).tier is Tier.G5
    with site.db.read() as s:
        assert [c.row.code for c in feeds.standing(s, here)] == ["property.heritage"]


def test_what_comes_later_is_met_at_its_arrival_and_waits_for_a_moderator(
    site, desk, served
):
    content = photo()
    offered(served, content)
    listen(site, served)
    assert fetch(site).files == 0
    here = desk.deposit(content).assets[0].id
    settle(site)
    found = asset(site, here)
    assert (found.tier, found.labelled) == (Tier.G5, False)
    with site.db.read() as s:
        assert [c.row.code for c in feeds.standing(s, here)] == ["kill.execution"]


def test_what_ends_by_its_date_ends_here_too(site, desk, served, clock):
    content = photo()
    there = offered(served, content).assets[0].id
    with served.site.db.write() as s:
        (row,) = labels.current(s, there)
        row.expires_at = clock.now + timedelta(days=2)
        record = store.require_asset(s, there).record_id
        jobs.enqueue(s, "index", {"record": record}, subject=record, now=clock.now)
    settle(served.site)
    assert page(served)["entries"][-1]["exp"] is not None
    here = desk.deposit(content).assets[0].id
    label(site, here, OPEN)
    listen(site, served)
    fetch(site)
    assert asset(site, here).tier is Tier.G4
    clock.advance(days=3)
    with site.db.write() as s:
        assert feeds.lapse(site, s, by="operator", now=clock.now) == 1
    assert asset(site, here).tier is Tier.G1
    with site.db.read() as s:
        assert s.scalar(select(func.count()).select_from(ForeignLabel)) == 0


def test_what_a_moderator_saved_since_stays_and_what_was_dismissed_stays_away(
    site, desk, served, copy, clock
):
    here, there = copy
    listen(site, served)
    fetch(site)
    with site.db.read() as s:
        (came,) = feeds.standing(s, here)
    with site.db.write() as s, pytest.raises(FeedError, match="why"):
        feeds.dismiss(site, s, came.row.id, reason=" ", by="operator", now=clock.now)
    with site.db.write() as s:
        feeds.dismiss(
            site,
            s,
            came.row.id,
            reason="Another film.",
            by="operator",
            now=clock.now,
        )
    settle(site)
    assert asset(site, here).tier is Tier.G1
    with site.db.read() as s:
        row = s.scalars(select(LabelRow).where(LabelRow.negates == came.row.id)).one()
        assert row.reason == "Another film."
    # Something new from there is heard again; saved by a moderator, it is one's own.
    relabel(served, there, LabelInput("kill.execution", Tier.G5))
    fetch(site)
    assert asset(site, here).tier is Tier.G5
    clock.advance(minutes=1)
    label(site, here, OPEN, LabelInput("kill.execution", Tier.G5))
    with site.db.read() as s:
        assert feeds.standing(s, here) == []
    relabel(served, there, OPEN)
    fetch(site)
    assert asset(site, here).tier is Tier.G5


def test_the_end_of_a_subscription_takes_back_what_came_from_there(site, served, copy):
    here, _ = copy
    listen(site, served)
    fetch(site)
    with site.db.write() as s:
        assert feeds.unsubscribe(site, s, "other", by="operator", now=site.clock()) == 1
    assert asset(site, here).tier is Tier.G1
    with site.db.read() as s:
        assert feeds.listing(s) == []
    listen(site, served)
    fetch(site)
    assert asset(site, here).tier is Tier.G4


def test_what_came_from_a_feed_is_not_offered_on(site, served, copy):
    here, _ = copy
    loud = replace(site, config=replace(site.config, label_feed=True))
    listen(loud, served)
    fetch(loud)
    with loud.db.write() as s:
        record = store.require_asset(s, here).record_id
        moderation.publish(loud, s, record, "operator", loud.clock())
    settle(loud)
    assert told(Other(loud, Desk(loud))) == [("property.heritage", "G1", False)]


def test_the_chore_asks_and_one_that_is_away_hinders_nobody(site, served, copy):
    here, _ = copy
    listen(site, served)
    with site.db.write() as s:
        feeds.subscribe(
            site,
            s,
            address="http://127.0.0.1:9",
            public_key="ab" * 32,
            name="away",
            by="operator",
            now=site.clock(),
        )
    queue(site, "feeds")
    assert asset(site, here).tier is Tier.G4
    with site.db.read() as s:
        away, heard = feeds.listing(s)
    assert "does not answer" in away.row.error
    assert (heard.row.error, heard.labels, heard.adopted) == (None, 1, 1)


# --- what is refused, and changes nothing ---------------------------------------------


def _changed(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(said: dict[str, Any]) -> None:
        said["entries"][1][name] = value

    return change


def _without_second(said: dict[str, Any]) -> None:
    del said["entries"][1]


def _swapped(said: dict[str, Any]) -> None:
    said["entries"].reverse()


def _more(said: dict[str, Any]) -> None:
    said["entries"][1]["note"] = "x"


def _headless(said: dict[str, Any]) -> None:
    said["head"]["seq"] = 1


TAMPERED = {
    **{
        name: _changed(name, value)
        for name, value in {
            "document": "vigil label/v2",
            "seq": 5,
            "previous": "0" * 64,
            "sha256": "ab" * 32,
            "label": "dead.body",
            "tier": "G0",
            "iptc": [],
            "atproto": [],
            "negated": True,
            "cts": "2020-01-01T00:00:00Z",
            "exp": "2020-01-01T00:00:00Z",
            "signature": {},
        }.items()
    },
    "a gap": _without_second,
    "another order": _swapped,
    "another member": _more,
    "another end": _headless,
}


@dataclass(frozen=True)
class Signed:
    """A feed of three entries, and what signed it; its archive is closed."""

    keyring: Keyring
    pages: tuple[str, ...]
    """Behind nothing, behind the first entry, and so on."""

    @property
    def key(self) -> str:
        return signing.public_key(self.keyring)

    def page(self, after: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.pages[after])
        return found


@pytest.fixture(scope="module")
def signed(
    other_home: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Signed]:
    home = tmp_path_factory.mktemp("signed") / "home"
    shutil.copytree(other_home["VIGIL_HOME"], home)
    environ = {**other_home, "VIGIL_HOME": str(home), "VIGIL_LABEL_FEED": "1"}
    site = open_site(config.load(environ), Clock())
    there = Other(site, Desk(site))
    offered(there, photo(), GRAVE, OPEN, LabelInput("id.captive"))
    yield Signed(site.keyring, tuple(json.dumps(page(there, n)) for n in range(4)))
    site.close()


@pytest.fixture
def three(signed: Signed) -> dict[str, Any]:
    return signed.page()


@pytest.mark.parametrize("how", list(TAMPERED))
def test_what_was_changed_on_the_way_is_refused_as_a_whole(signed, three, how):
    TAMPERED[how](three)
    with pytest.raises(FeedRefused):
        reading.read(json.dumps(three).encode(), signed.key, Place())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"document": 1, "after": 0, "entries": 3, "head": null}',
        b'{"document": "vigil label feed/v1", "after": 0, "entries": [7], "head": {}}',
    ],
)
def test_what_is_no_page_is_refused(raw):
    with pytest.raises(FeedRefused):
        reading.read(raw, "ab" * 32, Place())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seq", True),
        ("seq", "1"),
        ("sha256", "AB" * 32),
        ("sha256", 7),
        ("label", "../../etc"),
        ("label", "a." + "b" * 80),
        ("tier", "X"),
        ("tier", ["G4"]),
        ("negated", 0),
        ("exp", "tomorrow"),
        ("exp", "2026-02-31T00:00:00Z"),
        ("iptc", ["x" * 100]),
        ("atproto", {}),
    ],
)
def test_what_is_signed_but_out_of_form_is_refused(signed, three, name, value):
    """Who holds a key may still be wrong, or mean harm."""
    facts = {k: v for k, v in three["entries"][0].items() if k != "signature"}
    facts[name] = value
    entry = signing.signed(signed.keyring, facts, frozenset())
    last = Place(1, entries.digest(entry))
    said = entries.page(signed.keyring, 0, [entry], last)
    with pytest.raises(FeedRefused):
        reading.read(json.dumps(said).encode(), signed.key, Place())


def test_a_feed_that_went_back_is_refused(signed, three):
    raw = json.dumps(signed.page(3)).encode()
    last = Place(three["head"]["seq"], three["head"]["digest"])
    assert reading.read(raw, signed.key, last).said == []
    with pytest.raises(FeedRefused, match="went back"):
        reading.read(raw, signed.key, Place(9, "ab" * 32))
    with pytest.raises(FeedRefused, match="another entry"):
        reading.read(raw, signed.key, Place(3, "ab" * 32))
    with pytest.raises(FeedRefused, match="does not follow"):
        after = json.dumps(signed.page(2)).encode()
        reading.read(after, signed.key, Place(2, "ab" * 32))


def test_the_page_of_another_archive_is_refused(site, signed, three):
    with pytest.raises(FeedRefused, match="another key"):
        key = signing.public_key(site.keyring)
        reading.read(json.dumps(three).encode(), key, Place())
    # Even where it claims to be of the right one.
    for each in (*three["entries"], three["head"]):
        each["signature"]["public_key"] = signing.public_key(site.keyring)
    with pytest.raises(FeedRefused, match="signature"):
        reading.read(json.dumps(three).encode(), key, Place())


def test_what_is_refused_changes_nothing_but_the_sentence(site, served, copy):
    here, _ = copy
    listen(site, served)
    with site.db.write() as s:
        row = s.scalars(select(FeedSubscription)).one()
        row.public_key = "ab" * 32  # as if the other side had changed its key
    with pytest.raises(FeedRefused, match="another key"):
        fetch(site)
    assert asset(site, here).tier is Tier.G1
    with site.db.read() as s:
        (heard,) = feeds.listing(s)
        assert (heard.row.seq, heard.row.digest) == (0, BEGINNING)
        assert (heard.labels, heard.adopted) == (0, 0)
        assert "another key" in heard.row.error


def test_a_name_that_leads_inside_is_not_asked_and_the_reason_is_told(
    site, served, copy, monkeypatch
):
    """The name's owner decides where it leads, and it is not this archive."""
    here, _ = copy
    ask = socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        number = "127.0.0.1" if host == "archive.example" else host
        return ask(number, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    listen(site, served)
    with site.db.write() as s:
        row = s.scalars(select(FeedSubscription)).one()
        row.address = row.address.replace("127.0.0.1", "archive.example")
    with pytest.raises(FeedAway, match="VIGIL_INNER_NETWORKS"):
        fetch(site)
    with site.db.read() as s:
        (heard,) = feeds.listing(s)
        assert "closed network" in heard.row.error
    assert asset(site, here).tier is Tier.G1
    opened = (ip_network("127.0.0.0/8"),)
    with pytest.raises(FeedAway, match="answers with 400"):  # it knows no such host
        fetch(replace(site, config=replace(site.config, inner_networks=opened)))


def test_an_answer_without_end_or_of_another_status_is_refused(site, served, copy):
    listen(site, served)
    with site.db.write() as s:
        s.scalars(select(FeedSubscription)).one().address = f"{served.address}/x"
    with pytest.raises(FeedAway, match="404"):
        fetch(site)
    app = Flask("large")
    app.get("/")(lambda: b" " * (2 << 20))
    server = make_server("127.0.0.1", 0, app)
    running = threading.Thread(target=server.serve_forever)
    running.start()
    with site.db.write() as s:
        row = s.scalars(select(FeedSubscription)).one()
        row.address = f"http://127.0.0.1:{server.server_port}/"
    with pytest.raises(FeedAway, match="does not answer"):
        fetch(site)
    server.shutdown()
    running.join()
    server.server_close()


@pytest.mark.parametrize(
    ("address", "key", "name"),
    [
        ("http://a.example.org", "ab" * 32, "a"),
        ("ftp://a.example.org", "ab" * 32, "a"),
        ("https://u:p@a.example.org", "ab" * 32, "a"),
        ("https://a.example.org/?q", "ab" * 32, "a"),
        ("https://a.example.org:x", "ab" * 32, "a"),
        ("https://[", "ab" * 32, "a"),
        ("", "ab" * 32, "a"),
        ("https://a.example.org", "ab", "a"),
        ("https://a.example.org", "own", "a"),
        ("https://a.example.org", "ab" * 32, "a b"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(site, address, key, name):
    own = signing.public_key(site.keyring)
    with site.db.write() as s, pytest.raises(FeedError):
        feeds.subscribe(
            site,
            s,
            address=address,
            public_key=own if key == "own" else key,
            name=name,
            by="operator",
            now=site.clock(),
        )


# --- words that are not here ----------------------------------------------------------

NEW_WORD = "harm.new-word"


def learn(site: Site, code: str = NEW_WORD) -> None:
    """A vocabulary gets a word that does not come with the program."""
    like = vocabulary.packaged().terms["harm.threat"]
    texts = {name: dict(like.texts[name]) for name in ("name", "definition")}
    members = {"kind": "tag", "group": "harm", "lowest": "G1", "highest": "G3", **texts}
    with site.db.write() as s:
        how = {"by": "operator", "now": site.clock(), "reason": "needed"}
        wording.change(site, s, Edit(code, members, 0), **how)


def unread_of(site: Site, asset_id: str) -> list[str]:
    with site.db.read() as s:
        return [each.row.code for each in feeds.standing(s, asset_id)]


def notices_of(site: Site, account_id: str) -> list[dict[str, str]]:
    with site.db.read() as s:
        heard = notices.for_account(s, account_id)
        return [each.detail for each in heard if each.kind == "foreign_label"]


@pytest.fixture
def unread(site, served, copy) -> tuple[str, str]:
    """The other archive says what this one has no word for; the ids of `copy`."""
    here, there = copy
    learn(served.site)
    relabel(served, there, LabelInput(NEW_WORD, Tier.G1))
    listen(site, served)
    fetch(site)
    return here, there


def test_what_has_no_word_here_is_as_careful_as_unlabelled_and_is_told(
    site, visitor, people, unread, environ, monkeypatch
):
    here, _ = unread
    found = asset(site, here)
    assert found.tier is Tier.G5
    assert unread_of(site, here) == ["context.unread"]
    detail = [{"feed": "other", "labels": NEW_WORD}]
    assert notices_of(site, people["administrator"]) == detail
    assert notices_of(site, people["moderator"]) == []
    fetch(site)
    assert notices_of(site, people["administrator"]) == detail
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    listed = CliRunner().invoke(main, ["feed", "list", "--json"])
    (row,) = json.loads(listed.output)["subscriptions"]
    assert row["unread"] == [NEW_WORD]
    assert NEW_WORD in CliRunner().invoke(main, ["feed", "list"]).output


def test_it_goes_when_the_other_archive_says_something_known(site, served, unread):
    here, there = unread
    relabel(served, there, OPEN)
    fetch(site)
    assert asset(site, here).tier is Tier.G1
    assert unread_of(site, here) == []


def test_it_says_what_it_says_once_the_vocabulary_has_the_word(site, unread, clock):
    here, _ = unread
    learn(site)
    with site.db.write() as s:
        assert feeds.lapse(site, s, by="operator", now=clock.now) == 1
    assert asset(site, here).tier is Tier.G1
    assert unread_of(site, here) == [NEW_WORD]
    with site.db.write() as s:
        assert feeds.lapse(site, s, by="operator", now=clock.now) == 0


def test_a_moderator_who_looked_dismisses_it_for_good(site, unread, clock):
    here, _ = unread
    with site.db.write() as s:
        (came,) = feeds.standing(s, here)
        feeds.dismiss(
            site,
            s,
            came.row.id,
            reason="Looked: a wall.",
            by="operator",
            now=clock.now,
        )
    assert asset(site, here).tier is Tier.G1
    with site.db.write() as s:
        feeds.settle_record(
            site, s, asset(site, here).record_id, by="operator", now=clock.now
        )
    fetch(site)
    assert asset(site, here).tier is Tier.G1


def test_what_is_not_understood_is_not_offered_on(site, unread):
    here, _ = unread
    on = replace(site, config=replace(site.config, label_feed=True))
    with on.db.write() as s:
        moderation.publish(on, s, asset(site, here).record_id, "operator", on.clock())
    settle(on)
    label(on, here, OPEN, LabelInput("context.unread", Tier.G5))
    settle(on)
    with on.db.read() as s:
        said = feeds.page(on, s, 0)["entries"]
    assert {each["label"] for each in said} == {"property.heritage"}


# --- beside ---------------------------------------------------------------------------


def test_twins_of_a_copy_follow_it_there_and_back(site, desk, served, copy):
    here, there = copy
    twin = desk.deposit(photo()).assets[0].id
    label(site, twin, OPEN)
    one, two = sorted((here, twin))
    with site.db.write() as s:
        now = site.clock()
        twins.record_found(site, s, one, two, Closeness.SURE, by="w", now=now)
        twins.judge(site, s, one, two, Verdict.TWIN, by="operator", now=now)
    listen(site, served)
    fetch(site)
    assert asset(site, twin).tier is Tier.G4
    relabel(served, there, OPEN)
    fetch(site)
    assert (asset(site, here).tier, asset(site, twin).tier) == (Tier.G1, Tier.G1)


def test_a_moderator_reads_where_a_label_came_from_and_dismisses_it_with_a_reason(
    site, served, copy, browser
):
    here, _ = copy
    listen(site, served, "archive-of-others")
    fetch(site, "archive-of-others")
    client = browser("moderator")
    desk = f"/moderation/{asset(site, here).record_id}?asset={here}"
    assert "archive-of-others" in client.get(desk).get_data(as_text=True)
    with site.db.read() as s:
        (came,) = feeds.standing(s, here)
    sent = {"label": came.row.id, "reason": "", "csrf_token": csrf(client)}
    for wrong in ({}, {"label": "none", "reason": "x"}, {"reason": "x" * 900}):
        answer = client.post(f"/moderation/adopted/{here}", data={**sent, **wrong})
        assert answer.status_code == 303
        assert asset(site, here).tier is Tier.G4
    sent["reason"] = "Another film."
    answer = client.post(f"/moderation/adopted/{here}", data=sent)
    assert answer.status_code == 303
    assert asset(site, here).tier is Tier.G1
    assert "archive-of-others" not in client.get(desk).get_data(as_text=True)
    assert events(site, here) == ["label adopted", "adopted label dismissed"]


def test_the_commands_subscribe_fetch_list_and_end(
    site, served, copy, environ, monkeypatch
):
    here, _ = copy
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def vigil(*words: str):
        return CliRunner().invoke(main, list(words))

    made = vigil(
        "feed", "subscribe", served.address, "--key", served.key, "--as", "o", "--json"
    )
    assert json.loads(made.output)["address"].endswith("/api/v1/label-feed")
    twice = vigil("feed", "subscribe", served.address, "--key", served.key)
    assert (twice.exit_code, twice.output.count("\n")) == (1, 1)
    assert json.loads(vigil("feed", "fetch", "--json").output) == {
        "fetched": [{"name": "o", "entries": 1, "files": 1}]
    }
    assert asset(site, here).tier is Tier.G4
    (row,) = json.loads(vigil("feed", "list", "--json").output)["subscriptions"]
    assert (row["read_to"], row["labels"], row["adopted"], row["error"]) == (
        1,
        1,
        1,
        None,
    )
    assert served.key not in vigil("feed", "list").output
    assert vigil("feed", "unsubscribe", "o").exit_code == 0
    assert asset(site, here).tier is Tier.G1
    missing = vigil("feed", "fetch", "o")
    assert (missing.exit_code, missing.output.strip()) == (
        1,
        "There is no subscription called o.",
    )


def test_the_checker_of_one_file_needs_no_archive(signed, three, tmp_path):
    def check(*pages: dict[str, Any], key: str = signed.key) -> tuple[int, str]:
        paths = []
        for number, each in enumerate(pages):
            path = tmp_path / f"{number}.json"
            path.write_text(json.dumps(each))
            paths.append(str(path))
        script = [sys.executable, "-I", str(DOCS / "check_feed.py"), key, *paths]
        done = subprocess.run(script, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    code, said = check(three, signed.page(3))
    assert (code, "3 labels stand" in said) == (0, True)
    assert check(signed.page(1))[0] == 0
    assert check(three, key="ab" * 31 + "ff")[0] in (1, 2)
    assert check({})[0] == 2
    three["entries"][0]["tier"] = "G0"
    assert check(three)[0] == 1
