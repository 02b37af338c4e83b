"""Who the caller is, and what they have looked at."""

from __future__ import annotations

from datetime import timedelta

from flask import jsonify

from archive.web.api.operations import Answer
from archive.web.request import body, context
from archive.web.request.body import BodyError
from archive.web.showing.represent import iso
from auth import accounts
from auth.access import exposure, preferences
from auth.viewer import Tier, Treatment, Wishes

EXPOSURE_DAYS = 90


def read() -> Answer:
    """The caller's own account, and what this token or session may do."""
    viewer, site = context.viewer(), context.site()
    with context.read_session() as s:
        account = accounts.get(s, viewer.account_id or "")
        answer = {
            "id": account.id,
            "email": accounts.email_of(site.sealing, account),
            "name": accounts.name_of(site.sealing, account),
            "role": viewer.role.value,
            "status": viewer.status.value if viewer.status else None,
            "vetted_until": iso(viewer.vetted_until),
            "terms_version": viewer.terms_version,
            "terms_current": context.rules().terms_version,
            "induction_until": iso(viewer.induction_until),
            "second_factor": viewer.second_factor,
            "preferences": _preferences(preferences.wishes_of(account)),
            "scopes": None if viewer.scopes is None else sorted(viewer.scopes),
        }
    return jsonify(answer), 200


def preferences_read() -> Answer:
    """How the caller wants to meet labels and tiers; the rest is previewed."""
    with context.read_session() as s:
        account = accounts.get(s, context.viewer().account_id or "")
        return jsonify(_preferences(preferences.wishes_of(account))), 200


def preferences_write() -> Answer:
    """Replace them: `labels` by code and `tiers` by name, preview, warn or hide."""
    sent = body.fields(known=frozenset({"labels", "tiers"}))
    labels = {c: _treatment("labels", w) for c, w in sent.table("labels").items()}
    tiers = {
        _tier(name): _treatment("tiers", word)
        for name, word in sent.table("tiers").items()
    }
    unknown = set(labels) - set(context.vocabulary().terms)
    if unknown:
        raise BodyError(f"There is no label {min(unknown)}.", field="labels")
    with context.write_session() as s:
        account = accounts.get(s, context.viewer().account_id or "")
        preferences.keep(account, Wishes(labels, tiers))
        return jsonify(_preferences(preferences.wishes_of(account))), 200


def exposure_read() -> Answer:
    """How many originals the caller has opened: today, by day and by tier."""
    now, account_id = context.now(), context.viewer().account_id or ""
    with context.read_session() as s:
        today = exposure.today(s, account_id, now)
        summary = exposure.summary(s, account_id, now - timedelta(days=EXPOSURE_DAYS))
    answer = {
        "today": today,
        "limit": context.rules().daily_reveals,
        "days": EXPOSURE_DAYS,
        "total": summary.total,
        "records": summary.records,
        "by_day": {day.isoformat(): count for day, count in summary.by_day.items()},
        "by_tier": {str(tier): count for tier, count in summary.by_tier.items()},
    }
    return jsonify(answer), 200


def _preferences(wishes: Wishes) -> dict[str, dict[str, str]]:
    return {
        "labels": {code: str(asked) for code, asked in wishes.labels.items()},
        "tiers": {str(tier): str(asked) for tier, asked in wishes.tiers.items()},
    }


def _treatment(field: str, word: object) -> Treatment:
    try:
        return Treatment.parse(str(word))
    except ValueError as error:
        raise BodyError(str(error), field=field) from None


def _tier(name: str) -> Tier:
    try:
        return Tier.parse(name)
    except ValueError as error:
        raise BodyError(str(error), field="tiers") from None
