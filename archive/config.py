"""Settings: environment first, then `vigil.toml` in the home, then the default.

`SETTINGS` is the whole list; a name in `vigil.toml` is the same without `VIGIL_`, in
lower case. `load` reads and types them, `check_safe` refuses what must not be served.
Each refusal is one sentence that says what to set.
"""

from __future__ import annotations

import enum
import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import make_url

from auth.viewer import PreviewTier, Role, Tier

TOML_NAME = "vigil.toml"
RESTORING = ".restoring"
"""A file in a home that is being restored and must not be opened yet."""
GIBIBYTE = 1 << 30
SHARED_HOME = 0o2770
"""Where a broker and a web server are two users of one group."""


class ConfigError(Exception):
    """A setting is missing, unreadable or unsafe; the text says what to set."""


class Engine(enum.StrEnum):
    """Who answers searches, and where its index lies."""

    WHOOSH = "whoosh"
    POSTGRESQL = "postgresql"

    def is_possible(self, database_url: str) -> bool:
        """Whether its index has a place beside this database."""
        return self is Engine.WHOOSH or database_url.startswith("postgresql")


@dataclass(frozen=True)
class BucketAddress:
    """A bucket of an S3-compatible service, and where in it."""

    name: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".rstrip("/")


@dataclass(frozen=True)
class Config:
    """Every setting, typed. Sizes in bytes, lengths of time as the name says."""

    home: Path
    database_url: str
    database_timeout_seconds: int
    object_store: Path | BucketAddress
    s3_endpoint: str | None
    s3_region: str
    s3_access_key_id: str | None
    s3_access_key_file: Path | None
    s3_timeout_seconds: int
    search_engine: Engine
    key_file: Path | None
    key_command: str | None
    key_passphrase_file: str | None
    key_shares: tuple[Path, ...]
    key_fd: int | None
    shred_list: Path | None
    broker: Path | None
    broker_askers: tuple[str, ...]
    broker_journal: Path | None
    credentials_folder: Path | None
    base_url: str
    trusted_proxies: int
    trusted_issuers: tuple[str, ...]
    inner_networks: tuple[IPv4Network | IPv6Network, ...]
    smtp_url: str | None
    max_upload_bytes: int
    max_files: int
    upload_hours: int
    contributions: bool
    contribution_bytes: int
    contribution_files: int
    quarantine_bytes: int
    declined_days: int
    max_pixels: int
    max_seconds: int
    consent_max_minutes: int
    daily_reveals: int
    hourly_reveals: int
    daily_minutes: int
    alarm_reveals: int
    alarm_pages: int
    alarm_misses: int
    warn_tier: Tier
    second_factor_tier: Tier
    second_factor_roles: frozenset[Role]
    passkey_roles: frozenset[Role]
    oidc_issuer: str | None
    oidc_client_id: str | None
    oidc_secret_file: Path | None
    oidc_domains: tuple[str, ...]
    oidc_name: str
    preview_max_tier: PreviewTier
    preview_k: int
    label_opinions: int
    label_feed: bool
    maintenance: bool
    allow_unsandboxed: bool
    development: bool
    job_engine: str
    job_lease_seconds: int
    job_max_seconds: int
    fixity_days: int
    fixity_rate: int
    backup_to: Path | BucketAddress | None
    backup_keep: int
    checkpoint_folder: Path | None
    tsa_url: str | None
    tsa_certificates: Path | None
    vetting_months: int
    retention_days: int
    legal_hold: bool
    mass_export: int

    @property
    def keyrings(self) -> Path:
        """The folder of sealed keyrings."""
        return self.home / "keys"

    @property
    def index(self) -> Path:
        """The folder of the sealed search index."""
        return self.home / "index"

    @property
    def outbox(self) -> Path:
        """Where mails wait when no mail server is set."""
        return self.home / "outbox"

    @property
    def is_local(self) -> bool:
        """Whether the archive is served to this machine only."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def longest_job(self) -> timedelta:
        """How long a worker may hold one job before it is stopped."""
        return timedelta(seconds=self.job_max_seconds)

    @property
    def job_lease(self) -> timedelta:
        """How long a silent worker keeps its job."""
        return timedelta(seconds=self.job_lease_seconds)


def load(environ: Mapping[str, str]) -> Config:
    """Read every setting.

    :raises ConfigError: one cannot be read, or is not known
    """
    home = Path(environ.get("VIGIL_HOME") or "vigil-data").absolute()
    named, told = _from_toml(home), _from_environ(environ)
    if told.keys() & KEY_PLACES:
        named = {name: text for name, text in named.items() if name not in KEY_PLACES}
    given = {**named, **told}
    values = {
        setting.name: _read(setting, given.get(setting.name)) for setting in SETTINGS
    }
    values["database_url"] = values["database_url"] or f"sqlite:///{home / 'vigil.db'}"
    values["object_store"] = values["object_store"] or home / "objects"
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    return Config(
        home=home,
        credentials_folder=Path(credentials) if credentials else None,
        **values,
    )


def from_environment() -> Config:
    """Read every setting from this process's environment.

    :raises ConfigError: one cannot be read, or is not known
    """
    return load(os.environ)


def check_safe(config: Config) -> None:
    """Refuse to go on with settings that would betray somebody.

    :raises ConfigError: with what to set instead
    """
    parts = urlsplit(config.base_url)
    if parts.scheme == "http" and not config.is_local:
        raise ConfigError(
            f"VIGIL_BASE_URL is {config.base_url}, plain HTTP on a public host; "
            "set it to an https:// address."
        )
    _check_database(config)
    if config.allow_unsandboxed and not config.is_local:
        raise ConfigError(
            "VIGIL_ALLOW_UNSANDBOXED lets hostile files meet decoders in the open; "
            "unset it on a public host and install bubblewrap."
        )
    if config.development and not config.is_local:
        raise ConfigError(
            "VIGIL_DEVELOPMENT adds a language that nobody reads; unset it on a public "
            "host."
        )
    if config.tsa_url and config.tsa_certificates is None:
        raise ConfigError(
            "VIGIL_TSA_URL is set, but not by which certificates its answers are "
            "believed; set VIGIL_TSA_CERTIFICATES to a PEM file of its roots."
        )
    if isinstance(config.backup_to, Path) and config.backup_to.is_relative_to(
        config.home
    ):
        raise ConfigError(
            "VIGIL_BACKUP_TO is inside the home and would be lost with it; set it to "
            "another disk or bucket."
        )
    _check_s3(config)
    _check_institution(config)
    _check_home(config.home, may_share=config.broker is not None)


@dataclass(frozen=True)
class Setting:
    """One setting: its field, default as it would be written, how to read it."""

    name: str
    default: str
    read: Callable[[str], Any]
    meaning: str

    @property
    def variable(self) -> str:
        return f"VIGIL_{self.name.upper()}"


def _text(text: str) -> str:
    return text


def _optional(text: str) -> str | None:
    return text or None


def _optional_path(text: str) -> Path | None:
    return Path(text).expanduser().absolute() if text else None


def _authority(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    return text


def _paths(text: str) -> tuple[Path, ...]:
    words = [word.strip() for word in text.split(",")]
    return tuple(Path(word).expanduser().absolute() for word in words if word)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _descriptor(text: str) -> int | None:
    return _number(text) if text else None


def _count(text: str) -> int:
    number = int(text.replace("_", ""))
    if number < 1:
        raise ValueError("must be 1 or more")
    return number


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError("must be 0 or more")
    return number


def _crowd(text: str) -> int:
    number = _number(text)
    if number == 1:
        raise ValueError("must be 0, or 2 or more: one file alone hides nobody")
    return number


def size(text: str) -> int:
    """Read a number of bytes: `500`, `64k`, `50M`, `50MiB`, `8G`.

    :raises ValueError: it is none, or not positive
    """
    units = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
    number = text.strip().lower().removesuffix("b").removesuffix("i")
    factor = units.get(number[-1:], 1)
    return _count(number.rstrip("kmgt").strip()) * factor


def _switch(text: str) -> bool:
    words = {"0": False, "false": False, "no": False, "off": False, "": False}
    words |= {"1": True, "true": True, "yes": True, "on": True}
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise ValueError("must be 1 or 0") from None


def _roles(text: str) -> frozenset[Role]:
    return frozenset(Role(word.strip()) for word in text.split(",") if word.strip())


def _preview_tier(text: str) -> PreviewTier:
    return PreviewTier(text)


def _engine(text: str) -> Engine:
    try:
        return Engine(text)
    except ValueError:
        raise ValueError("must be whoosh or postgresql") from None


def _job_engine(text: str) -> str:
    if text not in ("lease", "procrastinate"):
        raise ValueError("must be lease or procrastinate")
    return text


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as https://archive.example.org")
    return text.rstrip("/")


def _issuers(text: str) -> tuple[str, ...]:
    """Addresses of other archives; plain http only for one on this machine."""
    found = tuple(_web_address(word) for word in _words(text))
    for address in found:
        parts = urlsplit(address)
        near = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if parts.scheme != "https" and not near:
            raise ValueError("must be https:// addresses, separated by commas")
    return found


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(word) for word in _words(text))
    except ValueError:
        raise ValueError("must be networks such as 10.20.0.0/16, with commas") from None


def _place(text: str) -> Path | BucketAddress | None:
    return place(text) if text else None


def _mail_server(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("must begin with smtp:// or smtps:// and name a host")
    return text


def _endpoint(text: str) -> str | None:
    return _web_address(text) if text else None


def _issuer(text: str) -> str | None:
    if text:
        _web_address(text)
    return text or None  # compared letter by letter, a slash at its end included


def _database(text: str) -> str:
    if text and not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
    return text


KEY_PLACES = {"key_file", "key_command", "key_passphrase_file", "key_shares", "key_fd"}
"""One place of the key in the environment is instead of any that the home names."""
SETTINGS = (
    Setting("database_url", "", _database, "the database; a file in the home if unset"),
    Setting(
        "database_timeout_seconds", "5", _count, "how long PostgreSQL may be silent"
    ),
    Setting("object_store", "", _place, "a folder, or s3://bucket/prefix; in the home"),
    Setting("s3_endpoint", "", _endpoint, "address of the S3 service; AWS if unset"),
    Setting("s3_region", "us-east-1", _text, "the region of the S3 service"),
    Setting("s3_access_key_id", "", _optional, "the name of the S3 access key"),
    Setting("s3_access_key_file", "", _optional_path, "the file with its secret"),
    Setting("s3_timeout_seconds", "10", _count, "how long S3 may take to answer"),
    Setting(
        "search_engine", "whoosh", _engine, "who answers searches: whoosh or postgresql"
    ),
    Setting("key_file", "", _optional_path, "the file with the unlock secret"),
    Setting("key_command", "", _optional, "a program that prints the unlock secret"),
    Setting(
        "key_passphrase_file", "", _optional, "a private file, or fd:N, to read it from"
    ),
    Setting("key_shares", "", _paths, "two opened shares, with a comma between"),
    Setting("key_fd", "", _descriptor, "an open file with the secret; set by serve"),
    Setting("broker", "", _optional_path, "the socket of the process with the keys"),
    Setting("broker_askers", "", _words, "users, besides its own, who may ask it"),
    Setting("broker_journal", "", _optional_path, "the broker's own journal"),
    Setting("shred_list", "", _optional_path, "the list of what was shredded, outside"),
    Setting(
        "base_url", "http://127.0.0.1:8000", _web_address, "how people reach the pages"
    ),
    Setting("trusted_proxies", "0", _number, "how many proxies stand in front"),
    Setting("trusted_issuers", "", _issuers, "archives whose visas are read here"),
    Setting("inner_networks", "", _networks, "closed networks that others may name"),
    Setting("smtp_url", "", _mail_server, "the mail server; unset keeps mails here"),
    Setting("max_upload_bytes", "8G", size, "the most one deposit may hold"),
    Setting("max_files", "200", _count, "the most files of one deposit"),
    Setting("upload_hours", "72", _count, "how long an unfinished upload is kept"),
    Setting("contributions", "0", _switch, "1 lets strangers hand in, for review"),
    Setting("contribution_bytes", "200M", size, "the most one contribution may hold"),
    Setting("contribution_files", "10", _count, "the most files of one contribution"),
    Setting("quarantine_bytes", "10G", size, "the most that may wait for review"),
    Setting("declined_days", "14", _number, "days until what was declined is shredded"),
    Setting("max_pixels", "120_000_000", _count, "the most pixels of one picture"),
    Setting("max_seconds", "86_400", _count, "the longest recording, in seconds"),
    Setting("consent_max_minutes", "60", _count, "the longest consent"),
    Setting("daily_reveals", "100", _count, "originals one person may open a day"),
    Setting("hourly_reveals", "0", _number, "originals in an hour; 0: as in a day"),
    Setting("daily_minutes", "0", _number, "minutes of looking a day; 0: no limit"),
    Setting("alarm_reveals", "50", _count, "originals in an hour that raise an alarm"),
    Setting("alarm_pages", "2000", _count, "records read in an hour that raise one"),
    Setting("alarm_misses", "300", _count, "ids missed in an hour that raise one"),
    Setting("mass_export", "1000", _count, "records a day; more needs two people"),
    Setting("warn_tier", "X", Tier.parse, "from here previews wait behind words"),
    Setting("second_factor_tier", "G5", Tier.parse, "from here a second factor is due"),
    Setting("second_factor_roles", "", _roles, "roles that always need one"),
    Setting("passkey_roles", "", _roles, "roles whose second factor is a passkey"),
    Setting("oidc_issuer", "", _issuer, "the institution that people come through"),
    Setting("oidc_client_id", "", _optional, "who the archive is there"),
    Setting("oidc_secret_file", "", _optional_path, "the private file with its secret"),
    Setting("oidc_domains", "", _words, "mail domains let through; none: all"),
    Setting("oidc_name", "", _text, "what the button calls the institution"),
    Setting(
        "preview_max_tier", "colour-haze", _preview_tier, "the clearest preview ever"
    ),
    Setting("preview_k", "0", _crowd, "files that share each tile; 0: none need to"),
    Setting("label_opinions", "2", _count, "moderators who must agree on labels"),
    Setting("label_feed", "0", _switch, "1 offers labels of public files, signed"),
    Setting("maintenance", "0", _switch, "1 keeps every original closed"),
    Setting("allow_unsandboxed", "0", _switch, "1 decodes without a sandbox"),
    Setting("development", "0", _switch, "1 adds English mirrored, to try the pages"),
    Setting("job_engine", "lease", _job_engine, "how workers hear of jobs"),
    Setting("job_lease_seconds", "120", _count, "silence after which a job is retaken"),
    Setting("job_max_seconds", "86_400", _count, "how long one job may go on"),
    Setting(
        "fixity_days", "30", _number, "days between readings of every file; 0 none"
    ),
    Setting("fixity_rate", "20M", size, "the most bytes a second that they read"),
    Setting("backup_to", "", _place, "where backups go that are asked for by page"),
    Setting("backup_keep", "0", _number, "how many of them stay; 0: all"),
    Setting(
        "checkpoint_folder",
        "",
        _optional_path,
        "where each checkpoint of the ledger is also written; best another machine's",
    ),
    Setting("tsa_url", "", _authority, "a time-stamping authority (RFC 3161)"),
    Setting(
        "tsa_certificates",
        "",
        _optional_path,
        "the root certificates, as PEM, by which its answers are believed",
    ),
    Setting("vetting_months", "12", _count, "how long a vetting holds, if unsaid"),
    Setting("retention_days", "730", _count, "days before what ended is forgotten"),
    Setting("legal_hold", "0", _switch, "1 forgets nothing, whatever its age"),
)
_OUTSIDE = ("VIGIL_HOME", "VIGIL_SAMPLES", "VIGIL_TEST_")
_OF_A_PERSON = frozenset({"VIGIL_TOKEN"})  # `vigil package --as` takes it


def _read(setting: Setting, given: str | None) -> Any:  # noqa: ANN401 - per setting
    text = setting.default if given is None else given
    try:
        return setting.read(text)
    except ValueError as error:
        why = str(error).split("\n", 1)[0]
        raise ConfigError(f"{setting.variable} is {text!r}: {why}.") from None


def _from_environ(environ: Mapping[str, str]) -> dict[str, str]:
    known = {setting.variable: setting.name for setting in SETTINGS}
    given = {}
    for variable, text in environ.items():
        if not variable.startswith("VIGIL_") or variable.startswith(_OUTSIDE):
            continue
        if variable in _OF_A_PERSON:
            continue
        if variable not in known:
            raise ConfigError(f"{variable} is not a setting; see docs/settings.md.")
        given[known[variable]] = text
    return given


def _from_toml(home: Path) -> dict[str, str]:
    path = home / TOML_NAME
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from None
    known = {setting.name for setting in SETTINGS}
    for name in raw:
        if name not in known:
            raise ConfigError(f"{path} has {name!r}, which is not a setting.")
    return {name: _as_text(value) for name, value in raw.items()}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return str(value)


def place(text: str) -> Path | BucketAddress:
    """Read where sealed files lie: a folder, or `s3://bucket/prefix`.

    :raises ValueError: it is neither
    """
    parts = urlsplit(text)
    if parts.scheme == "s3" and parts.netloc:
        return BucketAddress(parts.netloc, parts.path.strip("/"))
    if "://" in text:
        raise ValueError("must be a folder or s3://bucket/prefix")
    return Path(text).expanduser().absolute()


def _check_database(config: Config) -> None:
    if config.database_url.startswith("sqlite") and ":memory:" in config.database_url:
        raise ConfigError("VIGIL_DATABASE_URL is in memory; give it a file.")
    _check_line(config.database_url, os.environ)
    if not config.search_engine.is_possible(config.database_url):
        raise ConfigError(
            "VIGIL_SEARCH_ENGINE is postgresql, but the database is SQLite; set it to "
            "whoosh, or VIGIL_DATABASE_URL to a postgresql+psycopg:// address."
        )
    if config.job_engine != "lease" and config.database_url.startswith("sqlite"):
        raise ConfigError(
            f"VIGIL_JOB_ENGINE is {config.job_engine}, which needs PostgreSQL; set it "
            "to lease."
        )


def _check_s3(config: Config) -> None:
    parts = urlsplit(config.s3_endpoint or "https://s3")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ConfigError(
            f"VIGIL_S3_ENDPOINT is {config.s3_endpoint}, plain HTTP to another "
            "machine; set it to an https:// address."
        )


_PROVEN = ("verify-full", "verify-ca")


def _check_line(url: str, environ: Mapping[str, str]) -> None:
    """Refuse a server on another machine that need not prove who it is.

    What the address leaves open, the driver takes from a service file and then from
    the environment. What is in a service file is not looked at: it counts as unsafe.
    """
    if not url.startswith("postgresql"):
        return
    given: dict[str, Any] = make_url(url).translate_connect_args(username="user")
    given |= make_url(url).query
    if _words_of(given.get("sslmode")) in [[mode] for mode in _PROVEN]:
        return
    if "service" in given or environ.get("PGSERVICE"):
        raise ConfigError(
            "VIGIL_DATABASE_URL leaves its server to a service file, which may turn "
            "TLS off; add sslmode=verify-full to the address."
        )
    if "sslmode" not in given and environ.get("PGSSLMODE") in _PROVEN:
        return
    far = [place for place in _servers(given, environ) if not _is_near(place)]
    if far:
        raise ConfigError(
            f"VIGIL_DATABASE_URL reaches {far[0]}, another machine, which need not "
            "prove who it is; add sslmode=verify-full to the address."
        )


def _servers(given: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    """Whereto the driver connects, each as it is written."""
    hosts = _words_of(given.get("host") or environ.get("PGHOST"))
    numbers = _words_of(given.get("hostaddr") or environ.get("PGHOSTADDR"))
    return numbers if numbers and all(numbers) else [*numbers, *hosts]


def _words_of(given: str | tuple[str, ...] | None) -> list[str]:
    listed = (given,) if isinstance(given, str) else given or ()
    return [
        word.partition(":")[0] if word.count(":") == 1 else word
        for each in listed
        for word in each.split(",")
    ]


def _is_near(place: str) -> bool:
    """Whether it is this machine: nothing, a socket's folder, or loopback."""
    return not place or place.startswith(("/", "@")) or is_loopback(place)


