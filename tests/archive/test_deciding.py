"""`vigil account approve` and `reject` decide on the application that waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive.cli.deciding import decide
from auth import accounts
from auth.credentials.passwords import Hasher
from auth.errors import NotPossible
from auth.vetting import applications, denials
from auth.vetting.facts import ApplicationFacts
from auth.vetting.review import Outcome

FACTS = ApplicationFacts(
    *("Nune Test", "nune@university.example", "University", "researcher", "Armenia"),
    *("Outcomes", "To compare.", "", "Elder", "elder@university.example", ""),
)


def handed_in(s, site):
    quick = Hasher(memory_kib=64, passes=1)
    made = applications.submit(
        s,
        site.sealing,
        FACTS,
        site.clock(),
        password="otter lantern quarry nineteen",
        hasher=quick,
    )
    return made, accounts.get(s, made.account_id)


@pytest.mark.parametrize(
    ("outcome", "decisions"), [(Outcome.APPROVE, 3), (Outcome.REJECT, 1)]
)
def test_the_operator_decides_on_all_stages_at_once(site, outcome, decisions) -> None:
    """V4: nothing is left waiting behind a decision."""
    now = site.clock()
    until = now + timedelta(days=90)
    with site.db.write() as s:
        made, account = handed_in(s, site)
        assert decide(s, account, outcome, "papers seen", until, now)
        assert applications.pending(s) == []
        assert len(applications.decisions_on(s, made.id)) == decisions
        approved = outcome is Outcome.APPROVE
        assert account.status == ("approved" if approved else "rejected")
        assert account.vetted_until == (until if approved else None)
        assert not decide(s, account, outcome, "again", until, now), "nothing waits"


def test_the_operator_lifts_a_deny_rule_first(site) -> None:
    """V7."""
    now = site.clock()
    with site.db.write() as s:
        kind = denials.Kind.DOMAIN
        denials.add(s, site.sealing, kind, "university.example", "why", "x", now)
        _, account = handed_in(s, site)
        with pytest.raises(NotPossible):
            decide(s, account, Outcome.APPROVE, "papers seen", None, now)
        assert account.status == "applied"
