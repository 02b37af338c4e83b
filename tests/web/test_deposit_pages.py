"""Handing in by page: the form, the files on a real socket, the state of each."""

from __future__ import annotations

import http.client
import io
import re
import secrets

import pytest

from archive import config
from archive.records import store
from archive.records.tables import Asset
from archive.site import open_site
from archive.work import run_one
from auth.credentials import sessions
from auth.viewer import Access, RecordState, Visibility

from .conftest import csrf, photo
from .working import text

WORDS = {
    "title_en": "A church in Shushi",
    "body_en": "What is left of it, seen from the road.",
    "title_hy": "Եկեղեցի Շուշիում",
    "event_date": "2020-10-08",
    "places": "Shushi; 39.7601, 46.7499\nGhazanchetsots",
    "source_url": "https://example.org/post/1",
    "source_platform": "Telegram",
    "source_captured_at": "2020-10-09",
    "visibility": "public",
    "access": "request",
}


def hand_in(client, *files: tuple[bytes, str], json: bool = False, **changed: str):
    """Send the form as a browser does, the files last."""
    fields = {"csrf_token": csrf(client, "/deposit"), **WORDS, **changed}
    fields["files"] = [(io.BytesIO(content), name) for content, name in files]
    headers = {"Accept": "application/json" if json else "text/html"}
    return client.post(
        "/deposit", data=fields, content_type="multipart/form-data", headers=headers
    )


