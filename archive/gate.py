"""The one way out: originals are opened here and nowhere else.

    release   viewer, asset -> facts read afresh -> policy -> ledger line -> original
    resume    the same for the next range of what is being shown: decided anew, told by
              the line of a minute ago at most
    derive    the same for the program itself, to make previews and to check fixity

A redacted copy (form `redacted/ID`) goes the same way, and is decided on as what it
shows; one that nobody has confirmed yet still is its original, for moderators alone.

The ledger line is committed before the original is opened: a crash between the two
leaves a line without a view, never a view without a line. While bytes flow the question
is asked again, on fresh facts, at least every two seconds; when the answer has changed,
or a chunk does not authenticate, reading raises, and the connection must be broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from sqlalchemy.orm import Session

from archive.db import Database
from archive.ledger import Ledger, Told
from archive.records import redactions, store
from archive.records.errors import NoSuchRecord
from archive.records.tables import Asset, Record, RedactionState
from archive.vault import originals
from archive.vault.container import Kind
from archive.vault.objects import Vault
from archive.vault.reader import SealedReader
from archive.vault.tables import DataKey
from auth.access import exposure
from auth.entry import entrances
from auth.policy import Action, Permit, Refusal, decide
from auth.sealing import Sealing
from auth.viewer import Item, ReasonCode, Rules, Tier, Viewer
from blur import copies
from blur.kinds import Family

PIECE_BYTES = 256 * 1024
FIRST_BYTES = 1024 * 1024
"""As long as what players ask for: each piece that is sent wakes whoever reads."""
ORIGINAL, CLEAN, COPY, MARK = "original", "clean", "copy", "mark"
MUTED, SOUND_MARK = "muted", "sound-mark"
REDACTED = "redacted"
ASK_AGAIN_AFTER = timedelta(seconds=2)


class Premises(Protocol):
    """What the gate needs of a running archive."""

    @property
    def db(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def rules(self) -> Rules: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


class Opened(Protocol):
    """An original that is open for one viewer, in this process or in another."""

    @property
    def asset_id(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def media_type(self) -> str: ...
    @property
    def filename(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def form(self) -> str: ...
    @property
    def record_id(self) -> str: ...
    @property
    def tier(self) -> Tier: ...
    @property
    def told(self) -> Told: ...
    def read(self, start: int, stop: int) -> Iterator[bytes]: ...
    def read_range(self, offset: int, length: int) -> bytes: ...
    def close(self) -> None: ...


class RefusedError(Exception):
    """The policy said no; `refusal` has every reason, `item` what was asked for."""

    def __init__(self, refusal: Refusal, item: Item | None) -> None:
        self.refusal = refusal
        self.item = item
        super().__init__(", ".join(refusal.codes))


@dataclass
class Release:
    """An original that is open for one viewer; close it, or use it as a block.

    `told` is the line of the ledger that tells of it.
    """

    asset_id: str
    record_id: str
    size: int
    media_type: str
    filename: str
    format: str
    form: str
    permit: Permit
    told: Told
    _premises: Premises = field(repr=False)
    _reader: SealedReader = field(repr=False)
    _row: DataKey = field(repr=False)
    _asked: datetime = field(repr=False)
    _is_closed: bool = field(default=False, repr=False)

    @property
    def account_id(self) -> str:
        return self.permit.viewer.account_id or ""

    @property
    def tier(self) -> Tier:
        item = self.permit.item
        return Tier.G5 if item is None else item.tier

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `start` up to, not including, `stop`, in small pieces.

        :raises RefusedError: the viewer may not see it any more
        :raises VaultError: the stored bytes are not those that were deposited
        """
        at, most, stop = start, FIRST_BYTES, min(stop, self.size)
        while at < stop:
            self.ask_again()
            yield self._reader.read_range(at, min(most, stop - at))
            at, most = at + most, PIECE_BYTES

    def read_range(self, offset: int, length: int) -> bytes:
        """Return these bytes; fewer only at the end.

        :raises RefusedError: the viewer may not see it any more
        :raises VaultError: the stored bytes are not those that were deposited
        """
        self.ask_again()
        return self._reader.read_range(offset, length)

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            originals.leave(self._premises.vault, self._row, self._reader)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask_again(self) -> None:
        """Decide once more, on fresh facts, where the last answer is seconds old.

        :raises RefusedError: the viewer may not see it any more
        """
        now = self._premises.clock()
        if now - self._asked < ASK_AGAIN_AFTER:
            return
        with self._premises.db.read() as session:
            viewer, form = self.permit.viewer, self.form
            _decide(self._premises, session, viewer, self.asset_id, form, now)
        self._asked = now


