"""The shipped unit of systemd keeps plaintext off the disk, and lets decoders work."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "docs" / "examples" / "vigil.service"


@pytest.fixture(scope="module")
def service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNIT, encoding="utf-8")
    return unit["Service"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("LimitCORE", "0"),
        ("MemorySwapMax", "0"),
        ("UMask", "0077"),
        ("PrivateTmp", "yes"),
        ("ProtectSystem", "strict"),
    ],
)
def test_the_unit_keeps_plaintext_in_memory(service, setting: str, value: str) -> None:
    assert service[setting] == value


def test_the_key_is_a_sealed_credential_and_no_variable(service) -> None:
    assert service["LoadCredentialEncrypted"].startswith("vigil-key:")
    assert "Environment" not in service


@pytest.mark.parametrize(
    "setting", ["NoNewPrivileges", "RestrictNamespaces", "PrivateUsers"]
)
def test_nothing_in_the_unit_forbids_the_sandbox(service, setting: str) -> None:
    """It stands on user namespaces; without one, decoders would be less confined."""
    assert setting not in service


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("THE UNIT IS NOT CHECKED BY SYSTEMD: systemd-analyze is not here")
    started = tmp_path / "vigil"
    started.write_text("#!/bin/sh\n")
    started.chmod(0o755)
    text = UNIT.read_text(encoding="utf-8")
    path = tmp_path / "vigil.service"
    path.write_text(text.replace("/opt/vigil/.venv/bin/vigil", str(started)))
    told = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", str(path)],
        capture_output=True,
        check=False,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert "Unknown" not in told.stderr, told.stderr


@pytest.mark.parametrize("name", ["nginx.conf", "vigil.service"])
def test_the_documents_lead_to_the_examples(name: str) -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert f"(examples/{name})" in text
