"""What was found and said of records: written, read, and hidden with what it links."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from archive.findings import accounts, assessing, statements
from archive.findings.accounts import Account
from archive.findings.assessing import Assessment
from archive.findings.statements import Facts
from archive.records import store
from archive.records.document import Description, RecordDocument
from archive.records.errors import Conflict
from archive.records.store import RecordDraft
from archive.work import run_one
from auth.viewer import Tier, Visibility
from tests.web.conftest import csrf

SAID = {
    "authority": "Prosecutor General's Office",
    "date": "2020-11-21",
    "officials": "A. Official; spokesman",
    "articles": "Criminal Code, 115.2\nCriminal Code, 245",
    "published_in": "its own site",
    "url": "https://prosecutor.example/1",
}


def post(client, path, **form):
    return client.post(path, data={"csrf_token": csrf(client), **form})


def text(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def titled(title, visibility=Visibility.PUBLIC):
    document = RecordDocument({"en": Description(title, f"What {title} is.")})
    return RecordDraft(document, visibility)


@pytest.fixture
def shown(desk):
    """A published record that everybody may know of."""
    return desk.publish(desk.deposit(draft=titled("Orchard wall"))).record.id


def announced(client, title="Announcement", **more):
    """A statement added by the form; its record's id."""
    form = {**SAID, "title_en": title, "body_en": "A case.", "visibility": "public"}
    answer = post(client, "/statements/new", **{**form, **more})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.location.split("/")[2]


def test_what_was_found_stands_beside_what_was_denied(site, browser, shown):
    client, visitor = browser("moderator"), browser("visitor")
    made = announced(client)
    form = {"record": f"http://localhost/records/{shown}?x", "stance": "calls-fake"}
    assert post(client, f"/records/{made}/stances", **form).status_code == 303
    found = {
        "status": "authentic",
        "confidence": "high",
        "method": "The wall and the trees were compared with older pictures.",
        "sources": "A report; https://t.example/video",
        "reviewer": "Institute",
        "version": "0",
    }
    assert post(client, f"/records/{shown}/assessment", **found).status_code == 303

    page = text(visitor, f"/records/{shown}")
    for words in ("place and date confirmed", "calls it fake", "older pictures"):
        assert words in page
    assert "A report" in page
    assert "t.example" not in page
    assert f'href="/records/{made}"' in page
    assert "t.example" in text(browser("researcher"), f"/records/{shown}")
    there = text(visitor, f"/records/{made}")
    for words in ("115.2", "A. Official, spokesman", "Orchard wall", "calls it fake"):
        assert words in there
    assert "calls it fake: 1" in text(visitor, "/statements")
    with site.db.read() as s:
        events = [each.event for each in site.ledger.entries(s, record=shown)]
        document = store.document_of(site.sealing, store.require(s, shown))
    assert "assessment" in events
    assert (document.verification, document.stance) == ("authentic", "silent")


def test_earlier_findings_stay_and_two_at_once_lose_nothing(site, browser, shown):
    client = browser("moderator")
    found = {"status": "under-review", "method": "Begun.", "version": "0"}
    assert post(client, f"/records/{shown}/assessment", **found).status_code == 303
    late = {"status": "staged", "confidence": "low", "method": "Typed long."}
    answer = post(client, f"/records/{shown}/assessment", **late, version="0")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Typed long." in page
    assert 'name="version" value="1"' in page
    answer = post(client, f"/records/{shown}/assessment", **late, version="1")
    assert answer.status_code == 303
    with site.db.read() as s:
        kept = assessing.of_record(s, site.sealing, shown)
    assert [each.assessment.status for each in kept] == ["staged", "under-review"]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"status": "authentic", "confidence": "high"}, "how this was found out"),
        ({"status": "authentic", "method": "Seen."}, "Say how sure this is."),
        ({"status": "true", "method": "Seen."}, "Not a valid choice"),
        ({"status": "under-review", "date": "soon"}, "soon"),
        ({"status": "under-review", "sources": "a\n" * 51}, "at most 50 lines"),
    ],
)
def test_an_assessment_that_will_not_do_changes_nothing(
    site, browser, shown, form, sentence
):
    client = browser("moderator")
    answer = post(client, f"/records/{shown}/assessment", version="0", **form)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    with site.db.read() as s:
        assert assessing.number(s, shown) == 0


