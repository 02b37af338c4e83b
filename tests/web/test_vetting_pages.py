"""Vetting by page: the mail, the referee, the stages, the evidence, the deny list.

Each test names the row or line it proves. Mails are read where an archive without a
mail server keeps them: sealed in the outbox, once the worker has been there.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from archive import mail, work
from archive.work import housekeeping
from auth import accounts, notices
from auth.credentials import sessions
from auth.vetting import applications, denials, evidence, references
from auth.vetting.denials import Kind

from .conftest import csrf, photo
from .test_apply_pages import ANSWERS, found
from .working import events, post, text

REFERENCE = {
    "known_as": "I supervise the thesis.",
    "known_since": "2021",
    "vouches": "yes",
    "words": "Careful with what is confidential.",
}
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def admin(browser):
    return browser("administrator")


@pytest.fixture
def mails(site):
    """What the worker has put into the outbox so far, oldest first."""

    def read(to: str | None = None) -> list[mail.Mail]:
        while work.run_one(site, site.clock()):
            pass
        every = mail.waiting(site.config, site.sealing)
        return [each for each in every if to in (None, each.to)]

    return read


def link(letter: mail.Mail, name: str) -> str:
    """The path of the link of this name in a mail."""
    met = re.search(rf"/{name}/[\w.-]+", letter.text)
    assert met is not None, letter.text
    return met[0]


def apply(client, **other: str) -> None:
    assert post(client, "/apply", **{**ANSWERS, **other}).status_code == 303


def latest(site, email: str = ANSWERS["email"]) -> applications.Application:
    with site.db.read() as s:
        return applications.for_account(s, found(site, email).id)[0]


@pytest.fixture
def confirmed(visitor, site, mails):
    """An application whose address is confirmed, and the referee's path."""
    apply(visitor)
    path = link(mails(ANSWERS["email"])[0], "apply/confirm")
    assert post(visitor, path).status_code == 303
    return latest(site), link(mails(ANSWERS["referee_email"])[0], "refer")


@pytest.fixture
def applicant(app, site, confirmed):
    """The browser of whoever applied."""
    client = app.test_client()
    with site.db.write() as s:
        secret, _ = sessions.start(s, confirmed[0].account_id, "a test", site.clock())
    client.set_cookie("vigil", secret)
    return client


def test_an_application_is_reviewed_only_after_its_address_is_confirmed(
    visitor, admin, site, mails
) -> None:
    """V1, line 48: register, verify, approve, in this order; none is skipped."""
    apply(visitor)
    waiting = latest(site)
    assert waiting.confirmed_at is None
    address = f"/admin/applications/{waiting.id}"
    assert "Address not confirmed" in text(admin.get(address))
    assert "Address not confirmed" in text(admin.get("/admin/applications"))
    given = {"outcome": "approve", "reason": "x", "stage": "identity"}
    assert post(admin, address, **given).status_code == 422
    assert mails(ANSWERS["referee_email"]) == [], "no stranger's word mails a third"
    path = link(mails(ANSWERS["email"])[0], "apply/confirm")
    assert visitor.get(path).status_code == 200
    assert latest(site).confirmed_at is None, "looking changes nothing"
    assert post(visitor, path).status_code == 303
    assert latest(site).confirmed_at == site.clock()
    assert post(admin, address, **given).status_code == 303
    assert "application confirmed" in events(site, account=waiting.account_id)


def test_a_link_works_once_for_72_hours_and_no_other_purpose(
    visitor, site, mails, clock
) -> None:
    """Line 17: single use, at most 72 hours, stored hashed; tampered is spent."""
    apply(visitor)
    path = link(mails(ANSWERS["email"])[0], "apply/confirm")
    token = path.rsplit("/", 1)[1]
    secret, mark = token.split(".")
    wrong = [
        f"{secret}.{mark[:-1]}{'A' if mark[-1] != 'A' else 'B'}",
        f"{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}.{mark}",
        secret,
        "nothing",
    ]
    for each in wrong:
        assert post(visitor, f"/apply/confirm/{each}").status_code == 410, each
    assert visitor.get(f"/refer/{token}").status_code == 410, "for another purpose"
    assert token.encode() not in (site.config.home / "vigil.db").read_bytes()
    clock.advance(hours=72)
    assert visitor.get(path).status_code == 410
    assert post(visitor, path).status_code == 410
    post(visitor, "/apply/confirm", email=ANSWERS["email"])
    again = link(mails(ANSWERS["email"])[-1], "apply/confirm")
    assert post(visitor, again).status_code == 303
    assert post(visitor, again).status_code == 410, "once"


