"""What is offered beside what one asked for: completions, and records near one."""

from __future__ import annotations

import re

import pytest

from archive import work
from archive.records.document import Description, Place, RecordDocument
from archive.records.store import RecordDraft
from auth.viewer import Tier, TokenScope, Visibility

PLANTED = "quibblefrost"


@pytest.fixture
def shelve(site, desk):
    """Deposits, labels, publishes and indexes a record; returns its id."""

    def shelved(
        title, body="", place="", day="", tier=None, visibility=Visibility.PUBLIC
    ):
        places = (Place(place),) if place else ()
        document = RecordDocument(
            {"en": Description(title, body)}, places=places, event_date=day
        )
        draft = RecordDraft(document, visibility)
        code = "kill.execution" if tier else "dead.body"
        made = desk.publish(desk.deposit(draft=draft), code, tier)
        while work.run_one(site, site.clock()):
            pass
        return made.record.id

    return shelved


def suggested(client, typed, headers=None):
    answer = client.get(
        "/api/v1/suggestions", query_string={"q": typed}, headers=headers
    )
    assert answer.status_code == 200
    return answer.get_json()["suggestions"]


def test_the_word_being_typed_is_completed(visitor, shelve):
    shelve("A convoy near Hadrut", place="Hadrut")
    assert suggested(visitor, "con") == ["convoy"]
    assert suggested(visitor, "place:Had") == ["place:hadrut"]
    assert suggested(visitor, "convoy Ha") == ["convoy hadrut"]
    assert suggested(visitor, "") == suggested(visitor, " ") == []


@pytest.mark.parametrize("typed", ['"', "((", "label:", "\x00", "a" * 5000, "٪*~^:-"])
def test_whatever_is_typed_gets_an_answer(visitor, shelve, typed):
    shelve("A convoy")
    assert isinstance(suggested(visitor, typed), list)


@pytest.mark.parametrize(
    ("visibility", "readers"),
    [
        (Visibility.PUBLIC, {"visitor", "applicant", "researcher", "moderator"}),
        (Visibility.VETTED, {"researcher", "moderator"}),
        (Visibility.STAFF, {"moderator"}),
    ],
)
def test_a_word_is_offered_to_those_who_may_read_it(
    browser, shelve, visibility, readers
):
    shelve("A convoy")
    shelve(f"About {PLANTED}", visibility=visibility)
    offered = {
        name
        for name in ("visitor", "applicant", "researcher", "moderator")
        if suggested(browser(name), "quib")
    }
    assert offered == readers


def test_a_guarded_title_is_offered_to_the_vetted_only(browser, shelve):
    shelve(f"{PLANTED} executed", "A valley", tier=Tier.G4)
    assert suggested(browser("visitor"), "quib") == []
    assert suggested(browser("researcher"), "quib") == [PLANTED]


def test_a_token_without_read_is_offered_what_the_public_is(visitor, token, shelve):
    shelve(f"About {PLANTED}", visibility=Visibility.VETTED)
    assert suggested(visitor, "quib", token("researcher", TokenScope.DEPOSIT)) == []
    assert suggested(visitor, "quib", token("researcher", TokenScope.READ)) == [PLANTED]


def test_the_search_box_asks_for_suggestions_and_works_without(visitor):
    for address in ("/", "/search"):
        page = visitor.get(address).get_data(as_text=True)
        box = re.search(r'<div class="combobox".*?</div>', page, re.DOTALL)
        assert box is not None
        assert 'data-source="/api/v1/suggestions"' in box[0]
        assert 'name="q"' in box[0]


def related(client, record_id):
    answer = client.get(f"/api/v1/records/{record_id}/related")
    assert answer.status_code == 200
    return [(each["id"], each["ties"]) for each in answer.get_json()["items"]]


def test_a_record_names_what_is_near_it_and_why(visitor, shelve):
    own = shelve("A speech", place="Hadrut", day="2020-10-15")
    near = shelve("An orchard", place="Hadrut", day="2020-10-16")
    shelve("A harbour", place="Aktau", day="1999-01-01")
    assert related(visitor, own) == [(near, ["place", "date", "label"])]
    page = visitor.get(f"/records/{own}").get_data(as_text=True)
    section = page.split('id="related"')[1].split("</section>")[0]
    assert "An orchard" in section
    assert "the same place, near in time, a label in common" in section
    assert "A harbour" not in section


@pytest.mark.parametrize("visibility", [Visibility.VETTED, Visibility.STAFF])
def test_a_hidden_record_is_near_nothing_the_public_sees(
    visitor, browser, shelve, visibility
):
    own = shelve("A speech", place="Hadrut", day="2020-10-15")
    before = visitor.get(f"/records/{own}").get_data(as_text=True)
    hidden = shelve(
        f"About {PLANTED}", place="Hadrut", day="2020-10-15", visibility=visibility
    )
    assert related(visitor, own) == []
    assert "related" not in before
    assert PLANTED not in visitor.get(f"/records/{own}").get_data(as_text=True)
    assert [each for each, _ in related(browser("moderator"), own)] == [hidden]


def test_a_title_of_the_gravest_stays_neutral_among_the_related(visitor, shelve):
    own = shelve("A speech", place="Hadrut")
    shelve(f"{PLANTED} executed", "A valley", place="Hadrut", tier=Tier.G4)
    page = visitor.get(f"/records/{own}").get_data(as_text=True)
    assert 'id="related"' in page
    assert PLANTED not in page


def test_a_record_is_read_although_the_index_is_away(visitor, site, shelve):
    own = shelve("A speech", place="Hadrut")
    shelve("An orchard", place="Hadrut")
    site.engine.close()
    (site.config.index / "current").unlink()
    answer = visitor.get(f"/records/{own}")
    assert answer.status_code == 200
    assert 'id="related"' not in answer.get_data(as_text=True)
