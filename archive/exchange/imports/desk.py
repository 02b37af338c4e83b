"""Tables handed in by page or API: kept sealed, checked, begun, and done as a job.

    checking → planned → running → done
                             ↘ cancelled

What is kept of a table is its bytes, what was wished, and the report, all sealed. The
files that it names are those that its author has sent and not handed in. A row that is
done is done for good, so whatever stops the work, it goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import CursorResult, and_, delete, or_, select
from sqlalchemy.orm import Session

from archive import jobs
from archive.exchange.imports import mapping, reports, rows, tabletext
from archive.exchange.imports.book import Name
from archive.exchange.imports.entries import Entry, Fate, Line, SourceError, Unfit
from archive.exchange.imports.mapping import Columns
from archive.exchange.imports.rows import Wish
from archive.exchange.imports.tables import Import, ImportState
from archive.exchange.imports.tabletext import TableText
from archive.exchange.imports.taking import Premises, Taking
from archive.intake import Arrival, uploads
from archive.jobs import Job
from archive.records import store
from archive.records.errors import Conflict, NoSuchRecord
from auth.identifiers import new_id
from auth.sealing import Sealing
from auth.viewer import Access, Item, RecordState, Tier, Visibility

JOB = "import"
TABLE_BYTES = 16 * 1024 * 1024
AT_ONCE = 200
"""Rows up to which a table is checked while somebody waits."""
SHA256_ALONE = (
    "Of files that were sent SHA-256 alone is compared; leave the others out."
)
SIGNED_OUT = "Whoever began this import has signed out; it goes on when they say so."
OVER = (ImportState.DONE, ImportState.CANCELLED)


@dataclass(frozen=True)
class Handed:
    """What somebody asked for beside the table; `said` maps columns to fields."""

    called: str
    language: str = "en"
    visibility: str = Visibility.STAFF.value
    access: str = Access.VETTED.value
    collection_id: str | None = None
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """An import with what is sealed in it."""

    row: Import
    handed: Handed
    table: TableText
    columns: Columns


def as_it_will_be(by: str) -> Item:
    """A row's record before it is there, as the policy sees it."""
    return Item("", RecordState.SUBMITTED, depositor_id=by, tier=Tier.G5)


def keep(
    sealing: Sealing, s: Session, content: bytes, handed: Handed, by: str, now: datetime
) -> Import:
    """Keep a table to be checked; nothing is taken in.

    :raises SourceError: it cannot be read as it is, or has no title
    """
    if len(content) > TABLE_BYTES:
        most = TABLE_BYTES // (1024 * 1024)
        raise SourceError(f"The table has more than {most} MB; divide it.")
    table = tabletext.read(content)
    mapping.of_head(table.head, handed.said)
    row = Import(
        id=new_id(),
        author=by,
        state=ImportState.CHECKING,
        rows=sum(1 for _row in table.rows()),
        done=0,
        wrong=0,
        made_at=now,
    )
    row.source_sealed = sealing.seal(content, _context("source", row))
    _seal_wish(sealing, row, handed)
    s.add(row)
    s.flush()
    return row


def require(s: Session, import_id: str, by: str) -> Import:
    """:raises NoSuchRecord: there is none of that id, or it is somebody else's"""
    row = s.get(Import, import_id)
    if row is None or row.author != by:
        raise NoSuchRecord("There is no such import.")
    return row


def of_author(s: Session, by: str, limit: int | None = 20) -> Sequence[Import]:
    """What somebody handed in, newest first; all of it where no limit is given."""
    mine = select(Import).where(Import.author == by)
    return s.scalars(mine.order_by(Import.made_at.desc(), Import.id).limit(limit)).all()


def opened(sealing: Sealing, row: Import) -> Opened:
    """Open what is sealed in it."""
    told = Handed(**json.loads(sealing.open(row.wish_sealed, _context("wish", row))))
    content = sealing.open(row.source_sealed or b"", _context("source", row))
    table = tabletext.read(content)
    return Opened(row, told, table, mapping.of_head(table.head, told.said))


