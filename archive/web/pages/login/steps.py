"""Signing in, in one step or two, and signing out.

    /login        password
    /login/code   the authenticator's code or a passkey, where one is set up
    /logout       ends the session, and what the browser keeps of it

Between the two steps nobody is signed in; see `halfway`.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive.mail import security
from archive.web import journal
from archive.web.pages.login.blueprint import bp
from archive.web.pages.login.halfway import HalfWay
from archive.web.request import context, fields, forms, origin, provider, session
from archive.web.request.guard import public
from auth import notices
from auth.credentials import passkeys, second_factor
from auth.credentials.challenges import Ceremony
from auth.credentials.passkeys import CounterWentBack
from auth.entry import signin
from auth.entry.signin import Failure, FailureKind, SignIn
from auth.errors import AuthError, PasskeyRefused, TooFast
from auth.notices import Kind

TOO_MANY = 429
UNPROCESSABLE = 422


class PasswordForm(fields.Form):
    """The first step."""

    email = fields.EmailField(_("E-mail"), [fields.filled()], filters=[fields.tidied])
    password = fields.PasswordField(_("Password"), [fields.filled()])


class CodeForm(fields.Form):
    """The second step."""

    code = fields.StringField(
        _("Code"),
        [fields.filled()],
        filters=[fields.tidied],
        description=_(
            "The six digits your authenticator shows now, or one of your recovery "
            "codes."
        ),
    )


@bp.get("/login")
@public
def form() -> Response | str:
    """The first step, or the second for whoever has passed the first."""
    if context.viewer().account_id is not None:
        return redirect(forms.own_path(request.args.get("next")), 303)
    half_way = HalfWay.current()
    if request.args.get("step") == "code" and half_way is not None:
        return _code_page(half_way, CodeForm())
    return _page("login/form.html", PasswordForm())


@bp.post("/login")
@public
def sign_in() -> Response | tuple[str, int]:
    """Judge address and password."""
    given = PasswordForm(request.form)
    if not given.validate():
        return _page("login/form.html", given), UNPROCESSABLE
    outcome = try_password(given.email.data, given.password.data)
    if isinstance(outcome, SignIn):
        return welcome(outcome.account.id, second_factor=False)
    if outcome.kind is FailureKind.CODE_NEEDED and outcome.account_id:
        HalfWay(outcome.account_id, context.now()).note()
        step = url_for("login.form", step="code", next=request.args.get("next"))
        return redirect(step, 303)
    return refused_page(given, outcome)


@bp.post("/login/code")
@public
def code() -> Response | tuple[Response | str, int]:
    """Judge the code of somebody half-way."""
    half_way = HalfWay.current()
    if half_way is None:
        flash(gettext("That took too long; please begin again."), "attention")
        return redirect(url_for("login.form", next=request.args.get("next")), 303)
    given = CodeForm(request.form)
    if request.form.get("answer"):
        return _by_passkey(half_way, given, request.form["answer"])
    if not given.validate():
        return _code_page(half_way, given), UNPROCESSABLE
    refused = try_code(half_way.account_id, given.code.data)
    if refused is not None:
        return _refused(half_way, given, refused)
    return welcome(half_way.account_id, second_factor=True, proved=half_way.proved)


@bp.post("/logout")
@public
def logout() -> Response:
    """End the session; who leaves in a hurry gets a page that says nothing."""
    account_id = context.viewer().account_id
    if account_id is not None:
        with context.write_session() as s:
            journal.tell(s, "signed out", account=account_id)
        session.sign_out()
    where = "home.away" if "leave" in request.form else "home.index"
    return redirect(url_for(where), 303)


def try_password(email: str, password: str) -> SignIn | Failure:
    """Judge one try and tell the ledger; the try counts either way."""
    site = context.site()
    with context.write_session() as s:
        outcome = signin.attempt(
            s, site.sealing, email, password, None, source(), context.now()
        )
        if isinstance(outcome, Failure) and outcome.kind is not FailureKind.CODE_NEEDED:
            journal.tell(
                s,
                "sign-in failed",
                account=outcome.account_id,
                detail={"why": outcome.kind.value},
            )
    return outcome


def try_code(account_id: str, given: str) -> AuthError | str | None:
    """Judge one code; None where it was right."""
    site, now = context.site(), context.now()
    outcome = journal.counted(
        lambda s: second_factor.verify(s, site.sealing, account_id, given, now)
    )
    if isinstance(outcome, AuthError):
        return outcome
    if outcome is not None:
        return None
    with context.write_session() as s:
        journal.tell(
            s, "sign-in failed", account=account_id, detail={"why": "code_refused"}
        )
    return str(gettext("That is not a code that works now. Wait for the next."))


def try_passkey(
    answer: str, ceremony: Ceremony, account_id: str | None = None
) -> passkeys.Proof | AuthError:
    """Judge a passkey's answer and tell the ledger; it counts once either way."""
    here, now = origin.passkey_site(), context.now()
    session_id = session.current().id
    if here is None or session_id is None:
        return PasskeyRefused(gettext("That took too long; please try once more."))
    outcome = journal.counted(
        lambda s: passkeys.authenticate(s, here, session_id, [ceremony], answer, now)
    )
    if isinstance(outcome, AuthError):
        tell_of_passkey(outcome, account_id)
    return outcome


