"""An archive's home as its operator has it: a folder, a key outside it, a shell.

`Home.run` runs the program in a process and an environment of its own (nothing of the
tester's settings gets in), and says how it ended. `Home.copy` is a
second archive with the same people and records, for tests that break things.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests import nest, postgresql

LONGEST_SECONDS = 120
BASE_URL = "http://127.0.0.1:8000"


def program() -> list[str]:
    """`.venv/bin/vigil`, or the same by `python -m` where no script is installed."""
    script = Path(sys.executable).with_name("vigil")
    return [str(script)] if script.exists() else [sys.executable, "-m", "archive.cli"]


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output; anything beside it is an error."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Home:
    """Where one archive lives: `root/home`, `root/unlock.key`, `root/tmp`."""

    root: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.root / "home"

    @property
    def key_file(self) -> Path:
        return self.root / "unlock.key"

    @property
    def temp(self) -> Path:
        """The TMPDIR of everything that runs here."""
        return self.root / "tmp"

    @property
    def objects(self) -> Path:
        return self.folder / "objects"

    def with_settings(self, **settings: str) -> Home:
        return replace(self, settings={**self.settings, **settings})

    def environ(self) -> dict[str, str]:
        """All that the program gets to know of its surroundings."""
        self.temp.mkdir(parents=True, exist_ok=True)
        told = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": str(self.root),
            "TMPDIR": str(self.temp),
            "VIGIL_HOME": str(self.folder),
            "VIGIL_KEY_FILE": str(self.key_file),
            **self.settings,
        }
        return {name: value for name, value in told.items() if value}

    def run(
        self, *args: str | Path, stdin: str = "", seconds: float = LONGEST_SECONDS
    ) -> Ran:
        """Run one command to its end.

        :raises subprocess.TimeoutExpired: it hangs
        """
        words, environ = list(map(str, args)), self.environ()
        done = nest.run(words, environ, cwd=self.root, seconds=seconds, stdin=stdin)
        return Ran(done.returncode, done.stdout, done.stderr)

    def do(self, *args: str | Path, stdin: str = "") -> Any:
        """Run one command with `--json` that must succeed; its document."""
        ran = self.run(*args, "--json", stdin=stdin)
        assert ran.code == 0, f"vigil {args} ended with {ran.code}: {ran.err}"
        return ran.json

    def copy(self, root: Path) -> Home:
        """The same archive again, key and all; no process may be using this one."""
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copytree(self.folder, root / "home")
        shutil.copy2(self.key_file, root / "unlock.key")
        return replace(self, root=root, settings=postgresql.copied(self.settings))

    def blobs(self) -> list[Path]:
        """Every sealed file in the store."""
        return sorted(path for path in self.objects.rglob("*") if path.is_file())


def make_home(root: Path, **settings: str) -> Home:
    """A new archive, made by `vigil init`, on the database of this run of the tests."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = Home(root, {**postgresql.settings(), **settings})
    home.do("init")
    return home
