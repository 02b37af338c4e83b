"""The shipped unit of systemd keeps plaintext off the disk, and lets decoders work."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from archive import cli, config

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
UNITS_APART = ("web", "broker", "worker")
UNITS = ("vigil", "vigil-web", "vigil-worker", "vigil-broker")


def read(name: str) -> configparser.SectionProxy:
    # Not strict: a unit may set several variables.
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(EXAMPLES / f"{name}.service", encoding="utf-8")
    return unit["Service"]


@pytest.fixture(scope="module")
def service() -> configparser.SectionProxy:
    return read("vigil")


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
def test_the_units_keep_plaintext_in_memory(setting: str, value: str) -> None:
    for name in UNITS:
        assert read(name)[setting] == value, name


def test_server_and_broker_are_two_users_with_two_keys() -> None:
    web, broker, worker = (read(f"vigil-{each}") for each in UNITS_APART)
    assert web["User"] != broker["User"] == worker["User"]
    assert web["Group"] == broker["Group"] == worker["Group"]
    key = "LoadCredentialEncrypted"
    assert web[key] != broker[key] == worker[key]
    assert broker[key].rpartition(":")[2] in web["InaccessiblePaths"]
    assert broker["PrivateNetwork"] == "yes"
    assert (broker["ExecStart"].split()[-1], web["ExecStart"].split()[-1]) == (
        "broker",
        "serve",
    )


def test_the_key_is_a_sealed_credential_and_no_variable(service) -> None:
    assert service["LoadCredentialEncrypted"].startswith("vigil-key:")
    assert "Environment" not in service


@pytest.mark.parametrize(
    "setting", ["NoNewPrivileges", "RestrictNamespaces", "PrivateUsers"]
)
def test_nothing_in_the_unit_forbids_the_sandbox(service, setting: str) -> None:
    """It stands on user namespaces; without one, decoders would be less confined."""
    assert setting not in service


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_unit(tmp_path: Path, name: str) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("THE UNIT IS NOT CHECKED BY SYSTEMD: systemd-analyze is not here")
    started = tmp_path / "vigil"
    started.write_text("#!/bin/sh\n")
    started.chmod(0o755)
    text = (EXAMPLES / f"{name}.service").read_text(encoding="utf-8")
    path = tmp_path / f"{name}.service"
    path.write_text(text.replace("/opt/vigil/.venv/bin/vigil", str(started)))
    told = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", str(path)],
        capture_output=True,
        check=False,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert "Unknown" not in told.stderr, told.stderr


@pytest.mark.parametrize(
    ("name", "exposure"),
    [("vigil", 6.0), ("vigil-web", 6.0), ("vigil-worker", 6.0), ("vigil-broker", 1.5)],
)
def test_systemd_finds_little_that_a_unit_leaves_open(
    name: str, exposure: float
) -> None:
    """Where decoders run their sandbox needs what the rest of the points are for."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("THE UNIT IS NOT JUDGED BY SYSTEMD: systemd-analyze is not here")
    threshold = f"--threshold={round(exposure * 10)}"
    told = subprocess.run(
        [
            *(program, "security", "--no-pager", "--offline=true", threshold),
            str(EXAMPLES / f"{name}.service"),
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    if "unrecognized option" in told.stderr:
        pytest.skip("THE UNIT IS NOT JUDGED BY SYSTEMD: it is older than 250")
    assert told.returncode == 0, told.stdout[-300:] + told.stderr


def test_no_unit_keeps_a_capability() -> None:
    for name in UNITS:
        assert read(name)["CapabilityBoundingSet"] == "", name


@pytest.mark.parametrize("setting", ["PrivateUsers", "RestrictSUIDSGID"])
def test_nothing_forbids_the_broker_to_share_files_and_see_who_asks(
    setting: str,
) -> None:
    assert setting not in read("vigil-broker")


@pytest.mark.parametrize("name", ["nginx.conf", *(f"{unit}.service" for unit in UNITS)])
def test_the_documents_lead_to_the_examples(name: str) -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert f"(examples/{name})" in text


def settings_of(name: str) -> dict[str, str]:
    lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in told)


def test_the_settings_of_nodes_are_known_and_safe(tmp_path: Path) -> None:
    made = config.load(settings_of("nodes.env"))
    config.check_safe(made)
    assert not made.database_url.startswith("sqlite")
    assert str(made.object_store).startswith("s3://")
    assert (made.search_engine, made.job_engine) == ("postgresql", "procrastinate")
    assert made.shred_list is not None
    assert not made.shred_list.is_relative_to(made.home)


def test_what_the_nodes_run_are_commands_of_the_program() -> None:
    compose = yaml.safe_load((EXAMPLES / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    nodes = {name: each for name, each in services.items() if name != "nginx"}
    assert len(nodes) == 4
    for name, node in nodes.items():
        program, command, *options = node["command"]
        assert program == "vigil"
        found = cli.main.get_command(click.Context(cli.main), command)
        assert found is not None, command
        found.make_context(command, list(options)).close()
        assert node["env_file"] == "nodes.env", name
        assert node["read_only"], name
        assert node["mem_limit"] == node["memswap_limit"], "keys must not be swapped"
        assert set(node["secrets"]) == set(compose["secrets"]), name
        mounted = [each.split(":")[1] for each in node["volumes"]]
        assert mounted == [settings_of("nodes.env")["VIGIL_HOME"], "/var/lib/vigil"]
        assert set(node["networks"]) == {"inside"}, "nodes speak without TLS"
    kept = [node["volumes"][1] for node in nodes.values()]
    assert len(set(kept)) == 4, "each node has its own list of what was shredded"