def test_a_new_mail_is_asked_for_alike_by_known_and_unknown_and_not_too_often(
    visitor, mails
) -> None:
    """Line 10, line 108."""
    apply(visitor)
    said = [
        post(visitor, "/apply/confirm", email=email)
        for email in (ANSWERS["email"], "nobody@university.example")
    ]
    assert len({(a.status_code, a.location) for a in said}) == 1
    pages = [text(visitor.get("/apply/confirm")) for _ in said]
    assert "a new mail is on its way" in pages[0]
    assert mails("nobody@university.example") == []
    for _ in range(8):
        post(visitor, "/apply/confirm", email=ANSWERS["email"])
    assert len(mails(ANSWERS["email"])) == 1 + 3, "the first, and three an hour"
    slowed = post(visitor, "/apply/confirm", email=ANSWERS["email"])
    assert (slowed.status_code, "Retry-After" in slowed.headers) == (429, True)


def test_a_referee_answers_without_an_account_once_and_staff_alone_read_it(
    visitor, admin, applicant, site, confirmed, clock
) -> None:
    """V3: answer, time and text are stored with the application."""
    application, path = confirmed
    page = text(visitor.get(path))
    assert ANSWERS["legal_name"] in page
    assert ANSWERS["purpose"] not in page, "a referee needs not know"
    assert post(visitor, path, **{**REFERENCE, "vouches": ""}).status_code == 422
    clock.advance(minutes=5)
    assert post(visitor, path, **REFERENCE).status_code == 200
    assert post(visitor, path, **REFERENCE).status_code == 410, "no replay"
    assert "no longer works" in text(visitor.get(path))
    with site.db.read() as s:
        (row,) = references.answers_on(s, application)
        assert row.at == site.clock()
        assert REFERENCE["words"].encode() not in row.answer_sealed
    assert REFERENCE["words"] in text(
        admin.get(f"/admin/applications/{application.id}")
    )
    status = text(applicant.get("/apply/status"))
    assert "Your referee has answered." in status
    assert REFERENCE["words"] not in status
    assert "reference given" in events(site, account=application.account_id)


def test_a_new_link_to_the_referee_ends_the_earlier_one(
    visitor, admin, confirmed, mails, clock
) -> None:
    """V3."""
    application, path = confirmed
    clock.advance(minutes=1)
    post(admin, f"/admin/applications/{application.id}/reference")
    newer = link(mails(ANSWERS["referee_email"])[-1], "refer")
    assert newer != path
    assert visitor.get(path).status_code == 410
    assert post(visitor, newer, **REFERENCE).status_code == 200


def test_the_stages_are_passed_one_by_one_with_who_when_and_why(
    admin, applicant, site, confirmed, people
) -> None:
    """V4: identity, reference, final; each with decider, time and written reason."""
    application, _ = confirmed
    address = f"/admin/applications/{application.id}"
    for stage in ("identity", "reference", "final"):
        assert f'name="stage" value="{stage}"' in admin.get(address).text
        given = {"outcome": "approve", "stage": stage}
        assert post(admin, address, **given, reason="").status_code == 422
        assert post(admin, address, **given, reason=f"{stage} seen").status_code == 303
    with site.db.read() as s:
        made = applications.decisions_on(s, application.id)
        account = accounts.get(s, application.account_id)
    assert {d.stage: (d.reason, d.by, d.at) for d in made} == {
        stage: (f"{stage} seen", people["administrator"], site.clock())
        for stage in ("identity", "reference", "final")
    }
    assert account.status == "approved"
    assert "identity seen" not in text(applicant.get("/apply/status"))


def test_both_sides_read_what_is_said_and_staff_alone_read_notes(
    admin, applicant, site, confirmed, mails
) -> None:
    """V4: the timeline."""
    application, _ = confirmed
    address = f"/admin/applications/{application.id}/remarks"
    post(admin, address, text="Which board?", audience="both")
    post(admin, address, text="Looks odd to me.", audience="staff")
    assert post(admin, address, text="To whom?").status_code == 422
    post(applicant, "/apply/remarks", remark="The board of the university.")
    status = text(applicant.get("/apply/status"))
    assert "Which board?" in status
    assert "Looks odd to me." not in status
    exported = applicant.get("/account/data/export").text
    assert "Which board?" in exported
    assert "Looks odd" not in exported
    page = text(admin.get(f"/admin/applications/{application.id}"))
    for words in ("Which board?", "Looks odd to me.", "The board of the university."):
        assert words in page
    assert any("News" in each.subject for each in mails(ANSWERS["email"]))


