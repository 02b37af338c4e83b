"""IIIF: what other viewers are given of a record, and what they never are."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import av
import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from iiif_prezi3 import Collection, Manifest
from PIL import Image

from archive.records import store
from archive.records.document import Description, Place, RecordDocument, Source
from archive.records.store import RecordDraft
from archive.site import Site
from archive.web.answer import serving
from archive.web.iiif import MEDIA_TYPE, shelves
from archive.work import worker
from auth.viewer import Mode, RecordState, Tier, Visibility
from tests.web.conftest import ROOT, Browser, Desk, photo, sound
from tests.web.harvesting import revised, written

LANGUAGES = {"en", "hy", "az", "ru"}
BASE = "http://127.0.0.1:8000"


def work(site: Site) -> None:
    while worker.run_one(site, site.clock()):
        pass


def document(title: str = "A church", **more: object) -> RecordDocument:
    return RecordDocument({"en": Description(title, "Seen from the road.")}, **more)


def manifest(client: FlaskClient, record_id: str) -> dict[str, Any]:
    """A manifest that a strict reader has taken."""
    answer = client.get(f"/iiif/{record_id}/manifest")
    assert answer.status_code == 200
    assert answer.content_type == MEDIA_TYPE
    told = json.loads(answer.data)
    assert Manifest.model_validate_json(without_context(told)).id == told["id"]
    return told


def without_context(told: dict[str, Any]) -> str:
    """As the reader wants it: it writes the context itself."""
    assert told["@context"] == "http://iiif.io/api/presentation/3/context.json"
    return json.dumps({k: v for k, v in told.items() if k != "@context"})


def bodies(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["items"][0]["items"][0]["body"] for each in told["items"]]


def facts(told: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    return {each["label"]["en"][0]: each["value"] for each in told["metadata"]}


def test_a_record_is_shown_with_its_blurred_previews_and_its_words(
    site: Site, desk: Desk, visitor: FlaskClient
) -> None:
    words = RecordDocument(
        {
            "en": Description("A church", "What is left."),
            "hy": Description("Եկեղեցի"),
        },
        (Place("Shushi", 39.76014, 46.74991),),
        "2020-10-08",
        rights="CC BY 4.0",
    )
    draft = RecordDraft(words, Visibility.PUBLIC)
    files = (photo((640, 480)), photo((480, 640)), sound(80_000))
    deposit = desk.publish(desk.deposit(*files, draft=draft), "property.heritage")
    made = deposit.record.id
    work(site)

    told = manifest(visitor, made)

    assert told["id"] == f"{BASE}/iiif/{made}/manifest"
    assert told["label"] == {"en": ["A church"], "hy": ["Եկեղեցի"]}
    assert told["summary"] == {"en": ["What is left."]}
    assert facts(told)["Date of the event"] == {"none": ["2020-10-08"]}
    assert facts(told)["Places"] == {"none": ["Shushi (39.8, 46.7)"]}
    assert set(facts(told)["Labels"]) == LANGUAGES
    warning = told["requiredStatement"]
    assert set(warning["label"]) == set(warning["value"]) == LANGUAGES
    (label,) = facts(told)["Labels"]["en"]
    assert label in warning["value"]["en"][0]
    assert len(set(map(str, warning["value"].values()))) == 4  # in words of its own
    assert "rights" not in told  # it is no address of a licence
    assert facts(told)["Rights"] == {"none": ["CC BY 4.0"]}
    assert told["homepage"][0]["id"] == f"{BASE}/records/{made}"
    for body, canvas in zip(bodies(told), told["items"], strict=True):
        path = body["id"].removeprefix(BASE)
        with visitor.get(path) as shown:
            assert (shown.status_code, shown.mimetype) == (200, body["format"])
            assert size(shown) == (body["width"], body["height"])
        assert (canvas["width"], canvas["height"]) == (body["width"], body["height"])
    kinds = [body["format"] for body in bodies(told)]
    assert kinds == ["image/png", "image/png", "image/svg+xml"]
    lying, upright, _sound = bodies(told)
    assert lying["width"] > lying["height"]
    assert upright["width"] < upright["height"]
    for each in told["seeAlso"]:
        answer = visitor.get(each["id"].removeprefix(BASE))
        assert (answer.status_code, answer.mimetype) == (200, each["format"])


def size(shown) -> tuple[int, int]:
    """Of what is served: read from the picture, or from the SVG's box."""
    if shown.mimetype == "image/png":
        return Image.open(BytesIO(shown.data)).size
    _x, _y, width, height = shown.text.split('viewBox="')[1].split('"')[0].split()
    return int(width), int(height)


