"""Everything that somebody can set, type or call has its place in `docs/`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from werkzeug.routing import Map

from archive import config
from archive.app import create_app
from archive.cli.main import HOMES, main
from archive.founding import create_home
from archive.web.api.table import OPERATIONS
from archive.web.request import guard
from auth.viewer import ReasonCode, TokenScope

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", config.SETTINGS, ids=lambda s: s.variable)
def test_every_setting_is_told_with_its_default(setting: config.Setting) -> None:
    row = re.search(rf"^\| `{setting.variable}` \| (.+?) \|", page("settings.md"), re.M)
    assert row, f"docs/settings.md does not tell {setting.variable}"
    told = row[1].strip("` ")
    assert told == (setting.default or "–")


def test_no_setting_is_told_that_there_is_not() -> None:
    known = {setting.variable for setting in config.SETTINGS} | {"VIGIL_HOME"}
    told = set(re.findall(r"^\| `(VIGIL_\w+)` \|", page("settings.md"), re.M))
    assert told - known == set()


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command, and those inside a group by both words."""
    for name, command in ((name, main[name]) for name in HOMES):
        if isinstance(command, click.Group):
            yield from (
                (f"{name} {inner}", each) for inner, each in command.commands.items()
            )
        else:
            yield name, command


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_and_option_is_told(name: str, command: click.Command) -> None:
    section = re.search(
        rf"^## `vigil {re.escape(name)}\b.*?(?=^## |\Z)",
        page("commands.md"),
        re.M | re.DOTALL,
    )
    assert section, f"docs/commands.md does not tell vigil {name}"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            longest = max(parameter.opts, key=len)
            assert longest in section[0], f"vigil {name} {longest}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.method} {o.path}")
def test_every_call_of_the_api_is_told(operation: object) -> None:
    path = re.sub(r"\{\w+\}", "{id}", str(getattr(operation, "path", "")))
    told = re.sub(r"\{\w+\}", "{id}", page("api.md"))
    assert f"{getattr(operation, 'method', '')} {path}" in told


@pytest.mark.parametrize("code", sorted(set(ReasonCode) - {ReasonCode.NOT_FOUND}))
def test_every_reason_of_the_gate_is_told(code: ReasonCode) -> None:
    assert f"`{code}`" in page("api.md")


@pytest.mark.parametrize("scope", list(TokenScope))
def test_every_scope_of_a_token_is_told(scope: TokenScope) -> None:
    assert f"`{scope}`" in page("api.md")


def test_every_link_between_documents_leads_somewhere() -> None:
    for path in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    root = tmp_path_factory.mktemp("program")
    environ = {
        "VIGIL_HOME": str(root / "home"),
        "VIGIL_KEY_FILE": str(root / "unlock.key"),
    }
    site = create_home(config.load(environ))
    yield create_app(site)
    site.close()


def test_every_route_says_what_it_needs_and_answers_no_options(program: object) -> None:
    app = program
    rules: Map = app.url_map  # type: ignore[attr-defined]
    assert len(list(rules.iter_rules())) > 60
    for rule in rules.iter_rules():
        needs = guard.declared(app, rule.endpoint)  # type: ignore[arg-type]
        assert needs is not None, rule
        told = {"OPTIONS"} if rule.endpoint == "api.uploads_options" else set()
        assert (rule.methods or set()) & {"OPTIONS"} == told, rule


def test_addresses_are_those_of_the_public_interface(program: object) -> None:
    rules = {rule.rule for rule in program.url_map.iter_rules()}  # type: ignore[attr-defined]
    assert rules >= {
        "/",
        "/search",
        "/records/<record_id>",
        "/records/<record_id>/cite",
        "/collections/<slug>",
        "/apply",
        "/login",
        "/logout",
        "/account/",
        "/account/security",
        "/account/sessions",
        "/account/consents",
        "/account/exposure",
        "/account/tokens",
        "/account/data",
        "/account/searches",
        "/deposit",
        "/moderation/",
        "/admin/",
        "/help/",
        "/media/<asset_id>/preview",
        "/media/<asset_id>/preview/<variant>",
        "/media/<asset_id>/original",
        "/oai",
        "/iiif/<record_id>/manifest",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/openapi.json",
        "/api/v1/docs",
    }


def test_everything_that_harvesters_are_told_is_told_in_its_document() -> None:
    from archive.exchange.harvest import dublincore
    from archive.exchange.harvest.formats import FORMATS
    from archive.web.iiif import READINGS, shelves
    from archive.web.oai import QUESTIONS, answers, tokens

    told = page("harvest.md")
    for prefix in FORMATS:
        assert f"`{prefix}`" in told
    for name in re.findall(r'"(\w+)", ', (ROOT / dublincore.__file__).read_text()):
        assert name in told
    assert f"{answers.RECORDS} records or {answers.HEADERS} headers" in told
    assert f"{QUESTIONS.tries} questions a minute" in told
    assert f"{READINGS.tries} manifests" in told
    assert f"more than {shelves.PAGE} is a collection" in told
    assert f"good\n  for {tokens.LIFETIME.total_seconds() / 3600:.0f} hours" in told