def send(client, name: str, content: bytes):
    """A file as a browser sends it; by hand, since the test client would spool it."""
    token = csrf(client, "/help/")
    body = (
        f'--xx\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}'
        f'\r\n--xx\r\nContent-Disposition: form-data; name="file"; filename="{name}"'
        "\r\nContent-Type: application/pdf\r\n\r\n"
    ).encode()
    return client.post(
        "/apply/evidence",
        data=body + content + b"\r\n--xx--\r\n",
        content_type="multipart/form-data; boundary=xx",
    )


def test_evidence_is_sealed_sniffed_limited_and_opened_by_staff_with_a_line(
    admin, applicant, browser, site, confirmed, clock
) -> None:
    """Lines 54, 55, 71: size, content before name, strict headers."""
    application, _ = confirmed
    assert send(applicant, "letter.pdf", PDF).status_code == 303
    clock.advance(minutes=1)
    assert send(applicant, "photo.png", photo()).status_code == 303, "it is a JPEG"
    assert "photo.jpg" in text(applicant.get("/apply/status"))
    for name, content in [
        ("page.pdf", b"<html><script>alert(1)</script></html>"),
        ("drawing.pdf", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("moving.jpg", b"GIF89a" + bytes(64)),
        ("empty.pdf", b""),
        ("large.pdf", PDF + bytes(5 * 1024 * 1024)),
    ]:
        assert send(applicant, name, content).status_code == 422, name
    with site.db.read() as s:
        first = evidence.of(s, application)[0]
        assert len(evidence.of(s, application)) == 2
        assert PDF not in first.content_sealed
        assert b"letter" not in first.name_sealed
    path = f"/admin/applications/{application.id}/evidence/{first.id}"
    assert admin.get(path).status_code == 405, "never by link"
    assert post(browser("moderator"), path).status_code == 403
    assert "evidence opened" not in events(site)
    answer = post(admin, path)
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert events(site)[0] == "evidence opened"
    other = f"/admin/applications/nonsense/evidence/{first.id}"
    assert post(admin, other).status_code == 404
    removing = f"/apply/evidence/{first.id}/remove"
    assert post(browser("researcher"), removing).status_code == 404
    assert post(applicant, removing).status_code == 303
    assert post(admin, path).status_code == 404


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.NAME, "TEST, Nuné"),
        (Kind.EMAIL, "Nune+new@University.example"),
        (Kind.DOMAIN, "university.example"),
    ],
)
def test_whom_the_deny_list_names_is_told_what_everybody_is_and_is_not_reviewed(
    visitor, admin, site, people, mails, kind, value
) -> None:
    """V7: persons, addresses and domains."""
    given = {"kind": kind.value, "value": value, "reason": "Threatened a witness."}
    assert post(admin, "/admin/denials", **given).status_code == 303
    listing = admin.get("/admin/denials").text
    assert value not in listing
    assert "Threatened a witness." in listing
    with site.db.read() as s:
        (rule,) = denials.listing(s)
    named = post(visitor, "/apply", **ANSWERS)
    other = {**ANSWERS, "email": "a@other.example", "legal_name": "Ani Other"}
    free = post(visitor, "/apply", **other)
    assert (named.status_code, named.location) == (free.status_code, free.location)
    assert (
        post(visitor, link(mails(ANSWERS["email"])[0], "apply/confirm")).status_code
        == 303
    )
    assert mails(ANSWERS["referee_email"]) == []
    held = latest(site)
    assert held.held_by == rule.id
    page = text(admin.get(f"/admin/applications/{held.id}"))
    assert rule.id in page
    deciding = {"outcome": "approve", "reason": "x"}
    address = f"/admin/applications/{held.id}"
    assert post(admin, address, **deciding).status_code == 422
    assert "application held back" in events(site, account=held.account_id)
    lift = f"/admin/denials/{rule.id}/lift"
    assert post(admin, lift).status_code == 422, "a reason is needed"
    why = {f"{rule.id}-lift_reason": "Somebody else of that name."}
    assert post(admin, lift, **why).status_code == 303
    assert post(admin, address, **deciding).status_code == 303


