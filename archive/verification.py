"""Reads everything back: `vigil verify --all`.

| part | holds when |
|---|---|
| ledger | the chain is whole, unchanged, ends at its head; no index hides a line; |
|  | its first lines are those that every checkpoint, here and elsewhere, stands for; |
|  | nothing that it says was ended goes on |
| fixity | every sealed object authenticates and is what was deposited |
| digests | size and SHA-256 of each asset agree with those of its stored original |
| previews | every ready asset has a preview that opens |
| descriptions | every record's description and every asset's details open |

Nothing is changed but one line in the ledger which says that it was done, the place of
fixity where its manner names a keeper, and what is set aside as damaged. Progress is
told as (part, done, total).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive import fixity
from archive.config import Config
from archive.db import Database
from archive.fixity import Manner
from archive.ledger import Ledger
from archive.records import store
from archive.records.tables import Asset, AssetState, Record
from archive.vault import keytable, previews
from archive.vault.container import Kind
from archive.vault.errors import Shredded, VaultError
from archive.vault.keyrings import Keyring
from archive.vault.objects import Vault
from archive.witness.ended import contradictions
from archive.witness.watching import Watching
from auth.sealing import Sealing
from blur.preview import Malformed, Preview

PARTS = ("ledger", "fixity", "digests", "previews", "descriptions")
CHOICES = {
    "ledger": ("ledger",),
    "fixity": ("fixity", "digests", "descriptions"),
    "previews": ("previews",),
}
"""What people choose among, and the parts that each is made of."""
_BATCH = 500
Progress = Callable[[str, int, int], None]


class Premises(Protocol):
    """What verification needs of a running archive."""

    @property
    def db(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True)
class Finding:
    """One thing that is off: in which part, about what, in one sentence."""

    part: str
    about: str
    what: str


@dataclass
class Report:
    """What was read back, and what is off; not `complete` when it was told to stop."""

    checked: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    complete: bool = True
    places: dict[str, str] = field(default_factory=dict)
    """The last thing that was read of a part, in order of id; it is gone on from."""

    @property
    def ok(self) -> bool:
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """The document that `vigil verify --json` prints."""
        return {
            "ok": self.ok,
            "complete": self.complete,
            "checked": self.checked,
            "findings": [asdict(finding) for finding in self.findings],
        }


def verify(
    premises: Premises,
    *,
    parts: tuple[str, ...] = PARTS,
    actor: str,
    now: datetime,
    progress: Progress | None = None,
    manner: Manner | None = None,
) -> Report:
    """Read these parts back, and say in the ledger that it was done.

    The manner is that of reading files; told to stop, no further part is begun, and the
    ledger hears of it when the rest was read.

    :raises ValueError: there is no part of that name
    """
    for part in parts:
        if part not in PARTS:
            raise ValueError(f"{part!r} is not one of {', '.join(PARTS)}")
    report, how = Report(), manner or Manner()
    read = _read_back(premises, parts, how, report, progress or _silent)
    if not report.complete:
        return report
    with premises.db.write() as session:
        if read is not None and how.keeper is not None:
            fixity.end(session, how.keeper, read, now)
        premises.ledger.append(
            session,
            "fixity check" if "fixity" in parts else "verification",
            actor=actor,
            now=now,
            detail={"checked": report.checked, "findings": len(report.findings)},
        )
    return report


def read_on(
    premises: Premises, part: str, manner: Manner, report: Report, tell: Progress
) -> fixity.Round | None:
    """Read one part on from its place; return how files came out where it is theirs.

    Whatever `tell` raises ends it there, and the place is that of the last thing read.
    """
    report.checked.setdefault(part, 0)
    if part == "fixity":
        return _fixity(premises, manner, report, tell)
    with premises.db.read() as session:
        CHECKS[part](premises, session, report, tell)
    return None


def _read_back(
    premises: Premises,
    parts: tuple[str, ...],
    how: Manner,
    report: Report,
    tell: Progress,
) -> fixity.Round | None:
    """Read the parts in their order until told to stop; return how files came out."""
    read = None
    for part in parts:
        if how.pace.is_stopped or not report.complete:
            report.complete = False
            break
        read = read_on(premises, part, how, report, tell) or read
    return read


def _silent(_part: str, _done: int, _total: int) -> None:
    return None


def _ledger(
    premises: Premises, session: Session, report: Report, tell: Progress
) -> None:
    watching = Watching(premises, session)
    found = premises.ledger.verify(
        session, lambda done, of: tell("ledger", done, of), watching.passing
    )
    report.checked["ledger"] = found.checked
    report.checked["checkpoints"] = watching.count
    report.findings += [
        Finding("ledger", about, what) for about, what in watching.disagreements()
    ]
    report.findings += [
        Finding("ledger", f"line {finding.seq}", finding.what)
        for finding in found.found
    ]
    report.findings += [
        Finding("ledger", "database", fault) for fault in premises.db.faults()
    ]
    if found.ok:
        report.findings += [
            Finding("ledger", about, what)
            for about, what in contradictions(
                session, premises.ledger, premises.clock()
            )
        ]


def _fixity(
    premises: Premises, manner: Manner, report: Report, tell: Progress
) -> fixity.Round:
    walk = fixity.Walk(premises, manner)
    found = walk.run(lambda done, of: tell("fixity", done, of))
    report.checked["fixity"], report.complete = found.checked, found.is_over
    # A round that was gone on with tells again what it had found before.
    report.findings = [each for each in report.findings if each.part != "fixity"]
    report.findings += [
        Finding("fixity", f"object {each.object_id}", each.what) for each in found.off
    ]
    return found


def _digests(
    premises: Premises, session: Session, report: Report, tell: Progress
) -> None:
    for asset in _assets(session, report, "digests", tell):
        if what := _disagreement(premises, session, asset):
            report.findings.append(Finding("digests", f"asset {asset.id}", what))


def _disagreement(premises: Premises, session: Session, asset: Asset) -> str:
    try:
        details = store.details_of(premises.sealing, asset)
        row = keytable.newest(session, asset.object_id, Kind.ORIGINAL)
        facts = keytable.unwrap(premises.vault.keyring, row).facts
    except Shredded:
        return ""  # on purpose: there is nothing any more to agree with
    except VaultError as error:
        return str(error)
    if (facts.size, facts.sha256.hex()) != (asset.size, details.sha256):
        return "size or SHA-256 are not those of the stored original"
    if premises.sealing.blind(details.sha256, store.SHA256_PURPOSE) != (
        asset.sha256_index
    ):
        return "the index of its SHA-256 is not its own"
    return ""


def _previews(
    premises: Premises, session: Session, report: Report, tell: Progress
) -> None:
    for asset in _assets(session, report, "previews", tell):
        if asset.state is not AssetState.READY:
            continue
        if what := _fault_of_preview(premises, session, asset):
            report.findings.append(Finding("previews", f"asset {asset.id}", what))


def _fault_of_preview(premises: Premises, session: Session, asset: Asset) -> str:
    made = asset.preview_object_id
    if made is None:
        return "the preview is missing"
    try:
        Preview.from_bytes(
            previews.read_preview(session, premises.vault, made, Kind.PREVIEW_IMAGE)
        )
        clip = asset.clip_object_id
        if clip is not None:
            kind = Kind.PREVIEW_VIDEO
            previews.open_preview(session, premises.vault, clip, kind).close()
    except (VaultError, Malformed) as error:
        return f"the preview does not open: {error}"
    return ""


def _descriptions(
    premises: Premises, session: Session, report: Report, tell: Progress
) -> None:
    total = _count(session, select(Record.id))
    for record in _records(session, report.places.get("descriptions", "")):
        try:
            store.document_of(premises.sealing, record)
        except VaultError as error:
            about = f"record {record.id}"
            report.findings.append(Finding("descriptions", about, str(error)))
        _was_read(report, "descriptions", record.id, total, tell)


def _assets(
    session: Session, report: Report, part: str, tell: Progress
) -> Iterator[Asset]:
    total, after = _count(session, select(Asset.id)), report.places.get(part, "")
    query = select(Asset).order_by(Asset.id).limit(_BATCH)
    while batch := session.scalars(query.where(Asset.id > after)).all():
        for asset in batch:
            yield asset
            _was_read(report, part, asset.id, total, tell)
        after = batch[-1].id


def _was_read(report: Report, part: str, last: str, total: int, tell: Progress) -> None:
    report.places[part] = last
    report.checked[part] += 1
    tell(part, report.checked[part], total)


def _records(session: Session, after: str) -> Iterator[Record]:
    while ids := store.ids_after(session, after, _BATCH):
        yield from (store.require(session, record_id) for record_id in ids)
        after = ids[-1]


def _count(session: Session, query: Any) -> int:  # noqa: ANN401 - any select
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


CHECKS: dict[str, Callable[[Premises, Session, Report, Progress], None]] = {
    "ledger": _ledger,
    "digests": _digests,
    "previews": _previews,
    "descriptions": _descriptions,
}