def test_a_film_is_its_silent_clip_and_a_grave_one_a_still(
    site: Site, desk: Desk, visitor: FlaskClient
) -> None:
    film = (ROOT / "archive/cli/collection/media/meadow.mp4").read_bytes()
    draft = RecordDraft(document(), Visibility.PUBLIC)
    deposit = desk.publish(desk.deposit(film, draft=draft, name="f.mp4"))
    work(site)

    told = manifest(visitor, deposit.record.id)
    (clip,) = bodies(told)
    assert (clip["type"], clip["format"], clip["duration"]) == ("Video", "video/mp4", 8)
    assert told["items"][0]["duration"] == 8
    with visitor.get(clip["id"].removeprefix(BASE)) as shown:
        assert shown.mimetype == "video/mp4"
        with av.open(BytesIO(shown.data)) as opened:
            stream = opened.streams.video[0]
            assert (stream.width, stream.height) == (clip["width"], clip["height"])


def test_what_is_sealed_for_visitors_is_a_tile_whoever_asks(
    site: Site, desk: Desk, visitor: FlaskClient, browser: Browser
) -> None:
    words = document(
        "quillwort title",
        places=(Place("Shushi", 39.76014, 46.74991),),
        source=Source("https://e.example/quillwort", "T", "", "quillwort note"),
    )
    draft = RecordDraft(words, Visibility.PUBLIC)
    made = desk.deposit(photo((1200, 900)), draft=draft, name="quillwort.jpg")
    desk.publish(made, "kill.execution", Tier.G5)
    work(site)

    for client in (visitor, browser("researcher"), browser("administrator")):
        told = manifest(client, made.record.id)
        assert told["label"]["en"] == [f"Record {made.record.id}, with severe content"]
        (body,) = bodies(told)
        assert body["id"].endswith("/preview/card")
        whole = json.dumps(told)
        assert "quillwort" not in whole
        assert "39.76" not in whole
        assert "1200" not in whole
        assert "original" not in whole.replace(
            json.dumps(told["requiredStatement"]), ""
        )


def test_nobody_is_given_what_a_visitor_does_not_know_of(
    site: Site, desk: Desk, browser: Browser, visitor: FlaskClient
) -> None:
    deposit = desk.publish(desk.deposit())
    made = deposit.record.id
    words_alone = written(site, RecordDraft(document(), Visibility.PUBLIC))
    public = {"visibility": Visibility.PUBLIC, "state": RecordState.PUBLISHED}
    hiding = (
        {"visibility": Visibility.VETTED},
        {"visibility": Visibility.STAFF},
        {"state": RecordState.LABELLED},
        {"state": RecordState.SHREDDED},
        {"tier": Tier.X},
    )
    for client in (visitor, browser("researcher"), browser("administrator")):
        assert client.get(f"/iiif/{made}/manifest").status_code == 200
        assert client.get(f"/iiif/{words_alone}/manifest").status_code == 404
        assert client.get("/iiif/nothing/manifest").status_code == 404
        for columns in hiding:
            revised(site, made, **{**public, "tier": Tier.G3, **columns})
            answer = client.get(f"/iiif/{made}/manifest")
            assert answer.status_code == 404, columns
            assert answer.mimetype == "application/problem+json"
        revised(site, made, **public, tier=Tier.G3)


ELSEWHERE = {"Origin": "https://viewer.example", "Sec-Fetch-Site": "cross-site"}


def is_open(answer) -> bool:
    """Whether pages of other sites may read it; half of it is neither."""
    headers = answer.headers
    assert "Access-Control-Allow-Credentials" not in headers
    told = headers.get("Access-Control-Allow-Origin")
    policy = headers["Cross-Origin-Resource-Policy"]
    assert (told, policy) in {("*", "cross-origin"), (None, "same-origin")}
    return told == "*"


