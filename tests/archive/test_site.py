"""A home is made once, whole or not at all, and opens quickly or says why not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import text

from archive import config
from archive.config import ConfigError
from archive.founding import create_home
from archive.site import Site, open_site
from auth.viewer import Role, Tier


def settings(environ: dict[str, str], **more: str) -> config.Config:
    return config.load({**environ, **more})


def test_a_new_home_is_whole_private_and_says_so_in_the_ledger(
    any_site: Site, environ: dict[str, str]
) -> None:
    assert all(any_site.readiness().values())
    assert any_site.db.schema_is_current()
    with any_site.db.read() as s:
        (line,) = any_site.ledger.entries(s)
    assert (line.event, line.actor) == ("archive created", "operator")
    home = any_site.config.home
    folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o077 for path in [*folders, *files]} == {0}
    assert Path(environ["VIGIL_KEY_FILE"]).stat().st_mode & 0o077 == 0


def test_what_was_written_is_there_after_opening_again(any_site, any_desk) -> None:
    made = any_desk.publish(any_desk.deposit())
    any_site.close()
    again = open_site(any_site.config)
    with again.db.read() as s:
        assert again.ledger.verify(s).ok
        assert s.scalar(text("SELECT id FROM records")) == made.record.id
    assert again.engine.count() == 0
    again.close()


def test_opening_takes_less_than_a_second(site: Site) -> None:
    began = time.monotonic()
    open_site(site.config).close()
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("there", ["file", "archive", "other"])
def test_nothing_that_is_there_already_is_touched(
    environ: dict[str, str], there: str
) -> None:
    home = Path(environ["VIGIL_HOME"])
    if there == "archive":
        create_home(settings(environ)).close()
    elif there == "file":
        home.write_text("mine")
    else:
        home.mkdir(mode=0o700)
        (home / "letter.txt").write_text("mine")
    before = {p: p.read_bytes() for p in home.parent.rglob("*") if p.is_file()}
    with pytest.raises(ConfigError, match="is not empty"):
        create_home(settings(environ))
    after = {p: p.read_bytes() for p in home.parent.rglob("*") if p.is_file()}
    assert after == before


def test_a_home_that_could_not_be_made_leaves_neither_folder_nor_key(
    environ: dict[str, str], tmp_path: Path
) -> None:
    broken = settings(environ, VIGIL_DATABASE_URL=f"sqlite:///{tmp_path}/none/v.db")
    with pytest.raises(OSError, match="none"):
        create_home(broken)
    assert list(tmp_path.rglob("*.key")) == []
    assert not broken.home.exists()
    create_home(settings(environ)).close()


@pytest.mark.parametrize("occupied", ["database", "store"])
def test_a_database_or_store_of_another_archive_is_not_taken(
    environ: dict[str, str], tmp_path: Path, empty_url: str, occupied: str
) -> None:
    objects = str(tmp_path / "objects")
    elsewhere = {"VIGIL_DATABASE_URL": empty_url, "VIGIL_OBJECT_STORE": objects}
    first = settings(environ, **elsewhere)
    create_home(first).close()
    kept = elsewhere if occupied == "database" else {"VIGIL_OBJECT_STORE": objects}
    fresh = {"VIGIL_OBJECT_STORE": str(tmp_path / "new")}
    second = settings(
        environ,
        VIGIL_HOME=str(tmp_path / "second"),
        **{**kept, **(fresh if occupied == "database" else {})},
    )
    with pytest.raises(ConfigError, match="holds something already"):
        create_home(second)
    again = open_site(first)
    with again.db.read() as s:
        assert again.ledger.verify(s).checked == 1
    again.close()


def test_without_a_key_setting_one_is_made_outside_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    environ = {"VIGIL_HOME": str(tmp_path / "home")}
    create_home(config.load(environ)).close()
    (key,) = (tmp_path / "config" / "vigil").glob("*.key")
    assert key.stat().st_mode & 0o077 == 0
    again = config.load(environ)
    assert again.key_file == key
    open_site(again).close()


def test_a_key_file_that_is_there_is_used_and_not_written(
    environ: dict[str, str], tmp_path: Path
) -> None:
    create_home(settings(environ)).close()
    key = Path(environ["VIGIL_KEY_FILE"])
    before = key.read_bytes()
    second = settings(environ, VIGIL_HOME=str(tmp_path / "second"))
    create_home(second).close()
    assert key.read_bytes() == before
    open_site(second).close()


def spoil_key(site: Site) -> None:
    assert site.config.key_file is not None
    site.config.key_file.write_text("vigil-key-1:" + "0" * 64 + "\n")


def open_key_to_all(site: Site) -> None:
    assert site.config.key_file is not None
    site.config.key_file.chmod(0o644)


def lose_key(site: Site) -> None:
    assert site.config.key_file is not None
    site.config.key_file.unlink()


def exchange_database(site: Site) -> None:
    (site.config.home / "vigil.db").write_bytes(b"SQLite format 3\0" + b"\0" * 4096)


def outdate_program(site: Site) -> None:
    with site.db.write() as s:
        s.execute(text("UPDATE alembic_version SET version_num = '9999'"))


def open_home_to_all(site: Site) -> None:
    site.config.home.chmod(0o755)


def lose_keyrings(site: Site) -> None:
    for path in site.config.keyrings.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_key, "belongs to another archive"),
        (open_key_to_all, "chmod 600"),
        (lose_key, "cannot be read"),
        (exchange_database, "VIGIL_DATABASE_URL"),
        (outdate_program, "newer Vigil"),
        (open_home_to_all, "chmod 700"),
        (lose_keyrings, "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_home_is_said_in_one_sentence(
    site: Site, spoil, said: str
) -> None:
    site.close()
    open_site(site.config).close()
    spoil(site)
    with pytest.raises(ConfigError, match=said) as refused:
        open_site(site.config)
    assert "\n" not in str(refused.value)
    assert str(refused.value)[0].isupper() or str(refused.value).startswith("/")


def test_an_empty_place_is_not_an_archive(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="vigil init"):
        open_site(settings(environ))


def test_the_rules_are_those_of_the_settings(environ: dict[str, str]) -> None:
    site = create_home(
        settings(
            environ,
            VIGIL_SECOND_FACTOR_TIER="G3",
            VIGIL_SECOND_FACTOR_ROLES="administrator, moderator",
            VIGIL_DAILY_REVEALS="5",
            VIGIL_MAINTENANCE="1",
            VIGIL_LABEL_OPINIONS="2",
            VIGIL_MAX_PIXELS="1000",
        )
    )
    assert site.rules.second_factor_tier is Tier.G3
    assert site.rules.second_factor_roles == {Role.ADMINISTRATOR, Role.MODERATOR}
    assert (site.rules.daily_reveals, site.rules.maintenance) == (5, True)
    assert (site.label_opinions, site.upload_limits.media.pixels) == (2, 1000)
    site.close()


def test_no_key_shows_when_a_site_is_printed(site: Site) -> None:
    seen = f"{site!r} {site.config!r} {site.db!r}"
    for name in site.keyring.names():
        key = site.keyring.by_id(name.id).secret_bytes()
        assert key.hex() not in seen
        assert repr(key) not in seen


def test_readiness_names_the_part_that_does_not_answer(site: Site) -> None:
    for path in site.config.index.rglob("*"):
        if path.is_file():
            path.unlink()
    parts = site.readiness()
    assert not parts["index"]
    assert parts["database"]
    assert parts["key"]


def test_an_empty_folder_is_closed_to_others_and_becomes_the_home(environ, clock):
    home = Path(environ["VIGIL_HOME"])
    home.mkdir(mode=0o755)
    create_home(config.load(environ), clock).close()
    assert home.stat().st_mode & 0o077 == 0
