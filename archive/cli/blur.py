"""`vigil blur`: whether previews keep their promise."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from archive.app import create_app
from archive.attack import Answer, Extent, Fetch, Report, attack, signature, write
from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.site import Site
from blur.errors import SandboxFailed


@click.group()
def blur() -> None:
    """Whether previews keep their promise.

    Example: vigil blur attack --sample 500 --report attack/
    """


@blur.command("attack")
@click.option(
    "--sample",
    default=500,
    show_default=True,
    type=click.IntRange(1),
    help="How many assets, the newest first.",
)
@click.option(
    "--addresses",
    default=200,
    show_default=True,
    type=click.IntRange(0),
    help="How many addresses to walk beside those of the sample.",
)
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write blur-attack.html and blur-attack.json, signed, here.",
)
@output.json_option
def attack_command(
    sample: int,
    addresses: int,
    folder: Path | None,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Attack the previews of this archive; exit 1 when a line is crossed.

    Originals are opened inside the gate, in memory, and the ledger says so. Example:

        vigil blur attack --sample 500 --report attack/
    """
    with opened() as site:
        try:
            report = attack(
                site,
                _visitor(site),
                Extent(sample, addresses, is_kept=folder is not None),
                actor=OPERATOR,
                progress=_progress,
            )
        except SandboxFailed as error:
            raise output.Failure(str(error), error.code) from error
    written = write(report, folder, site.keyring) if folder else []
    output.answer(report.as_json(), as_json, lambda: _lines(report, written))
    if report.broken:
        raise click.exceptions.Exit(1)


@blur.command("check-report")
@click.argument("report", type=click.Path(path_type=Path))
@click.option(
    "--public-key",
    required=True,
    help="The archive's, as `vigil keys status` has it; 64 hexadecimal digits.",
)
@output.json_option
def check_report(report: Path, public_key: str, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Say whether blur-attack.json is unchanged and the archive's; needs no archive.

    Where blur-attack.html lies beside it, that is checked too. Example:

        vigil blur check-report attack/blur-attack.json --public-key 3f…
    """
    with output.failing_as_json(as_json):
        try:
            file = report.read_bytes()
            ok = signature.holds(file, public_key)
            page = report.with_suffix(".html")
            beside = page.read_bytes() if page.exists() else None
        except (OSError, ValueError):
            raise output.Failure(
                f"{report} is not a report that can be read: name the blur-attack.json "
                "that `vigil blur attack --report` wrote."
            ) from None
        same = None if beside is None else ok and signature.is_page_of(file, beside)
        facts = {"ok": ok and same is not False, "signature": ok, "page": same}
        output.answer(facts, as_json, lambda: _verdict(ok, same))
    if not facts["ok"]:
        raise click.exceptions.Exit(1)


def _verdict(signature_holds: bool, page_is_its: bool | None) -> str:  # noqa: FBT001 - outcomes, not switches
    if not signature_holds:
        return "The signature does NOT hold."
    words = {
        True: "The page beside it is its own.",
        False: "The page beside it is NOT its own.",
        None: "No page lies beside it.",
    }
    return f"The signature holds. {words[page_is_its]}"


def _visitor(site: Site) -> Fetch:
    """Asks this archive's pages without a server, as somebody who is not signed in."""
    client = create_app(site).test_client(use_cookies=False)

    def fetch(address: str) -> Answer:
        answer = client.get(address, base_url=site.config.base_url)
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers)
        with answer:
            return Answer(
                answer.status_code,
                answer.mimetype or "",
                headers.encode() + b"\n\n" + answer.get_data(),
            )

    return fetch


def _progress(part: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{part}: {done} of {total}", nl=done == total, err=True)


def _lines(report: Report, written: list[Path]) -> str:
    words = {True: "held", False: "BROKEN", None: "-"}
    rows = [
        (
            trial.name,
            trial.tried,
            *(_number(n) for n in (trial.figure, trial.line, trial.control)),
            words[trial.holds],
        )
        for trial in report.trials
    ]
    head = ("trial", "tried on", "figure", "line", "control", "outcome")
    left_out = [f"{t.name}: {t.said}" for t in report.trials if not t.tried]
    kept = [f"Written: {path}" for path in written]
    lines = [output.table(head, rows), *left_out, *kept]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
