"""`vigil doctor`: checks the set-up, and says how to mend each finding."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib import metadata
from pathlib import Path

import click

from archive import config as settings
from archive.cli import output
from archive.cli.opening import telling
from archive.config import Config, ConfigError
from archive.site import Site, open_site
from archive.vault.keys import Purpose
from blur.sandbox import Strength, strength

FREE_BYTES = 2 * (1 << 30)
MOUNTED_SWAPS = Path("/proc/swaps")
EARLIEST_CLOCK = 1_767_225_600  # 2026-01-01: before that, no version of this existed
MOST_BEHIND = timedelta(minutes=5)
FLOORS = {"pillow": 13, "cryptography": 50, "werkzeug": 3}


@dataclass(frozen=True)
class Finding:
    """One check: whether it holds, and how to mend it where it does not."""

    check: str
    ok: bool
    mend: str = ""


@click.command()
@output.json_option
def doctor(as_json: bool) -> None:  # noqa: FBT001 - click hands it over as a flag
    """Check settings, keys, parts, decoders, disk and clock.

    Example: VIGIL_HOME=/srv/vigil vigil doctor
    """
    findings = list(examine())
    facts = {
        "ok": all(finding.ok for finding in findings),
        "findings": [asdict(finding) for finding in findings],
    }
    output.answer(facts, as_json, lambda: _lines(findings))
    if not facts["ok"]:
        raise click.exceptions.Exit(1)


def examine() -> Iterable[Finding]:
    """Check from the outside in; what cannot be reached is not checked further."""
    try:
        config = settings.from_environment()
        settings.check_safe(config)
    except ConfigError as error:
        yield Finding("settings", ok=False, mend=str(error))
        return
    yield Finding("settings", ok=True)
    yield from _machine(config)
    try:
        with telling():
            site = open_site(config)
    except click.ClickException as error:
        yield Finding("archive", ok=False, mend=error.message)
        return
    try:
        yield from of_parts(site)
    finally:
        site.close()


def _machine(config: Config) -> Iterable[Finding]:
    yield _finding("decoders' sandbox", _sandbox(config))
    yield _finding("libraries", _libraries())
    yield _finding("disk", _disk(config))
    yield _finding("clock", _clock())
    yield _finding("swap", _swap())


def of_parts(site: Site) -> Iterable[Finding]:
    """Check the parts of an archive that is open."""
    mends = {
        "database": "check VIGIL_DATABASE_URL and the disk",
        "store": "make the object folder writable for this user; or check VIGIL_S3_*",
        "index": "the search index does not open: run `vigil reindex`",
        "key": "check VIGIL_KEY_FILE against the archive's keyring",
        "queue": "check VIGIL_DATABASE_URL and the disk",
        "broker": "run `vigil broker` for this archive as the user who has its key, "
        "and name this user in its VIGIL_BROKER_ASKERS",
    }
    for part, holds in site.readiness().items():
        yield Finding(part, ok=holds, mend="" if holds else mends[part])
    yield _finding("stores' permissions", _permissions(site.config))
    yield _finding("originals' key", _separation(site))
    yield _finding("clock and ledger", _clock_behind_ledger(site))


def _finding(check: str, mend: str) -> Finding:
    return Finding(check, ok=not mend, mend=mend)


def _sandbox(config: Config) -> str:
    if strength() is not Strength.RLIMITS:
        return ""
    if config.allow_unsandboxed:
        return "decoders run unconfined (VIGIL_ALLOW_UNSANDBOXED): install bubblewrap"
    return "install bubblewrap; until then nothing is taken in"


def _libraries() -> str:
    old = [
        f"{name} {metadata.version(name)} is older than {floor}"
        for name, floor in FLOORS.items()
        if int(metadata.version(name).split(".", 1)[0]) < floor
    ]
    return f"{'; '.join(old)}: run `make setup` again" if old else ""


def _disk(config: Config) -> str:
    place = config.home if config.home.exists() else config.home.parent
    free = shutil.disk_usage(place).free if place.exists() else 0
    return "" if free >= FREE_BYTES else f"{place} has less than 2 GiB free"


def _clock() -> str:
    late = time.time() < EARLIEST_CLOCK
    return "the clock is wrong: consents would not end; set it" if late else ""


def _clock_behind_ledger(site: Site) -> str:
    with site.db.read() as session:
        newest = site.ledger.entries(session, limit=1)
    if newest and newest[0].at - site.clock() > MOST_BEHIND:
        return (
            f"the newest line is of {newest[0].at:%Y-%m-%d %H:%M} UTC, which has not "
            "come yet: set the clock, or look who set it wrongly then"
        )
    return ""


def _swap() -> str:
    try:
        lines = MOUNTED_SWAPS.read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return ""
    plain = [line.split()[0] for line in lines if not _is_encrypted(line.split()[0])]
    names = ", ".join(plain)
    return (
        f"{names} may take plaintext to disk: encrypt or switch it off" if plain else ""
    )


def _is_encrypted(device: str) -> bool:
    return device.startswith(("/dev/dm-", "/dev/mapper/", "/dev/zram"))


def _separation(site: Site) -> str:
    """Whether who has the originals' key, and who asks a broker, are two processes."""
    holds = site.keyring.holds(Purpose.ORIGINAL)
    if not holds and site.broker is None:
        return (
            "this user has no key of originals and no broker to ask: set VIGIL_BROKER"
        )
    return ""


def _permissions(config: Config) -> str:
    places = (config.home, config.keyrings, config.object_store, config.index)
    folders = [place for place in places if isinstance(place, Path) and place.exists()]
    shared = config.broker is not None
    loose = [
        str(path)
        for path in folders
        if settings.is_open_to_others(path, may_share=shared)
    ]
    return f"open to other users: chmod 700 {' '.join(loose)}" if loose else ""


def _lines(findings: list[Finding]) -> str:
    return "\n".join(
        f"{'ok  ' if finding.ok else 'MEND'}  {finding.check}"
        + (f": {finding.mend}" if finding.mend else "")
        for finding in findings
    )
