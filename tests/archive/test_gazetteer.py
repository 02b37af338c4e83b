"""The archive's own names: over the packaged ones, sealed, soon in every process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import config, gazetteer
from archive.cli import main
from archive.gazetteer import NoSuchEntry, Origin
from archive.gazetteer.tables import GazetteerEntry
from archive.site import Site, open_site
from search.analysis.gazetteer import Gazetteer, GazetteerError, parse
from search.document import Document, Text
from search.engine import ScopeTerms
from search.query import Query

PUBLIC = ScopeTerms(frozenset({"public"}), guarded=False)
ROW = {
    "id": "nahver",
    "kind": "place",
    "forms": {"en": ["Nahver"], "hy": ["Քարաշեն"], "ka": ["ნაჰვერი"]},
}


def put(site: Site, *rows: object) -> gazetteer.Changed:
    with site.db.write() as s:
        return gazetteer.put(s, site.sealing, parse(list(rows)), "a1", site.clock())


def origins(site: Site) -> dict[str, Origin]:
    with site.db.read() as s:
        listed = gazetteer.listing(s, site.sealing)
    return {each.entry.id: each.origin for each in listed}


def found(site: Site, words: str) -> list[str]:
    return [hit.id for hit in site.engine.find(Query(words), PUBLIC).hits]


def test_an_entry_is_added_changed_taken_out_and_given_back(site: Site) -> None:
    other = {"id": "shushi", "kind": "place", "forms": {"en": ["Shushi", "Varanda"]}}
    assert put(site, ROW, other) == gazetteer.Changed(["nahver"], ["shushi"], [])
    assert put(site, ROW) == gazetteer.Changed([], [], ["nahver"])
    assert origins(site)["nahver"] is origins(site)["shushi"] is Origin.OWN
    with site.db.write() as s:
        now = site.clock()
        gazetteer.give_back(s, site.sealing, "shushi", "a1", now)
        gazetteer.take_out(s, site.sealing, "hadrut", "a1", now)
        gazetteer.take_out(s, site.sealing, "nahver", "a1", now)
    now = origins(site)
    assert (now["shushi"], now["hadrut"]) == (Origin.PACKAGED, Origin.OUT)
    assert "nahver" not in now
    with site.db.read() as s:
        used = gazetteer.effective(s, site.sealing)
    packaged = Gazetteer.load()
    assert used.entries.keys() == packaged.entries.keys() - {"hadrut"}
    assert used.entries["shushi"] == packaged.entries["shushi"]


@pytest.mark.parametrize(
    ("act", "name"),
    [("take_out", "never"), ("give_back", "never"), ("give_back", "hadrut")],
)
def test_what_is_not_there_cannot_be_changed(site: Site, act: str, name: str) -> None:
    with pytest.raises(NoSuchEntry), site.db.write() as s:
        getattr(gazetteer, act)(s, site.sealing, name, "a1", site.clock())
    with site.db.read() as s:
        assert gazetteer.generation(s) == 0


def test_names_are_sealed(site: Site) -> None:
    put(site, {"id": "zaven", "kind": "person", "forms": {"en": ["Zaven Quibble"]}})
    with site.db.read() as s:
        (row,) = s.query(GazetteerEntry).all()
        assert b"zaven" not in row.entry_sealed.lower()
        assert b"zaven" not in row.id_index


def test_there_are_at_most_so_many(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    most = len(Gazetteer.load().entries)
    monkeypatch.setattr("archive.gazetteer.store.MOST_ENTRIES", most)
    with pytest.raises(GazetteerError):
        put(site, ROW)
    put(site, {**ROW, "id": "hadrut"})


def test_another_process_searches_with_a_new_name_without_a_new_index(
    site: Site, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"hy": "գյուղ Քարաշեն", "en": "a village, Nahver", "ka": "სოფელი ნაჰვერი"}
    site.engine.add(
        Document(lang, "public", (Text(lang, "", text),))
        for lang, text in texts.items()
    )
    other = open_site(config.load(environ), site.clock)
    monkeypatch.setattr("archive.site._Names.LOOK_SECONDS", 0.0)
    try:
        assert found(other, "Քարաշեն") == ["hy"]
        put(site, ROW)
        assert found(other, "Քարաշեն")[0] == "hy"
        assert set(found(other, "Քարաշեն")) == set(texts)
        with site.db.write() as s:
            gazetteer.take_out(s, site.sealing, "nahver", "a1", site.clock())
        assert found(other, "Քարաշեն") == ["hy"]
    finally:
        other.close()


def test_the_database_is_not_asked_at_every_search(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.engine.count()
    put(site, ROW)
    asked: list[int] = []
    real = gazetteer.generation
    monkeypatch.setattr(
        "archive.gazetteer.generation", lambda s: asked.append(1) or real(s)
    )
    for _ in range(5):
        site.engine.count()
    assert asked == []


@pytest.fixture
def vigil(site: Site, environ: dict[str, str]):
    def run(*words: str):
        return CliRunner().invoke(main, list(words), env=environ)

    return run


def test_the_shell_checks_imports_and_exports(
    vigil, site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "names.json"
    twin = {"id": "twin", "kind": "place", "forms": {"en": ["Nahver"]}}
    file.write_text(json.dumps([ROW, twin, twin]), encoding="utf-8")
    checked = json.loads(vigil("gazetteer", "check", str(file), "--json").output)
    assert checked["entries"] == 3
    assert checked["findings"] == [
        "“nahver” is a name of nahver, twin",
        "The id twin stands twice; the last one holds",
    ]
    dry = json.loads(
        vigil("gazetteer", "import", str(file), "--dry-run", "--json").output
    )
    assert (dry["added"], dry["dry_run"]) == (["nahver", "twin"], True)
    assert "nahver" not in origins(site)
    done = vigil("gazetteer", "import", str(file))
    assert done.output == "2 added, 0 changed, 0 as they were.\n"
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="gazetteer changed")
    assert (line.actor, line.detail["added"]) == ("operator", ["nahver", "twin"])
    exported = tmp_path / "out.json"
    exported.write_text(vigil("gazetteer", "export").output, encoding="utf-8")
    again = json.loads(vigil("gazetteer", "import", str(exported), "--json").output)
    assert (again["added"], again["changed"]) == ([], [])
    assert len(again["same"]) == len(Gazetteer.load().entries) + 2


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[1]", '[{"id": "a", "forms": {}}]', "[" * 100_000]
)
def test_a_file_that_will_not_do_changes_nothing_and_says_why(
    vigil, site: Site, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "names.json"
    file.write_text(text, encoding="utf-8")
    for words in (("check",), ("import",)):
        done = vigil("gazetteer", *words, str(file))
        assert done.exit_code == 1
        assert str(file) in done.output
        assert "Traceback" not in done.output
    with site.db.read() as s:
        assert gazetteer.generation(s) == 0
