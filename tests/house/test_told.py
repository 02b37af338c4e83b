"""Every sentence that an error may carry to a person is known to the interface.

The parts below the web say it in English; `archive/web/request/sentences.py` lists it
to be translated. Lines of the ledger and kinds of background work have their names in
`archive/web/showing/housewords.py`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from archive.ledger import EVENTS
from archive.web.request import sentences
from archive.web.showing import housewords
from archive.work import handlers

ROOT = Path(__file__).parents[2]
PARTS = (
    "auth",
    "archive/records",
    "archive/intake",
    "archive/orders",
    "archive/contributions",
    "archive/reports",
    "archive/requests",
    "archive/exchange/court/making.py",
    "archive/exchange/exports",
    "archive/exports",
    "archive/web/exporting.py",
    "archive/exchange/imports/desk.py",
    "archive/exchange/imports/mapping.py",
    "archive/exchange/imports/rows.py",
    "archive/exchange/imports/tabletext.py",
    "archive/exchange/imports/taking.py",
    "archive/gazetteer",
    "archive/moderation",
    "archive/redaction.py",
    "archive/wording.py",
    "archive/findings",
    "archive/gate.py",
    "archive/backup.py",
    "archive/work/backing.py",
    "archive/work/reindexing.py",
    "archive/work/rereading.py",
    "archive/work/worker.py",
    "archive/jobs",
    "archive/work/rotating.py",
    "archive/work/verifying.py",
    "archive/shredding.py",
    "blur/errors.py",
    "search/analysis/gazetteer.py",
)
FAMILIES = {
    "AuthError",
    "RecordsError",
    "Refused",
    "UploadError",
    "BlurError",
    "GazetteerError",
    "NotForCourt",
    "SourceError",
    "Unfit",
}
KEPT = {
    "Vetted on paper.",
    "The vetting has run out.",
    "The files of this record were destroyed, for good and on purpose.",
    "The file was shredded.",
    "Withdrawn by whoever handed it in, before it was accepted.",
    "Handed in from outside and declined; its time was over.",
    "There is nothing here.",
    "Event date: {}.",
    "{} cannot be read: {}",
    'A mapping is JSON such as {"Heading": "title"}.',
    "{} is not of the form Column=field.",
}
"""Kept with an account or a record as somebody wrote it; or never shown on a page."""
GAP = re.compile(r"%\(\w+\)s")


def modules(*parts: str) -> list[ast.Module]:
    """The sources of these parts."""
    paths = [
        path
        for part in parts
        for path in (
            [ROOT / part] if part.endswith(".py") else (ROOT / part).rglob("*")
        )
        if path.suffix == ".py" and path.name != "telling.py"  # a page for docs/
    ]
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(paths)]


def errors_in(trees: list[ast.Module]) -> set[str]:
    """The names of the families' classes."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = set(FAMILIES)
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def shape(node: ast.AST) -> str | None:
    """A text with `{}` for every gap."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        pieces = (v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
        return "".join(map(str, pieces))
    return None


def docstrings(tree: ast.Module) -> set[int]:
    """Texts that stand by themselves, by identity."""
    bare = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return {id(node) for node in bare}


def inside_joined(tree: ast.Module) -> set[int]:
    joined = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    return {id(value) for node in joined for value in node.values}


def told() -> Iterator[str]:
    """Every sentence that an error may carry to a person."""
    below = modules(*PARTS)
    errors = errors_in(below)
    for tree in below:
        aside = docstrings(tree) | inside_joined(tree)
        texts = (shape(n) for n in ast.walk(tree) if id(n) not in aside)
        yield from (text for text in texts if text and _is_sentence(text))
    for tree in (*below, *modules("archive/web")):
        yield from raised_in(tree, errors)


def raised_in(tree: ast.Module, errors: set[str]) -> Iterator[str]:
    """What is handed to errors of these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in errors:
            texts = map(shape, node.args)
            yield from (text for text in texts if text and _is_spoken(text))


def _is_spoken(text: str) -> bool:
    """For a person: what an error says to programmers begins with a small letter."""
    return " " in text and (text[0].isupper() or text.startswith("{}"))


def _is_sentence(text: str) -> bool:
    return _is_spoken(text) and text.endswith(".") and len(text.split()) > 2


def test_every_sentence_of_the_parts_below_is_known_and_no_other() -> None:
    said = {_after_address(text) for text in told()} - {"{}", ""}
    known = {_after_address(GAP.sub("{}", each)) for each in sentences.KNOWN}
    unknown = said - KEPT - known
    assert not unknown, "add these to archive/web/request/sentences.py"
    assert not known - said, "nobody says these any more"


def _after_address(text: str) -> str:
    return text.removeprefix("{}: ")


def test_every_line_of_the_ledger_has_a_name_and_no_other() -> None:
    assert set(housewords.EVENTS) == EVENTS, "name it in showing/housewords.py"


def test_every_kind_of_background_work_has_a_name_and_no_other() -> None:
    known = set(handlers.HANDLERS)
    assert set(housewords.JOBS) == known, "name it in showing/housewords.py"
