"""Two items that differ only in content look the same around the picture.

Length, headers, tags, dates, shape and words of every answer to a visitor are compared
after taking out what is random (ids, form tokens, versions of labels), the preview
itself, and the digest, which the catalogue publishes: who has the file can compute it.
"""

from __future__ import annotations

import hashlib
import io
import json
import re

import pytest
from PIL import Image

from archive import previewing, work

SIZE = (640, 480)
BYTES = 60_000
SEEDS = (1, 2)


def photograph(seed: int) -> bytes:
    """A JPEG of one size in pixels and in bytes, whatever it shows."""
    sink = io.BytesIO()
    small = Image.effect_noise((8 + seed, 6), 90).resize(SIZE)
    small.convert("RGB").save(sink, "JPEG", quality=70)
    return sink.getvalue().ljust(BYTES, b"\0")


@pytest.fixture
def twins(site, desk):
    """Two published records, equal but for the picture."""
    made = []
    for seed in SEEDS:
        deposit = desk.deposit(photograph(seed))
        desk.publish(deposit)
        work.drain(site, deposit.record.id)
        made.append(deposit)
    return made


def told(client, path: str, deposit) -> tuple[int, dict[str, str], str]:
    """An answer without what is random in it, and without the preview."""
    answer = client.get(path)
    text = answer.get_data(as_text=True)
    for number, asset in enumerate(deposit.assets):
        text = text.replace(asset.id, f"ASSET{number}")
    text = text.replace(deposit.record.id, "RECORD")
    text = re.sub(r'(<a href="/records/)[0-9a-z]{12}" lang', r'\1RELATED" lang', text)
    text = re.sub(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+", "PREVIEW", text)
    text = re.sub(r'(csrf[^>]*?(?:value|content)=")[^"]+', r"\1TOKEN", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
    text = re.sub(r"(Version of the labels: )[0-9a-f]{16}\b", r"\1DIGEST", text)
    text = re.sub(r'(_version": ?")[0-9a-f]{16}', r"\1VERSION", text)
    text = re.sub(r'nonce="[^"]+"', "NONCE", text)
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("Date", "ETag", "Set-Cookie", "Content-Security-Policy")
    }
    return answer.status_code, headers, text


@pytest.mark.parametrize("page", ["/records/{record}", "/records/{record}/cite"])
def test_pages_differ_in_nothing_but_the_preview(page, twins, visitor):
    one, other = (
        told(visitor, page.format(record=each.record.id), each) for each in twins
    )
    assert one[0] == 200
    assert one[2] == other[2]
    assert one[1].keys() == other[1].keys()


def test_answers_to_programs_differ_in_nothing(twins, visitor):
    answers = [
        json.loads(told(visitor, f"/api/v1/records/{each.record.id}", each)[2])
        for each in twins
    ]
    assert answers[0]["assets"][0]["id"] == "ASSET0"
    assert answers[0] == answers[1]


def test_the_comparison_sees_what_differs(desk, site, visitor):
    """The control: another size of the picture is told, and noticed."""
    made = []
    for size in (SIZE, (320, 240)):
        sink = io.BytesIO()
        Image.effect_noise(size, 90).convert("RGB").save(sink, "JPEG")
        made.append(desk.publish(desk.deposit(sink.getvalue())))
        work.drain(site, made[-1].record.id)
    path = "/api/v1/records/{}"
    one, other = (told(visitor, path.format(m.record.id), m)[2] for m in made)
    assert one != other


@pytest.mark.parametrize("variant", ["", "/poster"])
def test_previews_have_one_length_and_headers_and_tags_of_no_content(
    variant, twins, visitor
):
    lengths, names, tags = set(), set(), []
    for each in twins:
        (asset,) = each.assets
        answer = visitor.get(f"/media/{asset.id}/preview{variant}")
        assert answer.status_code == 200
        assert "Last-Modified" not in answer.headers
        lengths.add(len(answer.data))
        names.add(tuple(sorted(name for name, _ in answer.headers.items())))
        tags.append(answer.headers["ETag"].strip('"'))
        assert tags[-1] not in hashlib.sha256(answer.data).hexdigest()
    assert len(lengths) == len(names) == 1
    for tag, seed in zip(tags, SEEDS, strict=True):
        for name in ("md5", "sha1", "sha256", "blake2b"):
            assert tag[:16] not in hashlib.new(name, photograph(seed)).hexdigest()
    first, second = (each.assets[0] for each in twins)
    assert first.id != second.id


def test_equal_previews_of_two_files_have_tags_of_their_own(desk, site, visitor):
    """As near-duplicates have that share their noise: a tag must not link them."""
    content = photograph(1)
    made = desk.publish(desk.deposit(content, content + b"1"))
    one, other = (asset.id for asset in made.assets)
    with site.db.write() as s:
        previewing.share_noise(s, other, one, site.clock())
    work.drain(site, made.record.id)
    shown = [visitor.get(f"/media/{each}/preview") for each in (one, other)]
    assert shown[0].data == shown[1].data  # the control
    assert shown[0].headers["ETag"] != shown[1].headers["ETag"]
    again = visitor.get(
        f"/media/{one}/preview", headers={"If-None-Match": shown[0].headers["ETag"]}
    )
    assert again.status_code == 304


def test_listings_put_neither_first_for_what_it_shows(twins, visitor):
    found = visitor.get("/api/v1/records?sort=deposited").get_json()
    order = [item["id"] for item in found["items"]]
    assert sorted(order) == sorted(each.record.id for each in twins)
    facets = found["facets"]
    assert all(
        value["count"] in (0, len(twins)) for each in facets.values() for value in each
    )
