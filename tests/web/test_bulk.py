"""Labels for many files, by page and by API."""

from __future__ import annotations

from archive.moderation.batches import MOST
from archive.records import store
from archive.web.pages.moderation import bulk

from .working import events, post, text

PAGE = "/moderation/batches"


def labelled(site, *deposits) -> list[bool]:
    with site.db.read() as s:
        found = [store.require_asset(s, each.assets[0].id) for each in deposits]
        return [asset.labelled for asset in found]


def test_the_page_foresees_labels_and_undoes(browser, site, desk) -> None:
    client, one, other = browser("moderator"), desk.deposit(), desk.deposit()
    assert "Label many files at once" in text(client.get("/moderation/"))
    ids = f"https://archive.example/records/{one.record.id}, {other.assets[0].id}"
    chosen = {"ids": ids, "label": "dead.body", "tier-dead.body": "3", "reason": "seen"}
    kept = post(client, PAGE, **chosen)
    assert kept.status_code == 303
    address = kept.headers["Location"]
    assert "2 files would be answered for" in text(client.get(address))
    assert labelled(site, one, other) == [False, False]
    post(client, address, act="confirm")
    assert labelled(site, one, other) == [True, True]
    assert "become what they were" in text(client.get(address))
    post(client, address, act="undo")
    assert labelled(site, one, other) == [False, False]
    assert post(client, address, act="undo").status_code == 409
    assert "labelling in bulk undone" in events(site)


def test_a_form_that_was_refused_comes_back_as_typed(browser, desk) -> None:
    client, waiting = browser("moderator"), desk.deposit()
    answer = post(client, PAGE, ids=waiting.record.id, reason="because")
    assert answer.status_code == 422
    assert "Choose labels to add" in text(answer)
    assert waiting.record.id in answer.text
    assert 'value="because"' in answer.text
    nothing = post(client, PAGE, ids="no-such-record", label="dead.body")
    assert "Choose at least one file" in text(nothing)
    assert post(client, f"{PAGE}/none", act="confirm").status_code == 404


def test_programs_plan_confirm_and_undo_their_own(visitor, token, site, desk) -> None:
    held, waiting = token("moderator"), desk.deposit()
    address = "/api/v1/label-batches"
    wish = {"ids": [waiting.record.id], "labels": ["dead.body=G3"]}
    made = visitor.post(address, json=wish, headers=held)
    assert made.status_code == 201, made.text
    told = made.json
    assert [item["state"] for item in told["items"]] == ["waiting"]
    own = made.headers["Location"]
    after = visitor.patch(own, json={"action": "confirm"}, headers=held)
    assert after.json["progress"] == {"done": 1}
    assert labelled(site, waiting) == [True]
    back = visitor.patch(own, json={"action": "undo"}, headers=held)
    assert back.json["progress"] == {"undone": 1}
    assert labelled(site, waiting) == [False]
    assert visitor.post(address, json=wish).status_code == 401
    assert (
        visitor.post(address, json=wish, headers=token("researcher")).status_code == 403
    )


def test_many_files_are_listed_page_by_page(browser, desk, monkeypatch) -> None:
    monkeypatch.setattr(bulk, "PER_PAGE", 2)
    client, ids = browser("moderator"), [desk.deposit().record.id for _ in range(3)]
    kept = post(client, PAGE, ids=" ".join(ids), label="dead.body")
    address = kept.headers["Location"]
    first, last = client.get(address), client.get(f"{address}?page=2")
    assert "3 files would be answered for" in text(first) and "3 files" in text(last)
    listed = [[each for each in ids if each in page.text] for page in (first, last)]
    assert [len(each) for each in listed] == [2, 1]
    assert sorted(listed[0] + listed[1]) == sorted(ids)
    assert client.get(f"{address}?page=99").status_code == 200


def test_more_ids_than_may_be_chosen_are_refused_before_they_are_looked_up(
    browser, visitor, token, desk
) -> None:
    ids = [desk.deposit().record.id, *(f"none{n}" for n in range(MOST))]
    wish = {"ids": ids, "labels": ["dead.body=G3"]}
    held = token("moderator")
    answer = visitor.post("/api/v1/label-batches", json=wish, headers=held)
    assert answer.status_code == 422
    assert f"At most {MOST:,} files" in answer.json["detail"]


def test_the_history_says_in_words_that_it_was_undone(browser, desk) -> None:
    client, held = browser("moderator"), desk.deposit()
    kept = post(client, PAGE, ids=held.record.id, label="dead.body", reason="seen")
    for act in ("confirm", "undo"):
        post(client, kept.headers["Location"], act=act)
    client.set_cookie("vigil-locale", "ru")
    page = text(client.get(f"/records/{held.record.id}"))
    assert ": seen" in page and ": undone" not in page
