"""`vigil import`: many records at once, from a table or from other archives' files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from archive.cli import output
from archive.cli.deposits import parse_label
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.exchange.imports import (
    autoarchiver,
    bags,
    mapping,
    reports,
    rows,
    tabletext,
    telegram,
    webarchives,
)
from archive.exchange.imports.book import Name
from archive.exchange.imports.entries import Entry, Fate, Line, SourceError
from archive.exchange.imports.rows import Wish
from archive.exchange.imports.tabletext import Manner
from archive.exchange.imports.taking import Taking
from archive.exchange.imports.trees import Folder, Tree
from archive.exchange.imports.trees import opened as opened_tree
from archive.records import store
from archive.site import Site
from auth.viewer import Access, Visibility

TABLE_BYTES = 256 * 1024 * 1024
STOPPED = "Stopped. What was taken in stays; run the same again to go on from there."


@dataclass(frozen=True)
class Source:
    """What is to be read: by which name, how many entries (0: nobody knows), facts."""

    name: Name
    total: int
    entries: Callable[[], Iterator[Entry]]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manners:
    """How the command is to go about it."""

    dry_run: bool
    report: Path | None
    as_json: bool


@click.group("import")
def import_() -> None:
    """Take many records in at once: resumable, nothing half done.

    Every form has --dry-run. What was taken in before is not taken in again.
    """


def asked(command: Callable[..., None]) -> Callable[..., None]:
    """What every form of import can be told."""
    for option in reversed(
        (
            click.option("--dry-run", is_flag=True, help="Say what would happen."),
            click.option("--name", "called", help="Of the source; default: its file."),
            click.option("--language", default="en", show_default=True),
            click.option(
                "--visibility", type=output.word_of(Visibility), default="staff"
            ),
            click.option("--access", type=output.word_of(Access), default="vetted"),
            click.option("--collection", "slug", help="The collection's short name."),
            click.option("--label", "labels", multiple=True, help="For every file."),
            click.option("--publish", is_flag=True, help="What is labelled."),
            click.option(
                "--report",
                type=click.Path(path_type=Path, dir_okay=False),
                help="Write the report there too, as CSV.",
            ),
            output.json_option,
        )
    ):
        command = option(command)
    return command


_path = click.argument("source", type=click.Path(exists=True, path_type=Path))


@import_.command("csv")
@_path
@click.option("--map", "pairs", multiple=True, help="Column=field; as often as needed.")
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='A file such as {"Heading": "title"}.',
)
@click.option(
    "--encoding", help="Such as cp1251; default: UTF-8, or what its mark says."
)
@click.option("--delimiter", help="Default: whichever of , ; tab | the head has.")
@asked
def of_csv(
    source: Path,
    pairs: Sequence[str],
    mapping_file: Path | None,
    encoding: str | None,
    delimiter: str | None,
    **given: Any,  # noqa: ANN401 - click's
) -> None:
    """Every row of a table becomes a record; its files lie beside the table.

    Example: vigil import csv /srv/shoot/records.csv --dry-run
    """
    path = _the_table(source)
    manner = Manner(_encoding(encoding), _delimiter(delimiter))
    with _importing(given) as (site, wish, manners):
        said = {**_mapped(mapping_file), **mapping.said_by(pairs)}
        table = tabletext.read(_content(path), manner)
        columns = mapping.of_head(table.head, said)
        folder = Folder(path.parent)
        _run(
            site,
            Source(
                Name(rows.FORM, given["called"] or path.name),
                sum(1 for _row in table.rows()),
                lambda: rows.entries(table, columns, wish, folder.file),
                {"columns": columns.as_json(), "encoding": table.encoding},
            ),
            manners,
        )


@import_.command("bagit")
@_path
@asked
def of_bags(source: Path, **given: Any) -> None:  # noqa: ANN401 - click's
    """A bag, or every bag of a folder, becomes a record of its payload.

    Example: vigil import bagit /srv/bags --dry-run
    """
    with _importing(given) as (site, wish, manners), ExitStack() as open_here:
        found = bags.sources(source)
        name = Name(bags.FORM, given["called"] or source.resolve().name)
        told = bags.entries(found, wish, open_here)
        _run(site, Source(name, len(found), lambda: told), manners)


@import_.command("auto-archiver")
@_path
@asked
def of_auto_archiver(source: Path, **given: Any) -> None:  # noqa: ANN401 - click's
    """Every item that auto-archiver has saved in a folder becomes a record.

    Example: vigil import auto-archiver /srv/local_archive --dry-run
    """
    _of_tree(source, autoarchiver.FORM, autoarchiver.entries, given)


@import_.command("telegram")
@_path
@asked
def of_telegram(source: Path, **given: Any) -> None:  # noqa: ANN401 - click's
    """Every message with a file of an export by Telegram Desktop becomes a record.

    Example: vigil import telegram "/srv/ChatExport_2020-11-10" --dry-run
    """
    _of_tree(source, telegram.FORM, telegram.entries, given)


@import_.command("warc")
@_path
@asked
def of_web_archives(source: Path, **given: Any) -> None:  # noqa: ANN401 - click's
    """Every picture, film, sound and document in WARC and WACZ becomes a record.

    Example: vigil import warc /srv/crawl.wacz --dry-run
    """
    with _importing(given) as (site, wish, manners), ExitStack() as open_here:
        name = Name(webarchives.FORM, given["called"] or source.resolve().name)
        told = webarchives.entries(source, wish, open_here)
        _run(site, Source(name, 0, lambda: told), manners)


def _of_tree(
    source: Path,
    form: str,
    entries: Callable[[Tree, Wish], Iterator[Entry]],
    given: dict[str, Any],
) -> None:
    with _importing(given) as (site, wish, manners), opened_tree(source) as tree:
        name = Name(form, given["called"] or source.resolve().name)
        found = list(entries(tree, wish))
        _run(site, Source(name, len(found), lambda: iter(found)), manners)


@contextmanager
def _importing(given: dict[str, Any]) -> Iterator[tuple[Site, Wish, Manners]]:
    """The archive, and what was asked for; what a source is not fit for is a failure.

    :raises Failure: there is no such collection, or the source cannot be read
    """
    manners = Manners(given["dry_run"], given["report"], given["as_json"])
    with output.failing_as_json(manners.as_json), opened() as site:
        try:
            yield site, _wish(site, given), manners
        except SourceError as error:
            raise Failure(str(error), error.code) from error


def _wish(site: Site, given: dict[str, Any]) -> Wish:
    with site.db.read() as s:
        shelves = {each.slug: each.id for each in store.collections(s)}
    slug = given["slug"]
    if slug is not None and slug not in shelves:
        raise Failure(f"There is no collection {slug!r}.", "no_collection")
    return Wish(
        language=given["language"],
        visibility=Visibility(given["visibility"]),
        access=Access(given["access"]),
        collection_id=shelves.get(slug or ""),
        labels=tuple(parse_label(text) for text in given["labels"]),
        publish=given["publish"],
        shelves=shelves,
    )


def _run(site: Site, source: Source, manners: Manners) -> None:
    """Foresee or take in every entry, and report; exit status 1 if any is left out."""
    taking = Taking(site, source.name, OPERATOR)
    if not manners.dry_run:
        site.require_sandbox()
    done: list[Line] = []
    step = taking.foresee if manners.dry_run else taking.take_in
    stopped = False
    with output.progress("Importing", source.total) as tell:
        try:
            for line in step(source.entries()):
                done.append(line)
                tell(1)
        except KeyboardInterrupt:
            stopped = True
    _report(source, manners, done, stopped=stopped)
    wrong = sum(1 for line in done if line.fate is Fate.WRONG)
    if wrong:
        output.note(f"{wrong} of {len(done)} were left out; the report says why.")
    if stopped:
        output.note(STOPPED)
    if stopped or wrong:
        raise click.exceptions.Exit(Failure.exit_code)


def _report(
    source: Source, manners: Manners, done: Sequence[Line], *, stopped: bool
) -> None:
    lines = [reports.as_json(line) for line in done]
    if manners.report is not None:
        text = "".join(reports.as_csv(lines))
        manners.report.touch(0o600)
        manners.report.write_text(text, encoding="utf-8-sig", newline="")
    told = {
        "dry_run": manners.dry_run,
        "form": source.name.form,
        "name": source.name.called,
        **source.facts,
        "stopped": stopped,
        "counts": reports.counts(done),
        "lines": lines,
    }
    output.answer(told, manners.as_json, lambda: _sentences(source, manners, done))


def _sentences(source: Source, manners: Manners, done: Sequence[Line]) -> str:
    told = []
    if columns := source.facts.get("columns"):
        meaning = [(name, means or "(left out)") for name, means in columns.items()]
        told += [output.table(("column", "means"), meaning), ""]
    for line in done:
        if not (manners.dry_run or line.notes or line.fate is Fate.WRONG):
            continue
        called = _harmless(line.title or line.identifier)
        told.append(f"{line.at}: {line.fate.value}: {called}")
        told += [_harmless(f"    {t.column}: {t.message}") for t in line.troubles]
        told += [_harmless(f"    {note}") for note in line.notes]
    counted = reports.counts(done).items()
    told.append(", ".join(f"{number} {fate}" for fate, number in counted if number))
    return "\n".join(told)


def _harmless(words: str) -> str:
    """Words of strangers on one line, without what could steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in words)


def _the_table(source: Path) -> Path:
    """The table itself, or the only one in a folder."""
    if source.is_file():
        return source
    found = sorted(source.glob("*.csv"))
    if len(found) != 1:
        raise Failure(f"There are {len(found)} tables in {source}; name one.")
    return found[0]


def _content(path: Path) -> bytes:
    if path.stat().st_size > TABLE_BYTES:
        most = TABLE_BYTES // (1024 * 1024)
        raise SourceError(f"The table has more than {most} MB; divide it.")
    return path.read_bytes()


def _encoding(name: str | None) -> str | None:
    if name is None:
        return None
    try:
        "".encode(name)
    except (LookupError, ValueError):
        raise click.BadParameter(
            f"{name!r} is no encoding; write utf-8, utf-16 or cp1251.",
            param_hint="--encoding",
        ) from None
    return name


def _delimiter(sign: str | None) -> str | None:
    sign = {"tab": "\t", "\\t": "\t"}.get(sign or "", sign)
    if sign is not None and sign not in tabletext.DELIMITERS:
        raise click.BadParameter("Write , ; | or tab.", param_hint="--delimiter")
    return sign


def _mapped(path: Path | None) -> dict[str, str]:
    return {} if path is None else mapping.from_json(path.read_bytes())
