"""The moderators' dashboard: the queue in numbers, agreement, and one's own pace."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template

from archive.contributions import quarantine
from archive.moderation import agreement, numbers
from archive.records import store, vocabulary
from archive.reports import desk
from archive.web.pages.moderation.blueprint import bp
from archive.web.request import context, i18n
from archive.web.request.guard import needs
from auth.access import budget
from auth.policy import Action
from auth.tables import Account

DAYS = 30


@bp.get("/dashboard")
@needs(Action.MODERATE)
def dashboard() -> str:
    """Numbers, each with its table; one's own work is for one's own eyes."""
    site, now = context.site(), context.now()
    by = context.viewer().account_id or ""
    with context.read_session() as s:
        words = vocabulary.of(s)
        agreed = agreement.of_archive(s)
        contributed = quarantine.held(site, s)
        reported = desk.waiting(s, grave=context.may(Action.READ_TAKEDOWNS))
        queue = numbers.of_queue(site, s, now)
        work = numbers.of_moderator(s, by, now - timedelta(days=DAYS))
        own = s.get_one(Account, by)
        measure, tally = budget.budget_of(own), budget.tally(s, own, now)
        records = {
            row.asset_id: store.require_asset(s, row.asset_id).record_id
            for row in work.last
        }
    return render_template(
        "moderation/dashboard.html",
        agreed=[(words.term(a.code).name(i18n.language()), a) for a in agreed],
        queue=queue,
        contributed=contributed,
        contributed_age=contributed.age(now),
        reported=reported,
        reported_age=reported.age(now),
        ages=[int(age.total_seconds() // 86_400) for age in numbers.AGES],
        work=work,
        records=records,
        days=DAYS,
        measure=measure,
        tally=tally,
    )
