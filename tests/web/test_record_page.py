"""The record's page, its reveal panel, consent by form, and citations."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from archive.records.document import Description, RecordDocument, Source
from archive.records.store import RecordDraft
from archive.web.answer import watermark
from auth.viewer import Access, Tier, Visibility

from .conftest import csrf


@pytest.fixture
def record(desk) -> str:
    return desk.publish(desk.deposit(draft=desk.draft("A body by the road"))).record.id


@pytest.fixture
def severe(desk) -> str:
    made = desk.deposit(draft=desk.draft("The killing at the bridge"))
    return desk.publish(made, "kill.execution", Tier.G4).record.id


def said(client, record_id: str, **changed: object) -> dict[str, object]:
    """What a person sends who fills in the form as it is shown."""
    page = client.get(f"/records/{record_id}").get_data(as_text=True)
    version = re.search(r'name="text_version" value="([^"]+)"', page)
    assert version is not None, "no consent form on the page"
    labels = re.findall(r'name="acknowledged" value="([^"]+)"', page)
    form = {
        "csrf_token": csrf(client, f"/records/{record_id}"),
        "text_version": version[1],
        "form": re.search(r'name="form" value="([^"]+)"', page)[1],
        "acknowledged": labels,
        "purpose": "research",
        "minutes": "5",
        "reason": "To compare the wall with another picture.",
    }
    return {**form, **changed}


def consent(client, record_id: str, **changed: object):
    form = said(client, record_id, **changed)
    return client.post(f"/records/{record_id}/consent", data=form)


def test_the_page_tells_the_record_in_words(visitor, record):
    page = visitor.get(f"/records/{record}").get_data(as_text=True)
    assert "A body by the road" in page
    assert "Dead body" in page
    assert "What is left of it" in page
    assert re.search(r"[0-9a-f]{64}", page)


def test_no_page_of_a_visitor_leads_to_an_original(visitor, record):
    for path in ("/", "/search", f"/records/{record}", f"/records/{record}/cite"):
        assert "/original" not in visitor.get(path).get_data(as_text=True)


def test_the_panel_of_a_visitor_says_sign_in_and_claims_nothing_else(visitor, record):
    page = visitor.get(f"/records/{record}").get_data(as_text=True)
    panel = page[page.index('id="reveal"') :]
    assert "Sign in to go on." in panel
    assert 'name="acknowledged"' not in panel
    assert panel.count("condition-later") == 10


def test_the_panel_of_a_researcher_asks_for_each_label_unticked(browser, record):
    page = browser("researcher").get(f"/records/{record}").get_data(as_text=True)
    boxes = re.findall(r'<input type="checkbox"[^>]*name="acknowledged"[^>]*>', page)
    assert len(boxes) == 1
    assert all("checked" not in box and "required" in box for box in boxes)


def test_an_applicant_is_told_what_is_missing_and_gets_no_form(browser, record):
    page = browser("applicant").get(f"/records/{record}").get_data(as_text=True)
    assert 'name="acknowledged"' not in page
    assert "Your account is not complete yet" in page


def test_consent_opens_the_viewer_and_withdrawing_closes_it(browser, record):
    reader = browser("researcher")
    assert reader.get(f"/records/{record}/view").status_code == 403
    given = consent(reader, record)
    assert given.status_code == 303
    assert given.location == f"/records/{record}/view#files"
    assert reader.get(f"/records/{record}/view").status_code == 200
    token = csrf(reader, f"/records/{record}")
    closed = reader.post(
        f"/records/{record}/consent/withdraw", data={"csrf_token": token}
    )
    assert closed.status_code == 303
    assert reader.get(f"/records/{record}/view").status_code == 403


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({"acknowledged": []}, 422, "Every warning must be ticked"),
        ({"purpose": ""}, 422, "Choose what it is for."),
        ({"purpose": "curiosity"}, 422, "Choose what it is for."),
        ({"minutes": "600"}, 422, "Choose for how long."),
        ({"text_version": "older"}, 409, "read them again"),
        ({"acknowledged": ["dead.body", "kill.execution"]}, 409, "read them again"),
    ],
)
def test_a_consent_that_is_not_whole_opens_nothing(
    browser, record, changed, status, sentence
):
    reader = browser("researcher")
    answer = consent(reader, record, **changed)
    assert answer.status_code == status
    assert sentence in answer.get_data(as_text=True)
    assert "To compare the wall" in answer.get_data(as_text=True)
    assert reader.get(f"/records/{record}/view").status_code == 403


def test_severe_material_asks_for_a_reason_in_own_words(browser, record, severe):
    reader = browser("researcher")
    answer = consent(reader, severe, reason="  ")
    assert answer.status_code == 422
    assert "Say in your own words" in answer.get_data(as_text=True)
    assert consent(reader, severe).status_code == 303
    assert consent(reader, record, reason="").status_code == 303


def test_the_viewer_opens_one_file_at_a_time_and_only_when_asked(browser, record):
    reader = browser("researcher")
    consent(reader, record)
    closed = reader.get(f"/records/{record}/view").get_data(as_text=True)
    assert "/original" not in closed
    opened = reader.get(f"/records/{record}/view?file=1").get_data(as_text=True)
    assert opened.count("/view/small") == 1
    assert "/original" not in opened
    assert "researcher ·" in opened


def test_the_viewer_closes_when_the_consent_ends(browser, record, clock):
    reader = browser("researcher")
    consent(reader, record)
    clock.advance(minutes=4, seconds=59)
    assert reader.get(f"/records/{record}/view").status_code == 200
    clock.advance(seconds=2)
    assert reader.get(f"/records/{record}/view").status_code == 403


def test_a_label_added_since_asks_anew(browser, desk):
    made = desk.publish(desk.deposit())
    reader = browser("researcher")
    consent(reader, made.record.id)
    desk.label(made.assets[0].id, "harm.torture", Tier.G4)
    assert reader.get(f"/records/{made.record.id}/view").status_code == 403
    page = reader.get(f"/records/{made.record.id}").get_data(as_text=True)
    assert "The warnings have changed since you consented" in page


def test_a_consent_from_another_site_is_refused(browser, record):
    reader = browser("researcher")
    form = said(reader, record)
    form.pop("csrf_token")
    answer = reader.post(f"/records/{record}/consent", data=form)
    assert answer.status_code == 400
    assert reader.get(f"/records/{record}/view").status_code == 403


def source_draft() -> RecordDraft:
    text = {
        "en": Description("With a source", "Words."),
        "hy": Description("Աղբյուրով", "Բառեր։"),
    }
    source = Source("https://t.me/channel/1", "Telegram", "2020-10-16", "staff note")
    document = RecordDocument(text, source=source)
    return RecordDraft(document, Visibility.PUBLIC, Access.VETTED)


@pytest.mark.parametrize(
    ("who", "address", "note"),
    [
        ("visitor", False, False),
        ("researcher", True, False),
        ("moderator", True, True),
    ],
)
def test_the_source_is_told_as_far_as_the_reader_is_trusted(
    browser, desk, who, address, note
):
    made = desk.publish(desk.deposit(draft=source_draft()))
    page = browser(who).get(f"/records/{made.record.id}").get_data(as_text=True)
    assert "Telegram" in page
    assert ("t.me/channel" in page) is address
    assert ("staff note" in page) is note


def test_the_description_can_be_read_in_each_of_its_languages(visitor, desk):
    made = desk.publish(desk.deposit(draft=source_draft()))
    page = visitor.get(f"/records/{made.record.id}?lang=hy").get_data(as_text=True)
    assert "Բառեր։" in page
    assert 'aria-current="true">Հայերեն' in page


def side_by_side(reader, record_id, lang):
    page = reader.get(f"/records/{record_id}?lang=en&beside={lang}")
    article = page.get_data(as_text=True)
    return article[article.index("<article") : article.index("</article>")]


def test_two_descriptions_stand_side_by_side(visitor, desk):
    made = desk.publish(desk.deposit(draft=source_draft()))
    both = side_by_side(visitor, made.record.id, "hy")
    assert both.index("Words.") < both.index("Բառեր։")
    assert "Աղբյուրով" in both
    for lang in ("en", "az", "nonsense"):
        assert "Բառեր։" not in side_by_side(visitor, made.record.id, lang)


def test_a_guarded_title_is_guarded_in_the_second_language_too(visitor, desk):
    made = desk.publish(desk.deposit(draft=source_draft()), "kill.execution")
    both = side_by_side(visitor, made.record.id, "hy")
    assert "Բառեր։" in both
    assert "Աղբյուրով" not in both


def test_what_is_said_to_be_before_the_archive_comes_first(visitor, desk):
    draft = source_draft()
    document = replace(draft.document, event_date="2020-10-15")
    made = desk.publish(desk.deposit(draft=replace(draft, document=document)))
    page = visitor.get(f"/records/{made.record.id}").get_data(as_text=True)
    line = page[page.index('id="custody"') :]
    event, captured = line.index("as it is described"), line.index("captured where")
    assert event < captured < line.index("taken into the archive")
    changes = line[line.index('id="changes"') :]
    assert "published" in changes


def test_the_page_cites_the_record_as_the_citation_does(visitor, record):
    page = visitor.get(f"/records/{record}").get_data(as_text=True)
    box = page[page.index('id="citation"') :]
    assert f"record {record}" in box
    for form in ("bibtex", "ris", "csl"):
        assert f"/records/{record}/cite?format={form}" in box


def test_public_metadata_for_machines_says_no_more_than_the_page(visitor, severe):
    page = visitor.get(f"/records/{severe}").get_data(as_text=True)
    block = re.search(r'<script type="application/ld\+json">(.+?)</script>', page)
    assert block is not None
    told = json.loads(block[1])
    assert told["@id"].endswith(f"/records/{severe}")
    assert "The killing at the bridge" not in json.dumps(told)


def test_a_script_in_a_title_cannot_leave_the_metadata(visitor, desk):
    draft = desk.draft("</script><script>alert(1)</script>")
    made = desk.publish(desk.deposit(draft=draft))
    page = visitor.get(f"/records/{made.record.id}").get_data(as_text=True)
    assert "<script>alert" not in page


def test_the_history_names_acts_and_never_who_looked(browser, visitor, record):
    consent(browser("researcher"), record)
    page = visitor.get(f"/records/{record}").get_data(as_text=True)
    history = page[page.index('id="custody"') :]
    assert "taken into the archive" in history
    assert "labelled" in history
    assert "consent" not in history.split('id="fixity"')[0].casefold()


@pytest.mark.parametrize(
    ("form", "begins", "ending"),
    [("bibtex", "@", ".bib"), ("ris", "TY  -", ".ris"), ("csl", "[", ".json")],
)
def test_a_citation_can_be_saved_in_each_form(visitor, record, form, begins, ending):
    answer = visitor.get(f"/records/{record}/cite?format={form}")
    assert answer.get_data(as_text=True).startswith(begins)
    assert answer.headers["Content-Disposition"].endswith(f'{ending}"')


def test_a_citation_shows_the_neutral_title_where_the_page_does(visitor, severe):
    page = visitor.get(f"/records/{severe}/cite").get_data(as_text=True)
    assert "The killing at the bridge" not in page
    assert severe in page
    assert visitor.get(f"/records/{severe}/cite?format=none").status_code == 404


def test_the_form_offers_no_longer_than_the_tier_allows(browser, severe):
    page = browser("researcher").get(f"/records/{severe}").get_data(as_text=True)
    offered = page[page.index('name="minutes"') :].split("</select>")[0]
    assert re.findall(r'value="(\d+)"', offered) == ["5", "10", "15"]


def test_the_mark_names_who_sees_what_and_cannot_break_out_of_its_picture():
    line = watermark.words("<b>R & Co</b>", "abc", datetime(2026, 11, 22, tzinfo=UTC))
    assert line == "<b>R & Co</b> · 2026-11-22 00:00 UTC · abc"
    head, encoded = watermark.picture(line).split(",")
    assert head == "data:image/svg+xml;base64"
    drawn = ElementTree.fromstring(b64decode(encoded))
    assert [text.text for text in drawn.iter() if text.text] == [line]