@dataclass
class Package:
    """A sealed package with originals that is open for one viewer; close it."""

    size: int
    _releases: Sequence[Release] = field(repr=False)
    _reader: SealedReader = field(repr=False)

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `start` up to, not including, `stop`, in small pieces.

        :raises RefusedError: the viewer may not see one of the originals any more
        :raises VaultError: the stored bytes are not those that were made
        """
        for at in range(start, min(stop, self.size), PIECE_BYTES):
            for each in self._releases:
                each.ask_again()
            yield self._reader.read_range(at, min(PIECE_BYTES, stop - at))

    def close(self) -> None:
        self._reader.close()
        for each in self._releases:
            each.close()


def release(
    premises: Premises,
    viewer: Viewer,
    asset_id: str,
    now: datetime,
    *,
    form: str = ORIGINAL,
) -> Release:
    """Open an original for a person, or refuse with every reason.

    `form` says in the ledger what of it is given: the untouched original, or what the
    caller makes of it. With the form `COPY` it is the kept copy for browsers, with
    `MUTED` the film without its sound; with
    `CLEAN` the caller blanks the metadata; with `redacted_form` it is a redacted copy.

    :raises RefusedError: the policy says no
    :raises NoSuchRecord: there is nothing of that id, or no such copy of it
    :raises VaultError: it is there, but cannot be opened
    """
    try:
        with premises.db.write() as session:
            found = _decide(premises, session, viewer, asset_id, form, now)
            row = _row(session, found.asset, form)
            told = _tell_the_ledger(premises, session, found, form, now)
    except RefusedError as refused:
        _note_the_refusal(premises, viewer, refused, now)
        raise
    premises.ledger.recent.told(_displaying(found, form), told, now)
    reader = _open(premises, found, row)
    name = store.details_of(premises.sealing, found.asset).filename
    return _released(premises, found, name, form, told, reader, row, now)


def resume(
    premises: Premises,
    viewer: Viewer,
    asset_id: str,
    now: datetime,
    *,
    form: str = ORIGINAL,
) -> Release | None:
    """Open a further range of what this viewer is being shown already.

    The policy decides again, on facts that nobody has changed since they were read.

    :returns: None where no line of the last minute tells of it; ask for `release` then
    :raises NoSuchRecord: there is nothing of that id
    :raises VaultError: it is there, but cannot be opened
    """
    if viewer.account_id is None:
        return None
    key = (form, asset_id, _standing(viewer))
    facts = premises.db.recall(
        key, now, lambda: _read(premises, viewer, asset_id, form, now)
    )
    permit = _permit(premises, facts.viewer, facts.asked, now)
    if isinstance(permit, Refusal):
        return None  # `release` refuses it, and notes that
    found = _Found(permit, facts.viewer, facts.record, facts.asset)
    told = premises.ledger.recent.tells(_displaying(found, form), now)
    if told is None:
        return None
    reader = _open(premises, found, facts.row)
    row = facts.row
    return _released(premises, found, facts.name, form, told, reader, row, now)


def release_package(
    premises: Premises,
    viewer: Viewer,
    asset_ids: Sequence[str],
    object_id: UUID,
    now: datetime,
    *,
    form: str,
) -> Package:
    """Open a sealed package that holds these originals, as if each were opened.

    Each is decided on and told in the ledger before the package is opened.

    :raises RefusedError: the policy says no to one of them
    :raises NoSuchRecord: one of them is not there any more
    :raises VaultError: the package cannot be opened
    """
    releases: list[Release] = []
    try:
        for asset_id in asset_ids:
            opened = release(premises, viewer, asset_id, now, form=form)
            releases.append(opened)
        permits = {each.asset_id: each.permit for each in releases}
        with premises.db.read() as s:
            reader = originals.open_package(permits, s, premises.vault, object_id)
    except BaseException:
        for each in releases:
            each.close()
        raise
    return Package(reader.size, releases, reader)


def derive(
    premises: Premises, program: Viewer, asset_id: str, now: datetime
) -> SealedReader:
    """Open an original for a named part of the program, to make something from it.

    :raises RefusedError: the viewer is not the program
    :raises NoSuchRecord: there is no such asset
    :raises VaultError: it is there, but cannot be opened
    """
    with premises.db.read() as session:
        asset = store.require_asset(session, asset_id)
        item = store.item_of(store.require(session, asset.record_id), asset)
        permit = decide(Action.DERIVE, program, item, premises.rules, now)
        if isinstance(permit, Refusal):
            raise RefusedError(permit, item)
        return originals.open_original(
            permit,
            session,
            premises.vault,
            asset_id=asset.id,
            object_id=asset.object_id,
        )


def redacted_form(redaction_id: str, view: str = "") -> str:
    """The form of a redacted copy, or of one view that is drawn of it."""
    return "/".join(filter(None, (REDACTED, redaction_id, view)))


@dataclass(frozen=True)
class _Asked:
    """What the policy is asked, in order; the last answer is the permit."""

    actions: tuple[Action, ...]
    item: Item


@dataclass(frozen=True)
class _Found:
    permit: Permit
    viewer: Viewer
    record: Record
    asset: Asset


def _decide(
    premises: Premises,
    session: Session,
    viewer: Viewer,
    asset_id: str,
    form: str,
    now: datetime,
) -> _Found:
    """Ask the policy on what the database says now, not on what the caller knew."""
    fresh = _afresh(session, viewer, now)
    record, asset = _of_asset(session, asset_id)
    asked = _asked(session, record, asset, form)
    permit = _permit(premises, fresh, asked, now)
    if isinstance(permit, Refusal):
        raise RefusedError(permit, asked.item)
    return _Found(permit, fresh, record, asset)


def _permit(
    premises: Premises, viewer: Viewer, asked: _Asked, now: datetime
) -> Permit | Refusal:
    answers = [
        decide(action, viewer, asked.item, premises.rules, now)
        for action in asked.actions
    ]
    refused = (answer for answer in answers if isinstance(answer, Refusal))
    return next(refused, answers[-1])


def _asked(session: Session, record: Record, asset: Asset, form: str) -> _Asked:
    redaction = _redaction_of(form)
    clear = store.item_of(record, asset)
    if redaction is None:
        return _Asked((Action.OPEN_ORIGINAL,), clear)
    given = redactions.given(session, record)
    standing = given.get(asset.id)
    if standing is not None and standing.id == redaction:
        item = redactions.item_of(record, given, asset)
        return _Asked((Action.OPEN_REDACTED,), item)
    # Nobody has confirmed that nothing is seen in it: it is as its original is.
    return _Asked((Action.REDACT, Action.OPEN_ORIGINAL), clear)


def _redaction_of(form: str) -> str | None:
    """The id of the redaction that a form names."""
    parts = form.split("/")
    return parts[1] if parts[0] == REDACTED and len(parts) > 1 else None


@dataclass(frozen=True)
class _Facts:
    """What one state of the database says about a viewer and an asset."""

    viewer: Viewer
    record: Record
    asset: Asset
    row: DataKey
    asked: _Asked
    name: str


def _read(
    premises: Premises, viewer: Viewer, asset_id: str, form: str, now: datetime
) -> _Facts:
    with premises.db.read() as session:
        fresh = _afresh(session, viewer, now)
        record, asset = _of_asset(session, asset_id)
        asked = _asked(session, record, asset, form)
        row = _row(session, asset, form)
    name = store.details_of(premises.sealing, asset).filename
    return _Facts(fresh, record, asset, row, asked, name)


def _standing(viewer: Viewer) -> tuple[object, ...]:
    """What of a viewer the request itself says; all else is read."""
    return (viewer.account_id, viewer.session_id, viewer.second_factor, viewer.scopes)


def _of_asset(session: Session, asset_id: str) -> tuple[Record, Asset]:
    asset = store.require_asset(session, asset_id)
    return store.require(session, asset.record_id), asset


def _displaying(found: _Found, form: str) -> tuple[object, ...]:
    """All that a line says about what is shown to whom."""
    permit, item = found.permit, found.permit.item
    return (
        form,
        _standing(found.viewer),
        found.asset.id,
        found.asset.object_id,
        permit.consent and permit.consent.id,
        permit.grant and permit.grant.id,
        item and (item.tier, item.labels_version),
    )


def _afresh(session: Session, viewer: Viewer, now: datetime) -> Viewer:
    """The same person through the same session or token, as the database has them."""
    if viewer.account_id is None:
        return viewer
    return entrances.viewer_through(session, viewer.account_id, viewer.session_id, now)


def _tell_the_ledger(
    premises: Premises, session: Session, found: _Found, form: str, now: datetime
) -> Told:
    """Write what is about to be shown to whom; the caller commits before opening."""
    permit, item = found.permit, found.permit.item
    if item is None or found.viewer.account_id is None or permit.consent is None:
        raise TypeError("an original is opened for an account, under a consent")
    exposure.record(
        session,
        found.viewer.account_id,
        found.record.id,
        found.asset.id,
        item.tier,
        permit.consent.id,
        now,
    )
    line = premises.ledger.append(
        session,
        "displaying",
        actor=found.viewer.account_id,
        account=found.viewer.account_id,
        record=found.record.id,
        asset=found.asset.id,
        now=now,
        detail={
            "consent": permit.consent.id,
            "grant": permit.grant.id if permit.grant else None,
            "purpose": permit.consent.purpose,
            "tier": str(item.tier),
            "labels_version": permit.consent.labels_version,
            "object": str(found.asset.object_id),
            "form": form,
            **({"identity": permit.consent.identity} if item.identifies else {}),
        },
    )
    return Told(line.seq, line.mac)


def _note_the_refusal(
    premises: Premises, viewer: Viewer, refused: RefusedError, now: datetime
) -> None:
    stranger = ReasonCode.SIGN_IN in refused.refusal.codes
    if viewer.account_id is None or stranger or refused.item is None:
        return  # strangers must not be able to fill the ledger
    with premises.db.write() as session:
        premises.ledger.append(
            session,
            "access refused",
            actor=viewer.account_id,
            account=viewer.account_id,
            record=refused.item.record_id,
            asset=refused.item.asset_id,
            now=now,
            detail={"reasons": [str(code) for code in refused.refusal.codes]},
        )


def _released(  # noqa: PLR0913, PLR0917 - what is open, for whom, and since when
    premises: Premises,
    found: _Found,
    name: str,
    form: str,
    told: Told,
    reader: SealedReader,
    row: DataKey,
    now: datetime,
) -> Release:
    media_type = found.asset.media_type
    if form in (COPY, MUTED):
        media_type = copies.MEDIA_TYPES[Family(found.asset.kind)]
        name = f"{name.rpartition('.')[0] or name}{copies.ENDINGS[media_type]}"
    kind = found.asset.format
    if _redaction_of(form) is not None:
        family = Family(found.asset.kind)
        media_type, kind = copies.MEDIA_TYPES[family], copies.KINDS[family]
        # What the file was called may say who is in it.
        number, ending = found.asset.position + 1, copies.ENDINGS[media_type]
        name = f"vigil-{found.record.id}-{number}-redacted{ending}"
    return Release(
        asset_id=found.asset.id,
        record_id=found.record.id,
        size=reader.size,
        media_type=media_type,
        filename=name,
        format=kind,
        form=form,
        permit=found.permit,
        told=told,
        _premises=premises,
        _reader=reader,
        _row=row,
        _asked=now,
    )


def _row(session: Session, asset: Asset, form: str) -> DataKey:
    redaction = _redaction_of(form)
    if redaction is not None:
        return _redacted_row(session, asset, redaction)
    kept = {
        COPY: (asset.copy_object_id, Kind.COPY),
        MUTED: (asset.muted_object_id, Kind.MUTED),
    }
    made, kind = kept.get(form, (asset.object_id, Kind.ORIGINAL))
    if made is None:
        raise NoSuchRecord("There is no such copy of this file.")
    return originals.find(session, made, kind)


def _redacted_row(session: Session, asset: Asset, redaction_id: str) -> DataKey:
    found = redactions.require(session, redaction_id)
    ready = found.state in (RedactionState.MADE, RedactionState.CONFIRMED)
    if found.asset_id != asset.id or found.object_id is None or not ready:
        raise NoSuchRecord("There is no such redacted copy.")
    return originals.find(session, found.object_id, Kind.REDACTED)


def _open(premises: Premises, found: _Found, row: DataKey) -> SealedReader:
    return originals.open_found(
        found.permit, premises.vault, asset_id=found.asset.id, row=row
    )
