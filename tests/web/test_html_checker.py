"""Every page, and every page that refuses a form, is HTML without a finding.

The Nu Html Checker is a Java program of 30 MiB that the archive itself does not need:
`make html-checker` fetches the pinned one, and where it or Java is missing the test
says so and is skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest

from archive.app import create_app
from archive.site import Site
from archive.web.request import guard
from archive.work import run_one
from tests.web import walking
from tests.web.walking import Walked

CHECKER = Path(os.environ.get("VIGIL_TEST_VNU", f"{sys.prefix}/vnu.jar"))
ERRORS = (400, 401, 403, 404, 405, 409, 410, 413, 415, 416, 422, 429, 500, 503)
JAVA = shutil.which("java")
SPARING = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss2m", "-Xmx512m")
"""It runs once and briefly, beside other tests: compiling well would cost more."""

pytestmark = pytest.mark.skipif(
    JAVA is None or not CHECKER.is_file(),
    reason="PAGES ARE NOT CHECKED: run `make html-checker` (needs java and npm)",
)


@pytest.fixture
def environ(environ):
    return {**environ, "VIGIL_DEVELOPMENT": "1"}


def findings(*places: Path) -> list[str]:
    """What the checker says, as `file:line: words`."""
    ran = subprocess.run(
        [str(JAVA), *SPARING, "-jar", CHECKER, "--format", "json", "--stdout", *places],
        capture_output=True,
        check=False,
        text=True,
    )
    assert ran.stderr == ""
    return [
        f"{each['url'].rpartition('/')[2]}:{each.get('lastLine', 0)}: {each['message']}"
        f" {each.get('extract', '')!r}"
        for each in json.loads(ran.stdout)["messages"]
    ]


def failures(site: Site) -> Iterator[Walked]:
    """The page of each error that the archive knows."""
    app = create_app(site)

    @guard.public
    def fail(status: str) -> str:
        flask.abort(int(status))

    app.add_url_rule("/fail/<status>", "fail", fail)
    client = app.test_client()
    for status in ERRORS:
        path = f"/fail/{status}"
        with client.get(path) as answer:
            assert answer.status_code == status
            yield Walked("visitor", path, status, answer.get_data(as_text=True))


def test_the_checker_finds_what_is_wrong(tmp_path):
    (tmp_path / "wrong.html").write_text(
        "<!doctype html><html lang=en><title>A</title><p><div>B</div></p>"
    )
    assert any("No “p” element" in each for each in findings(tmp_path))


def test_no_page_has_a_finding(app, browser, site, people, desk, tmp_path):
    deposit = desk.publish(desk.deposit(draft=desk.draft("A convoy near the convent")))
    while run_one(site, site.clock()):
        pass
    told = {"account_id": people["applicant"]}
    found = [
        *walking.pages(app, browser, deposit, **told),
        *walking.refused_forms(app, browser, deposit, **told),
        *failures(site),
    ]
    assert len(found) > 150, "fewer pages than there are"
    (pages := tmp_path / "pages").mkdir()
    for number, each in enumerate(found):
        name = f"{number}-{each.reader}{each.path.split('?')[0].replace('/', '_')}.html"
        (pages / name[-120:]).write_text(each.html, encoding="utf-8")
    assert findings(pages) == []
