"""`vigil ledger`: wrong input is a sentence, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive.cli.main import main
from archive.site import Site


@pytest.fixture
def told(site: Site, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Site:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return site


def vigil(*words: object) -> Result:
    return CliRunner().invoke(main, ["ledger", *map(str, words)])


def length(site: Site) -> int:
    with site.db.read() as s:
        return site.ledger.entries(s, limit=1)[0].seq


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("prove", 1), 1, "newer than the checkpoint"),
        (("prove", 99_999), 1, "no line 99999"),
        (("prove", 0), 2, "0 is not in the range"),
        (("extends", 3), 1, "exactly 3 lines"),
        (("export", "taken.json"), 1, "is there already"),
        (("export", "new.json", "--record", "nothing"), 1, "says nothing of a record"),
    ],
)
def test_wrong_input_is_a_sentence_and_changes_nothing(
    told: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[object, ...],
    status: int,
    sentence: str,
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("taken.json").write_text("mine")
    before = length(told)
    said = vigil(*words)
    assert (said.exit_code, sentence in said.output) == (status, True), said.output
    assert length(told) == before
    assert [path.read_text() for path in folder.iterdir()] == ["mine"]


def test_a_folder_that_is_not_there_is_a_sentence(told: Site, tmp_path: Path) -> None:
    said = vigil("export", tmp_path / "none" / "all.json")
    assert (said.exit_code, "cannot be written" in said.output) == (1, True)