def _check_institution(config: Config) -> None:
    if config.oidc_issuer is None:
        return
    parts = urlsplit(config.oidc_issuer)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ConfigError(
            f"VIGIL_OIDC_ISSUER is {config.oidc_issuer}, plain HTTP to another "
            "machine; set it to an https:// address."
        )
    secret = config.oidc_secret_file
    if config.oidc_client_id is None or secret is None:
        raise ConfigError(
            "VIGIL_OIDC_ISSUER needs VIGIL_OIDC_CLIENT_ID and VIGIL_OIDC_SECRET_FILE."
        )
    if not secret.is_file():
        raise ConfigError(f"VIGIL_OIDC_SECRET_FILE is {secret}: there is no such file.")
    if stat.S_IMODE(secret.stat().st_mode) & 0o077:
        raise ConfigError(f"{secret} is open to other users: chmod 600 {secret}")


_OWN = (TOML_NAME, "vigil.db", "keys", "objects", "index", "outbox")


def is_open_to_others(path: Path, *, may_share: bool) -> bool:
    """Whether other users may enter; the group of a shared home, mode 2770, may."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return bool(mode & 0o077) and not (may_share and mode == SHARED_HOME)


def _check_home(home: Path, *, may_share: bool) -> None:
    if home.exists() and is_open_to_others(home, may_share=may_share):
        raise ConfigError(f"{home} is open to other users: chmod 700 {home}")
    for path in (home / name for name in _OWN):
        if path.is_symlink():
            raise ConfigError(
                f"{path} is a link, which somebody else may turn elsewhere: put the "
                "thing itself there, or name its place by VIGIL_DATABASE_URL or "
                "VIGIL_OBJECT_STORE."
            )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
