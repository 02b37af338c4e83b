"""What was found and said of a record stands in its package, word for word.

Rows M8, X11, X17.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bagit
import pytest

from archive.exchange.court import Wish
from archive.findings import assessing, entities, qualifications, relations, stances
from archive.findings import statements as announcing
from archive.findings.assessing import Assessment
from archive.findings.entities import Entity
from archive.findings.qualifications import Qualification
from archive.findings.relations import Relation
from archive.findings.stances import Stance
from archive.findings.statements import Facts
from archive.moderation import publish
from archive.records import store
from archive.site import Site
from auth.scope import scope
from auth.viewer import Visibility, operator_viewer
from tests.archive.conftest import Desk

from .test_court import checked, packed, unpacked

SOURCE = "https://t.example/7421"
FOUND = Assessment(
    "authentic", "high", "The wall was compared.", "Institute", (f"A report; {SOURCE}",)
)


class Book:
    """Writes findings about one record of a desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.site = desk, desk.site
        self.record = desk.publish(desk.deposit()).record.id
        self.reach = scope(operator_viewer(), self.site.clock())

    def assess(self, given: Assessment, version: int = 0) -> None:
        site = self.site
        with site.db.write() as s:
            record = store.require(s, self.record)
            assessing.assess(
                site, s, record, given, version=version, by="mo", now=site.clock()
            )

    def announce(self, title: str, visibility: Visibility = Visibility.PUBLIC) -> str:
        """A statement that denies the record; its id."""
        site, now = self.site, self.site.clock()
        draft = self.desk.draft(title, visibility=visibility)
        facts = Facts("Prosecutor", "2020-11-21", articles=("115.2", "245"))
        with site.db.write() as s:
            made = announcing.create(site, s, draft, facts, "mo", now).id
            publish(site, s, made, by="mo", now=now)
            stances.take(
                site,
                s,
                made,
                self.record,
                Stance("denies", note=f"As {title} says."),
                scope=self.reach,
                version=0,
                by="mo",
                now=now,
            )
        return made

    def claim(self) -> None:
        site, given = self.site, Qualification("Code", "115.2", "A court", "Its words")
        with site.db.write() as s:
            record = store.require(s, self.record)
            qualifications.claim(site, s, record, given, "mo", site.clock())

    def link(self, name: str, audience: str) -> None:
        site, now = self.site, self.site.clock()
        entity = Entity("event", {"en": name}, audience)
        with site.db.write() as s:
            made = entities.describe(site, s, entity, by="mo", now=now)
            given = Relation("documents", self.record, made)
            relations.link(site, s, given, self.reach, "mo", now)


@pytest.fixture
def book(desk: Desk) -> Book:
    return Book(desk)


def told(site: Site, wish: Wish, folder: Path) -> tuple[Path, dict[str, Any]]:
    """The unpacked package and its findings."""
    made = unpacked(packed(site, wish), folder)
    document = json.loads((made / "data/verification.json").read_bytes())
    return made, document["findings"]


def test_every_assessment_claim_and_statement_is_in_it(
    site: Site, book: Book, tmp_path: Path
) -> None:
    book.assess(Assessment("under-review"))
    book.assess(FOUND, version=1)
    book.announce("Announcement")
    book.claim()
    book.link("A battle", "public")
    folder, found = told(site, Wish(book.record), tmp_path)
    assert bagit.Bag(str(folder)).validate()
    assert [each["said"]["status"] for each in found["assessments"]] == [
        "authentic",
        "under-review",
    ]
    (stance,) = found["stances"]
    assert (stance["said"]["stance"], stance["statement"]["articles"]) == (
        "denies",
        ["115.2", "245"],
    )
    assert stance["far"]["titles"]["en"] == "Announcement"
    assert found["qualifications"][0]["said"]["article"] == "115.2"
    assert found["relations"][0]["far"]["names"] == {"en": "A battle"}
    status, said = checked(folder, site)
    assert (status, "5 findings" in said) == (0, True), said


def test_the_address_of_a_source_is_for_packages_with_people(
    site: Site, book: Book, tmp_path: Path
) -> None:
    book.assess(FOUND)
    folder, found = told(site, Wish(book.record), tmp_path / "blind")
    assert found["assessments"][0]["said"]["sources"] == ["A report"]
    assert "digest" not in found["assessments"][0]
    assert not any(
        SOURCE.encode() in path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    )
    whole, found = told(site, Wish(book.record, people=True), tmp_path / "whole")
    (written,) = found["assessments"]
    assert written["said"]["sources"] == [f"A report; {SOURCE}"]
    assert written["by"] == "mo"
    assert "1 findings: 1 in whole, 1 in open lines" in checked(whole, site)[1]


def test_what_not_everybody_may_know_of_leaves_no_trace_without_people(
    site: Site, book: Book, tmp_path: Path
) -> None:
    book.announce("Hidden announcement", Visibility.STAFF)
    book.link("A hidden event", "staff")
    folder, found = told(site, Wish(book.record), tmp_path / "blind")
    assert (found["stances"], found["relations"]) == ([], [])
    whole = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"idden" not in whole
    _, found = told(site, Wish(book.record, people=True), tmp_path / "whole")
    assert len(found["stances"]) == len(found["relations"]) == 1


@pytest.mark.parametrize("with_digest", [False, True])
def test_the_verifier_names_words_that_were_changed(
    site: Site, book: Book, tmp_path: Path, with_digest: bool
) -> None:
    """Even where the manifests, the signature and the digest were made anew."""
    book.assess(FOUND)
    wish = Wish(book.record, people=True)
    folder, found = told(site, wish, tmp_path)
    other = {**found["assessments"][0]["said"], "status": "staged"}
    path = folder / "data/verification.json"
    document = json.loads(path.read_bytes())
    changed = document["findings"]["assessments"][0]
    changed["said"] = other
    if with_digest:
        from archive.findings import book as pages

        changed["digest"] = pages.digest_of(other)
    script = (folder / "check_package.py").read_text()
    names: dict[str, Any] = {"__name__": "check_package"}
    exec(compile(script, "check_package.py", "exec"), names)
    lines = json.loads((folder / "data/custody/extract.json").read_bytes())["lines"]
    record = json.loads((folder / "data/record.json").read_bytes())
    with pytest.raises(names["Wrong"], match="assessment"):
        names["check_findings"](document, record, lines)