def test_a_link_to_what_one_may_not_know_of_leaves_no_trace(browser, desk, shown):
    client = browser("moderator")
    hidden = desk.publish(
        desk.deposit(draft=titled("Zyxplanted", Visibility.STAFF))
    ).record.id
    made = announced(client, title="Qwxplanted", visibility="vetted")
    for far in (shown, hidden):
        form = {"record": far, "stance": "denies", "note": f"Nqxplanted {far}"}
        assert post(client, f"/records/{made}/stances", **form).status_code == 303
    person = {"kind": "person", "name_en": "Pqxplanted", "audience": "staff"}
    named = post(client, "/entities/new", **person).location.split("/")[2]
    for end, kind in ((hidden, "same-event"), (named, "made-by")):
        answer = post(client, f"/records/{shown}/relations", type=kind, end=end)
        assert answer.status_code == 303
    open_one = announced(client, title="Open announcement")
    form = {"record": hidden, "stance": "denies"}
    assert post(client, f"/records/{open_one}/stances", **form).status_code == 303

    planted = ("Zyxplanted", "Qwxplanted", "Nqxplanted", "Pqxplanted", hidden, named)
    visitor = browser("visitor")
    pages = (
        f"/records/{shown}",
        f"/records/{open_one}",
        "/statements",
        "/entities",
        f"/api/v1/records/{shown}",
        f"/api/v1/records/{open_one}",
        f"/api/v1/records/{shown}/findings",
        f"/api/v1/records/{open_one}/findings",
        "/api/v1/statements",
        "/api/v1/entities",
    )
    for path in pages:
        page = text(visitor, path)
        assert not [word for word in (*planted, made) if word in page], path
        assert "denies" not in page.replace('"denies"', ""), path
    for path in (f"/records/{made}", f"/entities/{named}", f"/records/{hidden}"):
        assert visitor.get(path).status_code == 404
        assert visitor.get(f"/api/v1{path}").status_code == 404
        assert visitor.get(f"/api/v1{path}").status_code == 404
    inner = text(browser("researcher"), f"/records/{shown}")
    assert "Qwxplanted" in inner
    assert not [word for word in (planted[0], planted[3], hidden) if word in inner]
    staff = text(client, f"/records/{shown}")
    assert [word for word in planted if word not in staff] == []


def test_the_stages_of_a_statement_are_its_timeline(browser):
    client = browser("moderator")
    made = announced(client)
    later = {"stage": "charged", "stage_date": "2020-12-14", "stage_note": "Four."}
    sooner = {"stage": "opened", "stage_date": "2020-11-21"}
    path = f"/records/{made}/stages"
    assert post(client, path, version="1", **later).status_code == 303
    assert post(client, path, version="1", **sooner).status_code == 409
    assert post(client, path, version="2", **sooner).status_code == 303
    page = text(browser("visitor"), f"/records/{made}")
    assert page.index("case opened") < page.index("Four.")
    assert "charged or arrested" in text(browser("visitor"), "/statements")
    assert "0 files" not in page
    answer = post(client, f"{path}/remove", position="1", version="3")
    assert answer.status_code == 303
    assert "Four." not in text(browser("visitor"), f"/records/{made}")
    assert post(client, f"{path}/remove", position="9", version="4").status_code == 422
    assert post(client, path, version="4", stage="guilty").status_code == 422


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"authority": ""}, "Please fill this in"),
        ({"title_en": ""}, "needs a title"),
        ({"title_en": "", "body_en": ""}, "Give the record a title"),
        ({"url": "javascript:alert(1)"}, "begins with https"),
        ({"date": "2020-99"}, "2020-99"),
    ],
)
def test_a_statement_that_will_not_do_stays_in_the_form(site, browser, form, sentence):
    client = browser("moderator")
    given = {**SAID, "title_en": "T", "body_en": "B", "visibility": "public", **form}
    answer = post(client, "/statements/new", **given)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    assert "0 statements" in text(client, "/statements")


