"""`vigil import csv`: mapping, dry run, a report by row; resumable, nothing half done.

Row I1.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import signal
from pathlib import Path

import pytest

from archive import jobs, verification
from archive.exchange.imports import book, mapping, reports, rows, tabletext
from archive.exchange.imports.book import Name
from archive.exchange.imports.entries import SourceError
from archive.exchange.imports.rows import Wish
from archive.exchange.imports.taking import Taking
from archive.exchange.imports.trees import Folder
from archive.records import store
from archive.site import Site
from auth.viewer import Access, RecordState, Tier, Visibility
from tests.archive.crashing import Life, run

from .conftest import Vigil, documents, records

HEAD = "ID;Title;Название;Text;When;Where;URL;Captured at;File;SHA-256;Label;Deleted\n"


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "records.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_row_becomes_a_record_with_its_files_and_where_it_came_from(
    site: Site, source: Path, picture, bring: Vigil
) -> None:
    one, two = (picture(f"media/{name}.jpg") for name in "ab")
    digests = "|".join(hashlib.sha256(content).hexdigest() for content in (one, two))
    row = (
        'k-1;A church;Церковь;"What is left,\n""of it""";2020-10~;'
        '"Shushi; 39.7601, 46.7499|Lachin";https://a.example/1;2020-10-16T08:30Z;'
        f"media/a.jpg|media/b.jpg;{digests};property.heritage=G1;gone since May\n"
    )
    path = table(source, HEAD + row)
    told = bring("csv", path, "--visibility", "public", "--publish")
    assert (told.status, told.results) == (0, ["taken in"])
    assert told.report["columns"]["Название"] == "title.ru"
    (record,) = records(site)
    assert told.report["lines"][0]["record"] == record.id
    assert (record.state, record.visibility, record.access, record.tier) == (
        RecordState.PUBLISHED,
        Visibility.PUBLIC,
        Access.VETTED,
        Tier.G1,
    )
    document = documents(site)["A church"]
    assert document.descriptions["en"].body == 'What is left,\n"of it"'
    assert document.descriptions["ru"].title == "Церковь"
    assert [(p.name, p.lat) for p in document.places] == [
        ("Shushi", 39.7601),
        ("Lachin", None),
    ]
    assert document.source.url == "https://a.example/1"
    brought = document.provenance
    assert brought is not None
    assert (brought.form, brought.identifier) == ("csv", "k-1")
    assert brought.deleted == "gone since May"
    assert [file.claimed["sha256"] for file in brought.files] == digests.split("|")
    with site.db.read() as s:
        assets = store.assets_of(s, record.id)
        kept = [store.details_of(site.sealing, each).sha256 for each in assets]
    assert kept == digests.split("|")


def test_a_dry_run_says_it_all_and_changes_nothing(
    site: Site, source: Path, picture, bring: Vigil
) -> None:
    picture("a.jpg")
    (source / "no.jpg").write_bytes(b"no picture at all")
    path = table(
        source,
        "id,title,date,file,md5,label,access,place,latitude\n"
        "1,Good,2020,a.jpg,,,,,\n"
        f"2,Bad,2020-13,gone.jpg|a.jpg,{'0' * 32},,all,Lachin,north\n"
        f"3,Other bytes,,a.jpg,{'0' * 32},,,,\n"
        "4,No kind,,no.jpg,,no.such.label,,,\n"
        "5,,,,,,,,\n"
        "1,Twice,,,,,,,\n"
        "7,Words,,,,dead.body=G3,,,,too many\n",
    )
    told = bring("csv", path, "--dry-run")
    assert told.status == 1
    assert told.results == ["would be taken in", *["error"] * 6]
    assert records(site) == []
    wrong = {
        line["at"]: {t["column"] for t in line["troubles"]}
        for line in told.report["lines"]
    }
    assert wrong["line 3"] == {"date", "file", "md5", "access", "latitude"}
    assert wrong["line 4"] == {"file"}
    assert wrong["line 5"] == {"labels"}
    assert wrong["line 6"] == {"title"}
    assert "stands at line 2" in " ".join(told.problems)
    assert any("the file has" in problem for problem in told.problems)
    taken = bring("csv", path)
    assert taken.results == ["taken in", *["error"] * 6]
    assert [each.title() for each in documents(site).values()] == ["Good"]


def test_what_was_taken_in_is_not_taken_in_again_and_a_change_is_told(
    site: Site, source: Path, picture, bring: Vigil
) -> None:
    picture("a.jpg")
    path = table(source, "id,title,file\n1,One,a.jpg\n2,Two,\n,Nameless,\n")
    assert bring("csv", path).results == ["taken in"] * 3
    table(source, "id,title,file\n1,One,a.jpg\n2,Other,\n,Nameless,\n4,New,\n")
    told = bring("csv", source)
    assert told.results == ["there already", "error", "there already", "taken in"]
    assert told.report["lines"][1]["record"] in {each.id for each in records(site)}
    assert "taken in before" in told.problems[0]
    assert len(records(site)) == 4
    assert bring("csv", path, "--name", "of another house").results == ["taken in"] * 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marked_encodings_and_every_delimiter_are_told_apart(
    source: Path, encoding: str
) -> None:
    for sign in tabletext.DELIMITERS:
        text = f'"Titel, der erste"{sign}Название\r\nx{sign}Шуши\r\n'
        found = tabletext.read(text.encode(encoding))
        assert found.delimiter == sign
        assert [row.cells for row in found.rows()] == [("x", "Шуши")]


def test_an_older_encoding_is_named_by_whoever_knows_it(
    site: Site, source: Path, bring: Vigil
) -> None:
    path = table(source, "title\nШуши\n", "cp1251")
    assert "cp1251" in bring("csv", path).report["error"]["message"]
    assert bring("csv", path, "--encoding", "cp1251").status == 0
    assert "Шуши" in documents(site)


