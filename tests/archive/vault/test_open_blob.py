"""The stand-alone script opens what Vigil sealed, and refuses what Vigil refuses."""

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from archive.vault.container import Kind

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "docs" / "formats" / "open_blob.py"
FOLDER = Path(__file__).parent / "vectors" / "v1"
VECTORS = json.loads((FOLDER / "vectors.json").read_text())


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    # Isolated and elsewhere: it must not find the program's own modules.
    return subprocess.run(
        [sys.executable, "-I", SCRIPT, *map(str, arguments)],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", VECTORS["good"])
def test_it_opens_a_blob_with_its_data_key(name, tmp_path):
    vector, out = VECTORS["good"][name], tmp_path / "out"
    done = run(FOLDER / f"{name}.blob", out, "--data-key", vector["data_key"])
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert len(out.read_bytes()) == vector["size"]
    assert hashlib.sha256(out.read_bytes()).hexdigest() == vector["sha256"]


@pytest.mark.parametrize("name", VECTORS["broken"])
def test_it_refuses_broken_blobs_and_writes_nothing(name, tmp_path):
    out = tmp_path / "out"
    key = VECTORS["good"][VECTORS["broken"][name]["expected"]]["data_key"]
    done = run(FOLDER / f"broken-{name}.blob", out, "--data-key", key)
    assert done.returncode == 1
    assert done.stderr.startswith("not opened: ")
    assert done.stderr.count("\n") == 1
    assert not out.exists()


def by_keyring(row: dict[str, str]) -> list[object]:
    arguments: list[object] = ["--key-file", FOLDER / "not-a-secret.key"]
    arguments += ["--keyring", FOLDER / "keyring" / "originals.keyring"]
    arguments += ["--wrapping-key-id", row["wrapping_key_id"]]
    return [*arguments, "--wrapped", row["wrapped"]]


def test_it_goes_the_whole_way_from_the_unlock_key(tmp_path):
    out = tmp_path / "out"
    done = run(FOLDER / "three.blob", out, *by_keyring(VECTORS["row"]))
    assert (done.returncode, done.stderr) == (0, "")
    assert len(out.read_bytes()) == 40_000


@pytest.mark.parametrize(
    ("blob", "change"),
    [
        ("three", {"wrapped": "00" * 104}),
        ("three", {"wrapped": "zz"}),
        ("three", {"wrapping_key_id": "1b4e28ba-2fa1-41d2-883f-0016d3cca427"}),
        ("three", {"wrapping_key_id": "no id"}),
        ("one", {}),
    ],
)
def test_a_row_that_does_not_belong_opens_nothing(tmp_path, blob, change):
    out = tmp_path / "out"
    done = run(FOLDER / f"{blob}.blob", out, *by_keyring({**VECTORS["row"], **change}))
    assert done.returncode == 1
    assert done.stderr.startswith("not opened: ")
    assert not out.exists()


@pytest.mark.parametrize("kind", Kind)
def test_it_opens_every_kind(kind, header, data_key, seal, tmp_path):
    blob, out = tmp_path / "blob", tmp_path / "out"
    blob.write_bytes(seal(b"seen", replace(header, kind=kind), data_key))
    opened = run(blob, out, "--data-key", data_key.hex())
    assert (opened.returncode, out.read_bytes()) == (0, b"seen"), opened.stderr


def test_it_replaces_no_file_and_needs_a_key(tmp_path):
    out = tmp_path / "out"
    out.write_bytes(b"kept")
    key = VECTORS["good"]["one"]["data_key"]
    assert run(FOLDER / "one.blob", out, "--data-key", key).returncode == 1
    assert out.read_bytes() == b"kept"
    assert "give --data-key" in run(FOLDER / "one.blob", tmp_path / "new").stderr


def test_the_document_tells_every_kind_of_the_program():
    document = (SCRIPT.parent / "blob-v1.md").read_text()
    line = next(each for each in document.splitlines() if "| kind |" in each)
    told = {int(number) for number in re.findall(r"[|,] (\d+) [a-z]", line)}
    assert told == set(Kind)


def test_the_document_names_every_option_and_the_script():
    document = (SCRIPT.parent / "blob-v1.md").read_text()
    for option in (
        "--data-key",
        "--key-file",
        "--keyring",
        "--wrapped",
        "open_blob.py",
    ):
        assert option in document