def test_a_deposited_announcement_becomes_a_statement(site, browser, shown):
    client = browser("moderator")
    answer = post(client, f"/records/{shown}/statement", version="0", **SAID)
    assert answer.status_code == 303
    assert "Orchard wall" in text(browser("visitor"), "/statements")
    for wrong in ({"record": shown}, {"record": "never"}):
        form = {**wrong, "stance": "denies"}
        answer = post(client, f"/records/{shown}/stances", **form)
        assert answer.status_code == 422
    with site.db.read() as s:
        found = statements.of_record(s, site.sealing, shown)
    assert found.facts.articles == ("Criminal Code, 115.2", "Criminal Code, 245")


ACCOUNT = {
    "text": "Wrdsigned by the first.",
    "language": "en",
    "perspective": "armenian",
    "signer": "First Author",
    "signer_kind": "person",
}


def test_accounts_stand_side_by_side_and_none_overwrites_another(
    site, browser, people, shown
):
    path = f"/records/{shown}/accounts"
    client, other = browser("moderator"), browser("researcher")
    assert post(client, path, **ACCOUNT).status_code == 303
    second = {**ACCOUNT, "perspective": "azerbaijani", "text": "Second words."}
    assert post(other, path, **second).status_code == 303

    page = text(browser("visitor"), f"/records/{shown}")
    assert "Wrdsigned" in page
    assert "Second words." not in page
    assert "Second words." not in text(browser("other"), path)
    assert "Second words." in text(other, path)
    with site.db.read() as s:
        first, waiting = (
            *accounts.shown(s, site.sealing, shown),
            *accounts.waiting(s, site.sealing, shown),
        )
    stolen = {**ACCOUNT, "account": first.thread, "version": "1", "text": "Stolen."}
    assert post(other, path, **stolen).status_code == 422
    seen = {"account": waiting.thread, "version": "1"}
    assert post(other, f"{path}/accept", **seen).status_code == 403
    assert post(client, f"{path}/accept", **seen).status_code == 303
    page = text(browser("visitor"), f"/records/{shown}")
    assert "Wrdsigned" in page
    assert "Second words." in page
    assert "Stolen." not in page
    assert first.version.digest in page
    again = {**second, **seen, "text": "Third words."}
    assert post(other, path, **again).status_code == 303
    assert post(other, path, **again).status_code == 409
    page = text(browser("visitor"), f"/records/{shown}")
    assert "Second words." in page
    assert "Third words." not in page
    with site.db.read() as s:
        lines = site.ledger.entries(s, record=shown, event="account given")
    assert first.version.digest in {line.detail["digest"] for line in lines}
    gone = {"account": waiting.thread, "version": "2"}
    assert post(client, f"{path}/withdraw", **gone).status_code == 422
    assert post(other, f"{path}/withdraw", **gone).status_code == 303
    assert "Second words." not in text(browser("visitor"), f"/records/{shown}")


def test_a_search_finds_accounts_that_were_let_out_and_statements(site, browser, shown):
    client = browser("moderator")
    path = f"/records/{shown}/accounts"
    post(client, path, **ACCOUNT)
    post(browser("researcher"), path, **{**ACCOUNT, "text": "Secondwrd."})
    made = announced(client)
    while run_one(site, site.clock()):
        pass
    visitor = browser("visitor")
    assert f"/records/{shown}" in text(visitor, "/search?q=Wrdsigned")
    assert "Nothing fits" in text(visitor, "/search?q=Secondwrd")
    for query in ("q=115.2", "q=spokesman", "facet.kind=statement", "q=has:statement"):
        page = text(visitor, f"/search?{query}")
        assert f"/records/{made}" in page
        assert f"/records/{shown}" not in page
    assert "official statements" in text(visitor, "/search?q=")


