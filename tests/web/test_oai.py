"""OAI-PMH: what harvesters are told, of what, since when, and what never."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sickle import Sickle
from sickle.oaiexceptions import NoRecordsMatch
from sqlalchemy import delete, select
from werkzeug.serving import make_server

from archive import moderation, shredding, wording
from archive.exchange.harvest.formats import FORMATS
from archive.jobs import Job
from archive.offers import MARGIN, Offer
from archive.records import store, vocabulary
from archive.records.document import Description, Place, RecordDocument, Source
from archive.records.store import RecordDraft
from archive.records.vocabulary import Edit
from archive.shredding import Approved
from archive.site import Site
from archive.web.oai import QUESTIONS, answers, tokens
from archive.work import offering
from auth.viewer import Mode, RecordState, Tier, Visibility
from tests.web.conftest import Browser, Clock, Desk
from tests.web.harvesting import (
    ask,
    error,
    go_over,
    listed,
    record,
    revised,
    settle,
    stamp_of,
    written,
)
from tests.web.oaigrammar import DATACITE, DC, LANG, OAI, require_fit

PUBLIC, VETTED, STAFF = Visibility.PUBLIC, Visibility.VETTED, Visibility.STAFF


def draft(title: str = "A church", visibility: Visibility = PUBLIC, **more: object):
    document = RecordDocument({"en": Description(title, "Seen from the road.")}, **more)
    return RecordDraft(document, visibility)


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A list of its own: the key's folder is shared by the tests of a run."""
    return {**environ, "VIGIL_SHRED_LIST": str(tmp_path / "list")}