def test_other_sites_may_read_a_manifest_and_what_it_names(
    desk: Desk, visitor: FlaskClient, site: Site, browser: Browser
) -> None:
    made = desk.publish(desk.deposit(), "property.heritage").record.id
    work(site)
    answer = visitor.get(f"/iiif/{made}/manifest", headers=ELSEWHERE)
    assert is_open(answer)
    again = {**ELSEWHERE, "If-None-Match": answer.headers["ETag"]}
    assert visitor.get(f"/iiif/{made}/manifest", headers=again).status_code == 304
    (body,) = bodies(answer.get_json(force=True))
    named = body["id"].removeprefix(BASE)
    assert named.endswith("/preview/soft")
    shown = visitor.get(named, headers=ELSEWHERE)
    assert shown.status_code == 200
    assert is_open(shown)
    assert {"Origin", "Sec-Fetch-Site"} <= set(shown.vary)
    same = {**ELSEWHERE, "If-None-Match": shown.headers["ETag"]}
    answer = visitor.get(named, headers=same)
    assert (answer.status_code, is_open(answer)) == (304, True)
    # Somebody who is signed in looks at the other site, by cookie: as a visitor does.
    for origin in (ELSEWHERE, {"Origin": "https://viewer.example"}):
        theirs = browser("moderator").get(named, headers=origin)
        assert (theirs.data, is_open(theirs)) == (shown.data, True)
    assert not is_open(browser("moderator").get(named))
    for destination in ("iframe", "object", "document", "script"):
        framed = {**ELSEWHERE, "Sec-Fetch-Dest": destination}
        answer = visitor.get(named, headers=framed)
        assert (answer.status_code, is_open(answer)) == (403, False)


@pytest.mark.parametrize("visibility", [Visibility.VETTED, Visibility.STAFF])
def test_what_a_visitor_does_not_see_is_for_no_other_site_whoever_looks(
    desk: Desk,
    visitor: FlaskClient,
    site: Site,
    browser: Browser,
    visibility: Visibility,
) -> None:
    made = desk.publish(desk.deposit(draft=desk.draft(visibility=visibility)))
    work(site)
    named = f"/media/{made.assets[0].id}/preview/soft"
    own = browser("moderator").get(named)
    assert (own.status_code, is_open(own)) == (200, False)
    for client in (visitor, browser("moderator"), browser("administrator")):
        answer = client.get(named, headers=ELSEWHERE)
        assert (answer.status_code, is_open(answer)) == (404, False)


def test_nothing_else_is_for_pages_of_other_sites(
    app: Flask, desk: Desk, site: Site, browser: Browser
) -> None:
    """Every address that answers GET, with this record's ids where it takes some."""
    made = desk.publish(desk.deposit(), "property.heritage")
    work(site)
    asset = made.assets[0].id
    meant = {f"/iiif/{made.record.id}/manifest"}
    meant |= {f"/media/{asset}/preview/{each}" for each in ("soft", "poster", "card")}
    given = {"record_id": made.record.id, "asset_id": asset, "filename": "base.css"}
    met = set()
    for who in ("visitor", "researcher", "administrator"):
        client = browser(who)
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()):
                continue
            for form in serving.VARIANTS if "variant" in rule.arguments else [""]:
                named = {each: given.get(each, "small") for each in rule.arguments}
                named |= {"variant": form} if form else {}
                with app.test_request_context():
                    path = url_for(rule.endpoint, **named)
                with client.get(path, headers=ELSEWHERE) as answer:
                    assert is_open(answer) == (path in meant), (who, path)
                met.add(path)
    assert meant <= met