def job_of(s: Session, row: Import) -> Job | None:
    """The job that checks it or takes it in, where there was one."""
    return None if row.job_id is None else jobs.get(s, row.job_id)


def called(sealing: Sealing, row: Import) -> str:
    """What its table is called."""
    told = json.loads(sealing.open(row.wish_sealed, _context("wish", row)))
    return str(told["called"])


def report(sealing: Sealing, row: Import) -> list[dict[str, Any]]:
    """The lines so far, as `reports.as_json` gives them."""
    if row.report_sealed is None:
        return []
    lines: list[dict[str, Any]] = json.loads(
        sealing.open(row.report_sealed, _context("report", row))
    )
    return lines


def remap(
    sealing: Sealing, row: Import, said: Mapping[str, str], now: datetime
) -> None:
    """Read the columns otherwise, and have it checked again.

    :raises SourceError: the columns cannot mean that
    :raises Conflict: it was begun already
    """
    if row.state is not ImportState.PLANNED:
        raise Conflict("This import was begun already; hand the table in once more.")
    was = opened(sealing, row)
    mapping.of_head(was.table.head, said)
    _seal_wish(sealing, row, Handed(**{**asdict(was.handed), "said": dict(said)}))
    row.state, row.report_sealed, row.made_at = ImportState.CHECKING, None, now


def begin(s: Session, row: Import, entrance: str | None, now: datetime) -> None:
    """Let it begin; a job does the work.

    :raises Conflict: it is checked still, or was begun already
    """
    if row.state is not ImportState.PLANNED:
        raise Conflict("This import is checked still, or was begun already.")
    row.done = row.wrong = 0
    row.report_sealed = None
    _run(s, row, entrance, now)


def go_on(s: Session, row: Import, entrance: str | None, now: datetime) -> None:
    """Let it go on where it stopped; a job does the work.

    :raises Conflict: it has not begun, is over, or a job is at it
    """
    if row.state not in (ImportState.RUNNING, ImportState.CANCELLED):
        raise Conflict("This import is over, or still being checked.")
    job = job_of(s, row)
    if job is not None and job.state in jobs.OPEN_STATES:
        raise Conflict("This import is at work already.")
    _run(s, row, entrance, now)


def _run(s: Session, row: Import, entrance: str | None, now: datetime) -> None:
    row.state, row.entrance, row.ended_at = ImportState.RUNNING, entrance, None
    queue(s, row, now)


def queue(s: Session, row: Import, now: datetime) -> None:
    """Queue the job that checks it, or takes it in."""
    args = {"import": row.id}
    row.job_id = jobs.enqueue(s, JOB, args, owner=row.author, now=now).id


def cancel(s: Session, row: Import, now: datetime) -> None:
    """Stop after the row in hand; what is taken in stays.

    :raises Conflict: it is over already
    """
    if row.state in OVER:
        raise Conflict("This import is over, or still being checked.")
    row.state, row.ended_at = ImportState.CANCELLED, now
    if row.job_id is not None:
        jobs.cancel(s, row.job_id, now=now)


def check(
    premises: Premises,
    import_id: str,
    told: Callable[[float], None],
    *,
    may_label: bool,
) -> None:
    """Foresee every row and keep the report; `told` gets how far it is, 0 to 1."""
    found = _found(premises, import_id)
    lines = []
    for line in _taking(premises, found, may_label=may_label).foresee(
        _entries(premises, found)
    ):
        lines.append(line)
        told(len(lines) / max(1, found.row.rows))
    with premises.db.write() as s:
        row = s.get_one(Import, import_id)
        if row.state is ImportState.CHECKING:
            _note(premises.sealing, row, lines)
            row.state = ImportState.PLANNED


def lines_to_do(
    premises: Premises, import_id: str, *, may_label: bool
) -> Iterator[Line]:
    """Take in the rows that are left, one by one; `keep_lines` notes what was done.

    :raises Refused: the archive can take nothing more
    """
    found = _found(premises, import_id)
    taking = _taking(premises, found, may_label=may_label)
    entries = islice(_entries(premises, found), found.row.done, None)
    return taking.take_in(entries)


