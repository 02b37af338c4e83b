"""What people and programs are told when something is refused or goes wrong."""

from __future__ import annotations

import json
import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy.exc import OperationalError

from archive.app import create_app
from archive.intake import Refused
from archive.records.errors import Conflict, FieldError
from archive.site import Site
from archive.vault.errors import IntegrityError
from archive.web.answer import errors
from archive.web.answer.reasons import REMEDIES, describe
from archive.web.answer.streams import TooManyStreamsError
from archive.web.logs import JsonLines
from archive.web.request import guard
from auth.conditions import Condition
from auth.errors import FactsRefused, NotThere, TooFast
from auth.policy import Action, Reason, Refusal
from auth.viewer import ReasonCode
from search.engine import IndexDamaged
from search.query import QueryError

SECRET = "what somebody typed"


def _raising(site: Site, error: Exception) -> FlaskClient:
    app = create_app(site)

    @guard.public
    def fail() -> str:
        raise error

    app.add_url_rule("/fail", "fail", fail)
    app.add_url_rule("/api/v1/fail", "api_fail", fail)
    return app.test_client()


def _refusal(code: ReasonCode) -> Refusal:
    return Refusal(Action.OPEN_ORIGINAL, (Reason(Condition.OPEN, code),))


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_words_a_status_and_a_way_on(
    site: Site, code: ReasonCode
) -> None:
    client = _raising(site, guard.RefusedRequestError(_refusal(code), None))
    status = {ReasonCode.NOT_FOUND: 404, ReasonCode.SIGN_IN: 401}.get(code, 403)

    program, person = client.get("/api/v1/fail"), client.get("/fail")

    assert (program.status_code, person.status_code) == (status, status)
    assert program.mimetype == "application/problem+json"
    problem = program.get_json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    if code is ReasonCode.NOT_FOUND:
        assert "reasons" not in problem
    else:
        assert problem["reasons"] == [code.value]
        assert escape(str(REMEDIES[code].message)) in person.get_data(as_text=True)
    assert person.mimetype == "text/html"
    for answer in (program, person):
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_table_of_reasons_is_complete_and_its_links_lead_somewhere(
    app: Flask,
) -> None:
    assert set(REMEDIES) == set(ReasonCode)
    with app.test_request_context():
        for told in describe(ReasonCode, "a-record"):
            assert told["message"]
            assert bool(told["remedy_url"]) == bool(told["remedy_label"])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QueryError("A quotation mark is open", 4), 400),
        (NotThere("There is no such thing."), 404),
        (Conflict("Somebody changed it."), 409),
        (Refused("too_large", "Too much."), 413),
        (Refused("unsupported_kind", "Not that kind."), 415),
        (Refused("unreadable", "Broken."), 422),
        (FieldError("title", "Give it a title."), 422),
        (FactsRefused({"email": "This is no address."}), 422),
        (TooFast(17), 429),
        (TooManyStreamsError(), 429),
        (IntegrityError(SECRET), 500),
        (ValueError(SECRET), 500),
        (OperationalError(SECRET, {"q": SECRET}, Exception(SECRET)), 503),
        (Refused("storage_full", "No room."), 503),
        (IndexDamaged("a file of the index does not open"), 503),
    ],
)
def test_what_went_wrong_has_its_status_and_tells_no_secret(
    site: Site, error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    client = _raising(site, error)

    program, person = client.get("/api/v1/fail"), client.get("/fail")

    assert (program.status_code, person.status_code) == (status, status)
    for answer in (program, person):
        text = answer.get_data(as_text=True)
        assert SECRET not in text
        assert "Traceback" not in text
    if status in (429, 503) and not isinstance(error, Refused):
        assert int(program.headers["Retry-After"]) > 0


def test_the_reference_that_is_shown_stands_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "vigil")
    client = _raising(site, ValueError(SECRET))

    shown = client.get("/fail").get_data(as_text=True)

    [logged] = [
        record.__dict__["reference"]
        for record in caplog.records
        if record.name == "vigil.web"
    ]
    assert logged in shown


def test_an_error_page_that_fails_itself_still_answers(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _raising(site, ValueError(SECRET))

    def broken(*_: object, **__: object) -> str:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(errors, "render_template", broken)
    answer = client.get("/fail")

    assert answer.status_code == 500
    assert answer.mimetype == "text/plain"
    assert SECRET not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "accept", "mimetype"),
    [
        ("/nowhere", "text/html,*/*;q=0.8", "text/html"),
        ("/nowhere", "*/*", "text/html"),
        ("/nowhere", "application/json", "application/problem+json"),
        ("/api/v1/nowhere", "text/html", "application/problem+json"),
        ("/media/nothing/preview", "image/*", "application/problem+json"),
        ("/media/nothing/preview", "text/html", "text/html"),
    ],
)
def test_people_get_pages_and_programs_get_documents(
    visitor: FlaskClient, path: str, accept: str, mimetype: str
) -> None:
    answer = visitor.get(path, headers={"Accept": accept})

    assert (answer.status_code, answer.mimetype) == (404, mimetype)


@pytest.mark.parametrize("language", ["hy", "az", "ru"])
def test_a_problem_is_told_in_the_language_asked_for(
    visitor: FlaskClient, language: str
) -> None:
    english = visitor.get("/api/v1/me").get_json()["title"]

    told = visitor.get("/api/v1/me", headers={"Accept-Language": language}).get_json()

    assert told["status"] == 401
    assert told["title"] != english


def test_a_log_line_is_one_line_of_known_fields(app: Flask) -> None:
    forged = 'request\n{"level": "info"}\x1b[31m'
    record = logging.LogRecord("vigil", logging.INFO, "", 0, forged, (), None)
    record.__dict__.update(status=200, email="somebody@example.org", reference="a\nb")
    record.exc_info = (ValueError, ValueError(SECRET), None)

    line = JsonLines().format(record)

    assert line.count("\n") == 0
    told = json.loads(line)
    assert (told["status"], told["error"]) == (200, "ValueError")
    assert SECRET not in line
    assert "example.org" not in line


def test_search_words_are_not_logged(
    visitor: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    visitor.get("/search", query_string={"q": "a-very-private-word"})
    visitor.get("/api/v1/records", query_string={"q": "a-very-private-word"})

    assert caplog.records
    logged = [f"{record.msg} {record.__dict__}" for record in caplog.records]
    assert "a-very-private-word" not in " ".join(logged)


def test_a_server_that_keeps_clear_copies_serves_nothing(visitor: FlaskClient) -> None:
    environ = {"SERVER_SOFTWARE": "waitress"}

    assert visitor.get("/", environ_overrides=environ).status_code == 500


def test_an_error_page_says_its_sentence_once(visitor: FlaskClient) -> None:
    shown = visitor.get("/nothing-here").text.partition("<main")[2]
    assert shown.count("There is nothing here") == 1