def test_a_collection_names_its_records_and_its_parts(
    site: Site, desk: Desk, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.db.write() as s:
        texts = {"en": "What is left of it."}
        now = site.clock()
        shelf = store.add_collection(
            s, "shushi", {"en": "Shushi", "hy": "Շուշի"}, texts, "operator", now
        ).id
    deposits = [desk.publish(desk.deposit()) for _each in range(3)]
    for hours, each in enumerate(deposits):
        at = site.clock() + timedelta(hours=hours)
        revised(site, each.record.id, collection_id=shelf, published_at=at)
    hidden = deposits.pop(0).record.id
    revised(site, hidden, visibility=Visibility.VETTED)

    def got(path: str) -> dict[str, Any]:
        answer = visitor.get(path)
        assert (answer.status_code, answer.content_type) == (200, MEDIA_TYPE)
        told = json.loads(answer.data)
        Collection.model_validate_json(without_context(told))
        return told

    told = got("/iiif/collections/shushi")
    assert told["label"] == {"en": ["Shushi"], "hy": ["Շուշի"]}
    ids = [each.record.id for each in reversed(deposits)]
    assert [each["id"] for each in told["items"]] == [
        f"{BASE}/iiif/{each}/manifest" for each in ids
    ]
    assert manifest(visitor, ids[0])["partOf"][0]["id"] == told["id"]

    monkeypatch.setattr(shelves, "PAGE", 1)
    parts = got("/iiif/collections/shushi")["items"]
    assert [each["type"] for each in parts] == ["Collection", "Collection"]
    met = [got(each["id"].removeprefix(BASE))["items"] for each in parts]
    assert [each["id"] for (each,) in met] == [each["id"] for each in told["items"]]
    for wrong in ("?page=3", "?page=-1"):
        assert visitor.get(f"/iiif/collections/shushi{wrong}").status_code == 404
    assert visitor.get("/iiif/collections/nowhere").status_code == 404


def test_a_closed_archive_gives_nobody_a_manifest(
    site: Site, desk: Desk, visitor: FlaskClient, browser: Browser
) -> None:
    made = desk.publish(desk.deposit()).record.id
    with site.db.write() as s:
        site.change_mode(s, Mode.NO_ACCESS, {}, "operator")
    site.look_at_mode_again()

    for client in (visitor, browser("administrator")):
        for path in (f"/iiif/{made}/manifest", "/iiif/collections/any"):
            assert client.get(path).status_code == 503


# --- the record's own page ------------------------------------------------------------

PROPERTIES = {
    "ArchiveComponent": {
        "@id",
        "url",
        "identifier",
        "name",
        "description",
        "inLanguage",
        "temporalCoverage",
        "spatialCoverage",
        "keywords",
        "conditionsOfAccess",
        "isAccessibleForFree",
        "copyrightNotice",
        "holdingArchive",
        "isPartOf",
        "hasPart",
    },
    "ArchiveOrganization": {"name"},
    "Collection": {"name", "url"},
    "Place": {"name"},
    "ImageObject": {"encodingFormat", "sha256"},
    "VideoObject": {"encodingFormat", "sha256"},
    "AudioObject": {"encodingFormat", "sha256"},
    "TextObject": {"encodingFormat", "sha256"},
}
"""Properties that schema.org has for these types, of those that are used."""


def require_schema_org(told: dict[str, Any]) -> None:
    kind = told["@type"]
    assert set(told) - {"@context", "@type"} <= PROPERTIES[kind], kind
    for value in told.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                require_schema_org(each)


def test_the_public_page_says_the_same_in_words_of_schema_org(
    site: Site, desk: Desk, visitor: FlaskClient
) -> None:
    with site.db.write() as s:
        now = site.clock()
        shelf = store.add_collection(s, "shushi", {"en": "S"}, {}, "o", now).id
    words = document(places=(Place("Shushi"),), event_date="2020-10", rights="CC0")
    draft = RecordDraft(words, Visibility.PUBLIC, collection_id=shelf)
    made = desk.publish(desk.deposit(draft=draft)).record.id

    page = visitor.get(f"/records/{made}").text
    told = json.loads(page.split('"application/ld+json">')[1].split("</script>")[0])
    assert told["@context"] == "https://schema.org"
    require_schema_org(told)
    assert (told["copyrightNotice"], told["temporalCoverage"]) == ("CC0", "2020-10")
    assert told["isPartOf"]["url"].endswith("/collections/shushi")


def test_the_public_page_shows_programs_the_way(
    site: Site, desk: Desk, visitor: FlaskClient, browser: Browser
) -> None:
    made = desk.publish(desk.deposit()).record.id
    answer = visitor.get(f"/records/{made}")
    links = answer.headers["Link"].split(", ")
    named = {part.split(";")[0].strip("<>"): part for part in links}
    own = [each for each in named if each.startswith("http://localhost/")]

    assert f"http://localhost/iiif/{made}/manifest" in own
    assert any('rel="cite-as"' in each for each in links)
    assert sum('rel="describedby"' in each for each in links) == 4
    for each in own:
        got = visitor.get(each.removeprefix("http://localhost"))
        assert got.status_code == 200
        form = named[each].partition('type="')[2].partition(";")[0].partition('"')[0]
        assert got.mimetype == form or not form
        assert f'href="{each.replace("&", "&amp;")}"' in answer.text

    revised(site, made, visibility=Visibility.VETTED)
    told = browser("researcher").get(f"/records/{made}").headers["Link"]
    assert told == f'<http://localhost/records/{made}>; rel="cite-as"'