@pytest.fixture
def harvester(app: Flask) -> Iterator[Sickle]:
    """A client as institutions use it, over a socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    running = threading.Thread(target=server.serve_forever)
    running.start()
    yield Sickle(f"http://127.0.0.1:{server.server_port}/oai")
    server.shutdown()
    running.join()
    server.server_close()


def harvested(harvester: Sickle, **arguments: str) -> dict[str, str | None]:
    """Everything that the client meets: each id with its title, or None if deleted."""
    told = harvester.ListRecords(metadataPrefix="oai_dc", **arguments)
    return {
        each.header.identifier.rpartition(":")[2]: None
        if each.deleted
        else each.metadata["title"][0]
        for each in told
    }


def shelf(site: Site, slug: str, title: str):
    with site.db.write() as s:
        now = site.clock()
        return store.add_collection(s, slug, {"en": title}, {}, "operator", now).id


# --- with a real client ---------------------------------------------------------------


def test_a_harvester_takes_everything_and_later_what_changed(
    site: Site, clock: Clock, harvester: Sickle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "RECORDS", 2)
    held = {written(site, draft(f"Church {n}")): f"Church {n}" for n in range(5)}
    settle(site)

    assert harvested(harvester) == held

    first, second, third, *_rest = held
    begun = clock.advance(minutes=10).strftime("%Y-%m-%dT%H:%M:%SZ")
    with pytest.raises(NoRecordsMatch):
        harvested(harvester, **{"from": begun})
    with site.db.write() as s:
        moderation.describe(
            site,
            s,
            first,
            draft("Church, renamed"),
            revision=1,
            by="operator",
            now=clock(),
        )
    revised(site, second, visibility=VETTED)
    with site.db.write() as s:
        moderation.withdraw(
            site, s, third, category="x", note="y", by="operator", now=clock()
        )
    new = written(site, draft("A new one"))
    settle(site)

    assert harvested(harvester, **{"from": begun}) == {
        first: "Church, renamed",
        second: None,
        third: None,
        new: "A new one",
    }
    ignoring = harvester.ListRecords(metadataPrefix="oai_dc", ignore_deleted=True)
    assert len(list(ignoring)) == 4


def test_a_harvester_takes_a_set(site: Site, harvester: Sickle) -> None:
    shushi = shelf(site, "shushi", "Shushi & <the hills>")
    shelf(site, "empty", "Nothing yet")
    inside, gone, outside = (written(site, draft(f"Church {n}")) for n in range(3))
    for each in (inside, gone):
        revised(site, each, collection_id=shushi)
    settle(site)
    revised(site, gone, visibility=STAFF)
    settle(site)

    sets = {each.setSpec: each.setName for each in harvester.ListSets()}
    assert sets == {"empty": "Nothing yet", "shushi": "Shushi & <the hills>"}
    assert harvested(harvester, set="shushi") == {inside: "Church 0", gone: None}
    assert outside not in harvested(harvester, set="shushi")
    with pytest.raises(NoRecordsMatch):
        harvested(harvester, set="empty")
    formats = [each.metadataPrefix for each in harvester.ListMetadataFormats()]
    assert formats == ["oai_dc", "datacite"]
    assert harvester.Identify().deletedRecord == "persistent"


# --- what is told ---------------------------------------------------------------------


def test_the_archive_says_who_it_is(site: Site, visitor: FlaskClient) -> None:
    told = ask(visitor, verb="Identify")

    assert told.findtext(f".//{OAI}baseURL") == "http://127.0.0.1:8000/oai"
    assert told.findtext(f".//{OAI}adminEmail") == "vigil@127.0.0.1"
    assert told.find(f".//{OAI}description") is None  # a number is no name of a host
    assert told.find(f"{OAI}request").attrib == {"verb": "Identify"}

    made = written(site, draft())
    settle(site)
    earliest = ask(visitor, verb="Identify").findtext(f".//{OAI}earliestDatestamp")
    assert earliest <= stamp_of(visitor, made)


def test_identifiers_have_the_name_of_the_host(
    environ: dict[str, str], clock: Clock
) -> None:
    from archive import config
    from archive.app import create_app
    from archive.site import open_site

    named = {**environ, "VIGIL_BASE_URL": "https://archive.example.org"}
    site = open_site(config.load(named), clock)
    made = written(site, draft())
    settle(site)
    client = create_app(site).test_client()

    def got(**arguments: str):
        return require_fit(
            client.get(
                "/oai",
                query_string=arguments,
                base_url="https://archive.example.org",
            ).data
        )

    scheme = got(verb="Identify").find(f".//{OAI}description")[0]
    assert scheme[1].text == "archive.example.org"
    told = got(
        verb="GetRecord",
        identifier=f"oai:archive.example.org:{made}",
        metadataPrefix="oai_dc",
    )
    assert f"https://archive.example.org/records/{made}" in texts(told, "identifier")
    site.close()


def texts(told, name: str) -> list[str]:
    return [each.text for each in told.iter(f"{DC}{name}")]


def test_a_record_is_told_in_dublin_core(
    site: Site, desk: Desk, visitor: FlaskClient
) -> None:
    document = RecordDocument(
        {
            "en": Description("A church <of> Shushi & more", "What is left.\nMuch."),
            "hy": Description("Եկեղեցի", "Ինչ մնաց։"),
        },
        (Place("Shushi; upper", 39.76014, 46.74991), Place("Artsakh")),
        "2020-10-08",
        rights="CC BY 4.0",
    )
    deposit = desk.publish(desk.deposit(draft=RecordDraft(document, PUBLIC)))
    made = deposit.record.id
    settle(site)

    told = record(visitor, made)

    titles = {each.get(LANG): each.text for each in told.iter(f"{DC}title")}
    assert titles == {"en": "A church <of> Shushi & more", "hy": "Եկեղեցի"}
    assert "What is left.\nMuch." in texts(told, "description")
    assert texts(told, "coverage") == [
        "name=Shushi, upper; north=39.8; east=46.7",
        "Artsakh",
        "2020-10-08",
    ]
    assert texts(told, "type") == ["StillImage"]
    assert texts(told, "format") == ["image/jpeg"]
    assert texts(told, "language") == ["en", "hy"]
    assert texts(told, "rights") == ["CC BY 4.0"]
    assert texts(told, "identifier") == [f"http://127.0.0.1:8000/records/{made}", made]
    assert "Dead body" in texts(told, "subject")
    name = f"oai:127.0.0.1:{made}"
    other = ask(visitor, verb="GetRecord", identifier=name, metadataPrefix="datacite")
    resource = other.find(f".//{DATACITE}resource")
    assert resource.findtext(f"{DATACITE}identifier").endswith(f"/records/{made}")
    assert resource.find(f"{DATACITE}resourceType").attrib == {
        "resourceTypeGeneral": "Image"
    }
    assert [each.text for each in resource.iter(f"{DATACITE}title")] == [
        "A church <of> Shushi & more",
        "Եկեղեցի",
    ]
    assert resource.findtext(f".//{DATACITE}pointLatitude") == "39.8"
    assert "2020-10-08" in [each.text for each in resource.iter(f"{DATACITE}date")]


def test_nothing_restricted_is_told_whoever_asks(
    site: Site, desk: Desk, browser: Browser, visitor: FlaskClient
) -> None:
    """Requirement: what a harvester reads is what a visitor reads."""
    document = RecordDocument(
        {"en": Description("quillwort title", "An open description.")},
        (Place("Shushi", 39.76014, 46.74991),),
        source=Source("https://e.example/quillwort", "T", "", "quillwort note"),
    )
    guarded = desk.deposit(
        draft=RecordDraft(document, PUBLIC), name="quillwort-name.jpg"
    )
    desk.publish(guarded, "kill.execution", Tier.G4)
    hidden = [
        written(site, draft("quillwort vetted", VETTED)),
        written(site, draft("quillwort staff", STAFF)),
        written(site, draft("quillwort beyond"), tier=Tier.X),
        desk.deposit(draft=draft("quillwort submitted")).record.id,
    ]
    settle(site)
    go_over(site)

    for client in (visitor, browser("moderator"), browser("administrator")):
        assert listed(client) == {guarded.record.id: ""}
        for prefix in FORMATS:
            told = client.get(f"/oai?verb=ListRecords&metadataPrefix={prefix}").text
            assert "quillwort" not in told
            assert "39.76" not in told
            assert f"Record {guarded.record.id}, with severe content" in told
            assert "An open description." in told
        for each in hidden:
            assert error(record(client, each)) == "idDoesNotExist"
    with site.db.read() as s:
        known = set(s.scalars(select(Offer.record_id)))
    assert known == {guarded.record.id}


# --- since when -----------------------------------------------------------------------


def test_what_does_not_change_keeps_its_datestamp(
    site: Site, clock: Clock, visitor: FlaskClient
) -> None:
    made = written(site, draft())
    settle(site)
    before = stamp_of(visitor, made)
    assert before == (clock() + MARGIN).strftime("%Y-%m-%dT%H:%M:%SZ")

    clock.advance(hours=30)
    revised(site, made, revision=9)
    settle(site)
    go_over(site)

    assert stamp_of(visitor, made) == before


def test_every_change_of_what_is_told_raises_the_datestamp(
    site: Site, clock: Clock, visitor: FlaskClient
) -> None:
    made = written(site, draft(), codes=("dead.body",))
    shushi = shelf(site, "shushi", "Shushi")
    settle(site)

    def rename_label() -> None:
        with site.db.write() as s:
            term = vocabulary.of(s).term("dead.body")
            changed = {"name": {"en": "Somebody dead", "hy": "ա", "az": "a", "ru": "а"}}
            edit = Edit("dead.body", changed, term.revision)
            wording.change(site, s, edit, by="operator", now=clock(), reason="why")

    def describe() -> None:
        with site.db.write() as s:
            moderation.describe(
                site,
                s,
                made,
                draft("Another", places=(Place("Shushi"),)),
                revision=1,
                by="operator",
                now=clock(),
            )

    changes = (
        describe,
        rename_label,
        lambda: revised(site, made, codes=["dead.body", "id.victim"]),
        lambda: revised(site, made, tier=Tier.G4),
        lambda: revised(site, made, collection_id=shushi),
        lambda: revised(site, made, visibility=VETTED),
        lambda: revised(site, made, visibility=PUBLIC),
    )
    before = stamp_of(visitor, made)
    for change in changes:
        clock.advance(hours=1)
        change()
        go_over(site)
        after = stamp_of(visitor, made)
        assert after > before, change
        before = after


def test_the_chore_reads_nothing_again_while_nothing_can_have_changed(
    site: Site, clock: Clock
) -> None:
    written(site, draft())
    written(site, draft())

    def gone_over() -> int:
        clock.advance(hours=1)
        go_over(site)
        with site.db.read() as s:
            done = select(Job).where(Job.kind == "offers")
            return (
                s.scalars(done.order_by(Job.created_at.desc()))
                .first()
                .result["records"]
            )

    assert gone_over() == 2  # the first ever
    assert gone_over() == 0
    shelf(site, "shushi", "Shushi")
    assert gone_over() == 2
    assert [gone_over() for _hour in range(25)].count(2) == 1


def test_what_was_public_before_there_was_a_book_is_offered_by_the_chore(
    site: Site, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offering, "BATCH", 2)
    public = {written(site, draft(f"Church {n}")) for n in range(5)}
    written(site, draft("Hidden", VETTED))
    with site.db.write() as s:
        s.execute(delete(Job))

    go_over(site)

    assert set(listed(visitor)) == public


def test_what_ended_is_told_as_deleted_for_good(
    site: Site, clock: Clock, visitor: FlaskClient
) -> None:
    ended = {
        written(site, draft("quillwort")): {"visibility": VETTED},
        written(site, draft("quillwort")): {"visibility": STAFF},
        written(site, draft("quillwort")): {"state": RecordState.SHREDDED},
        written(site, draft("quillwort")): {"state": RecordState.LABELLED},
        written(site, draft("quillwort")): {"tier": Tier.X},
    }
    settle(site)
    for each, columns in ended.items():
        revised(site, each, **columns)

    # At once, before any worker has looked; and with a datestamp of its own after.
    assert listed(visitor) == dict.fromkeys(ended, "deleted")
    clock.advance(hours=1)
    now = clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    settle(site)
    assert listed(visitor, from_=now) == dict.fromkeys(ended, "deleted")
    told = visitor.get("/oai?verb=ListRecords&metadataPrefix=oai_dc").text
    assert "quillwort" not in told
    with site.db.read() as s:
        assert set(s.scalars(select(Offer.digest))) == {None}

    clock.advance(days=400)
    go_over(site)
    assert listed(visitor) == dict.fromkeys(ended, "deleted")


def test_what_is_shredded_is_told_as_deleted(
    site: Site, desk: Desk, clock: Clock, visitor: FlaskClient
) -> None:
    made = desk.publish(desk.deposit(draft=draft("quillwort"))).record.id
    settle(site)
    assert listed(visitor) == {made: ""}
    clock.advance(hours=1)
    now = clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    shredding.shred(site, made, "order 12", Approved(("a" * 16, "b" * 16)))
    settle(site)

    assert listed(visitor, from_=now) == {made: "deleted"}
    assert record(visitor, made).find(f".//{OAI}metadata") is None
    with site.db.read() as s:
        row = s.get_one(Offer, made)
        assert (row.digest, row.shelf) == (None, None)


def test_who_asks_while_a_change_is_written_meets_it_the_next_time(
    site: Site, clock: Clock, visitor: FlaskClient
) -> None:
    """The clock was read, the row is not yet there: a later second has begun."""
    made = written(site, draft())
    read = clock()  # by the worker
    asked = clock.advance(seconds=2)  # by a harvester, who sees no row
    assert listed(visitor) == {}
    clock.now = read
    settle(site)

    clock.now = asked
    assert listed(visitor, from_=asked.strftime("%Y-%m-%dT%H:%M:%SZ")) == {made: ""}


# --- long lists -----------------------------------------------------------------------


def pages(client: FlaskClient, verb: str = "ListIdentifiers") -> Iterator[list[str]]:
    told = ask(client, verb=verb, metadataPrefix="oai_dc")
    while True:
        ids = [each.text for each in told.iter(f"{OAI}identifier")]
        token = told.find(f".//{OAI}resumptionToken")
        yield [each.rpartition(":")[2] for each in ids]
        if token is None or not token.text:
            return
        told = ask(client, verb=verb, resumptionToken=token.text)


def test_nothing_is_passed_over_while_records_change(
    site: Site, clock: Clock, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "HEADERS", 2)
    held = []
    for n in range(5):
        held.append(written(site, draft(f"Church {n}")))
        settle(site)
        clock.advance(minutes=1)

    asked = pages(visitor)
    met = next(asked)
    assert met == held[:2]
    revised(site, held[0], tier=Tier.G4)  # met already: told again, at the end
    revised(site, held[3], visibility=STAFF)  # not yet met: told as it is then
    settle(site)
    rest = [each for page in asked for each in page]

    assert set(rest) == {held[0], *held[2:]}
    assert len(rest) == 4


def test_the_same_token_leads_to_the_same_place(
    site: Site, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "HEADERS", 2)
    for n in range(5):
        written(site, draft(f"Church {n}"))
    settle(site)
    told = ask(visitor, verb="ListIdentifiers", metadataPrefix="oai_dc")
    token = told.find(f".//{OAI}resumptionToken")
    assert (token.get("cursor"), token.get("completeListSize")) == ("0", "5")
    again = [
        ask(visitor, verb="ListIdentifiers", resumptionToken=token.text)
        for _twice in range(2)
    ]
    first, second = (
        [each.text for each in one.iter(f"{OAI}identifier")] for one in again
    )
    assert first == second
    on = again[0].find(f".//{OAI}resumptionToken")
    assert (on.get("cursor"), on.get("completeListSize")) == ("2", "5")
    last = ask(visitor, verb="ListIdentifiers", resumptionToken=on.text)
    end = last.find(f".//{OAI}resumptionToken")
    assert (end.text, end.get("cursor")) == (None, "4")


def test_a_token_is_good_for_its_verb_and_its_day_and_as_it_was_given(
    site: Site, clock: Clock, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "HEADERS", 1)
    for n in range(2):
        written(site, draft(f"Church {n}"))
    settle(site)
    told = ask(visitor, verb="ListIdentifiers", metadataPrefix="oai_dc")
    token = told.findtext(f".//{OAI}resumptionToken")

    def said(verb: str, token: str) -> str | None:
        return error(ask(visitor, verb=verb, resumptionToken=token))

    assert said("ListIdentifiers", token) is None
    changed = ("B" if token[0] == "A" else "A") + token[1:]
    for wrong in (changed, token[:-1], token + "A", "", "x", ".", "é.é", "a" * 5000):
        assert said("ListIdentifiers", wrong) == "badResumptionToken", wrong
    assert said("ListRecords", token) == "badResumptionToken"
    assert said("ListSets", token) == "badResumptionToken"
    clock.advance(hours=23)
    assert said("ListIdentifiers", token) is None
    clock.advance(hours=2)
    assert clock() - tokens.LIFETIME > datetime.min.replace(tzinfo=UTC)
    assert said("ListIdentifiers", token) == "badResumptionToken"


# --- what is wrong --------------------------------------------------------------------

LIST = "verb=ListRecords&metadataPrefix=oai_dc"
WRONG = {
    "": "badVerb",
    "verb=": "badVerb",
    "verb=Steal": "badVerb",
    "verb=identify": "badVerb",
    "verb=Identify&verb=Identify": "badVerb",
    "verb=Identify&x=1": "badArgument",
    "verb=Identify&resumptionToken=x": "badArgument",
    "verb=GetRecord&metadataPrefix=oai_dc": "badArgument",
    "verb=GetRecord&identifier=x": "badArgument",
    "verb=GetRecord&identifier=x&metadataPrefix=oai_dc": "idDoesNotExist",
    "verb=GetRecord&identifier=oai:127.0.0.1:x&metadataPrefix=oai_dc": "idDoesNotExist",
    "verb=ListMetadataFormats&identifier=oai:127.0.0.1:x": "idDoesNotExist",
    "verb=ListRecords": "badArgument",
    "verb=ListRecords&metadataPrefix=": "badArgument",
    "verb=ListRecords&metadataPrefix=marc21": "cannotDisseminateFormat",
    f"{LIST}&metadataPrefix=oai_dc": "badArgument",
    f"{LIST}&resumptionToken=x": "badArgument",
    f"{LIST}&from=2020": "badArgument",
    f"{LIST}&from=2020-02-30": "badArgument",
    f"{LIST}&from=2020-01-01T00:00Z": "badArgument",
    f"{LIST}&from=2020-01-01T00:00:00": "badArgument",
    f"{LIST}&from=2020-01-01T25:00:00Z": "badArgument",
    f"{LIST}&from=2020-01-01&until=2021-01-01T00:00:00Z": "badArgument",
    f"{LIST}&from=2021-01-01&until=2020-01-01": "badArgument",
    f"{LIST}&from=": "badArgument",
    f"{LIST}&until=9999-12-31": None,
    f"{LIST}&until=0001-01-01": "noRecordsMatch",
    f"{LIST}&from=9999-12-31": "noRecordsMatch",
    f"{LIST}&set=shushi": None,
    f"{LIST}&set=nowhere": "noRecordsMatch",
    f"{LIST}&set=a%20b": "badArgument",
    f"{LIST}&from=%00": "badArgument",
    "verb=ListIdentifiers&resumptionToken=x": "badResumptionToken",
    "verb=ListSets&resumptionToken=x": "badResumptionToken",
    "verb=ListSets&set=x": "badArgument",
    "verb=ListSets": None,
    "verb=ListMetadataFormats": None,
}


def test_every_wrong_question_has_the_protocols_own_answer(
    site: Site, app: Flask
) -> None:
    shushi = shelf(site, "shushi", "Shushi")
    made = written(site, draft())
    revised(site, made, collection_id=shushi)
    settle(site)

    for query, expected in WRONG.items():
        for given in (
            app.test_client().get(f"/oai?{query}"),
            app.test_client().post(
                "/oai", data=query, content_type="application/x-www-form-urlencoded"
            ),
        ):
            told = require_fit(given.data)
            assert (given.status_code, error(told)) == (200, expected), query
            asked = dict(told.find(f"{OAI}request").attrib)
            assert bool(asked) == (expected not in ("badVerb", "badArgument")), query


def test_without_collections_there_are_no_sets(
    site: Site, visitor: FlaskClient
) -> None:
    written(site, draft())
    settle(site)
    asked = {"verb": "ListRecords", "metadataPrefix": "oai_dc", "set": "x"}

    assert error(ask(visitor, verb="ListSets")) == "noSetHierarchy"
    assert error(ask(visitor, **asked)) == "noSetHierarchy"


def test_only_forms_are_read(visitor: FlaskClient) -> None:
    assert visitor.post("/oai", json={"verb": "Identify"}).status_code == 415
    sent = visitor.post("/oai", data={"verb": "I" * 20_000})
    assert sent.status_code == 413


def test_a_closed_archive_says_when_to_come_back_to_everybody(
    site: Site, visitor: FlaskClient, browser: Browser
) -> None:
    with site.db.write() as s:
        site.change_mode(s, Mode.NO_ACCESS, {"en": "Back soon."}, "operator")
    site.look_at_mode_again()

    for client in (visitor, browser("administrator")):
        answer = client.get("/oai?verb=Identify")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "300")


def test_who_asks_too_fast_waits(visitor: FlaskClient) -> None:
    asked = [
        visitor.get("/oai?verb=ListMetadataFormats").status_code
        for _each in range(QUESTIONS.tries + 1)
    ]

    assert asked == [200] * QUESTIONS.tries + [429]