def keep_lines(premises: Premises, s: Session, row: Import, done: list[Line]) -> None:
    """Note what became of some more rows."""
    _note(premises.sealing, row, done)


def finish(row: Import, now: datetime) -> None:
    """Every row has been met; one that was stopped meanwhile stays so."""
    if row.state is not ImportState.RUNNING:
        return
    row.state, row.ended_at = ImportState.DONE, now


def forget(
    s: Session, accounts: Sequence[str], keep: timedelta, now: datetime
) -> dict[str, int]:
    """Delete what was handed in so long ago, and what is of accounts that are gone.

    The records stay, and so does what is known again of their rows.
    """
    old = and_(Import.made_at < now - keep, Import.state != ImportState.RUNNING)
    gone = s.execute(delete(Import).where(or_(old, Import.author.in_(accounts))))
    count = gone.rowcount if isinstance(gone, CursorResult) else 0
    return {"imports": count} if count else {}


def _found(premises: Premises, import_id: str) -> Opened:
    with premises.db.read() as s:
        return opened(premises.sealing, s.get_one(Import, import_id))


def _taking(premises: Premises, found: Opened, *, may_label: bool) -> Taking:
    name = Name(rows.FORM, found.handed.called)
    return Taking(premises, name, found.row.author, may_label)


def _entries(premises: Premises, found: Opened) -> Iterator[Entry]:
    handed, by, now = found.handed, found.row.author, premises.clock()
    with premises.db.read() as s:
        shelves = {each.slug: each.id for each in store.collections(s)}
        sent = [
            Sent(premises, by, each.id, name, each.length)
            for each in uploads.open_uploads(s, by, now)
            if each.is_complete
            and (name := uploads.details_of(premises.sealing, each).filename)
        ]
    wish = Wish(
        language=handed.language,
        visibility=Visibility(handed.visibility),
        access=Access(handed.access),
        collection_id=handed.collection_id,
        shelves=shelves,
    )

    def find(name: str) -> Sent:
        named = [each for each in sent if each.name == name.strip()]
        if len(named) == 1:
            return named[0]
        if named:
            told = f"Two of the files that you sent are called {name}; remove one."
            raise Unfit("files", told, "no_file")
        raise Unfit("files", f"You have sent no file {name}.", "no_file")

    return rows.entries(found.table, found.columns, wish, find)


@dataclass(frozen=True)
class Sent:
    """A file that somebody has sent and not handed in; its kind was told as it came."""

    premises: Premises
    by: str
    upload_id: str
    name: str
    size: int

    def look(self, algorithms: frozenset[str]) -> Mapping[str, str] | None:
        """Nothing is compared before it is taken in."""
        return None

    def bring(self, arrival: Arrival, algorithms: frozenset[str]) -> Mapping[str, str]:
        """Take it into the archive.

        :raises Refused: it has gone meanwhile, or cannot be taken
        :raises Unfit: a digest is claimed that is not compared
        """
        if algorithms - {"sha256"}:
            raise Unfit("files", SHA256_ALONE)
        now = self.premises.clock()
        uploads.take(self.premises, arrival, self.upload_id, self.by, now)
        return {"sha256": arrival.files[-1].sha256}


def _note(sealing: Sealing, row: Import, done: list[Line]) -> None:
    lines = [*report(sealing, row), *map(reports.as_json, done)]
    row.report_sealed = sealing.seal(
        json.dumps(lines).encode(), _context("report", row)
    )
    row.wrong += sum(1 for line in done if line.fate is Fate.WRONG)
    row.done += len(done)


def _seal_wish(sealing: Sealing, row: Import, handed: Handed) -> None:
    told = json.dumps(asdict(handed)).encode()
    row.wish_sealed = sealing.seal(told, _context("wish", row))


def _context(part: str, row: Import) -> str:
    return f"imports.{part}/v1:{row.id}"
