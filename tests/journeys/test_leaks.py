"""Nobody gets what is not theirs: every route, as everybody, and every byte on disk.

Each record of the shared holdings has words that stand in one field only, and a file
whose bytes are known. Every address that the program has is asked for as each kind of
person, with each record in turn in its place; then whatever came back is searched for
the words and bytes that this person may not have. At the end the home, the temporary
folder and the log are searched for all of them.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import pytest
from werkzeug.routing import Rule

from archive import config
from archive.app import create_app
from archive.site import open_site
from tests.journeys.client import Answer, Client
from tests.journeys.conftest import Browsing
from tests.journeys.holdings import Holding, Holdings, Words
from tests.journeys.home import Home
from tests.journeys.media import Planted
from tests.journeys.server import Server

WHO = ("visitor", "applicant", "researcher", "moderator", "administrator")
OUTSIDERS = frozenset({"visitor", "applicant"})
STAFF = frozenset({"moderator", "administrator"})
LEVELS = (
    "small",
    "grey",
    "colour",
    "tile-0-0",
    "tile-9-9",
    "sound-mark",
    "../original",
)
VARIANTS = (
    "poster",
    "clip",
    "waveform",
    "storyboard",
    "card",
    "original",
    "../original",
)
FORMATS = ("bibtex", "ris", "csl")
HELP = ("search", "labels", "consent", "protection", "wellbeing", "accessibility")
ENDING = frozenset({"login.logout", "account.end_all"})


@pytest.fixture(scope="module")
def routes(seed: Home, tmp_path_factory: pytest.TempPathFactory) -> list[Rule]:
    """Every address of the program, from the program itself."""
    home = seed.copy(tmp_path_factory.mktemp("routes") / "root")
    site = open_site(config.load(home.environ()))
    try:
        return list(create_app(site).url_map.iter_rules())
    finally:
        site.close()


@dataclass(frozen=True)
class Reader:
    """Somebody who asks, and what of a record they may have."""

    who: str
    client: Client

    def may_know(self, record: Holding) -> bool:
        if self.who in STAFF:
            return True
        if not record.is_published or record.visibility == "staff":
            return False
        return record.visibility == "public" or self.who not in OUTSIDERS

    def forbidden(self, record: Holding) -> Iterator[tuple[str, str]]:
        """Fields of the record that must not reach this person, with their words."""
        words, known = record.words, self.may_know(record)
        if not known:
            yield from vars(words).items()
            return
        if self.who in OUTSIDERS:
            yield "source", words.source
            yield "filename", words.filename
            if record.is_guarded:
                yield "title", words.title


@pytest.fixture(params=WHO)
def reader(request: pytest.FixtureRequest, browsing: Browsing) -> Reader:
    return Reader(request.param, browsing(request.param))


# --- bytes and words on the wire ------------------------------------------------------


def test_no_address_gives_anybody_what_is_not_theirs(
    reader: Reader, routes: list[Rule], holdings: Holdings
) -> None:
    """Without consent: so no original's byte may come, whoever asks. Requirement 42."""
    faults, asked = [], 0
    for path in dict.fromkeys(everything(routes, holdings)):
        for answer in ask(reader.client, path):
            asked += 1
            assert answer.status < 500, f"{path}: {answer.status}"
            faults += list(leaks(reader, answer, holdings, f"{reader.who} {path}"))
    assert asked > 500
    assert faults == []


def test_no_token_gets_more_than_its_owner(
    server: Server, routes: list[Rule], holdings: Holdings
) -> None:
    for who in ("researcher", "moderator", "administrator"):
        reader = Reader(who, Client(server.port, holdings.people[who].token))
        end_consents(reader.client)
        for path in dict.fromkeys(everything(routes, holdings)):
            if not path.startswith(("/api/", "/media/")):
                continue
            answer = reader.client.get(path)
            assert answer.status < 500
            assert list(leaks(reader, answer, holdings, f"{who} {path}")) == []


def end_consents(client: Client) -> None:
    """Whatever other journeys consented to with this token is over."""
    for each in client.get("/api/v1/me/consents").json["items"]:
        client.delete(f"/api/v1/me/consents/{each['id']}")


def test_an_open_original_is_open_to_its_viewer_alone(
    server: Server, holdings: Holdings, browsing: Browsing, researcher: Client
) -> None:
    """While one person's consent lives, nobody else's answers change."""
    film = holdings["film"]
    body = {"purpose": "research", "minutes": 5, "acknowledged": list(film.labels)}
    given = researcher.post(f"/api/v1/records/{film.id}/consents", body)
    assert given.status == 201, given.text
    opened = researcher.get(f"/media/{film.asset}/original")
    assert opened.body == film.file.content
    others = [Reader(who, browsing(who)) for who in WHO]
    others.append(Reader("visitor", Client(server.port, "vgl_" + "x" * 43)))
    for other in others:
        for path in (
            f"/media/{film.asset}/original",
            f"/api/v1/assets/{film.asset}/original",
            f"/media/{film.asset}/clean",
            f"/media/{film.asset}/copy",
            f"/media/{film.asset}/view/grey",
            f"/records/{film.id}/view",
            f"/media/{film.asset}/preview/clip",
        ):
            for answer in ask(other.client, path):
                assert list(leaks(other, answer, holdings, f"{other.who} {path}")) == []


