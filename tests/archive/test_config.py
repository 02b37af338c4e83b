"""Settings: typed, from two places, and one sentence for each that will not do."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from archive import config
from archive.config import SETTINGS, Config, ConfigError
from auth.viewer import PreviewTier, Role, Tier


def load(tmp_path: Path, **settings: str) -> Config:
    return config.load({"VIGIL_HOME": str(tmp_path / "home"), **settings})


def write_toml(tmp_path: Path, content: str) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "vigil.toml").write_text(content)


def test_everything_has_a_default_and_lies_in_the_home(tmp_path: Path) -> None:
    made = load(tmp_path)
    assert made.home == tmp_path / "home"
    assert made.database_url == f"sqlite:///{tmp_path}/home/vigil.db"
    assert made.object_store == tmp_path / "home" / "objects"
    assert (made.second_factor_tier, made.daily_reveals) == (Tier.G5, 100)
    assert made.preview_max_tier is PreviewTier.COLOUR_HAZE
    assert made.is_local
    config.check_safe(made)


def test_the_home_is_beside_the_caller_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load({}).home == tmp_path / "vigil-data"


def test_every_field_has_a_setting_and_every_setting_a_meaning() -> None:
    known = {field.name for field in fields(Config)}
    assert {s.name for s in SETTINGS} == known - {"home", "credentials_folder"}
    assert all(len(setting.meaning) > 10 for setting in SETTINGS)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    write_toml(
        tmp_path,
        'daily_reveals = 7\nmaintenance = true\nsecond_factor_roles = ["moderator"]\n'
        'max_upload_bytes = "2 GiB"\n',
    )
    made = load(tmp_path, VIGIL_DAILY_REVEALS="9")
    assert (made.daily_reveals, made.maintenance) == (9, True)
    assert made.second_factor_roles == {Role.MODERATOR}
    assert made.max_upload_bytes == 2 << 30


@pytest.mark.parametrize(
    ("text", "size"),
    [("5", 5), ("10k", 10_240), ("3MB", 3 << 20), ("1 GiB", 1 << 30), ("2T", 2 << 40)],
)
def test_sizes_may_have_units(tmp_path: Path, text: str, size: int) -> None:
    assert load(tmp_path, VIGIL_MAX_UPLOAD_BYTES=text).max_upload_bytes == size


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("VIGIL_DAILY_REVEALS", "many"),
        ("VIGIL_DAILY_REVEALS", "0"),
        ("VIGIL_MAX_UPLOAD_BYTES", "-1"),
        ("VIGIL_MAX_UPLOAD_BYTES", "1Q"),
        ("VIGIL_SECOND_FACTOR_TIER", "G9"),
        ("VIGIL_SECOND_FACTOR_ROLES", "king"),
        ("VIGIL_PREVIEW_MAX_TIER", "clear"),
        ("VIGIL_MAINTENANCE", "maybe"),
        ("VIGIL_BASE_URL", "archive.example"),
        ("VIGIL_BASE_URL", "ftp://archive.example"),
        ("VIGIL_DATABASE_URL", "mysql://x"),
        ("VIGIL_DATABASE_URL", "postgresql://x"),
        ("VIGIL_OBJECT_STORE", "ftp://bucket"),
        ("VIGIL_SEARCH_ENGINE", "grep"),
        ("VIGIL_TRUSTED_PROXIES", "-1"),
        ("VIGIL_NO_SUCH_THING", "1"),
    ],
)
def test_a_setting_that_will_not_do_is_named_in_one_sentence(
    tmp_path: Path, name: str, text: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, **{name: text})
    said = str(refused.value)
    assert name in said
    assert said.endswith(".")
    assert "\n" not in said


@pytest.mark.parametrize("content", ["colour = 1", "daily_reveals = ", "x ="])
def test_a_file_that_will_not_do_is_named(tmp_path: Path, content: str) -> None:
    write_toml(tmp_path, content)
    with pytest.raises(ConfigError, match=r"vigil\.toml"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("settings", "safe"),
    [
        ({"VIGIL_BASE_URL": "http://127.0.0.1:8000"}, True),
        ({"VIGIL_BASE_URL": "http://localhost"}, True),
        ({"VIGIL_BASE_URL": "http://[::1]:80"}, True),
        ({"VIGIL_BASE_URL": "https://archive.example"}, True),
        ({"VIGIL_BASE_URL": "http://archive.example"}, False),
        ({"VIGIL_BASE_URL": "http://127.0.0.1.evil.example"}, False),
        ({"VIGIL_BASE_URL": "http://10.0.0.1"}, False),
        ({"VIGIL_DATABASE_URL": "sqlite:///:memory:"}, False),
        ({"VIGIL_ALLOW_UNSANDBOXED": "1"}, True),
        (
            {
                "VIGIL_ALLOW_UNSANDBOXED": "1",
                "VIGIL_BASE_URL": "https://archive.example",
            },
            False,
        ),
    ],
)
def test_what_is_unsafe_stops_the_start(
    tmp_path: Path, settings: dict[str, str], safe: bool
) -> None:
    """Requirement 107."""
    made = load(tmp_path, **settings)
    if safe:
        config.check_safe(made)
    else:
        with pytest.raises(ConfigError, match=r"^VIGIL_\w+ .*\.$"):
            config.check_safe(made)


HERE = "postgresql+psycopg://vigil@"


@pytest.mark.parametrize(
    ("address", "surroundings", "safe"),
    [
        ("127.0.0.1:5432/v", {}, True),
        ("localhost/v", {}, True),
        ("[::1]:5432/v", {}, True),
        ("/v", {}, True),
        ("/v?host=/run/postgresql", {}, True),
        ("/v?host=127.0.0.1:1&host=localhost:2", {}, True),
        ("db.example.org/v", {}, False),
        ("db.example.org/v?sslmode=require", {}, False),
        ("db.example.org/v?sslmode=verify-ca", {}, True),
        ("db.example.org/v?sslmode=verify-full", {}, True),
        ("127.0.0.1.example.org/v", {}, False),
        ("[2001:db8::1]/v", {}, False),
        ("127.0.0.1,db.example.org/v", {}, False),
        ("/v?host=127.0.0.1&host=db.example.org", {}, False),
        ("/v?host=db.example.org:1&host=db2.example.org:2", {}, False),
        ("localhost/v?hostaddr=10.0.0.1", {}, False),
        ("db.example.org/v?hostaddr=127.0.0.1", {}, True),
        ("db.example.org,x/v?hostaddr=127.0.0.1,", {}, False),
        ("/v?service=far", {}, False),
        ("/v?service=far&sslmode=verify-full", {}, True),
        ("/v", {"PGSERVICE": "far"}, False),
        ("/v", {"PGHOST": "db.example.org"}, False),
        ("/v", {"PGHOSTADDR": "10.0.0.1"}, False),
        ("localhost/v", {"PGHOSTADDR": "10.0.0.1"}, False),
        ("localhost/v", {"PGHOST": "db.example.org"}, True),
        ("db.example.org/v", {"PGSSLMODE": "verify-full"}, True),
        ("db.example.org/v", {"PGSSLMODE": "require"}, False),
        ("db.example.org/v?sslmode=prefer", {"PGSSLMODE": "verify-full"}, False),
    ],
)
def test_a_database_elsewhere_must_prove_who_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    surroundings: dict[str, str],
    safe: bool,
) -> None:
    for name in ("PGSERVICE", "PGHOST", "PGHOSTADDR", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    made = load(tmp_path, VIGIL_DATABASE_URL=HERE + address)
    if safe:
        config.check_safe(made)
    else:
        with pytest.raises(ConfigError, match=r"^VIGIL_DATABASE_URL [^\n]+verify-full"):
            config.check_safe(made)


def test_a_home_that_others_can_enter_stops_the_start(tmp_path: Path) -> None:
    made = load(tmp_path)
    made.home.mkdir(mode=0o700)
    config.check_safe(made)
    made.home.chmod(0o750)
    with pytest.raises(ConfigError, match="chmod 700"):
        config.check_safe(made)
