"""Legal qualifications: claims with a source, side by side, never facts."""

from __future__ import annotations

import pytest

from archive.findings import qualifications
from archive.records import store
from auth.viewer import Tier, TokenScope
from tests.web.conftest import csrf

CLAIM = {
    "article": "115.2",
    "instrument": "Criminal Code of Azerbaijan",
    "stance": "asserts",
    "who": "Prosecutor General",
    "date": "2020-11-21",
    "source": "Announcement of 21 November 2020",
    "url": "https://prosecutor.example/announcement",
    "note": "seen by two of us",
}


def post(client, path, form):
    return client.post(path, data={"csrf_token": csrf(client), **form})


@pytest.fixture
def record(desk) -> str:
    return desk.publish(desk.deposit(), "dead.body", Tier.G3).record.id


def test_claims_of_several_stand_side_by_side_each_with_who_makes_it(
    site, browser, visitor, record
) -> None:
    moderator, address = browser("moderator"), f"/records/{record}/qualifications"
    assert "Legal qualifications" not in visitor.get(f"/records/{record}").text
    assert post(moderator, address, CLAIM).status_code == 303
    other = CLAIM | {"who": "Bar association", "stance": "rejects", "date": "2021"}
    assert post(moderator, address, other).status_code == 303
    page = visitor.get(f"/records/{record}").text
    assert page.index("Prosecutor General") < page.index("Bar association")
    assert "holds that it does not fall under this" in page
    assert "The archive takes none of them over" in page
    assert CLAIM["url"] not in page
    assert CLAIM["note"] not in page
    assert "Write down a claim" not in page
    inner = browser("researcher").get(f"/records/{record}").text
    assert CLAIM["url"] in inner
    assert CLAIM["note"] not in inner
    assert CLAIM["note"] in moderator.get(f"/records/{record}").text
    told = visitor.get(f"/api/v1/records/{record}").get_json()["qualifications"]
    assert [each["who"] for each in told] == ["Prosecutor General", "Bar association"]
    assert {each["is_claim"] for each in told} == {True}
    assert {(each["url"], each["note"]) for each in told} == {(None, None)}
    with site.db.read() as s:
        first, _second = site.ledger.entries(s, event="qualification")
        assert first.detail["article"] == "115.2"
        assert "who" not in first.detail


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"who": " "}, "Please fill this in."),
        ({"source": ""}, "Please fill this in."),
        ({"stance": "proves"}, "Not a valid choice"),
        ({"date": "21.11.2020"}, "cannot be read"),
        ({"url": "javascript:alert(1)"}, "Write an address that begins with https://."),
        ({"article": "x" * 501}, "501"),
    ],
)
def test_a_claim_that_cannot_be_taken_comes_back_as_it_was_typed(
    site, browser, record, changed, sentence
) -> None:
    address = f"/records/{record}/qualifications"
    answer = post(browser("moderator"), address, CLAIM | changed)
    assert answer.status_code == 422
    assert sentence in answer.text or "500 characters" in answer.text
    assert "seen by two of us" in answer.text
    with site.db.read() as s:
        held = store.require(s, record)
        assert qualifications.of_record(s, site.sealing, held) == []


def test_a_claim_is_taken_back_with_a_reason_and_its_history_stays(
    site, browser, visitor, record
) -> None:
    moderator, address = browser("moderator"), f"/records/{record}/qualifications"
    post(moderator, address, CLAIM)
    again = post(moderator, address, CLAIM)
    assert (again.status_code, "stands already" in again.text) == (422, True)
    with site.db.read() as s:
        (held,) = qualifications.of_record(s, site.sealing, store.require(s, record))
    form = {"claim": held.id}
    refused = post(moderator, f"{address}/remove", form)
    assert refused.status_code == 422
    assert "Say why the claim is taken back." in refused.text
    form["reason"] = "the source is gone"
    assert post(moderator, f"{address}/remove", form).status_code == 303
    assert post(moderator, f"{address}/remove", form).status_code == 404
    assert "Prosecutor General" not in visitor.get(f"/records/{record}").text
    with site.db.read() as s:
        newest, oldest = qualifications.book.history(s, site.sealing, held.id)
        assert newest.said["reason"] == "the source is gone"
        assert oldest.said["who"] == "Prosecutor General"
    assert post(moderator, address, CLAIM).status_code == 303


def test_the_api_writes_claims_down_and_takes_them_back(app, token, record) -> None:
    client, head = app.test_client(), token("moderator", TokenScope.LABEL)
    address = f"/api/v1/records/{record}/qualifications"
    made = client.post(address, json=CLAIM, headers=head)
    assert made.status_code == 201
    (listed,) = client.get(address).get_json()["qualifications"]
    assert listed["id"] == made.get_json()["id"]
    for wrong in (
        {**CLAIM, "stance": "proves"},
        {**CLAIM, "who": ""},
        {**CLAIM, "verdict": "guilty"},
    ):
        assert client.post(address, json=wrong, headers=head).status_code == 422
    gone = f"{address}/{listed['id']}"
    assert client.delete(gone, json={"reason": ""}, headers=head).status_code == 422
    left = client.delete(gone, json={"reason": "twice"}, headers=head)
    assert left.get_json() == {"qualifications": []}
    none = client.delete(gone, json={"reason": "twice"}, headers=head)
    assert none.status_code == 404