def everything(routes: Iterable[Rule], holdings: Holdings) -> Iterator[str]:
    """Every address, with every record in its place."""
    for record in holdings.records.values():
        yield from addresses(routes, record)


def addresses(routes: Iterable[Rule], record: Holding) -> Iterator[str]:
    """Every address with this record in its place; those without one, too."""
    others = {
        "variant": VARIANTS,
        "level": LEVELS,
        "name": HELP,
        "slug": ("any",),
        "secret": ("a" * 43,),
        "token": ("a" * 43,),
        "code": ("id.captive", "aaaaa"),
        "size": ("1",),
        "seq": ("1",),
        "change": ("out", "back"),
        "work": ("verify", "anything"),
        "filename": ("css/tokens.css", "../vigil.db", "%2e%2e/vigil.db"),
        "record_id": (record.id,),
        "asset_id": (record.asset,),
    }
    for rule in routes:
        paths = [rule.rule]
        for name in rule.arguments:
            values = others.get(name, ("a" * 16,))
            assert name in others or name.endswith("_id"), f"{rule} has {name}: add it"
            paths = [_filled(path, name, value) for path in paths for value in values]
        yield from paths
    yield from (f"/records/{record.id}/cite?format={form}" for form in FORMATS)
    yield f"/records/{record.id}?lang=hy"
    yield f"/records/{record.id}/view?file=1"
    yield f"/moderation/{record.id}?asset={record.asset}"
    named = f"identifier=oai:127.0.0.1:{record.id}"
    yield f"/oai?verb=GetRecord&metadataPrefix=oai_dc&{named}"
    yield "/oai?verb=ListRecords&metadataPrefix=oai_dc"
    yield "/oai?verb=ListRecords&metadataPrefix=datacite"
    yield "/oai?verb=ListSets"
    for word in vars(record.words).values():
        yield f"/search?q={word}"
        yield f"/api/v1/suggestions?q={word[:4]}"


def _filled(path: str, name: str, value: str) -> str:
    start = path.index("<")
    while True:
        stop = path.index(">", start)
        if path[start + 1 : stop].rpartition(":")[2] == name:
            return path[:start] + value + path[stop + 1 :]
        start = path.index("<", stop)


def ask(client: Client, path: str) -> Iterator[Answer]:
    """By every way of asking that changes nothing."""
    yield client.get(path)
    if any(each in path for each in ("/original", "/preview", "/clean", "/copy")):
        yield client.get(path, Range="bytes=0-63")
        yield client.head(path)
        yield client.get(path, Range="bytes=-63", If_Range='"x"')
        yield client.send("OPTIONS", path)
        yield client.get(path, X_HTTP_Method_Override="POST")
        yield client.get(path, X_Forwarded_For="127.0.0.1", X_Forwarded_Proto="https")


def leaks(
    reader: Reader, answer: Answer, holdings: Holdings, where: str
) -> Iterator[str]:
    """What this answer tells this person and should not have."""
    told = answer.everything
    echoed = where.encode()
    records = holdings.records.values()
    suspect = not eights(tuple(each.file for each in records)).isdisjoint(cut(told))
    for record in records:
        for trace in in_every_dress(record.file) if suspect else ():
            if trace in told:
                yield f"{where}: bytes of {record.name}"
        for field, word in reader.forbidden(record):
            # What somebody types is shown to them again; that tells nothing.
            if word.encode() in told and word.encode() not in echoed:
                yield f"{where}: the {field} of {record.name}"


@cache
def in_every_dress(file: Planted) -> tuple[bytes, ...]:
    """Pieces of it, raw, as hexadecimal, and as base64 at each alignment."""
    dressed = []
    for trace in file.traces():
        dressed += [trace, trace.hex().encode()]
        dressed += [base64.b64encode(bytes(n) + trace)[4:-4] for n in range(3)]
    return tuple(dressed)


def cut(told: bytes) -> tuple[int, ...]:
    """An answer in pieces of eight bytes, as numbers; what is over is left out."""
    return struct.unpack_from(f"{len(told) // 8}Q", told)


