"""Codes of the authenticator work once and briefly; recovery codes work once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from auth import notices
from auth.credentials import second_factor
from auth.credentials.second_factor import Method
from auth.credentials.tables import RecoveryCode, SecondFactor
from auth.errors import CodeRefused, NotPossible, TooFast
from auth.tables import Account

STEP = timedelta(seconds=30)


@pytest.fixture
def account(people):
    return people.add()


@pytest.fixture
def enrolled(s, sealing, account, now):
    """The authenticator, confirmed two minutes ago, and its recovery codes."""
    before = now - 4 * STEP
    begun = second_factor.enrol(s, sealing, account.id, "ani", before)
    totp = pyotp.TOTP(begun.seed)
    codes = second_factor.confirm(s, sealing, account.id, totp.at(before), before)
    return totp, codes


@pytest.fixture
def verify(s, sealing, account):
    def verify(code, at):
        return second_factor.verify(s, sealing, account.id, code, at)

    return verify


def test_an_authenticator_counts_only_once_it_is_confirmed(
    s, sealing, account, now, verify
):
    begun = second_factor.enrol(s, sealing, account.id, "ani@example.org", now)
    totp = pyotp.TOTP(begun.seed)
    assert not second_factor.is_enrolled(s, account.id)
    assert verify(totp.at(now), now) is None
    with pytest.raises(CodeRefused):
        second_factor.confirm(s, sealing, account.id, "nothing", now)
    assert not second_factor.is_enrolled(s, account.id)
    codes = second_factor.confirm(s, sealing, account.id, totp.at(now), now)
    assert second_factor.is_enrolled(s, account.id)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert begun.uri.startswith("otpauth://totp/Vigil:ani%40example.org?")


def test_a_code_works_once(enrolled, verify, now):
    """Requirement 13: replay in the same 30 seconds is refused."""
    totp, _ = enrolled
    assert verify(totp.at(now), now) is Method.TOTP
    assert verify(totp.at(now), now) is None
    assert verify(totp.at(now), now + STEP) is None
    assert verify(totp.at(now + STEP), now + STEP) is Method.TOTP


def test_the_code_that_confirmed_does_not_sign_in(s, sealing, account, now, verify):
    begun = second_factor.enrol(s, sealing, account.id, "ani", now)
    code = pyotp.TOTP(begun.seed).at(now)
    second_factor.confirm(s, sealing, account.id, code, now)
    assert verify(code, now) is None


def test_after_a_later_code_an_earlier_one_is_spent(enrolled, verify, now):
    totp, _ = enrolled
    assert verify(totp.at(now + STEP), now) is Method.TOTP
    assert verify(totp.at(now), now) is None


@pytest.mark.parametrize(
    ("steps", "works"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_one_step_of_tolerance_and_no_more(enrolled, verify, now, steps, works):
    """Requirement 13: older than 30 seconds and one step is refused."""
    totp, _ = enrolled
    assert (verify(totp.at(now + steps * STEP), now) is not None) is works


@pytest.mark.parametrize("code", ["", "12345", "١٢٣٤٥٦", "12345\udc80", "x" * 5000])
def test_what_is_no_code_is_simply_wrong(enrolled, verify, now, code):
    totp, _ = enrolled
    assert verify(code, now) is None
    spaced = f" {totp.at(now)[:3]} {totp.at(now)[3:]} "
    assert verify(spaced, now) is Method.TOTP


def test_a_recovery_code_works_once_and_is_told(s, enrolled, account, verify, now):
    """Requirement 14."""
    _, codes = enrolled
    assert verify(codes[0].upper().replace("-", " "), now) is Method.RECOVERY_CODE
    assert verify(codes[0], now) is None
    assert second_factor.recovery_codes_left(s, account.id) == 9
    told = notices.unseen(s, account.id)
    assert (told[-1].kind, told[-1].detail) == ("recovery_code_used", {"left": "9"})


def test_the_recovery_codes_of_one_person_are_nothing_to_another(
    s, sealing, enrolled, people, now
):
    _, codes = enrolled
    other = people.add()
    begun = second_factor.enrol(s, sealing, other.id, "other", now)
    code = pyotp.TOTP(begun.seed).at(now)
    second_factor.confirm(s, sealing, other.id, code, now)
    assert second_factor.verify(s, sealing, other.id, codes[0], now) is None


def test_renewed_recovery_codes_replace_the_old_ones(
    s, sealing, enrolled, account, verify, now
):
    _, old = enrolled
    new = second_factor.renew_recovery_codes(s, sealing, account.id, now)
    assert verify(old[0], now) is None
    assert verify(new[0], now) is Method.RECOVERY_CODE


def test_neither_seed_nor_recovery_code_is_in_the_database(s, enrolled):
    """Requirements 14 and 15, lines 14 and 15. Requirements 14 and 15."""
    totp, codes = enrolled
    assert totp.secret.encode() not in s.scalars(select(SecondFactor)).one().seed_sealed
    stored = b"".join(row.code_hash for row in s.scalars(select(RecoveryCode)))
    assert codes[0].encode() not in stored
    assert codes[0].replace("-", "").encode() not in stored


def test_a_seed_moved_to_another_row_does_not_open(s, sealing, enrolled, people, now):
    other = people.add()
    second_factor.enrol(s, sealing, other.id, "other", now)
    mine, theirs = s.scalars(select(SecondFactor).order_by(SecondFactor.created_at))
    theirs.seed_sealed = mine.seed_sealed
    s.flush()
    with pytest.raises(InvalidTag):
        second_factor.confirm(s, sealing, other.id, "000000", now)


def test_codes_of_one_account_are_limited(enrolled, verify, now):
    """Requirement 16."""
    totp, _ = enrolled
    for _ in range(9):
        assert verify("nothing", now) is None
    with pytest.raises(TooFast):
        verify(totp.at(now), now)
    later = now + timedelta(minutes=20)
    assert verify(totp.at(later), later) is Method.TOTP


def test_a_second_authenticator_needs_the_first_to_be_removed(
    s, sealing, enrolled, account, now
):
    with pytest.raises(NotPossible):
        second_factor.enrol(s, sealing, account.id, "again", now)
    second_factor.remove(s, account.id, now)
    assert not second_factor.is_enrolled(s, account.id)
    assert second_factor.recovery_codes_left(s, account.id) == 0
    assert second_factor.enrol(s, sealing, account.id, "again", now)


def test_adding_and_removing_are_told(s, enrolled, account, now):
    """Requirement 19."""
    second_factor.remove(s, account.id, now)
    second_factor.remove(s, account.id, now)
    kinds = [notice.kind for notice in notices.unseen(s, account.id)]
    assert kinds == ["second_factor_added", "second_factor_removed"]


def test_without_an_authenticator_nothing_can_be_confirmed_renewed_or_proved(
    s, sealing, account, now, verify
):
    with pytest.raises(NotPossible):
        second_factor.confirm(s, sealing, account.id, "123456", now)
    with pytest.raises(NotPossible):
        second_factor.renew_recovery_codes(s, sealing, account.id, now)
    assert verify("123456", now) is None


def test_of_many_who_use_one_code_at_once_exactly_one_gets_in(database, sealing, now):
    """Requirements 13 and 51."""
    with database() as s, s.begin():
        s.add(_account(now))
        s.flush()
        begun = second_factor.enrol(s, sealing, "one", "one", now)
        code = pyotp.TOTP(begun.seed).at(now)
        second_factor.confirm(s, sealing, "one", code, now)
    later = now + 2 * STEP
    code = pyotp.TOTP(begun.seed).at(later)

    def one_try(_):
        with database() as s, s.begin():
            return second_factor.verify(s, sealing, "one", code, later)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one_try, range(6)))
    assert answers.count(Method.TOTP) == 1
    assert answers.count(None) == 5


def _account(now):
    return Account(
        id="one",
        email_sealed=b"",
        email_index=b"",
        name_sealed=b"",
        role="researcher",
        status="approved",
        created_at=now,
        updated_at=now,
    )
