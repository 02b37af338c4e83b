"""`vigil keys` as somebody meets it in a shell: words, JSON, exit status."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archive import config, intake
from archive.cli.main import main
from archive.founding import create_home
from archive.intake import Refused
from archive.shredding import Proof
from archive.site import Site, open_site
from archive.vault import passphrases
from archive.vault.passphrases import Cost
from tests.archive.administrators import again, person

WORDS = "harbour velvet ostrich quarry lantern"
PASSWORD = "correct harbour velvet ostrich"


@pytest.fixture
def vigil(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs one command in the shell of this archive's operator."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path(environ["VIGIL_HOME"]).parent / "c"))
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def run(*words: str | Path, stdin: str = "", **more: str) -> Result:
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(main, [str(word) for word in words], input=stdin)

    return run


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def made(vigil) -> dict[str, Any]:
    return told(vigil("init", "--json"))


@pytest.fixture
def site(made: dict[str, Any], environ: dict[str, str]) -> Iterator[Site]:
    opened = open_site(config.load(environ))
    yield opened
    opened.close()


# --- recovery -------------------------------------------------------------------------


def test_init_makes_a_recovery_key_outside_the_home_and_names_it(
    made: dict[str, Any], environ: dict[str, str]
) -> None:
    assert {"home", "setup_url", "keyring"} <= set(made)
    private = Path(made["recovery"]["private_key"])
    assert private.parent == Path(environ["VIGIL_KEY_FILE"]).parent
    assert not private.is_relative_to(environ["VIGIL_HOME"])
    assert private.stat().st_mode & 0o777 == 0o400
    assert len(made["recovery"]["recipients"]) == 1


def test_in_words_it_says_to_move_the_recovery_key(vigil) -> None:
    said = vigil("init").output
    assert ".recovery.pem: move it to paper or a stick" in said


def test_from_the_first_minute_something_can_be_taken_in(site: Site) -> None:
    with intake.begin(site) as arrival:
        assert arrival.files == ()


def test_without_recipient_and_waiver_nothing_is_taken_in_until_it_is_settled(
    vigil, site: Site
) -> None:
    """An archive that was made before there was recovery."""
    for name in ("recovery.sealed", "recovery.bundle"):
        (site.config.keyrings / name).unlink()
    with pytest.raises(Refused, match="vigil keys init") as refused:
        intake.begin(site)
    assert refused.value.code == "no_recovery"
    status = vigil("keys", "status", "--json")
    assert status.exit_code == 1
    assert "vigil keys init" in json.loads(status.stdout)["mend"][0]
    settled = told(vigil("keys", "init", "--json"))
    assert Path(settled["private_key"]).exists()
    intake.begin(site).abandon()
    assert told(vigil("keys", "status", "--json"))["mend"] == []
    again = vigil("keys", "init")
    assert again.exit_code == 1
    assert "already" in again.output


def test_a_waiver_is_in_writing_and_in_the_ledger(vigil, environ) -> None:
    short = vigil("init", "--waive-recovery", "no")
    assert short.exit_code == 1
    assert "few words" in short.output
    assert not Path(environ["VIGIL_HOME"]).exists()
    made = told(vigil("init", "--json", "--waive-recovery", "a test on paper only"))
    assert made["recovery"]["private_key"] is None
    assert made["recovery"]["waived"] == "a test on paper only"
    site = open_site(config.load(environ))
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="archive created")
    assert line.detail["waived"] == "a test on paper only"
    intake.begin(site).abandon()
    site.close()
    backup = vigil("keys", "backup", environ["VIGIL_HOME"] + ".bundle")
    assert backup.exit_code == 1
    assert "recovery add" in backup.output


def test_an_existing_public_key_is_used(vigil, tmp_path: Path) -> None:
    pair = told(vigil("keys", "pair", tmp_path / "board", "--json"))
    made = told(vigil("init", "--json", "--recovery", pair["public_key"]))
    assert made["recovery"]["private_key"] is None
    (recipient,) = made["recovery"]["recipients"]
    assert recipient == {"name": "board", "fingerprint": pair["fingerprint"]}
    proven = told(vigil("keys", "verify", "--json", "--private", pair["private_key"]))
    assert proven["ok"]
    again = vigil("keys", "pair", tmp_path / "board")
    assert again.exit_code == 1


def test_a_public_key_that_is_none_stops_init_and_leaves_nothing(
    vigil, environ, tmp_path: Path
) -> None:
    (tmp_path / "wrong.pem").write_text("hello")
    failed = vigil("init", "--recovery", tmp_path / "wrong.pem")
    assert failed.exit_code == 1
    assert "does not hold a public key" in failed.output
    assert not Path(environ["VIGIL_HOME"]).exists()


def test_a_lost_key_is_recovered_and_the_old_one_opens_nothing_any_more(
    vigil, made: dict[str, Any], environ, tmp_path: Path
) -> None:
    told(vigil("keys", "rotate", "--json"))
    lost = Path(environ["VIGIL_KEY_FILE"])
    old = lost.read_bytes()
    lost.unlink()
    closed = vigil("keys", "status")
    assert closed.exit_code == 1
    assert "cannot be read" in closed.output
    recovered = told(
        vigil(
            *("keys", "recover", "--json", "--private"),
            made["recovery"]["private_key"],
            *("--key-file", tmp_path / "new" / "vigil.key"),
        )
    )
    assert recovered["closed"] == 0
    new = recovered["key_file"]
    assert told(vigil("verify", "--all", "--json", VIGIL_KEY_FILE=new))["ok"]
    lost.write_bytes(old)
    lost.chmod(0o600)
    closed = vigil("keys", "status", VIGIL_KEY_FILE=str(lost))
    assert closed.exit_code == 1
    assert "does not open" in closed.output
    names = (Path(environ["VIGIL_HOME"]) / "vigil.toml").read_text()
    assert f'key_file = "{new}"' in names


def test_recovery_with_a_strangers_key_or_an_old_bundle_changes_nothing(
    vigil, made: dict[str, Any], site: Site, desk, environ, tmp_path: Path
) -> None:
    told(vigil("keys", "pair", tmp_path / "stranger", "--json"))
    old = told(vigil("keys", "backup", tmp_path, "--json"))["bundle"]
    desk.deposit()
    told(vigil("keys", "rotate", "--json"))
    site.close()
    before = {p: p.read_bytes() for p in site.config.keyrings.iterdir()}
    recover = ("keys", "recover", "--key-file", tmp_path / "new.key", "--private")
    stranger = vigil(*recover, tmp_path / "stranger.private.pem")
    assert stranger.exit_code == 1
    assert "not sealed to this private key" in stranger.output
    private = made["recovery"]["private_key"]
    older = vigil(*recover, private, "--bundle", old)
    assert older.exit_code == 1
    assert "older than the keys of 1 files" in older.output
    assert {p: p.read_bytes() for p in site.config.keyrings.iterdir()} == before
    assert not (tmp_path / "new.key").exists()
    assert [p.name for p in site.config.home.glob("keys.*")] == []


def test_a_stale_copy_of_the_bundle_is_told_by_verify(
    vigil, made: dict[str, Any], tmp_path: Path
) -> None:
    copy = told(vigil("keys", "backup", tmp_path / "copy", "--json"))["bundle"]
    private = made["recovery"]["private_key"]
    check = ("keys", "verify", "--bundle", copy, "--private", private)
    assert vigil(*check).exit_code == 0
    told(vigil("keys", "rotate", "original", "--json"))
    stale = vigil(*check)
    assert stale.exit_code == 1
    assert "lacks original v2" in stale.output
    assert vigil("keys", "verify", "--private", private).exit_code == 0
    assert vigil("keys", "backup", tmp_path / "copy").exit_code == 1


def test_a_second_recipient_can_recover_as_well(vigil, made, tmp_path: Path) -> None:
    pair = told(vigil("keys", "pair", tmp_path / "board", "--json"))
    told(vigil("keys", "recovery", "add", pair["public_key"], "--json"))
    listed = told(vigil("keys", "recovery", "list", "--json"))["recipients"]
    assert [each["name"] for each in listed] == ["made by init", "board"]
    for private in (pair["private_key"], made["recovery"]["private_key"]):
        assert vigil("keys", "verify", "--private", private).exit_code == 0


# --- unlocking ------------------------------------------------------------------------


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = Cost(memory_kib=64, iterations=1, lanes=1)
    monkeypatch.setattr(passphrases.write_header, "__defaults__", (cost,))


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text(WORDS + "\n")
    path.chmod(0o600)
    return path


def test_an_archive_behind_a_passphrase_has_no_key_file(
    vigil, cheap, environ, monkeypatch, passphrase_file: Path
) -> None:
    monkeypatch.delenv("VIGIL_KEY_FILE")
    made = told(vigil("init", "--json", VIGIL_KEY_PASSPHRASE_FILE=str(passphrase_file)))
    assert made["keyring"]["key_file"] is None
    assert list(Path(environ["VIGIL_HOME"]).parent.rglob("*.key")) == []
    assert told(vigil("keys", "status", "--json"))["passphrase"]["memory_kib"] == 64
    passphrase_file.write_text("another one, and longer\n")
    wrong = vigil("keys", "status")
    assert wrong.exit_code == 1
    assert "passphrase is wrong" in wrong.output


def test_a_short_passphrase_makes_no_archive(vigil, environ, monkeypatch) -> None:
    monkeypatch.delenv("VIGIL_KEY_FILE")
    failed = vigil("init", "--passphrase", stdin="short\nshort\n")
    assert failed.exit_code == 1
    assert "15 to 1024" in failed.output
    assert not Path(environ["VIGIL_HOME"]).exists()


def test_an_archive_with_a_key_file_changes_to_a_passphrase(
    vigil, cheap, made, monkeypatch, passphrase_file: Path
) -> None:
    locked = vigil("keys", "passphrase", stdin=f"{WORDS}\n{WORDS}\n")
    assert locked.exit_code == 0
    assert "destroy" in locked.output
    monkeypatch.delenv("VIGIL_KEY_FILE")
    told(
        vigil(
            "keys", "status", "--json", VIGIL_KEY_PASSPHRASE_FILE=str(passphrase_file)
        )
    )


def test_two_of_three_administrators_unlock_and_serve(
    vigil, made, environ, monkeypatch, tmp_path: Path
) -> None:
    people = ["anahit", "bagrat", "carine"]
    for name in people:
        told(vigil("keys", "pair", tmp_path / name, "--json"))
    publics = [tmp_path / f"{name}.public.pem" for name in people]
    twice = vigil("keys", "shares", *publics[:2], publics[0], "--out", tmp_path / "s")
    assert twice.exit_code == 1
    shares = told(vigil("keys", "shares", *publics, "--out", tmp_path / "s", "--json"))[
        "shares"
    ]
    for name, share in list(zip(people, shares, strict=True))[1:]:
        opening = ("keys", "open-share", share["share"], "--out", tmp_path / name)
        private = tmp_path / f"{name}.private.pem"
        told(vigil(*opening, "--private", private, "--json"))
    monkeypatch.delenv("VIGIL_KEY_FILE")
    two = f"{tmp_path / 'bagrat'},{tmp_path / 'carine'}"
    told(vigil("keys", "status", "--json", VIGIL_KEY_SHARES=two))
    one = vigil("keys", "status", VIGIL_KEY_SHARES=str(tmp_path / "bagrat"))
    assert one.exit_code == 1
    assert "1 of 2 shares" in one.output
    served = {**environ, "VIGIL_KEY_SHARES": two}
    del served["VIGIL_KEY_FILE"]
    serve_without_the_shares(served, [tmp_path / "bagrat", tmp_path / "carine"])


def serve_without_the_shares(environ: dict[str, str], shares: list[Path]) -> None:
    """Once it listens, both its processes and its worker have the secret."""
    server = subprocess.Popen(
        [sys.executable, "-m", "archive.cli", "serve", "--port", "0"],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert "Listening" in server.stdout.readline()
        for share in shares:
            share.unlink()
    finally:
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=60)
    assert "cannot be read" not in errors, errors


# --- rotation and shredding -----------------------------------------------------------


@pytest.mark.parametrize("purpose", ["audit", "preview-noise", "blind", "db", "web"])
def test_what_is_never_rotated_says_why(vigil, made, purpose: str) -> None:
    refused = vigil("keys", "rotate", purpose)
    assert refused.exit_code == 1
    assert "never rotated" in refused.output


@pytest.fixture
def administrators(site: Site) -> list[Proof]:
    return [person(site, "anahit"), person(site, "bagrat")]


def typed(*proofs: Proof) -> str:
    return "".join(f"{each.password}\t{each.code}\n" for each in proofs)


def test_shredding_from_a_shell_gives_a_receipt_and_the_backup_stays_dark(
    vigil, site: Site, desk, administrators: list[Proof], tmp_path: Path
) -> None:
    one, other = administrators
    held = desk.publish(desk.deposit(), "dead.body")
    site.db.close()
    shutil.copytree(site.config.home, tmp_path / "backup")
    both = [word for each in administrators for word in ("--by", each.email)]
    shred = ("keys", "shred", held.record.id, *both, "--reason", "order 12")
    wrong = vigil(*shred, "--passwords-stdin", stdin=f"wrong\t1\n{typed(other)}")
    assert wrong.exit_code == 1
    assert "do not fit" in wrong.output
    receipt = told(
        vigil(
            *shred,
            *("--json", "--passwords-stdin", "--receipt", tmp_path / "receipt"),
            stdin=typed(one, other),
        )
    )
    assert receipt["traces"] == {"blobs": 1, "log": True, "index": True}
    assert json.loads((tmp_path / "receipt").read_text()) == receipt
    key = told(vigil("keys", "status", "--json"))["receipts_signed_by"]
    check = ("keys", "check-receipt", tmp_path / "receipt", "--public-key")
    assert told(vigil(*check, key, "--json"))["ok"]
    assert vigil(*check, "00" * 32).exit_code == 1
    assert told(vigil("verify", "--all", "--json"))["ok"]
    assert told(vigil("keys", "status", "--json"))["shredded"] == 1
    site.close()
    shutil.rmtree(site.config.home)
    shutil.copytree(tmp_path / "backup", site.config.home)
    assert told(vigil("verify", "--all", "--json"))["ok"]
    assert told(vigil("keys", "status", "--json"))["shredded"] == 1
    twice = vigil(*shred, "--passwords-stdin", stdin=typed(one, other))
    assert twice.exit_code == 1
    assert "shredded before" in twice.output


def test_one_asks_from_a_shell_and_another_confirms(
    vigil, site: Site, desk, administrators: list[Proof], tmp_path: Path
) -> None:
    one, other = administrators
    held = desk.publish(desk.deposit(), "dead.body")
    stdin = ("--passwords-stdin", "--json")
    asked = told(
        vigil(
            *("keys", "shred", held.record.id, "--by", one.email),
            *("--reason", "order 12", *stdin),
            stdin=typed(one),
        )
    )
    assert asked["state"] == "waiting"
    confirm = ("keys", "confirm", asked["id"], "--by")
    same = vigil(*confirm, one.email, *stdin, stdin=typed(again(site, one)))
    assert same.exit_code == 1
    assert "Another administrator" in same.output
    assert told(vigil("keys", "orders", "--json"))["orders"][0]["state"] == "waiting"
    receipt = told(vigil(*confirm, other.email, *stdin, stdin=typed(other)))
    assert receipt["traces"]["index"]
    (order,) = told(vigil("keys", "orders", "--json"))["orders"]
    assert order["state"] == "done"
    assert order["receipt"]["digest"] == receipt["digest"]


def test_one_administrator_twice_is_wrong_usage(vigil, made) -> None:
    once = vigil(
        "keys", "shred", "x", "--reason", "r", "--by", "a@b.c", "--by", "a@b.c"
    )
    assert once.exit_code == 2


@pytest.mark.parametrize("command", sorted(main["keys"].commands))  # type: ignore[attr-defined]
def test_every_command_helps_with_an_example(command: str) -> None:
    said = CliRunner().invoke(main, ["keys", command, "--help"])
    assert said.exit_code == 0
    if command != "recovery":
        assert "Example: vigil keys" in " ".join(said.output.split())


def test_a_home_made_elsewhere_is_not_disturbed(environ, tmp_path: Path) -> None:
    create_home(config.load(environ)).close()
    again = open_site(config.load(environ))
    assert again.keyring.shredded.entries() == []
    again.close()
