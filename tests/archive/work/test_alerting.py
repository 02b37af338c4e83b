"""Alerts: for whoever may still ask, of what is new to them, told once, in no words."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from archive import mail, work
from archive.mail import Mail, MailFailed
from archive.records import store
from archive.searches import saved
from archive.searches.saved import SavingRefused, Why, Wish
from archive.searches.tables import Alert, Pace, SavedSearch
from archive.work import alerting, housekeeping
from auth import accounts, notices
from auth.access import preferences
from auth.viewer import RecordState, Role, Visibility

SECRET = "quibblefrost"


def settle(site) -> None:
    """All that was handed in is found; then come the chores."""
    finish(site)
    housekeeping.queue_due(site, site.clock())
    finish(site)


def finish(site) -> None:
    while work.run_one(site, site.clock()):
        pass


class Watching:
    """A researcher with a saved search, and what they were told."""

    def __init__(self, site, desk, clock) -> None:
        self.site, self.desk, self.clock = site, desk, clock
        self.owner = desk.researcher().account_id

    def save(self, words: str = "church", alert: Alert = Alert.PAGE, **how: object):
        wish = Wish(SECRET, [("q", words)], "ru", alert, Pace.HOURLY)
        with self.site.db.write() as s:
            now, sealing = self.clock(), self.site.sealing
            row = saved.add(s, sealing, self.owner, wish, how.get("found", ()), now)
            return row.id

    def shelve(self, title: str, *codes: str, **how: object) -> None:
        self.desk.publish(
            self.desk.deposit(draft=self.desk.draft(title, **how)), *codes
        )

    def pass_by(self, **span: float) -> None:
        self.clock.advance(**(span or {"minutes": 66}))
        settle(self.site)

    def told(self) -> list[int]:
        with self.site.db.read() as s:
            heard = notices.for_account(s, self.owner)
        return [
            int(each.detail["count"]) for each in heard if each.kind == "search_matches"
        ]

    def fresh(self, search_id: str) -> int:
        with self.site.db.read() as s:
            return s.get_one(SavedSearch, search_id).fresh


@pytest.fixture
def watching(site, desk, clock) -> Watching:
    return Watching(site, desk, clock)


def test_a_new_match_is_told_once_and_an_old_one_never(watching, site) -> None:
    watching.shelve("An old church")
    settle(site)
    with site.db.read() as s:
        old = store.ids_after(s, "", 10)
    search_id = watching.save(found=old)
    watching.pass_by()
    assert watching.told() == []
    watching.shelve("A church")
    watching.shelve("Another church")
    watching.shelve("A harbour")
    watching.pass_by()
    assert watching.told() == [2]
    watching.pass_by()
    assert watching.told() == [2]
    assert watching.fresh(search_id) == 2


def test_what_was_withdrawn_is_told_to_nobody_though_the_index_has_it(
    watching, site
) -> None:
    watching.save()
    watching.shelve("A church")
    watching.shelve("Another church")
    finish(site)
    with site.db.write() as s:
        # As it stands between a withdrawal and the job that tells the index.
        gone = store.require(s, store.ids_after(s, "", 10)[0])
        gone.state = RecordState.WITHDRAWN
    watching.pass_by()
    assert watching.told() == [1]


def test_nothing_is_looked_for_before_its_time(watching) -> None:
    watching.save()
    watching.shelve("A church")
    watching.pass_by(minutes=30)
    assert watching.told() == []
    watching.pass_by(minutes=36)
    assert watching.told() == [1]


def test_a_record_opened_to_its_readers_later_is_new_then(
    watching, site, clock
) -> None:
    hidden = watching.desk.deposit(draft=watching.desk.draft("A church"))
    watching.save()
    watching.pass_by()
    assert watching.told() == []
    watching.desk.publish(hidden)
    watching.pass_by()
    assert watching.told() == [1]


@pytest.mark.parametrize("change", ["lapse", "suspend", "exclude"])
def test_an_alert_reaches_as_far_as_its_owner_does_now(watching, site, change) -> None:
    search_id = watching.save()
    with site.db.write() as s:
        own = accounts.get(s, watching.owner)
        if change == "lapse":
            accounts.expire(s, own, "operator", "over", site.clock())
        elif change == "suspend":
            accounts.suspend(s, own, "operator", "a reason", site.clock())
        else:
            preferences.hide_labels(own, ["property.heritage"])
    watching.shelve("A church", visibility=Visibility.VETTED)
    watching.pass_by()
    assert watching.told() == []
    assert watching.fresh(search_id) == 0
    with site.db.write() as s:
        preferences.hide_labels(accounts.get(s, watching.owner), [])
    watching.pass_by()
    assert watching.told() == ([1] if change == "exclude" else [])


def test_a_mail_says_how_many_and_where_and_not_a_word_more(
    watching, site, clock
) -> None:
    watching.save(alert=Alert.MAIL)
    watching.shelve(f"A church of {SECRET}")
    watching.pass_by()
    (sent,) = mail.waiting(site.config, site.sealing)
    assert sent.to == "nare@example.org"
    assert sent.subject == "Новые совпадения сохранённого поиска"
    assert ": 1.\n" in sent.text
    assert f"{site.config.base_url}/account/searches" in sent.text
    assert SECRET not in sent.text + sent.subject
    assert "church" not in sent.text + sent.subject
    for path in site.config.outbox.iterdir():
        held = path.read_bytes()
        assert b"nare" not in held
        assert b"http" not in held
        assert path.stat().st_mode & 0o077 == 0
    watching.pass_by()
    assert len(list(mail.waiting(site.config, site.sealing))) == 1
    watching.pass_by(days=31)
    assert list(mail.waiting(site.config, site.sealing)) == []


def test_who_wants_a_notice_gets_no_mail(watching, site) -> None:
    watching.save(alert=Alert.PAGE)
    watching.shelve("A church")
    watching.pass_by()
    assert watching.told() == [1]
    assert list(mail.waiting(site.config, site.sealing)) == []


def test_the_words_of_a_saved_search_are_sealed(watching, site) -> None:
    search_id = watching.save(SECRET, found=["0123456789ab"])
    with site.db.read() as s:
        row = s.get_one(SavedSearch, search_id)
        assert SECRET.encode() not in row.question_sealed
        assert b"0123456789ab" not in (row.seen_sealed or b"")
        assert saved.kept(site.sealing, row).pairs == [("q", SECRET)]


def test_a_search_that_finds_too_much_is_not_watched(watching) -> None:
    many = [str(number) for number in range(saved.MOST_WATCHED + 1)]
    with pytest.raises(SavingRefused) as refused:
        watching.save(found=many)
    assert refused.value.why is Why.WIDE
    watching.save(found=many, alert=Alert.NEVER)


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_a_search_needs_a_name(watching, site, name) -> None:
    with pytest.raises(SavingRefused), site.db.write() as s:
        saved.add(s, site.sealing, watching.owner, Wish(name, ()), (), site.clock())
    with site.db.read() as s:
        assert saved.list_for(s, site.sealing, watching.owner) == []


@contextmanager
def mail_server(
    *, refuses: bool = False, after: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, list[str]]]:
    """A mail server of a few words on loopback, and the mails it took.

    `after` is called when it has a mail and has not said so yet.
    """
    taken: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            # Who was killed hangs up.
            with suppress(ConnectionError), line, line.makefile("rwb") as file:
                _converse(file, taken, after, refuses=refuses)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"smtp://127.0.0.1:{listening.getsockname()[1]}?from=a@b.example", taken
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


def _converse(
    file, taken: list[str], after: Callable[[], None], *, refuses: bool
) -> None:
    def say(text: str) -> None:
        file.write(f"{text}\r\n".encode())
        file.flush()

    say("220 here")
    for raw in file:
        word = raw.decode().strip()
        if word.upper().startswith("RCPT") and refuses:
            say("550 nobody of that name")
        elif word.upper() == "DATA":
            say("354 go on")
            lines = iter(file.readline, b".\r\n")
            taken.append(b"".join(lines).decode())
            after()
            say("250 taken")
        elif word.upper() == "QUIT":
            say("221 bye")
            return
        else:
            say("250 fine")


def test_a_mail_goes_out_by_the_mail_server_once(watching, site) -> None:
    watching.save(alert=Alert.MAIL)
    watching.shelve("A church")
    with mail_server() as (url, taken):
        posting = replace(site, config=replace(site.config, smtp_url=url))
        watching.site = posting
        watching.pass_by()
        watching.pass_by()
    assert len(taken) == 1
    assert "To: nare@example.org" in taken[0]
    assert "From: a@b.example" in taken[0]
    assert "Auto-Submitted: auto-generated" in taken[0]
    assert not site.config.outbox.exists()


def test_a_mail_that_was_refused_is_sent_again_and_given_up_after_days(
    watching, site, clock, caplog
) -> None:
    watching.save(alert=Alert.MAIL)
    watching.shelve("A church")
    with mail_server(refuses=True) as (url, taken):
        away = replace(site, config=replace(site.config, smtp_url=url))
        watching.site = away
        watching.pass_by()
        assert alerting.send(away, clock()) == (0, 1)
    assert taken == []
    assert "nare@example.org" not in caplog.text
    with mail_server() as (url, taken):
        back = replace(site, config=replace(site.config, smtp_url=url))
        assert alerting.send(back, clock.advance(days=2)) == (1, 0)
        assert alerting.send(back, clock()) == (0, 0)
    assert len(taken) == 1
    watching.site = away
    watching.shelve("A second church")
    watching.pass_by()
    assert alerting.send(away, clock.advance(days=4)) == (0, 0)


def message_ids(taken: list[str]) -> list[str]:
    return re.findall(r"(?im)^message-id: *(.+?)\r?$", "".join(taken))


def test_a_worker_killed_after_sending_sends_the_same_mail_once_more(
    watching, site, clock
) -> None:
    watching.save(alert=Alert.MAIL)
    watching.shelve("A church")
    with mail_server(refuses=True) as (url, _taken):
        watching.site = replace(site, config=replace(site.config, smtp_url=url))
        watching.pass_by()
    dying: list[int] = []
    with mail_server(after=lambda: os.kill(dying[-1], signal.SIGKILL)) as (url, taken):
        posting = replace(site, config=replace(site.config, smtp_url=url))
        for deaths in (1, 2):
            # The child waits until its number is known to who will kill it.
            go_on, told = os.pipe()
            child = os.fork()
            if child == 0:
                os.read(go_on, 1)
                alerting.send(posting, clock())
                os._exit(0)
            dying.append(child)
            os.write(told, b"!")
            assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
            os.close(go_on)
            os.close(told)
            assert len(taken) == deaths
        assert alerting.send(posting, clock()) == (0, 1)
        assert alerting.send(posting, clock()) == (0, 0)
    first, again = message_ids(taken)
    assert first == again
    assert taken[0] == taken[1]


def test_every_mail_has_a_name_of_its_own(watching, site) -> None:
    watching.save(alert=Alert.MAIL)
    with mail_server() as (url, taken):
        watching.site = replace(site, config=replace(site.config, smtp_url=url))
        for title in ("A church", "A second church"):
            watching.shelve(title)
            watching.pass_by()
    assert len(set(message_ids(taken))) == len(taken) == 2


def test_a_mail_kept_twice_is_one_mail_in_the_outbox(site) -> None:
    letter = Mail("a@example.org", "s", "t", site.clock().isoformat(), key="one")
    for key in ("one", "one", "two"):
        mail.deliver(site.config, site.sealing, replace(letter, key=key))
    assert len(list(mail.waiting(site.config, site.sealing))) == 2


def test_a_mail_server_that_speaks_no_tls_gets_no_mail(site) -> None:
    with mail_server() as (url, taken):
        # The same machine by a name that does not say so: as any other of the network.
        named = url.replace("127.0.0.1", "127.1")
        outside = replace(site.config, smtp_url=named)
        letter = Mail("a@example.org", "s", "t", site.clock().isoformat())
        with pytest.raises(MailFailed):
            mail.deliver(outside, site.sealing, letter)
        mail.deliver(replace(site.config, smtp_url=url), site.sealing, letter)
    assert len(taken) == 1


def test_who_may_no_longer_save_searches_is_told_nothing(watching, site) -> None:
    watching.save()
    with site.db.write() as s:
        own = accounts.get(s, watching.owner)
        accounts.set_role(s, own, Role.APPLICANT, "operator", "why", site.clock())
    watching.shelve("A church")
    watching.pass_by()
    assert watching.told() == []
