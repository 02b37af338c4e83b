"""What can go wrong in `auth`: a code for programs, one sentence for the person.

The sentences tell the person concerned what to do; none tells a stranger whether an
account exists.
"""


class AuthError(Exception):
    """The family; `code` is stable, `message` is one plain sentence."""

    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotThere(AuthError):
    """No such row, or none that is this person's to know of."""

    code = "not_found"


class EmailRefused(AuthError):
    """The address cannot be one, or already belongs to an account."""

    code = "email"


class PasswordRefused(AuthError):
    """A new password that breaks a rule; `code` says which."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class WrongPassword(AuthError):
    """The current password was asked for, and this is not it."""

    code = "wrong_password"


class CodeRefused(AuthError):
    """A second-factor code that is wrong, too old, or used before."""

    code = "wrong_code"


class PasskeyRefused(AuthError):
    """A passkey's answer that does not hold, or was meant for something else."""

    code = "wrong_passkey"


class InstitutionRefused(AuthError):
    """An institution's word that does not hold; `why` is for the ledger."""

    code = "institution"

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


class OwnAccount(AuthError):
    """Nobody decides about the own account."""

    code = "own_account"


class LastAdministrator(AuthError):
    """The change would leave the archive without an administrator."""

    code = "last_administrator"


class NotPossible(AuthError):
    """The thing is not in a state from which this can be done."""

    code = "not_possible"


class ReasonMissing(AuthError):
    """The act needs a written reason."""

    code = "reason"


class FactsRefused(AuthError):
    """An application lacks something; `fields` has one sentence for each field."""

    code = "facts"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("Some answers are missing or cannot be read.")
        self.fields = fields


class LinkSpent(AuthError):
    """A link that was used, has run out, or never was."""

    code = "link"


class LabelsChanged(AuthError):
    """The labels acknowledged are not exactly those the record has now."""

    code = "consent_stale"


class FormSpent(LabelsChanged):
    """The form of a consent was not shown to this session, is old, or was sent once."""

    code = "form_spent"


class TooFast(AuthError):
    """Too many tries; `retry_after` is in seconds."""

    code = "too_fast"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many tries; wait {retry_after} seconds and try again.")
        self.retry_after = retry_after
