"""`vigil export`: what a search finds, to take away, in the forms that the pages offer.

Only a bag can hold originals. That is a named person's act, through the same gate as on
the pages: their own access token, a live consent for that purpose to each record.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from archive.cli import output, persons
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.exchange import reading
from archive.exchange.court import zipped
from archive.exchange.lists import FORMS, Listing, bags
from archive.exchange.lists.bags import OtherPurpose
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

BAG = "bagit"
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
@click.option("--purpose", help="That of the consents, such as legal or research.")
@click.option(
    "--in-the-clear", is_flag=True, help="Write originals to a file, unencrypted."
)
def export(  # noqa: PLR0913 - each is an option of the command
    form: str,
    *,
    query: str,
    email: str | None,
    language: str,
    out: Path,
    with_originals: bool,
    purpose: str | None,
    in_the_clear: bool,
) -> None:
    """Take away what a search finds, without media or, as a bag, with it.

    Example: vigil export ris --query Hadrut --out hadrut.ris
    """
    if with_originals:
        _require_whole(form, email, purpose, out, in_the_clear=in_the_clear)
    elif purpose or in_the_clear:
        raise click.UsageError("--purpose and --in-the-clear are for --with-originals.")
    with opened() as site, _as_failure():
        _refuse_home(site, out)
        viewer = _viewer(site, email, with_originals=with_originals)
        ids = _found(site, viewer, query, language)
        now = site.clock()
        listing = Listing(len(ids[:MOST]), len(ids) > MOST, now, site.config.base_url)
        entries = _entries(site, viewer, language, ids[:MOST])
        if form == BAG:
            held = list(entries)
            wanted = purpose if with_originals else None
            originals = bags.originals_of(site, held, viewer, wanted) if wanted else ()
            bag = bags.packed(site, listing, held, originals)
            _tell(site, viewer, form, listing.count, wanted)
            _write(zipped(bag), out)
        else:
            _tell(site, viewer, form, listing.count)
            _write(FORMS[form].write(listing, entries), out)
        if out != STDOUT:
            output.note(f"{listing.count} records are in {out}.")


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


def _entries(
    site: Site, viewer: Viewer, language: str, ids: Sequence[str]
) -> Iterator[Entry]:
    with output.progress("Reading", len(ids)) as done:
        for batch in reading.batches(ids):
            reader = Reader(site, viewer, language, site.clock())
            with site.db.read() as s:
                yield from reading.read(reader, s, batch)
            done(len(batch))


def _tell(
    site: Site, viewer: Viewer, form: str, count: int, purpose: str | None = None
) -> None:
    """The ledger's line, before the first byte; whoever has the shell is in it."""
    read_as = actor_of(viewer) if viewer.account_id else "visitor"
    what = "descriptions and originals" if purpose else "descriptions"
    detail = {"what": what, "format": form, "records": count, "as": read_as}
    detail |= {"purpose": purpose} if purpose else {}
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