def test_links_are_walked_both_ways(browser, shown):
    client, visitor = browser("moderator"), browser("visitor")

    def entry(**form):
        form = {"audience": "public", **form}
        return post(client, "/entities/new", **form).location.split("/")[2]

    act = entry(kind="act", name_en="The shooting", name_ru="Расстрел")
    person = entry(kind="person", name_en="A Person", audience="staff")
    path = f"/records/{shown}/relations"
    assert post(client, path, type="documents", end=act).status_code == 303
    answer = post(
        client,
        f"/entities/{act}/relations",
        type="<victim-of",
        end=f"/entities/{person}",
    )
    assert answer.status_code == 303
    assert "The shooting" in text(visitor, f"/records/{shown}")
    page = text(visitor, f"/entities/{act}")
    assert "Orchard wall" in page
    assert "is documented in" in page
    assert "A Person" not in page
    assert "A Person" in text(client, f"/entities/{act}")
    assert "The shooting" in text(client, f"/entities/{person}")
    for wrong in (
        {"type": "documents", "end": act},
        {"type": "victim-of", "end": act},
        {"type": "same-event", "end": shown},
        {"type": "documents", "end": "never"},
        {"type": "", "end": act},
    ):
        assert post(client, path, **wrong).status_code == 422, wrong
    thread = re.search(r'name="relation" value="(\w+)"', text(client, path))[1]
    gone = {"relation": thread, "version": "1"}
    assert (
        post(client, f"{path}/remove", **{**gone, "relation": "x"}).status_code == 422
    )
    assert post(client, f"{path}/remove", **gone).status_code == 303
    assert "The shooting" not in text(visitor, f"/records/{shown}")


def test_an_entry_is_changed_over_the_version_that_was_seen(browser):
    client = browser("moderator")
    form = {"kind": "event", "name_en": "The war", "audience": "public"}
    place = post(client, "/entities/new", **form).location
    edit = f"{place}/edit"
    assert (
        post(client, edit, **{**form, "name_en": "War"}, version="1").status_code == 303
    )
    assert post(client, edit, **form, version="1").status_code == 409
    for wrong in ({"kind": "person"}, {"name_en": ""}, {"audience": "all"}):
        answer = post(client, edit, **{**form, **wrong}, version="2")
        assert answer.status_code == 422
    assert client.get("/entities/never").status_code == 404
    assert client.get("/entities/never/edit").status_code == 404
    assert "War" in text(browser("visitor"), place)


def test_a_title_kept_from_the_public_is_kept_on_the_statement_too(browser, desk):
    client = browser("moderator")
    grave = desk.publish(
        desk.deposit(draft=titled("Gqxplanted")), "kill.execution", Tier.G4
    ).record.id
    made = announced(client)
    post(client, f"/records/{made}/stances", record=grave, stance="denies")
    page = text(browser("visitor"), f"/records/{made}")
    assert grave in page
    assert "Gqxplanted" not in page
    assert "Gqxplanted" in text(browser("researcher"), f"/records/{made}")


def test_one_word_of_an_account_changes_its_digest(site, shown):
    def signed(words):
        with site.db.write() as s:
            return accounts.give(
                site, s, shown, Account("N", words), by="a", now=site.clock()
            ).digest

    assert signed("One.") == signed("One.")
    assert signed("One.") != signed("One!")


def test_a_record_made_a_statement_twice_at_once_is_one(site, shown):
    with site.db.write() as s:
        given = Facts("Office")
        statements.describe(site, s, shown, given, version=0, by="a", now=site.clock())
    with pytest.raises(Exception, match="in the meantime"), site.db.write() as s:
        statements.describe(site, s, shown, given, version=0, by="b", now=site.clock())
    with site.db.write() as s:
        assessing.assess(
            site,
            s,
            store.require(s, shown),
            Assessment("under-review"),
            version=0,
            by="a",
            now=site.clock(),
        )


