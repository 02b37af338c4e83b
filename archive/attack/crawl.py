"""A walk through every address a visitor finds, looking for what must not be there.

Canaries are pieces of the originals' own bytes (as they are, and in base64), the names
of the files as they were deposited, and titles that the public may not know. The walk
begins at the home page, the search and the API, follows every address that an answer
names, and asks for every form of every sampled asset, its original among them.
"""

from __future__ import annotations

import base64
import html
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin, urlsplit

from archive.attack.trial import Trial, verdict

PIECE = 24  # bytes
_FEWEST_VALUES = 12  # of a piece; less is padding that any file may hold
_FEWEST_LETTERS = 8  # of a name or a title
STARTS = (
    "/",
    "/search",
    "/help/",
    "/api/v1/records",
    "/api/v1/openapi.json",
    "/robots.txt",
    "/sitemap.xml",
    "/oai?verb=ListRecords&metadataPrefix=oai_dc",
)
ASSET_FORMS = (
    "/media/{}/preview",
    "/media/{}/preview/soft",
    "/media/{}/preview/clip",
    "/media/{}/preview/waveform",
    "/media/{}/preview/storyboard",
    "/media/{}/preview/card",
    "/media/{}/original",
    "/api/v1/assets/{}/preview",
    "/api/v1/assets/{}/original",
)
_NAMED = re.compile(r"""(?:href|src|action)=["']([^"'#]+)|"((?:https?:/)?/[^"\s]+)\"""")
_FOLLOWED = ("text/html", "json", "xml")

Fetch = Callable[[str], "Answer"]


@dataclass(frozen=True)
class Answer:
    """What a visitor got: headers and body in one, and the type of the body."""

    status: int
    media_type: str
    body: bytes


@dataclass
class Planted:
    """What to look for, by whose it is; `known` must be found: the titles of a record.

    One title of each is enough, since a visitor reads one language at a time.
    """

    forbidden: dict[str, list[bytes]] = field(default_factory=dict)
    known: list[tuple[str, ...]] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)

    def add_pieces(self, asset_id: str, pieces: Iterable[bytes]) -> None:
        """Bytes of an original, in every dress they could wear."""
        held = self.forbidden.setdefault(asset_id, [])
        for piece in pieces:
            if len(set(piece)) >= _FEWEST_VALUES:
                held.extend((piece, *_in_base64(piece)))

    def add_words(self, whose: str, text: str) -> None:
        """A name or a title that a visitor must not be told of this."""
        if len(text) >= _FEWEST_LETTERS:
            self.forbidden.setdefault(whose, []).extend(_forms(text))


def crawl(fetch: Fetch, planted: Planted, most: int = 200) -> Trial:
    """Walk as a visitor; any canary that comes back breaks the line.

    `most` bounds what is asked for beside the addresses of the sample itself.
    """
    told: list[str] = []
    titles = {
        names: {form for name in names for form in _forms(name)}
        for names in planted.known
    }
    seen: set[tuple[str, ...]] = set()
    asked = 0
    for address, answer in _walk(fetch, planted, most):
        asked += 1
        seen |= {
            names
            for names, forms in titles.items()
            if any(form in answer.body for form in forms)
        }
        told += [f"{whose} at {address}" for whose in _found(planted, answer)]
    control = len(seen) / len(titles) if titles else None
    broken = f" Found: {'; '.join(sorted(set(told))[:20])}." if told else ""
    return Trial(
        "canaries",
        asked,
        "addresses",
        (),
        float(len(told)),
        0.0,
        control,
        verdict(not told, control),
        f"Answers to a visitor that held a piece of one of {len(planted.forbidden)} "
        "originals, a file's name, or a title the public may not know. The control: "
        f"the share of public records whose title the walk came upon.{broken}",
    )


def pieces_of(read: Callable[[int, int], bytes], size: int) -> Iterator[bytes]:
    """A few pieces from all over a file; `read` takes offset and length."""
    for part in range(1, 8):
        at = size * part // 8
        piece = read(at, min(PIECE, size - at))
        if len(piece) == PIECE:
            yield piece


def _walk(fetch: Fetch, planted: Planted, most: int) -> Iterator[tuple[str, Answer]]:
    first = [form.format(each) for each in planted.assets for form in ASSET_FORMS]
    records = [f"/records/{each}" for each in planted.records]
    waiting = deque([*STARTS, *records, *first])
    known = set(waiting)
    most += len(waiting)
    while waiting and most:
        address = waiting.popleft()
        answer = fetch(address)
        most -= 1
        yield address, answer
        if any(each in answer.media_type for each in _FOLLOWED):
            for found in _addresses(address, answer.body):
                if found not in known:
                    known.add(found)
                    waiting.append(found)


def _addresses(base: str, body: bytes) -> Iterator[str]:
    """Addresses of this site that an answer names."""
    for match in _NAMED.finditer(body.decode("utf-8", "replace")):
        named = html.unescape(match[1] or match[2])
        parts = urlsplit(urljoin(base, urldefrag(named).url))
        if parts.path.startswith("/") and "{" not in parts.path:
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def _found(planted: Planted, answer: Answer) -> Iterator[str]:
    names = (name for each in planted.known for name in each)
    public = {form for name in names for form in _forms(name)}
    for whose, canaries in planted.forbidden.items():
        if any(each in answer.body for each in canaries if each not in public):
            yield whose


def _forms(text: str) -> set[bytes]:
    return {text.encode(), html.escape(text).encode()}


def _in_base64(piece: bytes) -> Iterator[bytes]:
    """The middle of it as it reads in base64 at each of three places."""
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + piece)
        yield text[4 : len(text) - 4]
