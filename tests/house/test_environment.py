"""What the program stands on: the pins, their hashes, and one pair that disagrees.

moviepy 2.2.1 asks for Pillow below 12, which lacks fixes for hostile pictures. The lock
file is installed without asking dependencies again, and here both are proved to be in.
"""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PACKAGE = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+)")


def packages(name: str) -> dict[str, list[str]]:
    """Each package of a lock file, with the lines that belong to it."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if start := PACKAGE.match(line):
            current = found.setdefault(f"{start[1]}=={start[2]}", [])
        current.append(line)
    return found


def test_moviepy_works_with_a_pillow_that_is_safe() -> None:
    import moviepy
    import PIL

    assert metadata.version("moviepy") == "2.2.1"
    assert int(metadata.version("pillow").split(".")[0]) >= 13
    assert PIL.__version__ == metadata.version("pillow")
    assert moviepy.VideoClip


def test_sealing_stands_on_a_cryptography_that_has_it() -> None:
    assert int(metadata.version("cryptography").split(".")[0]) >= 50


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pinned_package_has_hashes_and_no_other_source(lock: str) -> None:
    """Requirement 106."""
    found = packages(lock)
    assert len(found) > 30
    for package, lines in found.items():
        assert any("--hash=sha256:" in line for line in lines), package
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(
        r"^(?:-i|--(?:extra-)?index-url|--find-links|-e|git\+)", text, re.M
    )
    assert "://" not in re.sub(r"#.*", "", text)


def test_what_runs_the_archive_is_pinned_alike_for_its_developers() -> None:
    run, develop = packages("requirements.lock"), packages("requirements-dev.lock")
    assert run.keys() - develop.keys() == set()


def test_every_dependency_is_pinned() -> None:
    """Requirement 106."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = {each.partition("==")[0] for each in packages("requirements.lock")}
    for wanted in project["project"]["dependencies"]:
        name = re.split(r"[<>=\[]", wanted)[0]
        assert name in pinned, name


def test_the_program_is_installed_as_it_was_pinned() -> None:
    pinned: dict[str, set[str]] = {}
    for package in packages("requirements.lock"):
        name, _, version = package.partition("==")
        pinned.setdefault(name, set()).add(version)  # one for each Python, perhaps
    for name, versions in pinned.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # for another system
        assert installed in versions, name


def test_setup_asks_for_hashes_and_ci_runs_the_same_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--no-deps --require-hashes -r requirements-dev.lock" in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for target in ("setup", "demo", "test", "check", "help"):
        assert re.search(rf"^{target}:.*##", makefile, re.M), target
