"""A source beside the archive, and the command that takes it in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from archive.cli import main
from archive.records import store
from archive.records.document import RecordDocument
from archive.records.tables import Record
from archive.site import Site
from tests.archive.conftest import photo


@dataclass
class Told:
    """How a run ended, and its report."""

    status: int
    report: dict[str, Any]
    stderr: str

    @property
    def results(self) -> list[str]:
        return [line["result"] for line in self.report["lines"]]

    @property
    def problems(self) -> list[str]:
        return [t["problem"] for line in self.report["lines"] for t in line["troubles"]]


Vigil = Callable[..., Told]


@pytest.fixture
def bring(
    site: Site, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Vigil:
    """`vigil import …` with its report."""

    def run(*words: str | Path) -> Told:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        ran = CliRunner().invoke(main, ["import", *map(str, words), "--json"])
        assert ran.stdout, ran.output
        return Told(ran.exit_code, json.loads(ran.stdout), ran.stderr)

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An empty folder outside of the archive."""
    made = tmp_path / "source"
    made.mkdir()
    return made


@pytest.fixture
def picture(source: Path) -> Callable[[str], bytes]:
    """Puts a picture into the source; gives its bytes."""

    def put(name: str) -> bytes:
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content := photo())
        return content

    return put


def records(site: Site) -> list[Record]:
    with site.db.read() as s:
        return list(s.scalars(select(Record).order_by(Record.created_at, Record.id)))


def documents(site: Site) -> dict[str, RecordDocument]:
    """Every record's document, by its title."""
    found = [store.document_of(site.sealing, each) for each in records(site)]
    return {each.title(): each for each in found}
