"""What may not be written anywhere in the program, read from its source.

One place builds a `Permit`, one opens originals; nothing runs a shell, unpickles,
or marks text as safe for a page without having escaped it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("archive", "auth", "blur", "search")
MIGRATIONS = ROOT / "archive" / "db" / "migrations"
TEMPLATES = ROOT / "archive" / "web" / "templates"
ESCAPED_ELSEWHERE = {"archive/web/pages/search.py"}
"""Where text becomes `Markup`: the snippets, which the engine has escaped."""
UNPICKLING = {"search/sealed_storage.py"}
"""Whoosh's table of contents, sealed; its unpickler knows few classes."""


def modules() -> list[Path]:
    found = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    assert len(found) > 100
    return found


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a module, with the name that is called."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def told(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_only_the_policy_builds_a_permit() -> None:
    builders = {
        told(path)
        for path in modules()
        for name, _ in calls(path)
        if name.rpartition(".")[2] == "Permit"
    }
    assert builders == {"auth/policy.py"}
    for path in modules():
        text = path.read_text(encoding="utf-8")
        assert "replace(permit" not in text, path  # a permit is made, never altered
        assert "Permit.__new__" not in text, path


def test_only_the_gate_opens_originals() -> None:
    openers = {
        told(path)
        for path in modules()
        for name, _ in calls(path)
        if name.rpartition(".")[2] == "open_original"
    }
    assert openers == {"archive/gate.py"}


def test_the_import_contracts_hold() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command",
    ]
    command[2] += "; lint_imports_command()"
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert re.search(r"Contracts: \d+ kept, 0 broken", ran.stdout)


def test_nothing_runs_a_shell_or_code_that_came_from_outside() -> None:
    never = {"os.system", "os.popen", "eval", "exec", "marshal.loads", "compile"}
    for path in modules():
        for name, call in calls(path):
            assert name not in never, f"{told(path)}:{call.lineno} calls {name}"
            for keyword in call.keywords:
                if keyword.arg == "shell":
                    assert ast.unparse(keyword.value) == "False", told(path)


def test_nothing_is_unpickled_but_by_the_reader_that_knows_few_classes() -> None:
    for path in modules():
        for name, call in calls(path):
            if name in ("pickle.load", "pickle.loads", "Unpickler", "pickle.Unpickler"):
                raise AssertionError(f"{told(path)}:{call.lineno} calls {name}")
        derived = re.findall(r"class \w+\(pickle\.Unpickler\)", path.read_text("utf-8"))
        if derived:
            assert told(path) in UNPICKLING
            assert "def find_class" in path.read_text(encoding="utf-8")


def test_no_plain_temporary_file_is_made() -> None:
    """Plaintext stays in memory; what is kept is sealed before it is written."""
    for path in modules():
        for name, call in calls(path):
            is_temporary = name.startswith("tempfile.") or name in (
                "NamedTemporaryFile",
                "TemporaryFile",
                "SpooledTemporaryFile",
                "mkstemp",
                "mkdtemp",
            )
            assert not is_temporary, f"{told(path)}:{call.lineno} calls {name}"


def test_text_is_marked_as_safe_only_where_it_was_escaped() -> None:
    for path in modules():
        for name, call in calls(path):
            if name.rpartition(".")[2] != "Markup" or not call.args:
                continue
            literal = isinstance(call.args[0], ast.Constant)
            assert literal or told(path) in ESCAPED_ELSEWHERE, (told(path), call.lineno)


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: p.name
)
def test_a_template_trusts_no_text_and_carries_no_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"<[^>{]*\sstyle\s*=", text)
    assert not re.search(r"<[^>{]*\son[a-z]+\s*=", text)
    assert "javascript:" not in text
    for attributes, body in re.findall(
        r"<script\b([^>]*)>(.*?)</script>", text, re.DOTALL
    ):
        is_data = "application/ld+json" in attributes
        assert is_data or ("src=" in attributes and not body.strip())
    assert not re.search(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", text)


def test_nothing_of_the_interface_is_fetched_from_elsewhere() -> None:
    """Requirement 113."""
    for path in (ROOT / "static").rglob("*"):
        if path.suffix in (".css", ".js"):
            text = path.read_text(encoding="utf-8")
            fetched = re.findall(
                r"""(?:url\(|import\s|from\s|fetch\()\s*["'`]?(\S+)""", text
            )
            assert not [
                each for each in fetched if re.match(r"(?:https?:)?//", each)
            ], path


def test_the_clock_is_read_at_the_edges_only() -> None:
    """Below web, work and cli a moment is an argument (`site` holds the clock)."""
    edges = ("archive/web/", "archive/work/", "archive/cli/", "archive/site.py")
    for path in modules():
        if told(path).startswith(edges) or MIGRATIONS in path.parents:
            continue
        for name, call in calls(path):
            read = name.endswith(("datetime.now", "datetime.utcnow", "date.today"))
            assert not read and name != "time.time", f"{told(path)}:{call.lineno}"
