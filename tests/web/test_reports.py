"""Reports of a broken policy: few, small, and without a word about who reads what."""

from __future__ import annotations

import json
import logging

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from archive.site import Site
from archive.web.logs import JsonLines
from archive.web.pages import reports
from archive.web.showing import violations
from archive.web.showing.violations import CURRENT, LEGACY, Violation
from tests.web.conftest import Browser

PATH = "/csp-reports"
SECRET = "secretword"
PAGE = f"https://archive.example/search?q={SECRET}"
OLD = {
    "csp-report": {
        "document-uri": PAGE,
        "referrer": PAGE,
        "violated-directive": "script-src-elem",
        "effective-directive": "script-src-elem",
        "original-policy": "default-src 'none'",
        "blocked-uri": f"https://evil.example:8443/{SECRET}.js?{SECRET}",
        "script-sample": SECRET,
        "disposition": "enforce",
        "line-number": 7,
    }
}
NEW = [
    {
        "type": "csp-violation",
        "url": PAGE,
        "user_agent": SECRET,
        "body": {
            "documentURL": PAGE,
            "effectiveDirective": "img-src",
            "blockedURL": "data",
            "sample": SECRET,
            "disposition": "report",
        },
    },
    {"type": "deprecation", "url": PAGE, "body": {"id": SECRET}},
]


def send(client: FlaskClient, sent: object, media_type: str = LEGACY) -> int:
    answer = client.post(PATH, data=json.dumps(sent), content_type=media_type)
    return answer.status_code


@pytest.mark.parametrize(
    ("media_type", "sent", "kept"),
    [
        (LEGACY, OLD, ("script-src-elem", "https://evil.example:8443", True)),
        (CURRENT, NEW, ("img-src", "data", False)),
    ],
)
def test_a_report_leaves_three_words_and_nothing_of_its_reader(
    browser: Browser,
    site: Site,
    caplog: pytest.LogCaptureFixture,
    media_type: str,
    sent: object,
    kept: tuple[str, str, bool],
) -> None:
    """Requirement 77, and line 98: the log holds no search word, page or account."""
    caplog.set_level(logging.INFO, "vigil")

    assert send(browser("researcher"), sent, media_type) == 204

    told = [JsonLines().format(each) for each in caplog.records]
    (line,) = [
        json.loads(each)
        for each in told
        if json.loads(each)["logger"] == "vigil.policy"
    ]
    assert (line["directive"], line["blocked"], line["enforced"]) == kept
    assert set(line) == {
        "at",
        "level",
        "logger",
        "message",
        "directive",
        "blocked",
        "enforced",
    }
    assert not any(SECRET in each or "archive.example" in each for each in told)
    with site.db.read() as s:
        limits = s.execute(text("SELECT * FROM limits")).all()
    assert SECRET not in repr(limits)
    assert "127.0.0.1" not in repr(limits)


@pytest.mark.parametrize(
    ("blocked", "kept"),
    [
        ("https://user:pass@evil.example/a", "https://evil.example"),
        ("https://evil.example\n{}/x", "other"),
        ("javascript:alert(1)", "other"),
        ("data:text/html,secretword", "data"),
        ("https://[::1/", "other"),
        ("https://a.example:99999/", "other"),
        ("ws://a.example:81", "ws://a.example:81"),
        ("secretword", "other"),
        ({"a": 1}, "other"),
        (None, "other"),
    ],
)
def test_only_an_origin_or_a_keyword_is_kept(blocked: object, kept: str) -> None:
    report = {"csp-report": {"effective-directive": "x\ny", "blocked-uri": blocked}}
    (found,) = violations.read(LEGACY, json.dumps(report).encode())
    assert found == Violation("other", kept, enforced=True)


@pytest.mark.parametrize(
    ("media_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("text/plain", b"{}", 415),
        (LEGACY, b"", 400),
        (LEGACY, b"[]", 400),
        (LEGACY, b'{"csp-report": 1}', 400),
        (LEGACY, b"\xff", 400),
        (LEGACY, b"[" * 9000, 400),
        (CURRENT, b"{}", 400),
        (CURRENT, b"[1]", 400),
        (LEGACY, b" " * (reports.LARGEST + 1), 413),
    ],
)
def test_what_is_no_report_is_refused(
    visitor: FlaskClient,
    caplog: pytest.LogCaptureFixture,
    media_type: str,
    body: bytes,
    status: int,
) -> None:
    caplog.set_level(logging.WARNING, "vigil.policy")
    answer = visitor.post(PATH, data=body, content_type=media_type)
    assert answer.status_code == status
    assert not [each for each in caplog.records if each.name == "vigil.policy"]


def test_reports_are_held_back_for_one_and_for_all(
    visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    """Requirement 77: the report endpoint is rate-limited."""
    assert [send(visitor, OLD) for _ in range(reports.ONE.tries + 1)] == [
        *[204] * reports.ONE.tries,
        429,
    ]
    other = browser("researcher")
    assert send(other, OLD) == 204, "another reader is not kept from it"

    seldom = reports.Allowance(reports.ONE.tries + 1, reports.ALL.window)
    monkeypatch.setattr(reports, "ALL", seldom)
    answer = other.post(PATH, json=OLD, content_type=LEGACY)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


def test_every_page_names_the_place_for_reports(visitor: FlaskClient) -> None:
    headers = visitor.get("/").headers
    assert f"report-uri {PATH}; report-to policy" in headers["Content-Security-Policy"]
    assert headers["Reporting-Endpoints"] == f'policy="{PATH}"'
    assert visitor.get(PATH).status_code == 405
