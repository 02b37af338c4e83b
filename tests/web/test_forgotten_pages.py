"""A lost password and a new address: by mail, once, and told to whoever it concerns."""

from __future__ import annotations

import re

import pytest

from archive import mail, work
from archive.jobs.tables import Job
from archive.work import housekeeping
from auth import accounts
from auth.credentials import second_factor

from .test_login_pages import enrolled, sign_in
from .working import PASSWORD, events, give_password, post, text

NEW = "granite sparrow meadow eleven"
MINE = "researcher@example.org"


@pytest.fixture
def known(site, people) -> str:
    give_password(site, people["researcher"])
    return MINE


def settle(site) -> None:
    housekeeping.queue_due(site, site.clock())
    while work.run_one(site, site.clock()):
        pass


def mails(site) -> list[mail.Mail]:
    return list(mail.waiting(site.config, site.sealing))


def setup_path(site) -> str:
    """The path of the one link for a new password."""
    (found,) = [each for each in mails(site) if "/setup/" in each.text]
    return link_in(found)


def link_in(letter: mail.Mail) -> str:
    """The path of the link in a mail."""
    return re.search(r"https?://[^/\s]+(/\S+)", letter.text)[1]


def ask(client, email: str):
    return post(client, "/login/forgotten", email=email)


def test_known_and_unknown_get_one_answer_and_one_job(
    visitor, site, known, people
) -> None:
    """Requirement 10, line 10: by text, by status, and by what is done."""
    give_password(site, people["other"])
    with site.db.write() as s:
        row = accounts.get(s, people["other"])
        accounts.suspend(s, row, people["administrator"], "a test", site.clock())
    met = []
    for email in (known, "nobody@example.org", "other@example.org"):
        answer = ask(visitor, email)
        with site.db.read() as s:
            made = [job.kind for job in s.query(Job).filter_by(kind="reset")]
        met.append((answer.status_code, text(answer), len(made)))
    assert len({(status, words) for status, words, _ in met}) == 1
    assert [jobs for *_, jobs in met] == [1, 2, 3]
    settle(site)
    assert [letter.to for letter in mails(site)] == [known]


def test_the_link_sets_a_password_once_ends_sessions_and_leaves_the_factor(
    visitor, browser, app, site, known, people, clock
) -> None:
    """Requirements 17 and 18, lines 17 and 18."""
    enrolled(site, people["researcher"])
    elsewhere = browser("researcher")
    ask(visitor, known)
    settle(site)
    path = setup_path(site)
    assert "A new password" in text(visitor.get(path))
    done = post(visitor, path, password=NEW, password_again=NEW)
    assert (done.status_code, done.location) == (303, "/login")
    assert elsewhere.get("/account/").status_code == 401
    again = post(app.test_client(), path, password=PASSWORD, password_again=PASSWORD)
    assert again.status_code == 410
    with site.db.read() as s:
        assert second_factor.is_enrolled(s, people["researcher"])
    assert sign_in(visitor, known, PASSWORD).status_code == 422
    assert sign_in(visitor, known, NEW).location == "/login?step=code"
    told = events(site, account=people["researcher"])
    assert {"invitation made", "password reset"} <= set(told)
    clock.advance(minutes=6)
    settle(site)
    assert any("The password was changed." in each.text for each in mails(site))


def test_the_link_lasts_an_hour_and_its_secret_is_nowhere_else(
    visitor, site, known, clock
) -> None:
    """Requirement 17: stored hashed, an hour at most."""
    ask(visitor, known)
    settle(site)
    path = setup_path(site)
    secret = path.rsplit("/", 1)[1]
    assert len(secret) >= 43
    with site.db.read() as s:
        for job in s.query(Job):
            assert secret not in str(job.args) + str(job.result)
            assert known not in str(job.args) + str(job.result)
    for file in site.config.outbox.iterdir():
        assert secret.encode() not in file.read_bytes()
    clock.advance(minutes=59)
    assert visitor.get(path).status_code == 200
    clock.advance(minutes=1)
    assert visitor.get(path).status_code == 410


def test_the_mail_is_in_the_language_of_the_asker(visitor, site, known) -> None:
    token_page = visitor.get("/login/forgotten", headers={"Accept-Language": "hy"})
    token = re.search(r'name="csrf_token" value="([^"]+)"', token_page.text)[1]
    visitor.post(
        "/login/forgotten",
        data={"csrf_token": token, "email": known},
        headers={"Accept-Language": "hy"},
    )
    settle(site)
    assert mails(site)[0].subject == "Նոր գաղտնաբառ"


def test_asking_without_end_is_slowed_down_alike(visitor, site, known) -> None:
    for email in (known, "nobody@example.org"):
        met = [ask(visitor, email).status_code for _ in range(6)]
        assert met == [200] * 5 + [429]
    for n in range(8):
        assert ask(visitor, f"{n}@example.org").status_code == 200
    assert ask(visitor, "last@example.org").status_code == 429
    assert ask(visitor, "no address").status_code == 422


def test_a_new_address_counts_once_confirmed_and_the_old_one_is_told(
    visitor, browser, site, known, people, clock
) -> None:
    """Requirement 19, line 19."""
    mine = browser("researcher")
    new = "r.new@example.org"
    asked = post(mine, "/account/security/address", email=new)
    assert asked.status_code == 303
    settle(site)
    sent = {letter.to: letter for letter in mails(site)}
    assert set(sent) == {new, known}, "the holder is told that somebody asked"
    path = link_in(sent[new])
    assert sign_in(visitor, new).status_code == 422
    assert visitor.get(path).status_code == 200
    assert sign_in(visitor, new).status_code == 422, "looking changes nothing"
    assert post(visitor, path).status_code == 303
    assert post(visitor, path).status_code == 410
    assert sign_in(visitor, new).status_code == 303
    settle(site)
    told_old = [letter.text for letter in mails(site) if letter.to == known]
    assert len(told_old) == 2, "that it was asked for, and that it was done"
    assert all("The e-mail address was changed" in each for each in told_old)
    assert not any(new in each for each in told_old)
    told = events(site, account=people["researcher"])
    assert {"address change asked for", "address changed"} <= set(told)


def test_an_address_that_is_taken_is_not_told_to_who_asks(browser, site, known) -> None:
    """Requirement 10."""
    mine = browser("researcher")
    free = post(mine, "/account/security/address", email="free@example.org")
    taken = post(mine, "/account/security/address", email="other@example.org")
    assert (free.status_code, free.location) == (taken.status_code, taken.location)


def test_a_new_browser_and_many_failures_are_told_at_the_next_sign_in(
    app, visitor, site, known, people
) -> None:
    """Requirement 20, line 20."""
    first = app.test_client()
    sign_in(first, known)
    assert "concerns the security" not in text(first.get("/account/"))
    for _ in range(5):
        sign_in(app.test_client(), known, "wrong")
    sign_in(visitor, known)
    shown = text(visitor.get("/account/"))
    assert "concerns the security" in shown
    assert "Somebody tried to sign in and failed." in shown
    thief = app.test_client()
    thief.environ_base["HTTP_USER_AGENT"] = "Another"
    sign_in(thief, known)
    settle(site)
    assert any("a browser not seen before" in each.text for each in mails(site))


def test_only_one_letter_goes_out_for_each_notice(browser, site, known, clock) -> None:
    mine = browser("researcher")
    post(mine, "/account/security/password", current=PASSWORD, new=NEW, new_again=NEW)
    for _ in range(3):
        clock.advance(minutes=6)
        settle(site)
    assert len(mails(site)) == 1