def everything(site) -> tuple[int, int]:
    """How many assets there are, and how many files lie in the store."""
    with site.db.read() as s:
        rows = s.query(Asset).count()
    folder = site.config.object_store
    return rows, sum(1 for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("who", ["moderator", "administrator", "researcher"])
def test_whoever_may_deposit_gets_a_record_that_waits_for_review(
    browser, site, people, who: str
) -> None:
    answer = hand_in(browser(who), (photo(), "a.jpg"), (photo(), "b.jpg"))
    assert answer.status_code == 303
    record_id = answer.location.rsplit("/", 1)[1]
    with site.db.read() as s:
        record = store.require(s, record_id)
        assert len(store.assets_of(s, record_id)) == 2
    assert record.created_by == people[who]
    assert (record.state, record.visibility, record.access) == (
        RecordState.SUBMITTED,
        Visibility.PUBLIC,
        Access.REQUEST,
    )
    document = store.document_of(site.sealing, record)
    assert document.descriptions["hy"].title == WORDS["title_hy"]
    assert [(p.name, p.lat, p.lon) for p in document.places] == [
        ("Shushi", 39.7601, 46.7499),
        ("Ghazanchetsots", None, None),
    ]
    assert document.source.captured_at == "2020-10-09"


@pytest.mark.parametrize(("who", "status"), [("visitor", 401), ("applicant", 403)])
def test_nobody_else_deposits(browser, site, who: str, status: int) -> None:
    client = browser(who)
    assert client.get("/deposit").status_code == status
    token = csrf(client)
    fields = {"csrf_token": token, **WORDS, "files": (io.BytesIO(photo()), "a.jpg")}
    answer = client.post("/deposit", data=fields)
    assert answer.status_code == status
    assert everything(site) == (0, 0)


@pytest.mark.parametrize(
    ("changed", "control"),
    [
        ({"title_en": "", "title_hy": "", "body_en": ""}, "title_en"),
        ({"title_ru": "", "body_ru": "текст"}, "title_ru"),
        ({"event_date": "last summer"}, "event_date"),
        ({"places": "Shushi; here"}, "places"),
        ({"places": "Shushi; 95.0, 46.7"}, "places"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
        ({"title_en": "x" * 301}, "title_en"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    browser, site, changed: dict[str, str], control: str
) -> None:
    client = browser("moderator")
    answer = hand_in(client, (photo(), "a.jpg"), **changed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'href="#{control}"' in page
    assert f'id="{control}-error"' in page
    assert "Telegram" in page
    assert everything(site) == (0, 0)
    for_script = hand_in(client, (photo(), "a.jpg"), json=True, **changed)
    assert (for_script.status_code, set(for_script.json["errors"])) == (422, {control})


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"GIF89a is not enough", 422), (b"\x7fELF" + bytes(200), 415), (b"", 422)],
)
def test_a_refused_file_gives_a_sentence_and_leaves_nothing(
    browser, site, content: bytes, status: int
) -> None:
    client = browser("moderator")
    answer = hand_in(client, (photo(), "good.jpg"), (content, "bad.jpg"))
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert 'href="#files"' in page
    assert "bad.jpg" in page
    assert "A church in Shushi" in page
    assert everything(site) == (0, 0)


def test_without_a_file_nothing_is_taken(browser, site) -> None:
    answer = hand_in(browser("moderator"))
    assert answer.status_code == 422
    assert 'id="files-error"' in answer.get_data(as_text=True)
    assert everything(site) == (0, 0)


def test_the_script_is_told_where_to_go_on(browser) -> None:
    answer = hand_in(browser("moderator"), (photo(), "a.jpg"), json=True)
    assert answer.status_code == 201
    assert answer.json["location"] == f"/deposit/{answer.json['id']}"


def test_the_same_file_again_is_pointed_out_to_those_who_may_know(browser) -> None:
    content = photo()
    moderator, researcher = browser("moderator"), browser("researcher")
    first = hand_in(moderator, (content, "a.jpg")).location.rsplit("/", 1)[1]
    again = hand_in(moderator, (content, "b.jpg"))
    assert first in text(moderator.get(again.location))
    by_researcher = hand_in(researcher, (content, "c.jpg"))
    assert first not in researcher.get(by_researcher.location).get_data(as_text=True)


def test_the_status_page_follows_each_file_to_its_end(browser, site) -> None:
    client = browser("moderator")
    status = hand_in(client, (photo(), "a.jpg")).location
    before = client.get(status)
    assert "preview waits its turn" in text(before)
    assert "data-settled" not in before.text
    while run_one(site, site.clock()):
        pass
    after = client.get(status)
    assert "preview made" in text(after)
    assert "searchable" in text(after)
    assert "data-settled" in after.text
    assert re.search(r"SHA-256 [0-9a-f]{64}", text(after))


def test_the_status_page_is_for_the_depositor_and_staff(browser, visitor) -> None:
    status = hand_in(browser("researcher"), (photo(), "a.jpg")).location
    for who in ("researcher", "moderator", "administrator"):
        assert browser(who).get(status).status_code == 200, who
    for who in ("visitor", "applicant", "other"):
        assert browser(who).get(status).status_code == 404, who


def test_a_published_record_sends_its_depositor_to_its_page(browser, desk) -> None:
    made = desk.publish(desk.deposit())
    answer = browser("researcher").get(f"/deposit/{made.record.id}")
    assert (answer.status_code, answer.location) == (
        303,
        f"/records/{made.record.id}",
    )


def test_a_form_that_does_not_belong_to_the_session_brings_no_file_in(
    browser, site
) -> None:
    client = browser("moderator")
    fields = {"csrf_token": "forged", **WORDS, "files": (io.BytesIO(photo()), "a.jpg")}
    assert client.post("/deposit", data=fields).status_code == 400
    assert everything(site) == (0, 0)


def test_files_arrive_over_a_real_socket_and_no_clear_byte_stays(
    live, environ, people
) -> None:
    site = open_site(config.load(environ))
    with site.db.write() as s:
        cookie, _row = sessions.start(s, people["moderator"], "a test", site.clock())
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
    headers = {"Cookie": f"vigil={cookie}", "Accept": "application/json"}
    connection.request("GET", "/deposit", headers={"Cookie": f"vigil={cookie}"})
    page = connection.getresponse().read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    planted = b"planted-" + secrets.token_hex(16).encode()
    content = photo() + planted
    body, kind = multipart({"csrf_token": token, **WORDS}, ("photo.jpg", content))
    headers["Content-Type"] = kind
    connection.request("POST", "/deposit", body, headers)
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    assert answer.status == 201, told
    with site.db.read() as s:
        assets = s.query(Asset).all()
    assert [asset.size for asset in assets] == [len(content)]
    home = site.config.home
    held = [path for path in home.rglob("*") if path.is_file()]
    assert held
    assert not [path for path in held if planted in path.read_bytes()]
    site.close()


def multipart(fields: dict[str, str], file: tuple[str, bytes]) -> tuple[bytes, str]:
    """A multipart body, the file last."""
    boundary = secrets.token_hex(16)
    body = b""
    for name, value in fields.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        body += head.encode() + value.encode() + b"\r\n"
    name, content = file
    head = (
        f"--{boundary}\r\nContent-Disposition: form-data; "
        f'name="files"; filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    body += head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"