HOSTILE = {
    "a NUL": (b"title\na\0b\n", "NUL"),
    "UTF-16 without its mark": ("title\nx\n".encode("utf-16-le"), "NUL"),
    "a cell of 10 MB": (b"title\n" + b"x" * 10_000_000 + b"\n", "letters"),
    "a quote that never closes": (b'title\n"x\n' + b"y\n" * 90_000, "quote"),
    "a million columns": (b"," * 1_000_000 + b"\n", "columns"),
    "one line without end": (b"x" * 2_500_000, "letters"),
    "nothing": (b"\n\n", "empty"),
    "two columns of one name": (b"title,title\n1,2\n", "Two columns"),
    "no title": (b"a,b\n1,2\n", "No column is the title"),
    "letters of another time": (b"title\n\xd8\xf3\n", "encoding"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_table_that_cannot_be_read_says_what_to_do(what: str) -> None:
    content, sentence = HOSTILE[what]
    with pytest.raises(SourceError, match=sentence):
        mapping.of_head(tabletext.read(content).head, {})


def test_a_table_that_cannot_be_read_changes_nothing(
    site: Site, source: Path, bring: Vigil
) -> None:
    path = table(source, "title\nGood\nb\0ad\n")
    told = bring("csv", path)
    assert (told.status, told.report["error"]["code"]) == (1, "source")
    assert records(site) == []


def test_files_are_found_within_the_source_alone(
    source: Path, picture, bring: Vigil, site: Site
) -> None:
    picture("a.jpg")
    (source.parent / "outside.jpg").write_bytes((source / "a.jpg").read_bytes())
    (source / "link.jpg").symlink_to(source.parent / "outside.jpg")
    (source / "up").symlink_to(source.parent)
    os.mkfifo(source / "pipe")
    names = ["../outside.jpg", str(source / "a.jpg"), "link.jpg", "up/outside.jpg"]
    names += ["pipe", ".", "C:\\a.jpg", "no.jpg"]
    text = "title,file\n" + "".join(f"{at},{name}\n" for at, name in enumerate(names))
    told = bring("csv", table(source, text))
    assert told.results == ["error"] * len(names)
    assert records(site) == []


def test_a_mapping_is_said_in_words_or_in_a_file_and_guesses_give_way(
    site: Site, source: Path, bring: Vigil
) -> None:
    path = table(source, "Title,Heading,Noise\nworking title,The title,x\n")
    said = source / "mapping.json"
    said.write_text('{"Noise": "source_note"}')
    told = bring("csv", path, "--map", "Heading=title.hy", "--mapping", said)
    assert told.report["columns"] == {
        "Title": "title",
        "Heading": "title.hy",
        "Noise": "source_note",
    }
    (document,) = documents(site).values()
    assert document.descriptions["hy"].title == "The title"
    for wrong in ("No=title", "Title=nothing", "Title"):
        assert bring("csv", path, "--map", wrong).status == 1
    said.write_text("[1]")
    assert "JSON" in bring("csv", path, "--mapping", said).report["error"]["message"]


def test_the_report_as_a_table_runs_in_no_spreadsheet(
    source: Path, bring: Vigil
) -> None:
    path = table(source, 'id,title\n=1,"=HYPERLINK(""x"")"\n"@1",\n')
    report = source / "report.csv"
    bring("csv", path, "--dry-run", "--report", report)
    assert report.stat().st_mode & 0o777 == 0o600
    found = list(csv.DictReader(io.StringIO(report.read_text("utf-8-sig"))))
    assert tuple(found[0]) == reports.HEAD
    assert found[0]["title"] == '\'=HYPERLINK("x")'
    assert found[1]["identifier"] == "'@1"
    assert found[1]["column"] == "title"


def test_an_edit_leaves_where_it_came_from_as_it_was(
    site: Site, source: Path, bring: Vigil
) -> None:
    bring("csv", table(source, "id,title\nk-1,One\n"))
    (record,) = records(site)
    with site.db.write() as s:
        row = store.require(s, record.id)
        plain = store.RecordDraft(rows.RecordDocument({"en": rows.Description("New")}))
        store.update(
            s, site.sealing, row, plain, revision=row.revision, now=site.clock()
        )
    brought = documents(site)["New"].provenance
    assert brought is not None
    assert brought.identifier == "k-1"


POINTS = {
    "before a record's jobs": (jobs, "enqueue", 5),
    "before the book of entries": (book, "write", 2),
}


def dies(owner: object, name: str, nth: int) -> None:
    real, calls = getattr(owner, name), []

    def wrapped(*given, **named):
        calls.append(1)
        if len(calls) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)

    setattr(owner, name, wrapped)


@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_dies_leaves_each_row_whole_or_not_at_all(
    site: Site, source: Path, picture, point: str
) -> None:
    text = "id,title,file,label\n"
    for name in "abc":
        picture(f"{name}.jpg")
        text += f"{name},Row {name},{name}.jpg,property.heritage\n"
    found = tabletext.read(text.encode())
    columns = mapping.of_head(found.head, {})
    site.close()

    def lines():
        entries = rows.entries(found, columns, Wish(), Folder(source).file)
        return Taking(site, Name("csv", "x"), "operator").take_in(entries)

    def act(life: Life) -> None:
        life.begin()
        dies(*POINTS[point])
        list(lines())

    assert run(act).was_killed
    assert [each.tier for each in records(site)] == [Tier.G1]
    assert verification.verify(site, actor="operator", now=site.clock()).ok
    fates = [line.fate.value for line in lines()]
    assert fates == ["there already", "taken in", "taken in"]
    assert [each.tier for each in records(site)] == [Tier.G1] * 3
