"""What somebody must be told about the own account: kept for the page, and to be sent.

The detail of a notice holds no secret and no address, only words fit for a mail.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.identifiers import new_id
from auth.tables import Notice

CLAIMS = "mail_claims"
MOST_CLAIMS = 2


class Kind(StrEnum):
    """What happened."""

    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an event
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_COUNTER = "passkey_counter"
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    INSTITUTION_LINKED = "institution_linked"
    INSTITUTION_UNLINKED = "institution_unlinked"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    NEW_DEVICE = "new_device"
    FAILED_SIGN_INS = "failed_sign_ins"
    APPLIED_AGAIN = "applied_again"
    APPLICATION_DECIDED = "application_decided"
    APPLICATION_STAGE_PASSED = "application_stage_passed"
    APPLICATION_REMARK = "application_remark"
    REFERENCE_ANSWERED = "reference_answered"
    ACCESS_ENDS = "access_ends"
    ACCESS_ENDS_OF = "access_ends_of"
    ACCESS_LAPSED = "access_lapsed"
    ACCESS_LAPSED_OF = "access_lapsed_of"
    TERMS_CHANGED = "terms_changed"
    ACCOUNT_CHANGED = "account_changed"
    TOKEN_ADDED = "token_added"  # noqa: S105 - the name of an event
    GRANT_GIVEN = "grant_given"
    GRANT_REVOKED = "grant_revoked"
    GRANT_ENDS = "grant_ends"
    GRANT_OF_OTHERS_ENDS = "grant_of_others_ends"
    REQUEST_ARRIVED = "request_arrived"
    REQUEST_CHANGED = "request_changed"
    REQUEST_WAITS = "request_waits"
    EMERGENCY = "emergency"
    SECOND_PERSON = "second_person"
    ADMINISTRATOR_MADE = "administrator_made"
    SEARCH_MATCHES = "search_matches"
    ALARM = "alarm"
    FOREIGN_LABEL = "foreign_label"
    REPORT_DECIDED = "report_decided"
    RECORD_TAKEN_DOWN = "record_taken_down"


def tell(
    s: Session, account_id: str, kind: Kind, now: datetime, **detail: str
) -> Notice:
    """Leave a notice for the holder of an account."""
    notice = Notice(
        id=new_id(), account_id=account_id, kind=kind.value, detail=dict(detail), at=now
    )
    s.add(notice)
    s.flush()
    return notice


def for_account(s: Session, account_id: str, *, limit: int = 50) -> list[Notice]:
    """The latest notices of one account, newest first."""
    newest = select(Notice).where(Notice.account_id == account_id)
    return list(s.scalars(newest.order_by(Notice.at.desc(), Notice.id).limit(limit)))


def unseen(s: Session, account_id: str) -> list[Notice]:
    """What its holder has not been shown yet, oldest first."""
    waiting = select(Notice).where(
        Notice.account_id == account_id, Notice.seen_at.is_(None)
    )
    return list(s.scalars(waiting.order_by(Notice.at, Notice.id)))


def mark_seen(s: Session, account_id: str, now: datetime) -> None:
    """Note that everything so far has been shown."""
    waiting = update(Notice).where(
        Notice.account_id == account_id, Notice.seen_at.is_(None)
    )
    s.execute(waiting.values(seen_at=now))


def claim_mail(s: Session, notice_id: str) -> bool:
    """Note that it is about to be sent; False when it may have gone out twice already.

    To be committed before the mail is sent: who dies between sending and
    ``mark_mailed`` leaves the claim behind.
    """
    notice = s.get_one(Notice, notice_id)
    claims = int(notice.detail.get(CLAIMS, "0"))
    if claims >= MOST_CLAIMS:
        return False
    notice.detail = {**notice.detail, CLAIMS: str(claims + 1)}
    return True


def release_mail(s: Session, notice_id: str) -> None:
    """Take a claim back: the mail server said that it did not take the mail."""
    notice = s.get_one(Notice, notice_id)
    claims = int(notice.detail.get(CLAIMS, "0"))
    notice.detail = {**notice.detail, CLAIMS: str(max(0, claims - 1))}


def mark_mailed(s: Session, notice_id: str, now: datetime) -> None:
    """Note that it was sent."""
    notice = s.get_one(Notice, notice_id)
    notice.mailed_at = notice.mailed_at or now


def outbox(
    s: Session,
    *,
    kind: Kind | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> list[Notice]:
    """What has not been sent yet, oldest first; of one kind, since a time."""
    unsent = select(Notice).where(Notice.mailed_at.is_(None))
    if kind is not None:
        unsent = unsent.where(Notice.kind == kind.value)
    if since is not None:
        unsent = unsent.where(Notice.at >= since)
    return list(s.scalars(unsent.order_by(Notice.at, Notice.id).limit(limit)))
