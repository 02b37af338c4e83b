"""Labelling: independent answers, until enough moderators agree.

    unlabelled   nothing stands until enough agree; then all that those who agree say
    labelled     what makes it graver stands at once; what makes it milder waits until
                 as many agree; meanwhile the graver labels stay

Where one opinion is enough it stands at once. The question is closed with an agreement:
the file is locked, and every answer keeps what became of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import twins
from archive.moderation import answers, places, rungs, standing
from archive.moderation.premises import SECOND_OPINION, Premises, reindex
from archive.moderation.tables import LabelSet, Outcome, Place
from archive.records import labelremarks, labels, store, vocabulary
from archive.records.errors import Conflict, Gone
from archive.records.labelremarks import Remark
from archive.records.labels import LabelChange, LabelInput
from archive.records.store import GONE
from archive.records.tables import Asset
from auth.identifiers import new_id


def label(  # noqa: PLR0913, PLR0917 - an answer: of what, what, whose, when, why
    premises: Premises,
    session: Session,
    asset_id: str,
    given: Iterable[LabelInput],
    by: str,
    now: datetime,
    remark: Remark = labelremarks.NONE,
) -> LabelChange:
    """Answer for a file; with enough opinions these become its labels.

    :param remark: why, and until when; it goes with the labels once they stand
    :raises FieldError: the remark cannot be taken as it is
    :raises NoSuchRecord: there is no such asset
    :raises Conflict: another moderator is at work on it
    :raises Gone: the record was withdrawn
    :raises RecordsError: a label cannot be taken as it is
    """
    asset = store.require_asset(session, asset_id)
    session.refresh(asset, with_for_update=True)  # two answers at once must see both
    if store.require(session, asset.record_id).state in GONE:
        raise Gone("This record was withdrawn; it cannot be labelled any more.")
    opinions = standing.needed(premises, session, asset, by)
    if opinions > 1:
        _refuse_while_held(session, asset_id, by, now)
    remark = labelremarks.checked(remark, now)
    answer = _kept(premises, session, asset, given, by, now, remark)
    if opinions == 1:
        return _alone(premises, session, asset, answer, now)
    return _together(premises, session, asset, answer, opinions, now)


def _refuse_while_held(session: Session, asset_id: str, by: str, now: datetime) -> None:
    place = session.get(Place, asset_id)
    if place is None or place.lease_until is None or place.lease_until <= now:
        return
    if place.holder not in (None, by):
        raise Conflict(
            "Another moderator is at work on this file. Take another, or come back "
            "in half an hour."
        )


def _kept(  # noqa: PLR0913, PLR0917 - the same
    premises: Premises,
    session: Session,
    asset: Asset,
    given: Iterable[LabelInput],
    by: str,
    now: datetime,
    remark: Remark,
) -> LabelSet:
    """Keep the answer; one that the same moderator gave before is replaced."""
    words = vocabulary.of(session)
    said = labels.checked(given, words)
    held = {row.code for row in labels.current(session, asset.id)}
    labels.refuse_retired(words, (each.code for each in said), held)
    others = standing.pending(session, [asset.id])[asset.id]
    opinions = standing.needed(premises, session, asset)
    state = standing.state_of(asset, others, None, opinions)
    sees = standing.may_see_answers(session, others, state, by)
    rung = rungs.used(premises, session, asset, by)
    for before in others:
        if before.author == by:
            before.settled_at, before.outcome = now, Outcome.REPLACED
    answer = LabelSet(
        id=new_id(),
        asset_id=asset.id,
        object_id=asset.object_id,
        author=by,
        statements=answers.written(said),
        key=answers.key(said),
        tier=labels.tier_of(said, words),
        rung=rung,
        is_blind=not sees and not asset.labelled,
        reason=remark.reason or None,
        expires_at=remark.until,
        batch_id=remark.batch,
        given_at=now,
    )
    session.add(answer)
    session.flush()
    return answer


def _alone(
    premises: Premises, session: Session, asset: Asset, answer: LabelSet, now: datetime
) -> LabelChange:
    """Let one opinion stand; the ledger says that no second was asked for."""
    said = answers.read(answer.statements)
    change = _applied(session, asset, said, answer.author, now, [answer])
    _settle(session, asset, [answer], now, Outcome.ALONE)
    _tell(premises, session, asset, answer, change, now)
    return change


def _together(
    premises: Premises,
    session: Session,
    asset: Asset,
    answer: LabelSet,
    opinions: int,
    now: datetime,
) -> LabelChange:
    pending = standing.pending(session, [asset.id])[asset.id]
    agreeing = standing.agreed(pending, opinions)
    if agreeing:
        every = (answers.read(each.statements) for each in agreeing)
        said = answers.joined(vocabulary.of(session), *every)
        change = _applied(session, asset, said, answer.author, now, agreeing)
        for each in agreeing:
            labels.agree(session, asset, each.author, now)
        _settle(session, asset, agreeing, now, Outcome.AGREED)
    else:
        raised = _raised(session, asset, answer, pending, now)
        if raised is None:
            places.release(session, asset.id, answer.author)
            return _noted(premises, session, asset, answer, len(pending), now)
        change = raised
    _tell(premises, session, asset, answer, change, now, agreeing)
    return change


def _raised(
    session: Session,
    asset: Asset,
    answer: LabelSet,
    pending: Sequence[LabelSet],
    now: datetime,
) -> LabelChange | None:
    """Let stand at once what makes a labelled file graver; None where nothing does."""
    rows = labels.current(session, asset.id)
    if not asset.labelled:
        return None
    given = answers.read(answer.statements)
    graver = answers.joined(vocabulary.of(session), rows, given)
    is_all = answers.statements(graver) == answers.statements(given)
    if answers.statements(graver) == answers.statements(rows) and not is_all:
        return None
    change = _applied(session, asset, graver, answer.author, now, [answer])
    if is_all and len(pending) == 1:
        _settle(session, asset, [answer], now, Outcome.RAISED)
    else:
        places.release(session, asset.id, answer.author)
    return change


def _applied(
    session: Session,
    asset: Asset,
    said: Sequence[LabelInput],
    by: str,
    now: datetime,
    sets: Sequence[LabelSet],
) -> LabelChange:
    """Let labels stand, with what the answers that they come from remarked."""
    remarks = [Remark(each.reason or "", each.expires_at) for each in sets]
    with labelremarks.kept(session, asset.id, labelremarks.joined(remarks)):
        return labels.apply(session, asset, said, by, now)


def _settle(
    session: Session,
    asset: Asset,
    agreeing: Sequence[LabelSet],
    now: datetime,
    outcome: Outcome,
) -> None:
    won = {each.id for each in agreeing}
    open_answers = select(LabelSet).where(
        LabelSet.asset_id == asset.id, LabelSet.settled_at.is_(None)
    )
    for each in session.scalars(open_answers):
        each.settled_at = now
        each.outcome = outcome if each.id in won else Outcome.OVERRULED
    places.close(session, asset.id)


def _noted(
    premises: Premises,
    session: Session,
    asset: Asset,
    answer: LabelSet,
    count: int,
    now: datetime,
) -> LabelChange:
    """Say in the ledger that somebody answered; what is for no eyes before the end."""
    premises.ledger.append(
        session,
        "opinion given",
        actor=answer.author,
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail={**_of_answer(answer), "opinions": count},
    )
    record = store.require(session, asset.record_id)
    return LabelChange((), (), asset.tier, asset.tier, 1, record.labels_version)


def _of_answer(answer: LabelSet) -> dict[str, str]:
    """What every line says of an answer; `batch` where it is one of many."""
    told = {"answer": answer.id, "rung": answer.rung.value}
    return told | ({"batch": answer.batch_id} if answer.batch_id else {})


def _tell(  # noqa: PLR0913, PLR0917 - a line of the ledger
    premises: Premises,
    session: Session,
    asset: Asset,
    answer: LabelSet,
    change: LabelChange,
    now: datetime,
    agreeing: Sequence[LabelSet] = (),
) -> None:
    detail: dict[str, object] = {
        "added": list(change.added),
        "negated": list(change.negated),
        "tier": [str(change.tier_before), str(change.tier_after)],
        "agreeing": max(change.agreeing, len(agreeing)),
        "labels_version": change.labels_version,
        "object": str(asset.object_id),
        **_of_answer(answer),
    }
    if agreeing:
        detail["agreed"] = sorted(each.author for each in agreeing)
    elif answer.outcome is Outcome.ALONE and change.agreeing < SECOND_OPINION:
        detail["second_opinion"] = f"waived by {answer.author}"
    premises.ledger.append(
        session,
        "labelling",
        actor=answer.author,
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail=detail,
    )
    reindex(session, asset.record_id, answer.author, now)
    twins.follow(premises, session, asset, by=answer.author, now=now)
