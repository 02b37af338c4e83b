"""Material on its whole way through an archive, by the network, all of it marked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.journeys import media
from tests.journeys.client import Client
from tests.journeys.holdings import ALL_SCOPES, Person, add_token, new_word
from tests.journeys.home import Home
from tests.journeys.media import Planted, box

MEBIBYTE = 1 << 20
TUS = {"Tus-Resumable": "1.0.0"}
PART = {"Content-Type": "application/offset+octet-stream"}


@dataclass
class Scene:
    """One person at work, and the marks of everything that passes through."""

    client: Client
    marks: list[bytes] = field(default_factory=list)

    def picture(self, size: int = MEBIBYTE) -> Planted:
        """A picture of about that size; its mark stands in each 200 bytes of it."""
        return self._filled(media.picture(f"{new_word()}.jpg"), size)

    def film(self) -> Planted:
        """A film; what stands behind its frames is marked as a picture is."""
        made = media.video(f"{new_word()}.mp4", seconds=1)
        mark = self._mark()
        content = made.content + box(b"free", _repeated(mark, MEBIBYTE))
        return Planted(made.name, content, mark)

    def deposit(self, files: Sequence[Planted], word: str) -> list[str]:
        """Deposit by one form; return the record and its assets' ids."""
        fields = [
            ("title", f"A yard {word}"),
            ("description", f"Beside the wall {word}"),
            ("visibility", "public"),
        ]
        sent = [(each.name, each.content) for each in files]
        made = self.client.upload("/api/v1/records", sent, fields)
        assert made.status == 201, made.text
        record: str = made.json["id"]
        assets = self.client.wait_for_previews(record)
        return [record, *(each["id"] for each in assets)]

    def deposit_in_parts(self, file: Planted, part: int = 300_000) -> str:
        """Deposit by tus; return the record's id."""
        by = {**TUS, "Upload-Length": str(len(file.content))}
        begun = self.client.send("POST", "/api/v1/uploads", None, by)
        assert begun.status == 201, begun.text
        for at in range(0, len(file.content), part):
            piece = file.content[at : at + part]
            told = {**TUS, **PART, "Upload-Offset": str(at)}
            sent = self.client.send("PATCH", begun.location, piece, told)
            assert sent.status == 204, sent.text
        wanted = {"title": "In parts", "uploads": [begun.location]}
        made = self.client.post("/api/v1/records", wanted)
        assert made.status == 201, made.text
        record: str = made.json["id"]
        self.client.wait_for_previews(record)
        return record

    @classmethod
    def of(cls, port: int, person: Person) -> Scene:
        """The scene of this person, by token."""
        return cls(Client(port, person.token))

    def consent(self, record: str, *assets: str) -> None:
        """Label the files of a record, and consent to the label."""
        label = "property.religious-vandalism"
        labels = {"labels": [f"{label}=G2"]}
        for asset in assets:
            said = self.client.put(f"/api/v1/assets/{asset}/labels", labels)
            assert said.status == 200, said.text
        given = {"purpose": "research", "acknowledged": [label]}
        consent = self.client.post(f"/api/v1/records/{record}/consents", given)
        assert consent.status == 201, consent.text

    def reveal(self, asset: str) -> bytes:
        """Open the original: a range, then all of it."""
        path = f"/media/{asset}/original"
        part = self.client.get(path, Range="bytes=1000-70000")
        assert part.status == 206, part.text
        whole = self.client.get(path)
        assert whole.status == 200, whole.text
        return whole.body

    def _filled(self, file: Planted, size: int) -> Planted:
        mark = self._mark()
        return Planted(file.name, file.content + _repeated(mark, size), mark)

    def _mark(self) -> bytes:
        self.marks.append(media.new_mark())
        return self.marks[-1]


def _repeated(mark: bytes, size: int) -> bytes:
    """The mark over and over, between noise that nothing can compress."""
    lines = size // (len(mark) + 64)
    return b"".join(mark + secrets.token_bytes(64) for _ in range(lines))


def add_moderator(home: Home) -> Person:
    """Somebody who may deposit, label and, vetted on paper, reveal."""
    email, vetted = f"{new_word()}@people.example", "passport, seen by A. B."
    made = home.do(
        *("account", "add", email, "--role", "moderator", "--name", "M"),
        *("--vetted-offline", vetted, "--until", "2099-12-31"),
    )
    token = add_token(home, email, ALL_SCOPES)
    return Person("moderator", email, made["password"], token)
