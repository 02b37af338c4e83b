"""Shredding by two: one administrator asks and signs, another confirms and signs.

To sign is to give the own password and a code of the authenticator once more, whatever
the session has proved before. What two have signed is carried out by the background
worker, which has the keys; the receipt is on the order's page when it is done.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from archive import orders
from archive.orders import ShredOrder, State
from archive.records.errors import RecordsError
from archive.shredding import NotApproved, Proof
from archive.vault import signing
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.request import context, fields
from archive.web.request.guard import needs
from auth import accounts
from auth.policy import Action

UNPROCESSABLE = 422


class SignForm(fields.Form):
    """A signature: both factors, once more."""

    password = fields.PasswordField(_("Your password"), [fields.filled()])
    code = fields.StringField(
        _("Code of your authenticator"),
        [fields.filled()],
        filters=[fields.tidied],
        description=_("A new one: each code works once."),
    )


class AskForm(SignForm):
    """Which record, why, and the first signature."""

    record = fields.StringField(
        _("Record"),
        [fields.filled(), fields.at_most(40)],
        filters=[fields.tidied],
        description=_("The letters and digits at the end of its address."),
    )
    reason = fields.TextAreaField(
        _("Reason"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
        description=_("A court order, a family's request. Kept in the ledger."),
    )


@bp.get("/shredding")
@needs(Action.READ_LEDGER)
def shredding() -> str:
    """The orders, newest first, and the form for another."""
    given = AskForm(data={"record": request.args.get("record", "")})
    return _list(given)


@bp.post("/shredding")
@needs(Action.SHRED)
def ask_to_shred() -> Response | tuple[str, int]:
    """Ask, with the first signature."""
    given = AskForm(request.form)
    if not given.validate():
        return _list(given), UNPROCESSABLE
    site, record, why = context.site(), given.record.data, given.reason.data
    made = _signed(
        given, lambda proof, source: orders.ask(site, record, why, proof, source)
    )
    if made is None:
        return _list(given), UNPROCESSABLE
    flash(gettext("Asked for. Now another administrator confirms it, within a week."))
    return redirect(url_for("admin.shred_order", order_id=made.id), 303)


@bp.get("/shredding/<order_id>")
@needs(Action.READ_LEDGER)
def shred_order(order_id: str) -> str:
    """One order: who signed, where it stands, what is to be done."""
    return _page(order_id, SignForm())


@bp.post("/shredding/<order_id>/confirm")
@needs(Action.SHRED)
def confirm_order(order_id: str) -> Response | tuple[str, int]:
    """Confirm what somebody else asked for, with the second signature."""
    given, site = SignForm(request.form), context.site()
    if not given.validate():
        return _page(order_id, given), UNPROCESSABLE
    made = _signed(
        given, lambda proof, source: orders.confirm(site, order_id, proof, source)
    )
    if made is None:
        return _page(order_id, given), UNPROCESSABLE
    flash(gettext("Two have signed. The keys are being destroyed."))
    return redirect(url_for("admin.shred_order", order_id=order_id), 303)


@bp.post("/shredding/<order_id>/withdraw")
@needs(Action.SHRED)
def withdraw_order(order_id: str) -> Response:
    """Take an order back that nobody has confirmed yet."""
    orders.withdraw(context.site(), order_id, own_id())
    flash(gettext("The order is withdrawn. Nothing was destroyed."))
    return redirect(url_for("admin.shredding"), 303)


@bp.get("/shredding/<order_id>/receipt")
@needs(Action.READ_LEDGER)
def shred_receipt(order_id: str) -> Response:
    """The signed receipt, to keep elsewhere.

    :raises NotFound: it is not done yet
    """
    with context.read_session() as s:
        order = orders.find(s, order_id)
    receipt = orders.receipt_of(context.site().sealing, order)
    if receipt is None:
        raise NotFound
    body = json.dumps(receipt, indent=1, ensure_ascii=False) + "\n"
    answer = Response(body, mimetype="application/json")
    name = f"vigil-receipt-{order.record_id}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _signed(
    given: SignForm, act: Callable[[Proof, str], ShredOrder]
) -> ShredOrder | None:
    """Sign and act as whoever is signed in; a refusal is told beside the field."""
    site = context.site()
    with context.read_session() as s:
        email = accounts.email_of(site.sealing, accounts.get(s, own_id()))
    proof = Proof(email, given.password.data, given.code.data)
    try:
        return act(proof, request.remote_addr or "")
    except NotApproved as refused:
        fields.complain(given.code, str(refused))
    except orders.NoSuchOrder:
        raise
    except RecordsError as refused:
        where = given.record if isinstance(given, AskForm) else given.code
        fields.complain(where, str(refused))
    return None


def _list(given: AskForm) -> str:
    with context.read_session() as s:
        found = [(each, _state(each)) for each in orders.listing(s)]
        people = names(s, [order.asked_by for order, _state in found])
    return render_template(
        "admin/shredding.html", found=found, form=given, names=people
    )


def _page(order_id: str, given: SignForm) -> str:
    site = context.site()
    with context.read_session() as s:
        order = orders.find(s, order_id)
        state = _state(order)
        people = [order.asked_by, order.confirmed_by, order.withdrawn_by]
        facts: dict[str, Any] = {"names": names(s, people)}
    return render_template(
        "admin/shred_order.html",
        order=order,
        state=state,
        reason=orders.reason_of(site.sealing, order),
        receipt=orders.receipt_of(site.sealing, order),
        public_key=signing.public_key(site.keyring),
        until=order.asked_at + orders.LASTS,
        is_waiting=state is State.WAITING,
        is_own=order.asked_by == own_id(),
        form=given,
        **facts,
    )


def _state(order: ShredOrder) -> State:
    return orders.state_of(order, context.now())
