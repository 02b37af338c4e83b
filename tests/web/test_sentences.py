"""What goes wrong below the web is told in four languages: every sentence of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_babel import force_locale
from werkzeug.exceptions import NotFound

from archive.intake import Refused
from archive.web.answer.errors import problem_of
from archive.web.request import i18n, sentences
from auth import errors as auth

ROOT = Path(__file__).parents[2]
PARTS = (
    "auth",
    "archive/records",
    "archive/intake",
    "archive/orders",
    "archive/requests",
    "archive/gazetteer",
    "archive/moderation.py",
    "archive/gate.py",
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
}
KEPT = {
    "Vetted on paper.",
    "The vetting has run out.",
    "The files of this record were destroyed, for good and on purpose.",
    "The file was shredded.",
    "There is nothing here.",
    "Event date: {}.",
    "{} cannot be read: {}",
}
"""Kept with an account or a record as somebody wrote it; or never shown to anybody."""
GAP = re.compile(r"%\(\w+\)s")
LOCALES = [code for code in i18n.LANGUAGES if code != i18n.DEFAULT]


def modules() -> list[ast.Module]:
    """The sources of the parts below the web whose errors a person may read."""
    paths = [
        path
        for part in PARTS
        for path in (
            [ROOT / part] if part.endswith(".py") else (ROOT / part).rglob("*")
        )
        if path.suffix == ".py"
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
    trees = modules()
    errors = errors_in(trees)
    for tree in trees:
        aside = docstrings(tree) | inside_joined(tree)
        for node in ast.walk(tree):
            text = shape(node)
            if text and id(node) not in aside and _is_sentence(text):
                yield text
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in errors:
                texts = map(shape, node.args)
                yield from (text for text in texts if text and " " in text)


def _is_sentence(text: str) -> bool:
    begins = text[0].isupper() or text.startswith("{}")
    return begins and text.endswith(".") and len(text.split()) > 2


def test_every_sentence_of_the_parts_below_is_known_and_no_other():
    known = {GAP.sub("{}", each) for each in sentences.KNOWN}
    said = {text for text in told() if text != "{}: {}"}
    behind_an_address = {text.removeprefix("{}: ") for text in known}
    own = {"The warnings have changed; read them again."}
    own |= {"This is too long; use vigil gazetteer import"}
    unknown = {text for text in said - KEPT if text not in known | behind_an_address}
    assert not unknown, "add these to archive/web/request/sentences.py"
    assert not {
        each
        for each in known - own
        if {each, each.removeprefix("{}: ")}.isdisjoint(said)
    }


@pytest.mark.parametrize("language", LOCALES)
def test_every_known_sentence_is_translated(app, language):
    catalogue = i18n.catalogue(language)
    for each in sentences.KNOWN:
        assert catalogue.gettext(each) != each, each


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "This is longer than 2,000 characters."),
        ("hy", "Սա ավելի երկար է, քան 2\u202f000 նիշ։"),
        ("az", "Bu, 2.000 işarədən uzundur."),
        ("ru", "Это длиннее 2\u202f000 знаков."),
    ],
)
def test_a_sentence_with_a_number_is_said_as_the_language_has_it(app, language, words):
    with app.test_request_context("/"), force_locale(language):
        assert _plain(sentences.said("This is longer than 2,000 characters.")) == words


def test_a_state_in_a_sentence_is_said_in_the_same_language(app):
    with app.test_request_context("/"), force_locale("az"):
        told = sentences.said("This request is in review; that cannot be done now.")
    assert told == "Bu xahişin vəziyyəti: baxılır; indi bunu etmək olmaz."


def test_what_the_framework_says_of_an_address_is_said_in_our_words(app):
    with app.test_request_context("/"), force_locale("ru"):
        assert problem_of(NotFound()).detail == "Здесь ничего нет"
        assert problem_of(NotFound("Something of our own.")).detail == (
            "Something of our own."
        )


def test_what_nobody_knows_stays_as_it_is(app):
    with app.test_request_context("/"), force_locale("ru"):
        assert sentences.said("A sentence of a plug-in.") == "A sentence of a plug-in."
        assert sentences.said("") == ""


def test_what_somebody_typed_is_never_taken_for_a_gap_to_fill(app):
    with app.test_request_context("/"), force_locale("ru"):
        told = sentences.said("%(name)s is not a language code.")
    assert told == "%(name)s – не код языка."


def test_an_error_is_answered_in_the_readers_language(app):
    with app.test_request_context("/"), force_locale("az"):
        refused = problem_of(auth.FactsRefused({"email": "This answer is needed."}))
        file = problem_of(Refused("empty", "The file is empty.", "a.jpg"))
        fast = problem_of(auth.TooFast(30))
    assert refused.fields == {"email": "Bu cavab lazımdır."}
    assert file.detail == "a.jpg: Fayl boşdur."
    assert "30 saniyə" in fast.detail


def _plain(text: str) -> str:
    return text.replace("\xa0", "\u202f")
