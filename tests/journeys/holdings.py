"""The people and records that the journeys meet, put there by the operator's shell.

Made once for a test run and copied for each worker. Every record has words of its own
that stand nowhere else (one in each field), and a file with a mark of its own, so that
whatever turns up somewhere can be traced to the field it came from.
"""

from __future__ import annotations

import base64
import fcntl
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.journeys import media
from tests.journeys.home import Home, make_home
from tests.journeys.media import Planted

EVIDENCE = "passport and letter of the institute, seen by the operator"
ALL_SCOPES = ("read", "deposit", "label", "write", "reveal", "admin")
REVEALS = "100000"  # so that no journey meets the day's limit by accident
LIMITS = {
    "VIGIL_DAILY_REVEALS": REVEALS,
    "VIGIL_ALARM_REVEALS": REVEALS,
    "VIGIL_ALARM_PAGES": "100000",
    "VIGIL_ALARM_MISSES": "100000",
}


@dataclass(frozen=True)
class Person:
    """Somebody with an account; `token` has every scope the role can use."""

    role: str
    email: str
    password: str
    token: str | None


@dataclass(frozen=True)
class Words:
    """One word for each field, found nowhere else in the world."""

    title: str
    body: str
    place: str
    source: str
    filename: str


@dataclass(frozen=True)
class Wanted:
    """A record as the operator shall deposit it."""

    make: Callable[[str], Planted]
    ending: str
    label: str | None
    visibility: str = "public"
    access: str = "vetted"
    publish: bool = True


@dataclass(frozen=True)
class Holding:
    """A record that is in the archive."""

    name: str
    id: str
    asset: str
    kind: str
    media_type: str
    tier: str
    labels: tuple[str, ...]
    visibility: str
    is_published: bool
    words: Words
    file: Planted

    @property
    def is_guarded(self) -> bool:
        """Whether its title is for the vetted only."""
        return self.tier in ("G4", "G5")


@dataclass(frozen=True)
class Holdings:
    """Everybody and everything."""

    people: Mapping[str, Person]
    records: Mapping[str, Holding]

    def __getitem__(self, name: str) -> Holding:
        return self.records[name]


PEOPLE = ("applicant", "researcher", "colleague", "moderator", "administrator")
RECORDS = {
    "wall": Wanted(media.picture, "jpg", "property.religious-vandalism=G2"),
    "film": Wanted(media.video, "mp4", "harm.threat=G3"),
    "voice": Wanted(media.sound, "wav", "hostilities.weapon=G1"),
    "letter": Wanted(media.document, "pdf", "context.official-announcement=G0"),
    "grave": Wanted(media.picture, "jpg", "kill.execution=G4"),
    "gravest": Wanted(media.picture, "jpg", "harm.mutilation=G5"),
    "inner": Wanted(media.png, "png", "dead.body=G3", visibility="vetted"),
    "hidden": Wanted(media.png, "png", "context.mourning=G1", visibility="staff"),
    "asked": Wanted(media.png, "png", "context.mourning=G1", access="request"),
    "shut": Wanted(media.png, "png", "context.mourning=G1", access="closed"),
    "unseen": Wanted(media.png, "png", None, publish=False),
}


def shared(folder: Path) -> tuple[Home, Holdings]:
    """The holdings of this test run; whoever comes first makes them."""
    folder.mkdir(mode=0o700, exist_ok=True)
    done, home = (
        folder / "holdings.json",
        Home(folder, LIMITS),
    )
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            done.write_text(json.dumps(asdict(fill(folder)), default=_as_text))
    return home, _read(json.loads(done.read_text()))


def fill(folder: Path) -> Holdings:
    """Make the archive, its people and its records by commands alone."""
    made = make_home(folder, **LIMITS)
    with ThreadPoolExecutor(2) as shells:
        people = shells.map(lambda role: add_person(made, role), PEOPLE)
        records = shells.map(lambda each: deposit(made, *each), RECORDS.items())
        return Holdings(
            {each.role: each for each in people},
            {each.name: each for each in records},
        )


def add_person(home: Home, name: str) -> Person:
    """An account; everybody but the applicant is vetted on paper, and has a token."""
    role = "researcher" if name == "colleague" else name
    email = f"{name}@people.example"
    vetted = ["--vetted-offline", EVIDENCE, "--until", "2099-12-31"]
    paper = [] if name == "applicant" else vetted
    made = home.do("account", "add", email, "--role", role, "--name", name, *paper)
    token = None if name == "applicant" else add_token(home, email, ALL_SCOPES)
    return Person(name, email, made["password"], token)


def add_token(home: Home, email: str, scopes: Iterable[str]) -> str:
    asked = [part for scope in scopes for part in ("--scope", scope)]
    return str(home.do("token", "add", email, *asked, "--days", "2")["token"])


def deposit(home: Home, name: str, wanted: Wanted) -> Holding:
    """Deposit one record, and wait for its preview."""
    words = Words(*(new_word() for _ in range(5)))
    file = wanted.make(f"{words.filename}.{wanted.ending}")
    path = home.root / file.name
    path.write_bytes(file.content)
    try:
        made = home.do("deposit", path, *_said(words, wanted))
    finally:
        path.unlink()
    (asset,) = made["assets"]
    return Holding(
        name=name,
        id=made["id"],
        asset=asset["id"],
        kind=asset["kind"],
        media_type=asset["media_type"],
        tier=made["tier"],
        labels=(wanted.label.partition("=")[0],) if wanted.label else (),
        visibility=wanted.visibility,
        is_published=wanted.publish,
        words=words,
        file=file,
    )


def new_word() -> str:
    """A word of no language, which no stemmer shortens and no list has."""
    return "zq" + "".join(secrets.choice("bdfgkmprtvz") for _ in range(12))


def _said(words: Words, wanted: Wanted) -> list[str]:
    said = ["--title", f"Photograph {words.title} of the yard"]
    said += ["--description", f"What can be seen: {words.body} beside the wall."]
    said += ["--place", words.place, "--date", "2020-10-15"]
    said += ["--source-url", f"https://source.example/{words.source}"]
    said += ["--visibility", wanted.visibility, "--access", wanted.access]
    if wanted.label:
        said += ["--label", wanted.label]
    return [*said, *(["--publish"] if wanted.publish else []), "--wait"]


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value))


def _read(told: dict[str, Any]) -> Holdings:
    return Holdings(
        {name: Person(**each) for name, each in told["people"].items()},
        {name: _holding(each) for name, each in told["records"].items()},
    )


def _holding(told: dict[str, Any]) -> Holding:
    file = told.pop("file")
    kept = {name: base64.b64decode(file[name]) for name in ("content", "mark")}
    words, labels = Words(**told.pop("words")), tuple(told.pop("labels"))
    return Holding(
        **told, words=words, labels=labels, file=Planted(file["name"], **kept)
    )
