"""`vigil package` as somebody meets it in a shell.

Row X11.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import bagit
import pytest
from click.testing import CliRunner, Result

from archive.cli import main
from archive.site import Site
from auth.credentials import tokens
from auth.entry import entrances
from auth.viewer import TokenScope, Viewer
from tests.archive.conftest import Clock, Desk, photo

from .test_court import agree, checked, unpacked

Vigil = Callable[..., Result]


@pytest.fixture
def vigil(
    site: Site, environ: dict[str, str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Vigil:
    clock.now = datetime.now(UTC)  # the command's own

    def run(*words: str | Path, **more: str) -> Result:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(main, ["package", *map(str, words)])

    return run


def token_of(site: Site, account_id: str) -> tuple[str, Viewer]:
    """An access token, and who comes in by it."""
    scopes, now = [TokenScope.READ, TokenScope.REVEAL], site.clock()
    with site.db.write() as s:
        secret, row = tokens.add(s, account_id, scopes, 30, now)
        return secret, entrances.viewer_through(s, account_id, row.id, now)


def test_it_writes_a_bag_that_holds_and_never_over_a_file(
    site: Site, desk: Desk, vigil: Vigil, tmp_path: Path
) -> None:
    record = desk.publish(desk.deposit()).record.id
    path = tmp_path / "out.zip"
    ran = vigil(record, path)
    assert ran.exit_code == 0, ran.output
    assert path.stat().st_mode & 0o777 == 0o600
    folder = unpacked(path.read_bytes(), tmp_path / "out")
    assert bagit.Bag(str(folder)).validate()
    assert checked(folder, site)[0] == 0
    assert ran.stderr.count("public key") == 1
    before = path.read_bytes()
    again = vigil(record, path)
    assert (again.exit_code, "there already" in again.stderr) == (1, True)
    assert path.read_bytes() == before
    assert vigil(record, tmp_path / "two.zip").exit_code == 0
    assert (tmp_path / "two.zip").read_bytes() == before


def test_originals_are_a_persons_with_a_token_and_consent(
    site: Site, desk: Desk, vigil: Vigil, tmp_path: Path
) -> None:
    content = photo((90, 70))
    record = desk.publish(desk.deposit(content)).record.id
    own, viewer = token_of(site, str(desk.researcher().account_id))
    path = tmp_path / "out.zip"
    wanted = (record, "-", "--original", "--as", "nare@example.org")

    assert "name one with --as" in vigil(record, "-", "--original").stderr
    refused = vigil(*wanted, VIGIL_TOKEN="")
    assert refused.exit_code == 1
    assert "must hold a live access token" in refused.stderr
    refused = vigil(*wanted, VIGIL_TOKEN=own)
    assert (refused.exit_code, "consent" in refused.stderr) == (1, True)
    assert refused.stdout_bytes == b""

    agree(desk, viewer, record)  # as by the API, with the same token
    given = vigil(*wanted, VIGIL_TOKEN=own)
    assert given.exit_code == 0, given.stderr
    folder = unpacked(given.stdout_bytes, tmp_path / "out")
    (original,) = (folder / "data/originals").iterdir()
    assert original.read_bytes() == content
    assert checked(folder, site)[0] == 0
    clear = vigil(record, path, *wanted[2:], VIGIL_TOKEN=own)
    assert (clear.exit_code, path.exists()) == (1, False)
    assert "unencrypted" in clear.stderr


def test_a_record_that_is_not_there_writes_nothing(
    vigil: Vigil, site: Site, tmp_path: Path
) -> None:
    ran = vigil("nothing", tmp_path / "out.zip")
    assert ran.exit_code == 1
    assert list(tmp_path.glob("out*")) == []
    inside = vigil("nothing", site.config.home / "out.zip")
    assert (inside.exit_code, "name a place outside" in inside.stderr) == (1, True)
