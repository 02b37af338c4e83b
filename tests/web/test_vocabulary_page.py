"""Administrators change the words of labels; everybody reads them at once."""

from __future__ import annotations

import json
import re

import pytest

from archive import wording
from archive.records import vocabulary
from archive.records.vocabulary import Edit
from auth.viewer import Tier, TokenScope
from tests.web.conftest import csrf

CODE = "harm.threat"
PAGE = f"/admin/vocabulary/{CODE}"


def words(site):
    with site.db.read() as s:
        return vocabulary.of(s)


def typed(site, code=CODE, **changed):
    """The form of a label as its page fills it in, with these changes."""
    term = words(site).term(code)
    form = {
        f"{what}.{lang}": text
        for what, held in term.texts.items()
        for lang, text in held.items()
    }
    form |= {"lowest": str(term.lowest), "highest": str(term.highest)}
    return {**form, "revision": term.revision, "reason": "clearer", **changed}


def post(client, path, form):
    return client.post(path, data={"csrf_token": csrf(client), **form})


def test_an_edit_is_read_on_every_page_at_once(site, browser, visitor, desk) -> None:
    desk.publish(desk.deposit(), CODE, Tier.G2)
    assert "Threat to kill" in visitor.get("/help/labels").get_data(as_text=True)
    client = browser("administrator")
    changed = {"name.en": "Threat of death", "lowest": "G3"}
    answer = post(client, PAGE, typed(site, **changed))
    assert (answer.status_code, answer.location) == (303, PAGE)
    page = client.get(PAGE).get_data(as_text=True)
    assert "1 record has this label below its lowest severity" in page
    assert "clearer" in page
    shown = visitor.get("/help/labels").get_data(as_text=True)
    assert "Threat of death" in shown
    assert "Threat to kill" not in shown
    labels = visitor.get("/api/v1/labels").get_json()["labels"]
    (told,) = [each for each in labels if each["code"] == CODE]
    assert (told["name"]["en"], told["lowest"]) == ("Threat of death", "G3")


