"""The API asked by schemathesis, as everybody: what its description says must hold.

    python -m tests.web.fuzzing [--as ROLE] [--examples N] [--seed N] [--path REGEX]

A demonstration-like archive is served on loopback by this program's own code. Its clock
goes on by a second with each request, so that the allowances of callers last however
fast they are asked; nothing else is different. docs/api.md tells what is checked.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from archive import config
from archive.app import create_app
from archive.founding import create_home
from archive.intake import Deposit
from archive.site import open_site
from auth.viewer import Access, Tier
from tests.web import conftest
from tests.web.conftest import Desk, bearer, photo

ROLES = ("visitor", "researcher", "moderator", "administrator")
STEP = timedelta(seconds=1)
SETTINGS = Path(__file__).with_name("schemathesis.toml")
NUMBERLESS = "100000000"
SETTINGS_OF_HOME = {
    "VIGIL_CONTRIBUTIONS": "1",
    "VIGIL_ALARM_PAGES": NUMBERLESS,
    "VIGIL_ALARM_MISSES": NUMBERLESS,
    "VIGIL_ALARM_REVEALS": NUMBERLESS,
}


class Ticking:
    """A clock that goes on with every request, not with every look at it."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Served:
    """An archive that answers, the headers that somebody asks with, and ids in it."""

    url: str
    tokens: dict[str, str]
    ids: Path


@dataclass(frozen=True)
class Said:
    """What schemathesis said, and whether nothing failed."""

    is_well: bool
    text: str


class _Quiet(WSGIRequestHandler):
    def log(self, *_told: object) -> None:
        """Nothing: some thousand requests are made."""


@dataclass(frozen=True)
class Filled:
    """An archive with people and records in it; `ids` by the variables of addresses."""

    folder: Path
    environ: dict[str, str]
    tokens: dict[str, str]
    ids: dict[str, list[str]]


def fill(folder: Path) -> Filled:
    """Make an archive with people and records."""
    environ = {
        "VIGIL_HOME": str(folder / "home"),
        "VIGIL_KEY_FILE": str(folder / "keys" / "vigil.key"),
        **SETTINGS_OF_HOME,
    }
    site = create_home(config.load(environ), lambda: conftest.START)
    people = conftest._make_people(site)
    tokens = {role: bearer(site, people[role])["Authorization"] for role in ROLES[1:]}
    deposits = _deposit(Desk(site))
    site.close()
    ids = {
        "record_id": [each.record.id for each in deposits],
        "asset_id": [asset.id for each in deposits for asset in each.assets],
        "code": ["dead.body", "property.heritage"],
        "variant": ["clip", "storyboard", "waveform"],
        "seq": ["1", "2"],
    }
    return Filled(folder, environ, tokens, ids)


def _deposit(desk: Desk) -> list[Deposit]:
    """Records of every standing; those that come first are the last to be withdrawn."""
    asked = desk.draft("Letters", access=Access.REQUEST)
    return [
        desk.publish(desk.deposit(draft=desk.draft("Yard")), "property.heritage"),
        desk.publish(desk.deposit(photo(), photo()), tier=Tier.G3),
        desk.publish(
            desk.deposit(draft=desk.draft("Grave")), "kill.execution", Tier.G4
        ),
        desk.publish(desk.deposit(draft=asked), "context.mourning", Tier.G1),
        desk.deposit(draft=desk.draft("Not yet")),
    ]


@contextmanager
def served(filled: Filled) -> Iterator[Served]:
    """Serve it on a free port of loopback."""
    clock = Ticking()
    site = open_site(config.load(filled.environ), clock)
    app = create_app(site)

    @app.teardown_request
    def tick(_error: BaseException | None) -> None:
        clock.now += STEP

    ids = filled.folder / "ids.json"
    ids.write_text(json.dumps(filled.ids))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        yield Served(url, filled.tokens, ids)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        site.close()


def ask(
    archive: Served, role: str, examples: int, seed: int, more: Sequence[str] = ()
) -> Said:
    """Run schemathesis as somebody, to its end."""
    shown = ["--header", f"Authorization: {archive.tokens.get(role)}"]
    command = [
        *(str(program()), f"--config-file={SETTINGS}", "run"),
        f"{archive.url}/api/v1/openapi.json",
        *(shown if role in archive.tokens else []),
        *("--max-examples", str(examples), "--seed", str(seed)),
        *more,
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "fuzzhooks", "VIGIL_FUZZ_IDS": str(archive.ids)}
    environ = {**os.environ, **hooks, "PYTHONPATH": str(SETTINGS.parent)}
    folder = archive.ids.parent
    with (folder / f"{role}.txt").open("w+") as told:
        done = subprocess.run(
            command, check=False, stdout=told, stderr=told, env=environ, cwd=folder
        )
        told.seek(0)
        return Said(done.returncode == 0, told.read())


def program() -> Path | None:
    """Where schemathesis is: as `make fuzzer` fetched it, or the machine's own."""
    fetched = Path(sys.prefix) / "fuzzer" / "bin" / "schemathesis"
    found = str(fetched) if fetched.exists() else shutil.which("schemathesis")
    return None if found is None else Path(found)


def main() -> int:
    """Ask as everybody, or as whom the command line names."""
    if program() is None:
        sys.exit("There is no schemathesis here; run `make fuzzer`.")
    said = _said()
    with tempfile.TemporaryDirectory() as folder:
        with served(fill(Path(folder))) as archive:
            more = ["--include-path-regex", said.path] if said.path else []
            all_well = True
            for role in said.role or ROLES:
                done = ask(archive, role, said.examples, said.seed, more)
                sys.stdout.write(f"=== as {role}\n{done.text}")
                all_well &= done.is_well
    return 0 if all_well else 1


def _said() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.web.fuzzing")
    parser.add_argument("--as", dest="role", action="append", choices=ROLES)
    parser.add_argument("--examples", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--path", default="")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
