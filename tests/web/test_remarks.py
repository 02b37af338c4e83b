"""What is wrong with a query is said in four languages, and where it is is shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from archive.web.answer import remarks
from archive.web.request import i18n
from search.grammar import read
from search.remarks import Remark

ROOT = Path(__file__).parents[2]
SOURCES = [*(ROOT / "search").rglob("*.py"), ROOT / "archive/searches/question.py"]


def templates(path: Path) -> Iterator[str]:
    """The sentences of a module: constants, or names of constants beside them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in ("QueryError", "Remark") and path.name != "query.py":
            yield _constant(node.args[0], named)
        elif node.func.id == "QueryError":
            yield _constant(node.args[0], named)


def _constant(node: ast.expr, named: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return named[node.id]
    assert isinstance(node, ast.Constant), ast.unparse(node)
    return str(node.value)


def test_every_sentence_of_the_search_can_be_translated_and_no_other():
    said = {template for path in SOURCES for template in templates(path)}
    assert said == {str(each) for each in remarks.KNOWN}
    assert len(said) > 25


@pytest.mark.parametrize("language", [code for code in i18n.LANGUAGES if code != "en"])
def test_every_sentence_of_the_search_is_translated(language):
    catalogue = i18n.catalogue(language)
    for each in remarks.KNOWN:
        source = each._args[0]
        assert catalogue.gettext(source) != source, source


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This quotation is never closed (at character 6)"),
        ("hy", "Այս չակերտը երբեք չի փակվում (6-րդ նիշի վրա)"),
        ("az", "Bu dırnaq bağlanmır (6-ci işarədə)"),
        ("ru", "Эта кавычка не закрыта (на знаке 6)"),
    ],
)
def test_a_query_that_cannot_be_read_is_told_of_in_the_readers_language(
    visitor, language, sentence
):
    visitor.set_cookie("vigil-locale", language)
    answer = visitor.get('/search?q=road "x')
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert sentence in page
    assert "road <mark>&#34;</mark>x" in page
    problem = visitor.get('/api/v1/records?q=road "x').get_json()
    assert problem["detail"] == sentence


def test_what_is_wrong_beside_the_words_has_no_place_in_them(visitor):
    page = visitor.get("/search?q=road&sort=random").get_data(as_text=True)
    assert "Sort by one of relevance" in page
    assert "at character" not in page
    assert "query-wrong" not in page


@pytest.mark.parametrize("text", ["", '"', "(((", "date:2020-99", "tier:G9", "%(x)s:y"])
def test_any_text_is_marked_without_being_trusted(visitor, text):
    answer = visitor.get("/search", query_string={"q": f"{text}<script>"})
    assert answer.status_code in (200, 400)
    assert "<script>" not in answer.get_data(as_text=True).replace(
        '<script type="module"', ""
    )


def test_every_example_of_the_help_can_be_read(visitor):
    page = visitor.get("/help/search").get_data(as_text=True)
    examples = [unescape(each) for each in re.findall(r"<code>(.+?)</code>", page)]
    assert len(examples) > 20
    for each in examples:
        assert not read(each).warnings, each


def test_a_remark_is_its_english_sentence():
    remark = Remark("%(word)s needs something on both sides", word="100%")
    assert remark == "100% needs something on both sides"
    assert Remark("50% of it") == "50% of it"