def test_a_rule_holds_for_applying_again_and_tells_nothing(
    browser, admin, site, people
) -> None:
    """V7: also on re-application; not in the person's own pages or export."""
    with site.db.write() as s:
        by, now = people["administrator"], site.clock()
        rule = denials.add(
            s, site.sealing, Kind.EMAIL, "researcher@example.org", "why", by, now
        )
    client = browser("researcher")
    apply(client, legal_name="Some Body")
    assert latest(site, "researcher@example.org").held_by == rule.id
    own = client.get("/apply/status").text + client.get("/account/data/export").text
    assert rule.id not in own
    assert "deny" not in own
    asked = post(admin, "/admin/denials/ask", asked="researcher@example.org")
    assert rule.id in text(asked)
    assert "No rule names this" in text(
        post(admin, "/admin/denials/ask", asked="other@example.org")
    )


def test_a_vetting_is_renewed_on_the_facts_given_before(
    app, admin, site, confirmed, clock, mails
) -> None:
    """V5: reminders 30, 7 and 1 days before, each once, to both sides; then renewed."""
    application, _ = confirmed
    address = f"/admin/applications/{application.id}"
    ends = clock.now + timedelta(days=100)
    for stage in ("identity", "reference", "final"):
        given = {"outcome": "approve", "stage": stage, "reason": "seen"}
        post(admin, address, **given, until=ends.date().isoformat())
    told = {}
    for days in (60, 29, 29, 6, 0.9):
        with site.db.read() as s:
            until = accounts.get(s, application.account_id).vetted_until
        clock.now = until - timedelta(days=days)
        housekeeping.queue_due(site, clock())
        mails()
        told[days] = [
            each.subject
            for each in mails(ANSWERS["email"])
            if "ends soon" in each.subject
        ]
    assert [len(each) for each in told.values()] == [0, 1, 2, 3]
    staff = [m for m in mails("administrator@example.org") if "ends soon" in m.subject]
    assert len(staff) >= 3
    client = app.test_client()
    with site.db.write() as s:
        account_id = application.account_id
        kinds = [n.kind for n in notices.for_account(s, account_id)]
        assert kinds.count("access_ends") == 3
        secret, _ = sessions.start(s, account_id, "a test", clock())
    client.set_cookie("vigil", secret)
    assert post(client, "/apply/renew").status_code == 303
    assert post(client, "/apply/renew").status_code == 409, "one waits"
    renewal = latest(site)
    assert (renewal.renews_id, renewal.stage) == (application.id, "final")
    given = {"outcome": "approve", "stage": "final", "reason": "still there"}
    far = {"until": (clock.now + timedelta(days=365)).date().isoformat()}
    with site.db.write() as s:
        reviewer, _ = sessions.start(
            s, people_of(site, "administrator@example.org"), "b", clock()
        )
    admin.set_cookie("vigil", reviewer)
    again = post(admin, f"/admin/applications/{renewal.id}", **given, **far)
    assert again.status_code == 303
    with site.db.read() as s:
        held = accounts.get(s, application.account_id).vetted_until
    assert held > clock.now + timedelta(days=364)


def people_of(site, email: str) -> str:
    return found(site, email).id


def test_an_administrator_publishes_terms_that_everybody_signs_anew(
    admin, browser, site
) -> None:
    """C1: version and time are stored; a new version re-prompts."""
    page = admin.get("/admin/terms").text
    assert "Publish as version 2" in page
    english = {"conduct.en": "# Conduct\n\n1. Be kind.", "data-use.en": "1. Ask."}
    assert post(admin, "/admin/terms", **english).status_code == 422, "not ticked"
    half = {"conduct.en": "# Conduct", "meant": "y"}
    refused = post(admin, "/admin/terms", **half)
    assert (refused.status_code, "# Conduct" in refused.text) == (422, True)
    given = {**english, "meant": "y"}
    assert post(browser("moderator"), "/admin/terms", **given).status_code == 403
    assert post(admin, "/admin/terms", **given).status_code == 303
    assert events(site)[0] == "terms published"
    reader = browser("researcher")
    assert "Read and sign the current version." in text(reader.get("/account/"))
    shown = reader.get("/account/terms").text
    assert "Be kind." in shown
    assert post(reader, "/account/terms", version="1", agree="y").status_code == 409
    assert post(reader, "/account/terms", version="2", agree="y").status_code == 303
    assert "You have signed the current version." in text(reader.get("/account/"))
