"""The example scripts of docs/examples/api do what they say, against a live server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive.site import Site
from archive.work import run_one
from auth.viewer import Tier
from tests.web.conftest import ROOT, Desk, Live, photo

EXAMPLES = ROOT / "docs" / "examples" / "api"


def told(live: Live, name: str, *args: str, **more: str) -> str:
    """What a script says; it must come to its end."""
    environ = {"PATH": os.environ["PATH"], "VIGIL_SITE": live.url, **more}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *args],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def secret_of(headers: dict[str, str]) -> str:
    return headers["Authorization"].removeprefix("Bearer ")


def test_there_is_a_script_for_each_role_and_each_is_named_in_the_docs() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {"visitor", "researcher", "moderator", "administrator"}
    words = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for name in names:
        assert f"examples/api/{name}.py" in words


@pytest.mark.parametrize("name", ["visitor", "researcher"])
def test_what_readers_run(live: Live, desk: Desk, site: Site, token, name: str) -> None:
    record = desk.publish(desk.deposit(), "property.heritage", Tier.G1).record.id
    while run_one(site, site.clock()):
        pass
    if name == "visitor":
        said = told(live, name, "church")
        assert "1 records about 'church'" in said
        assert "1 records in all" in said
        assert "original closed because: sign_in" in said
        return
    said = told(live, name, record, VIGIL_TOKEN=secret_of(token(name)))
    assert "image: whole True" in said
    assert "the first 16 bytes, status 206" in said
    assert "consent withdrawn; opened today: 1" in said


def test_what_moderators_run(live: Live, tmp_path: Path, token) -> None:
    picture = tmp_path / "yard.jpg"
    picture.write_bytes(photo())
    secret = secret_of(token("moderator"))
    said = told(live, "moderator", str(picture), VIGIL_TOKEN=secret)
    assert "and once only: True" in said
    assert "it is published" in said
    assert "'would be taken in': 1" in said
    assert "the import is running" in said


def test_what_administrators_run(live: Live, desk: Desk, token) -> None:
    desk.publish(desk.deposit())
    secret = secret_of(token("administrator"))
    said = told(live, "administrator", VIGIL_TOKEN=secret)
    assert "0 applications wait" in said
    assert "each holds on to the one before: True" in said
    assert "'administrator': 1" in said
