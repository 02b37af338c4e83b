"""The style sheets, icons and templates keep the rules that make one interface."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archive.web.pages.account import blueprint as account
from archive.web.pages.admin import blueprint as admin
from archive.web.showing import searching

ROOT = Path(__file__).parent.parent.parent
STATIC = ROOT / "static"
TEMPLATES = ROOT / "archive" / "web" / "templates"
SHEETS = sorted((STATIC / "css").glob("*.css"))
PAGES = sorted(TEMPLATES.rglob("*.html"))
MODULES = sorted((STATIC / "js").glob("*.js"))

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
RAW = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|color-mix)a?\("
    r"|\b\d*\.?\d+(?:px|rem|pt|ch|cm|ms|s)\b"
    r"|:[^;{]*\b(?:white|black|red|green|blue|gr[ae]y|orange|yellow)\s*(?:;|\s)"
)
IN_MEDIA = re.compile(r"@media[^{]*\{")


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


@pytest.mark.parametrize("sheet", SHEETS, ids=names(SHEETS))
def test_only_the_tokens_hold_raw_values(sheet):
    text = IN_MEDIA.sub("", COMMENT.sub("", sheet.read_text(encoding="utf-8")))
    found = RAW.findall(text)
    if sheet.name == "tokens.css":
        assert found, "the pattern finds nothing any more"
    else:
        assert not found, f"{sheet.name} holds raw values: {found}"


@pytest.mark.parametrize("sheet", SHEETS, ids=names(SHEETS))
def test_every_value_a_sheet_asks_for_is_a_token(sheet):
    tokens = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    known = set(re.findall(r"^\s*(--[a-z0-9-]+):", tokens, re.MULTILINE))
    asked = set(re.findall(r"var\((--[a-z0-9-]+)\)", sheet.read_text(encoding="utf-8")))
    assert asked <= known, asked - known


@pytest.mark.parametrize("sheet", SHEETS, ids=names(SHEETS))
def test_layout_is_ready_for_the_other_direction(sheet):
    text = COMMENT.sub("", sheet.read_text(encoding="utf-8"))
    sided = (
        r"(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)\b"
        r"|(?<![-\w])(?:left|right)\s*:|(?:float|clear|text-align)\s*:\s*(?:left|right)"
        r"|border-(?:top|bottom)-(?:left|right)-radius"
    )
    assert not re.findall(sided, text)
    four = r"(?:margin|padding|inset)\s*:((?:\s+[^\s;()]+(?:\([^)]*\))?){4})\s*;"
    uneven = [each for each in re.findall(four, text) if _is_sided(each)]
    assert not uneven, uneven


def _is_sided(four: str) -> bool:
    _top, right, _bottom, left = re.findall(r"[^\s()]+(?:\([^)]*\))?", four)
    return right != left


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_no_page_names_a_colour_or_a_size_of_its_own(page):
    drawn = r'(?:fill|stroke|color|font-size)="(?!none|currentColor|var\()([^"{]+)"'
    assert not re.findall(drawn, page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [*SHEETS, *MODULES], ids=names([*SHEETS, *MODULES]))
def test_nothing_is_asked_of_another_site(path):
    assert not re.findall(r"https?://", path.read_text(encoding="utf-8"))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def pairs() -> dict[str, tuple[str, str]]:
    tokens = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    found = re.findall(
        r"(--[a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", tokens
    )
    return {name: (light, dark) for name, light, dark in found}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        *[
            (ink, ground, 7)
            for ink in ("--ink", "--ink-soft", "--accent-strong")
            for ground in ("--paper", "--surface", "--sunken")
        ],
        ("--accent", "--surface", 7),
        ("--accent", "--paper", 7),
        ("--on-accent", "--accent", 7),
        ("--accent-strong", "--accent-soft", 7),
        ("--amber-ink", "--amber-soft", 7),
        ("--brick", "--brick-soft", 7),
        ("--brick", "--surface", 7),
        ("--on-brick", "--brick", 7),
        *[(f"--tier-g{n}-ink", f"--tier-g{n}", 7) for n in range(6)],
        ("--line-strong", "--surface", 3),
        ("--line-strong", "--paper", 3),
    ],
)
def test_words_stand_out_from_their_ground(ink, ground, least, theme):
    colours = pairs()
    measured = contrast(colours[ink][theme], colours[ground][theme])
    assert measured >= least, f"{ink} on {ground}: {measured:.2f}"


def sprite() -> set[str]:
    text = (STATIC / "icons" / "sprite.svg").read_text(encoding="utf-8")
    return set(re.findall(r'<symbol id="([a-z0-9-]+)"', text))


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_icon_a_page_draws_is_in_the_sprite(page):
    drawn = re.findall(r'(?:icon|draw)\("([a-z0-9-]+)"', page.read_text("utf-8"))
    drawn += re.findall(r'icon="([a-z0-9-]+)"', page.read_text(encoding="utf-8"))
    assert set(drawn) <= sprite(), set(drawn) - sprite()


def test_every_icon_of_a_table_of_places_is_in_the_sprite():
    drawn = {
        sign for _page, _title, sign, _action in (*account.SECTIONS, *admin.SECTIONS)
    }
    drawn |= {view.sign for view in searching.VIEWS.values()}
    assert drawn <= sprite(), drawn - sprite()


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_no_page_holds_a_style_a_script_or_unescaped_text(page):
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=\"|\|\s*safe\b", text)
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text)
    assert all('type="application/ld+json"' in script for script in scripts), scripts


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_behaviour_a_page_asks_for_has_its_module(page):
    asked = re.findall(r'data-module="([a-z -]+)"', page.read_text(encoding="utf-8"))
    wanted = {name for names in asked for name in names.split()}
    frame = (STATIC / "js" / "frame.js").read_text(encoding="utf-8")
    common = re.findall(r'^  "?([a-z-]+)"?[:,]', frame.split("behaviours = {")[1], re.M)
    assert wanted <= {module.stem for module in MODULES} | set(common)


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_form_that_changes_something_carries_its_token(page):
    text = page.read_text(encoding="utf-8")
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL)
    bare = [form[:80] for form in forms if "csrf_field()" not in form]
    assert not bare, bare