def test_programs_write_and_read_the_same(visitor, token, desk, shown):
    keys = token("moderator")

    def send(verb, path, headers=keys, /, **body):
        opened = visitor.open(f"/api/v1{path}", method=verb, json=body, headers=headers)
        return opened.status_code, opened.get_json()

    record = f"/records/{shown}"
    assert send("PUT", f"{record}/assessment", status="staged")[0] == 422
    found = {"status": "edited", "confidence": "low", "method": "Frames are missing."}
    named = {**found, "sources": ["Report; https://t.example/x"]}
    status, told = send("PUT", f"{record}/assessment", **named)
    assert status == 200
    assert told["assessments"][0]["sources"][0]["url"] == "https://t.example/x"
    assert send("PUT", f"{record}/assessment", **named)[0] == 409
    other = desk.publish(desk.deposit(draft=titled("Office paper"))).record.id
    facts = {"authority": "Office", "officials": [{"name": "N", "role": "R"}]}
    paper = f"/records/{other}"
    stance = {"record": shown, "stance": "denies", "date": "2020-10"}
    assert send("PUT", f"{paper}/stances", **stance)[0] == 422
    assert send("PUT", f"{paper}/statement", **facts)[0] == 200
    assert send("POST", f"{paper}/stages", stage="closed", version=1)[0] == 200
    assert send("PUT", f"{paper}/stances", **stance)[0] == 200
    account = {"text": "Mine.", "signer": "R", "perspective": "independent"}
    assert send("POST", f"{record}/accounts", token("researcher"), **account)[0] == 201
    assert send("POST", f"{record}/accounts", **account)[0] == 201
    entry = {"kind": "place", "names": {"hy": "Շուշի"}, "audience": "public"}
    status, place = send("POST", "/entities", **entry)
    assert status == 201
    at = {"type": "took-place-at", "end": place["id"]}
    assert send("POST", f"{record}/relations", **at)[0] == 201
    changed = {**entry, "names": {"en": "Shushi"}, "version": 1}
    assert send("PUT", f"/entities/{place['id']}", **changed)[0] == 200
    assert send("PUT", f"/entities/{place['id']}", **changed)[0] == 409

    told = visitor.get(f"/api/v1{record}/findings").get_json()
    assert told["assessments"][0]["status"] == "edited"
    assert told["assessments"][0]["sources"] == [{"name": "Report", "url": ""}]
    assert [each["stance"] for each in told["stances"]] == ["denies"]
    assert told["stances"][0]["far"]["id"] == other
    assert [each["text"] for each in told["accounts"]] == ["Mine."]
    assert told["waiting"] == []
    assert told["relations"][0]["far"]["title"] == "Shushi"
    listed = visitor.get("/api/v1/statements").get_json()["items"]
    assert [(each["id"], each["stage"]) for each in listed] == [(other, "closed")]
    back = visitor.get(f"/api/v1/entities/{place['id']}").get_json()["relations"]
    assert [each["is_forward"] for each in back] == [False]


@pytest.mark.parametrize("wrong", ["\0", "'", "x" * 400, "../..", "\ud800", ""])
def test_an_id_that_none_can_have_is_refused_in_words(visitor, token, shown, wrong):
    keys = token("moderator")
    record = f"/api/v1/records/{shown}"
    sent = {
        "relations": {"type": "same-event", "end": wrong},
        "accounts": {"text": "T", "signer": "S", "account": wrong},
    }
    for name, body in sent.items():
        answer = visitor.post(f"{record}/{name}", json=body, headers=keys)
        is_new = name == "accounts" and not wrong
        assert answer.status_code == (201 if is_new else 422), (name, answer.get_json())
    paper = {"authority": "Office"}
    visitor.put(f"{record}/statement", json=paper, headers=keys)
    stance = {"record": wrong, "stance": "denies"}
    answer = visitor.put(f"{record}/stances", json=stance, headers=keys)
    assert answer.status_code == 422
    assert visitor.get("/entities/%00").status_code == 404


def test_a_status_comes_with_its_method_or_not_at_all(visitor, token, shown):
    def sent(verb, path, who, **body):
        keys = token(who)
        return visitor.open(path, method=verb, json=body, headers=keys).status_code

    record = f"/api/v1/records/{shown}"
    assert sent("PATCH", record, "moderator", verification="authentic") == 422
    assert sent("PATCH", record, "moderator", verification="not-reviewed") == 200
    assert visitor.get(record).get_json()["verification"] == "not-reviewed"
    claimed = {"title": "T", "verification": "authentic"}
    assert sent("POST", "/api/v1/records", "researcher", **claimed) == 403
    assert sent("POST", "/api/v1/records", "researcher", title="T") == 201
    assert sent("POST", "/api/v1/records", "moderator", **claimed) == 201


def test_of_many_who_write_over_the_same_version_one_does(site, shown):
    def assess(number):
        try:
            with site.db.write() as s:
                record = store.require(s, shown)
                given = Assessment("under-review", method=f"Number {number}.")
                now = site.clock()
                assessing.assess(
                    site, s, record, given, version=0, by=f"m{number}", now=now
                )
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(assess, range(20))) == 1
    with site.db.read() as s:
        assert len(assessing.of_record(s, site.sealing, shown)) == 1
        assert len(site.ledger.entries(s, record=shown, event="assessment")) == 1