def tell_of_passkey(refused: AuthError, account_id: str | None) -> None:
    """A line about a passkey that was refused; a copied one is named."""
    detail = {"why": "not_accepted"}
    if isinstance(refused, CounterWentBack):
        account_id = refused.account_id
        detail = {"why": "counter", "passkey": refused.passkey_id}
    with context.write_session() as s:
        journal.tell(s, "passkey refused", account=account_id, detail=detail)


def welcome(
    account_id: str,
    *,
    second_factor: bool,
    passkey: bool = False,
    proved: bool = True,
    place: str | None = None,
) -> Response:
    """Start the session and go on to where the person was heading."""
    session.sign_in(
        account_id, second_factor=second_factor, passkey=passkey, proved=proved
    )
    with context.write_session() as s:
        journal.tell(
            s,
            "signed in",
            account=account_id,
            by=account_id,
            detail={"second_factor": second_factor, "passkey": passkey},
        )
    _tell_of_news(account_id)
    target = place or request.args.get("next")
    return redirect(forms.own_path(target) if target else url_for("account.index"), 303)


def _tell_of_news(account_id: str) -> None:
    """Point to what happened to the account and was not read yet."""
    with context.read_session() as s:
        kinds = {notice.kind for notice in notices.unseen(s, account_id)}
    if kinds & (set(security.WHAT) | {Kind.FAILED_SIGN_INS}):
        words = gettext(
            "Something happened that concerns the security of your account. Read the "
            "notices on your account's first page."
        )
        flash(words, "attention")


def _by_passkey(
    half_way: HalfWay, given: CodeForm, answer: str
) -> Response | tuple[Response | str, int]:
    proof = try_passkey(answer, Ceremony.SECOND_FACTOR, half_way.account_id)
    if isinstance(proof, AuthError):
        return _refused(half_way, given, proof)
    if proof.account_id != half_way.account_id:
        return _refused(half_way, given, gettext("That passkey is another account's."))
    return welcome(
        half_way.account_id, second_factor=True, passkey=True, proved=half_way.proved
    )


def _refused(
    half_way: HalfWay, given: CodeForm, refused: AuthError | str
) -> tuple[str, int]:
    fields.complain(given.code, refused)
    status = TOO_MANY if isinstance(refused, TooFast) else UNPROCESSABLE
    return _code_page(half_way, given), status


def _code_page(half_way: HalfWay, given: CodeForm) -> str:
    with context.read_session() as s:
        has_passkey = passkeys.is_enrolled(s, half_way.account_id)
    return render_template(
        "login/code.html",
        form=given,
        has_passkey=has_passkey and origin.passkey_site() is not None,
        next=request.args.get("next"),
    )


def _page(template: str, given: fields.Form, refused: str | None = None) -> str:
    return render_template(
        template,
        form=given,
        refused=refused,
        has_passkeys=origin.passkey_site() is not None,
        institution=provider.name(),
        next=request.args.get("next"),
    )


def source() -> str:
    """The network address that tries are counted for."""
    return request.remote_addr or ""


def refused_page(given: fields.Form, outcome: Failure) -> tuple[str, int]:
    """The first step again, and why; the same for whoever has no account."""
    return _page("login/form.html", given, _sentence(outcome)), _status(outcome)


def _sentence(failure: Failure) -> str:
    if failure.kind is FailureKind.TOO_FAST:
        minutes = max(1, round((failure.retry_after or 60) / 60))
        wait = _("Too many tries. Please wait about %(minutes)d minutes.")
        return str(wait) % {"minutes": minutes}
    return str(_NOT_OPENED)


def _status(failure: Failure) -> int:
    return TOO_MANY if failure.kind is FailureKind.TOO_FAST else UNPROCESSABLE


_NOT_OPENED = _(
    "This address and password do not open an account. Check both, and that the "
    "account has not been suspended."
)