@cache
def eights(files: tuple[Planted, ...]) -> frozenset[int]:
    """Any eight bytes in a row of any trace of these files, as numbers.

    Whatever holds a trace holds one of them when it is cut, wherever the trace begins:
    to look for hundreds of traces in each of ten thousand answers takes minutes.
    """
    dressed = [trace for file in files for trace in in_every_dress(file)]
    assert min(map(len, dressed)) >= 15
    return frozenset(
        eight
        for trace in dressed
        for at in range(len(trace) - 7)
        for eight in cut(trace[at : at + 8])
    )


def test_the_walk_finds_what_is_planted_for_it_to_find(holdings: Holdings) -> None:
    """The control of all the others: a leak of each kind is seen as one."""
    wall, hidden = holdings["wall"], holdings["hidden"]
    outsider = Reader("visitor", Client(0))
    content = wall.file.content
    middle = content[len(content) // 3 : 2 * len(content) // 3]
    (first, *_) = in_every_dress(wall.file)
    for body in (
        content,
        middle,
        *(b"-" * before + first for before in range(8)),
        b"x" + base64.b64encode(b"-" + content),
        content.hex().encode(),
        b"<p>" + hidden.words.title.encode() + b"</p>",
        wall.words.source.encode(),
        holdings["grave"].words.title.encode(),
    ):
        assert list(leaks(outsider, Answer(200, {}, body), holdings, "/"))
    in_header = Answer(200, {"x-title": hidden.words.title}, b"")
    assert list(leaks(outsider, in_header, holdings, "/"))
    harmless = Answer(200, {}, wall.words.title.encode())
    assert not list(leaks(outsider, harmless, holdings, "/"))


# --- words through search -------------------------------------------------------------


def test_a_word_is_found_by_whom_it_is_for_and_by_nobody_else(
    reader: Reader, holdings: Holdings
) -> None:
    """Hits, counts, facets, suggestions and snippets; by word, phrase and prefix."""
    for record in holdings.records.values():
        closed = dict(reader.forbidden(record))
        for field in ("title", "body", "place"):
            word = getattr(record.words, field)
            for query in (word, f'"{word}"', word[:-2] + "*", f"NOT {word}"):
                asked = urlencode({"q": query, "per_page": 100})
                told = reader.client.get(f"/api/v1/records?{asked}").json
                ids = {each["id"] for each in told["items"]}
                if query.startswith("NOT"):
                    assert (record.id in ids) == (
                        reader.may_know(record) and field in closed
                    )
                elif field in closed:
                    assert told["total"] == 0, (reader.who, record.name, query)
                    assert not any(told["facets"].values())
                else:
                    assert ids == {record.id}, (reader.who, record.name, query)


def test_a_misspelt_word_is_not_put_right_with_somebody_else_s(
    reader: Reader, holdings: Holdings
) -> None:
    for record in holdings.records.values():
        for _field, word in reader.forbidden(record):
            changed = word[:-1] + ("a" if word[-1] != "a" else "b")
            for path in (f"/api/v1/records?q={changed}", f"/search?q={changed}"):
                assert word not in reader.client.get(path).text


def test_a_list_taken_away_holds_only_what_its_reader_may_have(
    server: Server, holdings: Holdings
) -> None:
    for who in ("researcher", "moderator", "administrator"):
        reader = Reader(who, Client(server.port, holdings.people[who].token))
        for form in ("csv", "json"):
            answer = reader.client.post("/api/v1/exports", {"format": form})
            assert answer.status == 200
            assert list(leaks(reader, answer, holdings, f"{who} {form}")) == []
            known = {r.id for r in holdings.records.values() if reader.may_know(r)}
            found = {r.id for r in holdings.records.values() if r.id in answer.text}
            assert found == known
    refused = Client(server.port).post("/api/v1/exports", {"format": "csv"})
    assert refused.status == 401


def test_facets_and_totals_count_only_what_one_may_know(
    reader: Reader, holdings: Holdings
) -> None:
    known = {each.id for each in holdings.records.values() if reader.may_know(each)}
    told = reader.client.get("/api/v1/records?per_page=100").json
    found = {each["id"] for each in told["items"]}
    assert found >= known
    shared = {each.id for each in holdings.records.values()}
    assert found & shared == known
    for name in ("tier", "kind"):
        counted = sum(each["count"] for each in told["facets"][name])
        assert counted <= told["total"] + 0 or name == "kind"
    places = {each["value"] for each in told["facets"]["place"]}
    for record in holdings.records.values():
        if not reader.may_know(record):
            assert not [place for place in places if record.words.place in place]


def test_sorting_and_narrowing_tell_nothing_of_what_is_hidden(
    browsing: Browsing, holdings: Holdings
) -> None:
    """Requirement 43."""
    client, hidden = browsing("visitor"), holdings["hidden"]
    for query in (
        f"facet.place={hidden.words.place}",
        f"facet.collection={hidden.id}",
        f"q=id:{hidden.id}",
        f"q={hidden.id}",
    ):
        assert client.get(f"/api/v1/records?{query}").json["total"] == 0, query


# --- previews -------------------------------------------------------------------------


def test_previews_are_pictures_of_their_own_and_carry_nothing_of_the_file(
    reader: Reader, holdings: Holdings
) -> None:
    """Requirement 41."""
    for record in holdings.records.values():
        for variant in ("poster", "clip", "waveform", "storyboard", "card"):
            path = f"/media/{record.asset}/preview/{variant}"
            answer = reader.client.get(path)
            if not reader.may_know(record):
                assert answer.status == 404
                continue
            assert answer.status in (200, 404), path
            for telling in (b"Exif", b"GPS", b"tEXt", b"iTXt", b"<script", b"http"):
                if telling == b"http" and answer.body.startswith(b"<svg"):
                    continue  # the namespace of SVG is an address
                assert telling not in answer.body, (path, telling)


def test_the_gravest_shows_nobody_more_than_a_card(
    reader: Reader, holdings: Holdings
) -> None:
    """But for moderators, who meet in a few grey cells what nobody has labelled."""
    for name in ("gravest", "unseen"):
        record = holdings[name]
        is_to_be_labelled = name == "unseen" and reader.who == "moderator"
        if reader.may_know(record) and not is_to_be_labelled:
            answer = reader.client.get(f"/media/{record.asset}/preview")
            assert answer.headers["content-type"].startswith("image/svg+xml")
            clip = reader.client.get(f"/media/{record.asset}/preview/clip")
            assert clip.status == 404


def test_the_public_is_not_shown_the_moving_preview_of_something_grave(
    server: Server, holdings: Holdings, browsing: Browsing
) -> None:
    grave = holdings["grave"]
    public = browsing("visitor").get(f"/media/{grave.asset}/preview").body
    vetted = browsing("researcher").get(f"/media/{grave.asset}/preview").body
    assert public != vetted


# --- bytes at rest --------------------------------------------------------------------


def test_no_clear_byte_or_word_is_on_disk_after_everything_was_done(
    server: Server, holdings: Holdings, researcher: Client, moderator: Client
) -> None:
    """Deposit, labelling, search and reveal have happened; then every file is read."""
    wall = holdings["wall"]
    acknowledged = {"purpose": "research", "acknowledged": list(wall.labels)}
    path = f"/api/v1/records/{wall.id}/consents"
    assert researcher.post(path, acknowledged).status == 201
    opened = researcher.get(f"/media/{wall.asset}/original")
    assert opened.body == wall.file.content
    labels = {"labels": ["property.religious-vandalism=G2"]}
    assert moderator.put(f"/api/v1/assets/{wall.asset}/labels", labels).status == 200
    found = researcher.get(f"/api/v1/records?q={wall.words.title}").json
    assert found["total"] == 1
    secrets_of_people = [person.password for person in holdings.people.values()]
    secrets_of_people += [each.token for each in holdings.people.values() if each.token]
    secrets_of_people += [each.email for each in holdings.people.values()]
    needles = {
        **{f"bytes of {r.name}": r.file.traces() for r in holdings.records.values()},
        **{f"words of {r.name}": _words(r.words) for r in holdings.records.values()},
        "people": tuple(each.encode() for each in secrets_of_people),
    }
    searched = 0
    for file in _files(server.home):
        content = file.read_bytes()
        searched += len(content)
        for name, traces in needles.items():
            for trace in traces:
                assert trace not in content, f"{name} in {file}"
                assert trace.hex().encode() not in content, f"{name} in {file}"
    assert searched > 1_000_000


def test_the_log_says_what_happened_and_not_to_what(
    server: Server, holdings: Holdings, browsing: Browsing
) -> None:
    browsing("researcher").get(f"/search?q={holdings['wall'].words.body}")
    client = Client(server.port)
    assert client.sign_in("stranger@people.example", "not my password 12").status == 422
    client.get("/records/%0d%0aforged:%20line")
    said = server.said()
    assert "Traceback" not in said
    assert "forged: line" not in said
    for secret in ("stranger@people.example", "not my password 12", "csrf_token"):
        assert secret not in said
    for cookie in browsing("researcher").cookies.values():
        assert cookie not in said


def test_what_is_on_disk_is_private_and_its_names_say_nothing(server: Server) -> None:
    for path in server.home.folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
        assert path.suffix not in (".jpg", ".png", ".mp4", ".wav", ".pdf"), path


def _words(words: Words) -> tuple[bytes, ...]:
    return tuple(
        dress
        for word in vars(words).values()
        for dress in (word.encode(), word.encode("utf-16-le"))
    )


def _files(home: Home) -> Iterator[Path]:
    """Everything that the server could have written to."""
    for folder in (home.folder, home.temp):
        yield from (path for path in folder.rglob("*") if path.is_file())
    yield home.root / "server.log"
