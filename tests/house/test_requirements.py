"""Every security requirement in docs/requirements.md is named by a test that proves it.

A test names one in its docstring: "Requirement 38", "Requirements 12, 22 and 25".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROW = re.compile(r"^\| (\d+) \| [^|]+ \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"\b(?:[Rr]equirements?|[Ll]ines?) (\d+(?:(?:, | and )\d+)*)")
REQUIRED = [
    int(number)
    for number, _ in ROW.findall(
        (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    )
]


def numbers(told: str) -> set[int]:
    return {
        int(each) for run in NAMED.findall(told) for each in re.findall(r"\d+", run)
    }


def named_in(source: str) -> Iterator[tuple[str, int]]:
    """The tests of a file, with each number that their docstrings name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for number in numbers(ast.get_docstring(node) or ""):
                yield node.name, number


@pytest.fixture(scope="module")
def proofs() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, number in named_in(path.read_text(encoding="utf-8")):
            found.setdefault(number, []).append(f"{path.name}::{name}")
    return found


def test_every_requirement_has_a_test_that_names_it(proofs):
    lost = sorted(set(REQUIRED) - set(proofs))
    assert not lost, f"No test names these of docs/requirements.md: {lost}"


def test_none_of_them_was_taken_out_of_the_list():
    assert sorted(REQUIRED) == [*range(1, 53), *range(71, 81), *range(103, 119)]


def test_a_number_counts_only_where_a_test_itself_names_it():
    source = '''
def test_one():
    """Requirements 3, 4 and 15: as ASVS 1.2.3 has it; Lines 7 and 8."""

def helper():
    """Requirement 99."""

def test_two():
    # Requirement 98
    x = "Requirement 97"
'''
    assert {number for _, number in named_in(source)} == {3, 4, 15, 7, 8}