def test_of_two_administrators_the_second_is_told_and_loses_nothing(
    site, browser
) -> None:
    client, form = browser("administrator"), typed(site)
    assert post(client, PAGE, form | {"name.hy": "Առաջին"}).status_code == 303
    answer = post(client, PAGE, form | {"name.hy": "Երկրորդ"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Somebody else changed these words" in page
    assert "Երկրորդ" in page
    assert words(site).term(CODE).name("hy") == "Առաջին"


@pytest.mark.parametrize(
    ("changed", "sentence", "control"),
    [
        ({"name.en": ""}, "Write it in English at least", "name.en"),
        ({"lowest": "G9"}, "is not a tier from G0 to G5", "lowest"),
        ({"lowest": "G5", "highest": "G1"}, "above the highest", "lowest"),
        ({"reason": ""}, "Say why the words change", "reason"),
        ({"revision": "x"}, "There is a label harm.threat already", "main"),
    ],
)
def test_a_form_that_cannot_be_taken_comes_back_as_it_was_typed(
    site, browser, changed, sentence, control
) -> None:
    before = words(site)
    answer = post(
        browser("administrator"),
        PAGE,
        typed(site, **{"scope.ru": "Набрано", **changed}),
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page
    assert f'href="#{control}"' in page
    assert "Набрано" in page
    assert words(site) == before


def test_a_label_is_added_offered_and_retired(site, browser, desk) -> None:
    client, held = browser("administrator"), desk.deposit()
    form = {
        "code": "harm.burning",
        "kind": "tag",
        "name.en": "Burning",
        "definition.en": "A person is burned.",
        "lowest": "G4",
        "highest": "G5",
        "iptc": "cwarn:suffering",
        "reason": "missing",
    }
    assert post(client, "/admin/vocabulary/new", form).status_code == 303
    assert "already" in post(client, "/admin/vocabulary/new", form).text
    moderator = browser("moderator")
    address = f"/moderation/{held.record.id}"
    assert 'value="harm.burning"' in moderator.get(address).text
    retired = typed(site, "harm.burning", retired="yes")
    assert post(client, "/admin/vocabulary/harm.burning", retired).status_code == 303
    assert 'value="harm.burning"' not in moderator.get(address).text
    assert "retired" in client.get("/admin/vocabulary").text


def test_a_warning_of_its_own_is_what_is_read_before_consent(
    site, desk, visitor
) -> None:
    held = desk.publish(desk.deposit(), CODE, Tier.G2)
    address = f"/api/v1/records/{held.record.id}"
    before = visitor.get(address).get_json()["consent"]
    with site.db.write() as s:
        edit = Edit(CODE, {"warning": {"en": "Somebody begs."}}, None)
        wording.change(site, s, edit, by="a1", now=site.clock(), reason="kinder")
    after = visitor.get(address).get_json()["consent"]
    assert "Somebody begs." in after["text"]
    assert before["text_version"] != after["text_version"]


def test_the_api_changes_words_and_tells_their_versions(site, app, token) -> None:
    client, head = app.test_client(), token("administrator", TokenScope.ADMIN)
    address = f"/api/v1/labels/{CODE}"
    edit = {"name": {"az": "Hədə"}, "reason": "short", "revision": None}
    edit["revision"] = words(site).term(CODE).revision
    answer = client.put(address, json=edit, headers=head)
    assert answer.status_code == 200
    assert answer.get_json()["changed"] == ["name.az"]
    assert client.put(address, json=edit, headers=head).get_json()["changed"] == []
    stale = client.put(address, json={**edit, "name": {"az": "Başqa"}}, headers=head)
    assert stale.status_code == 409
    new = {
        "name": {"en": "Burning"},
        "definition": {"en": "A person is burned."},
        "lowest": "G4",
        "highest": "G5",
        "revision": 0,
        "reason": "missing",
    }
    added = client.put("/api/v1/labels/harm.burning", json=new, headers=head)
    assert added.status_code == 201
    wrong = client.put(address, json={"reason": "x", "name": {"fr": "x"}}, headers=head)
    assert wrong.status_code == 422
    assert "not a language" in wrong.get_json()["detail"]
    told = client.get(f"{address}/versions", headers=head).get_json()["versions"]
    assert told[0]["reason"] == "short"
    assert len(told) == 2
    missing = client.get("/api/v1/labels/harm.none/versions", headers=head)
    assert missing.status_code == 404


def test_what_is_exported_is_taken_back_and_changes_nothing(site, browser) -> None:
    answer = browser("administrator").get("/admin/vocabulary/export")
    document = json.loads(answer.get_data(as_text=True))
    edits = vocabulary.read(document)
    assert {edit.code for edit in edits} >= {"G0", "X", CODE}
    with site.db.write() as s:
        made = wording.replace(
            site, s, edits, by="a1", now=site.clock(), reason="as it was"
        )
    assert made == []


def test_help_and_the_desk_say_where_a_label_ends_and_what_is_not_translated(
    site, browser, visitor, desk
) -> None:
    scope = "A fuller word of our own."
    with site.db.write() as s:
        edit = Edit(CODE, {"scope": {"en": scope, "hy": ""}}, None)
        wording.change(site, s, edit, by="a1", now=site.clock(), reason="x")
    held, moderator = desk.deposit(), browser("moderator")
    visitor.set_cookie("vigil-locale", "hy")
    moderator.set_cookie("vigil-locale", "hy")
    for page in (
        visitor.get("/help/labels").text,
        moderator.get(f"/moderation/{held.record.id}").text,
    ):
        more = rf'(?:id|data-label)="{CODE}".*?(<details.*?</details>)'
        (part,) = re.findall(more, page, re.DOTALL)
        assert f'lang="en" dir="auto">{scope}' in part
        assert "այս լեզվով դեռ գրված չէ" in part


def test_records_and_exports_carry_what_others_call_it(browser, visitor, desk) -> None:
    held = desk.publish(desk.deposit(), "dead.body", Tier.G3)
    told = visitor.get(f"/api/v1/records/{held.record.id}").get_json()
    assert told["iptc"] == ["cwarn:death"]
    assert told["atproto"] == ["graphic-media", "!no-unauthenticated"]
    assert told["assets"][0]["iptc"] == ["cwarn:death"]
