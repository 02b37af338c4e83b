"""One person asks what is held of them, and that it be taken out."""

from __future__ import annotations

from archive import verification
from archive.records.document import Description, RecordDocument
from archive.records.store import RecordDraft
from archive.work import run_one
from auth.viewer import Access, Visibility

from .working import events

NAME = "Zabelquist"
RECORDS = "/api/v1/records"


def work(site) -> None:
    while run_one(site, site.clock()):
        pass


def found(visitor, headers) -> list[str]:
    answer = visitor.get(RECORDS, query_string={"q": NAME}, headers=headers)
    return [each["id"] for each in answer.get_json()["items"]]


def test_a_name_is_reported_and_erased_and_the_chain_still_holds(
    site, desk, visitor, token
):
    """Requirement 117: search is the report; a changed description keeps no old one."""
    text = {"en": Description(f"{NAME} before the church", f"{NAME}, a baker, speaks.")}
    made = RecordDraft(RecordDocument(text), Visibility.PUBLIC, Access.VETTED)
    record = desk.publish(desk.deposit(draft=made)).record
    work(site)
    headers = token("moderator")
    assert found(visitor, headers) == [record.id]

    path = f"{RECORDS}/{record.id}"
    without = {
        "title": "A baker speaks",
        "description": "A baker speaks.",
        "revision": 1,
    }
    assert visitor.patch(path, json=without, headers=headers).status_code == 200
    work(site)
    assert found(visitor, headers) == []
    assert NAME not in visitor.get(path, headers=headers).get_data(as_text=True)
    assert events(site, record=record.id)[0] == "description"
    report = verification.verify(site, actor="operator", now=site.clock())
    assert report.findings == []
