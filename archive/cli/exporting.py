"""`vigil export`: what a search finds, to take away, in the forms that the pages offer.

A bag or a crate can hold blurred previews, as clear as whoever it is read as is shown
them. Only a bag can hold originals. That is a named person's act, through the same gate
as on the pages: their own access token, a live consent for that purpose to each record.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click

from archive.cli import output, persons
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.exchange import reading
from archive.exchange.court import zipped
from archive.exchange.lists import FORMS, Listing, bags, crate, pictures
from archive.exchange.lists.bags import OtherPurpose
from archive.exchange.lists.pictures import Picture
from archive.exchange.reading import Entry, Reader
from archive.gate import RefusedError
from archive.ledger.actors import actor_of
from archive.records.document import LANGUAGES
from archive.searches import question
from archive.site import Site
from archive.witness import checkpoints
from auth.scope import scope
from auth.viewer import Viewer
from search import grammar
from search.engine import ScopeTerms
from search.query import QueryError

BAG, CRATE = "bagit", "ro-crate"
MOST = 10_000
"""Records of one export; of more, the first in the order of the search."""
STDOUT = Path("-")


@click.command()
@click.argument("form", type=click.Choice([*FORMS, BAG]))
@click.option("--query", default="", help="What to search for; without it, everything.")
@click.option("--as", "email", help="As this person reads; else as a visitor.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=STDOUT,
    help="A new file; without it, standard output.",
)
@click.option(
    "--with-originals",
    is_flag=True,
    help=f"With the files, as --as, whose token is in {persons.TOKEN}; bagit only.",
)
@click.option(
    "--with-previews",
    is_flag=True,
    help="With the blurred previews that --as is shown; bagit and ro-crate.",
)
@click.option("--purpose", help="That of the consents, such as legal or research.")
@click.option(
    "--in-the-clear", is_flag=True, help="Write originals to a file, unencrypted."
)
@output.json_option
def export(  # noqa: PLR0913 - each is an option of the command
    form: str,
    *,
    query: str,
    email: str | None,
    language: str,
    out: Path,
    with_originals: bool,
    with_previews: bool,
    purpose: str | None,
    in_the_clear: bool,
    as_json: bool,
) -> None:
    """Take away what a search finds, without media or, as a bag, with it.

    Example: vigil export ris --query Hadrut --out hadrut.ris
    """
    wanted = purpose if with_originals else None
    with output.failing_as_json(as_json):
        _require_form(form, out, with_previews=with_previews, as_json=as_json)
        if with_originals:
            _require_whole(form, email, purpose, out, in_the_clear=in_the_clear)
        elif purpose or in_the_clear:
            raise click.UsageError(
                "--purpose and --in-the-clear are for --with-originals."
            )
        with opened() as site, _as_failure():
            _refuse_home(site, out)
            viewer = _viewer(site, email, with_originals=with_originals)
            ids = _found(site, viewer, query, language)
            list_ = _List(site, viewer, language, ids[:MOST], is_cut=len(ids) > MOST)
            _write(_taken(list_, form, wanted, with_previews=with_previews), out)
    if out != STDOUT:
        document = {
            "form": form,
            "out": str(out),
            "records": len(list_.ids),
            "cut": list_.is_cut,
        }
        if as_json:
            output.answer(document, as_json, str)
        else:
            output.note(f"{len(list_.ids)} records are in {out}.")


@dataclass(frozen=True)
class _List:
    """What is taken: the records, for whom, in which language."""

    site: Site
    viewer: Viewer
    language: str
    ids: Sequence[str]
    is_cut: bool

    @property
    def listing(self) -> Listing:
        base = self.site.config.base_url
        return Listing(len(self.ids), self.is_cut, self.site.clock(), base)


def _taken(
    list_: _List, form: str, purpose: str | None, *, with_previews: bool
) -> Iterable[bytes]:
    """The pieces of the export, once the ledger has its line."""
    site, listing, entries = list_.site, list_.listing, _entries(list_)
    shown: list[Picture] = []
    if form == BAG or with_previews:
        held = list(entries)
        entries = iter(held)
        shown = _previews(list_, held) if with_previews else []
    if form == BAG:
        originals = (
            bags.originals_of(site, held, list_.viewer, purpose) if purpose else ()
        )
        pieces = zipped(bags.packed(site, listing, held, originals, shown))
    elif with_previews:
        pieces = crate.written(listing, held, shown)
    else:
        pieces = FORMS[form].write(listing, entries)
    _tell(list_, form, purpose, previews=len(shown))
    return pieces


def _require_form(form: str, out: Path, *, with_previews: bool, as_json: bool) -> None:
    """:raises Failure: it cannot hold previews
    :raises UsageError: a document and the export would go to the same place
    """
    if with_previews and form not in (BAG, CRATE):
        raise Failure(
            "Only a bag or a crate holds previews: vigil export bagit or ro-crate.",
            "form",
        )
    if as_json and out == STDOUT:
        raise click.UsageError("--json tells of a file: name one with --out.")


def _require_whole(
    form: str, email: str | None, purpose: str | None, out: Path, *, in_the_clear: bool
) -> None:
    """:raises Failure: something is missing without which no original goes out"""
    if form != BAG:
        raise Failure("Only a bag holds originals: vigil export bagit.", "form")
    if email is None:
        raise Failure("Originals are given to a person: name one with --as.", "as")
    if purpose is None:
        raise Failure("Say with --purpose what the originals are for.", "purpose")
    if out != STDOUT and not in_the_clear:
        raise Failure(
            "The originals would lie unencrypted in that file: write to - and on to an "
            "encrypted place, or add --in-the-clear.",
            "clear",
        )


def _viewer(site: Site, email: str | None, *, with_originals: bool) -> Viewer:
    if with_originals and email is not None:
        return persons.proved(site, email)
    return persons.reading_as(site, email)


def _found(site: Site, viewer: Viewer, query: str, language: str) -> Sequence[str]:
    grammar.read(query)  # what cannot be read is said before any index is opened
    pairs = [("q", query), ("sort", "relevance" if query.strip() else "deposited")]
    reach = scope(viewer, site.clock())
    terms = ScopeTerms(reach.audiences, reach.guarded, reach.digits)
    asked = question.read(pairs, lang=language)
    return site.engine.ids(asked, terms, MOST + 1)


def _entries(list_: _List) -> Iterator[Entry]:
    site = list_.site
    with output.progress("Reading", len(list_.ids)) as done:
        for batch in reading.batches(list_.ids):
            reader = Reader(site, list_.viewer, list_.language, site.clock())
            with site.db.read() as s:
                yield from reading.read(reader, s, batch)
            done(len(batch))


def _previews(list_: _List, entries: Sequence[Entry]) -> list[Picture]:
    site = list_.site
    found: list[Picture] = []
    with output.progress("Previews", len(entries)) as done:
        for start in range(0, len(entries), reading.BATCH):
            batch = entries[start : start + reading.BATCH]
            reader = Reader(site, list_.viewer, list_.language, site.clock())
            with site.db.read() as s:
                found += pictures.of(site, s, batch, reader)
            done(len(batch))
    return found


def _tell(list_: _List, form: str, purpose: str | None, *, previews: int) -> None:
    """The ledger's line, before the first byte; whoever has the shell is in it."""
    viewer, site = list_.viewer, list_.site
    read_as = actor_of(viewer) if viewer.account_id else "visitor"
    what = "descriptions and originals" if purpose else "descriptions"
    records = len(list_.ids)
    detail = {"what": what, "format": form, "records": records, "as": read_as}
    detail |= {"purpose": purpose} if purpose else {}
    detail |= {"previews": previews} if previews else {}
    with site.db.write() as s:
        site.ledger.append(
            s, "exporting", actor=OPERATOR, now=site.clock(), detail=detail
        )


def _write(pieces: Iterable[bytes], out: Path) -> None:
    if out == STDOUT:
        _copy(pieces, sys.stdout.buffer)
    else:
        with checkpoints.appearing(out, 0o600) as file:
            _copy(pieces, file)


def _copy(pieces: Iterable[bytes], file: IO[bytes]) -> None:
    for piece in pieces:
        file.write(piece)
    file.flush()


def _refuse_home(site: Site, out: Path) -> None:
    if out != STDOUT and site.config.home.resolve() in out.resolve().parents:
        raise Failure(f"{out} is within the archive; name a place outside.")


@contextmanager
def _as_failure() -> Iterator[None]:
    try:
        yield
    except QueryError as error:
        raise Failure(str(error), "query") from error
    except RefusedError as refused:
        codes = ", ".join(refused.refusal.codes)
        raise Failure(f"The policy says no: {codes}.", "refused") from refused
    except OtherPurpose as error:
        raise Failure(str(error), "purpose") from error
    except FileExistsError as error:
        raise Failure("That file is there already; name a new one.") from error
