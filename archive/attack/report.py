"""The outcome of an attack on one's own previews: JSON, and one page with plots.

The page needs no script and no network. It shows the assets that an attack came
nearest to, as a visitor sees them; no original and no thumbnail is in it.
"""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.attack import signature
from archive.attack.material import Material, Pair
from archive.attack.trial import Trial
from archive.vault.keyrings import Keyring
from blur import render

BARS = 24
NEAREST = 6
NAME = "blur-attack"


@dataclass(frozen=True)
class Report:
    """Everything that was tried, on what, and when."""

    at: datetime
    material: Material
    trials: tuple[Trial, ...]

    @property
    def broken(self) -> list[str]:
        """Names of the trials whose line was crossed."""
        return [trial.name for trial in self.trials if trial.holds is False]

    def summary(self) -> dict[str, Any]:
        """A few numbers, for the ledger."""
        return {"assets": len(self.material.pairs), "broken": self.broken}

    def as_json(self) -> dict[str, Any]:
        """The document of `--json`; that of the report folder is signed besides."""
        return {
            "ok": not self.broken,
            "at": self.at.isoformat(),
            "assets": len(self.material.pairs),
            "left_out": self.material.left_out,
            "broken": self.broken,
            "trials": [_rounded(asdict(trial)) for trial in self.trials],
        }


def write(report: Report, folder: Path, keyring: Keyring) -> list[Path]:
    """Put `blur-attack.html` and the signed `.json` into a folder, for its owner."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shown = page(report)
    document = signature.signed(report.as_json(), shown, keyring)
    written = []
    for ending, data in (("json", document), ("html", shown.encode())):
        path = folder / f"{NAME}.{ending}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        written.append(path)
    return written


def page(report: Report) -> str:
    """The whole report as one HTML document."""
    verdict = f"Broken: {', '.join(report.broken)}." if report.broken else "All held."
    left = ", ".join(
        f"{count} x {why}" for why, count in report.material.left_out.items()
    )
    head = (
        f"<p>{report.at:%Y-%m-%d %H:%M} UTC, {len(report.material.pairs)} assets"
        f"{'; left out: ' + html.escape(left) if left else ''}. "
        f"<strong>{html.escape(verdict)}</strong></p>"
    )
    body = "".join(_section(report, trial) for trial in report.trials)
    return _PAGE.format(head=head, body=body)


def _section(report: Report, trial: Trial) -> str:
    word = {True: "held", False: "BROKEN", None: "no line, or too little to try"}
    rows = (
        ("tried on", str(trial.tried)),
        ("figure", _number(trial.figure)),
        ("line", _number(trial.line)),
        ("control", _number(trial.control)),
        ("outcome", word[trial.holds]),
    )
    cells = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    return (
        f"<section><h2>{html.escape(trial.name)}</h2><p>{html.escape(trial.said)}</p>"
        f"<dl>{cells}</dl>{_plot(trial)}{_nearest(report, trial)}</section>"
    )


def _plot(trial: Trial) -> str:
    """How the values lie, as a histogram."""
    if not trial.values:
        return ""
    low, high = min(trial.values), max(trial.values)
    step = (high - low) / BARS or 1.0
    counts = [0] * BARS
    for value in trial.values:
        counts[min(BARS - 1, int((value - low) / step))] += 1
    bars = "".join(_bar(at, count / max(counts)) for at, count in enumerate(counts))
    ends = f'<text x="0" y="118">{low:.3g}</text>'
    ends += f'<text x="480" y="118" text-anchor="end">{high:.3g}</text>'
    label = html.escape(trial.unit)
    return (
        f'<figure><svg viewBox="0 0 480 124" role="img" aria-label="{label}">'
        f"{bars}{ends}</svg><figcaption>{label}</figcaption></figure>"
    )


def _bar(at: int, share: float) -> str:
    high = round(96 * share)
    return f'<rect x="{at * 20 + 1}" y="{100 - high}" width="18" height="{high}"/>'


def _nearest(report: Report, trial: Trial) -> str:
    """The previews that came nearest to breaking, as everybody may see them."""
    pairs = report.material.pairs
    if len(trial.values) != len(pairs):
        return ""
    worst = _worst(trial.values, lowest=trial.name.startswith("linkage"))
    shown = "".join(_item(pairs[at], trial.values[at]) for at in worst)
    return f"<p>Nearest to the line:</p><ul>{shown}</ul>"


def _item(pair: Pair, value: float) -> str:
    address = render.data_uri(pair.preview, pair.tier, pair.asset_id)
    return (
        f'<li><img alt="" src="{address}"><code>{pair.asset_id}</code> {value:.3g}</li>'
    )


def _worst(values: Sequence[float], *, lowest: bool) -> Iterable[int]:
    order = sorted(range(len(values)), key=values.__getitem__, reverse=not lowest)
    return order[:NEAREST]


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}"


def _rounded(trial: dict[str, Any]) -> dict[str, Any]:
    return {
        **trial,
        "values": [round(value, 4) for value in trial["values"]],
        **{
            name: None if trial[name] is None else round(trial[name], 4)
            for name in ("figure", "line", "control")
        },
    }


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Attack on the previews</title>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto;
 padding: 0 1rem; color: #1d2430; background: #fff }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem }}
dd {{ margin: 0 }} svg {{ width: 100%; fill: #4a6285; font-size: 12px }}
figure {{ margin: 1rem 0 }} figcaption, li {{ color: #566; font-size: .85rem }}
ul {{ display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0 }}
li {{ width: 9rem }} img {{ display: block; width: 100%; aspect-ratio: 4/3;
 object-fit: cover; filter: blur(3px) }}
</style>
<h1>Attack on the previews</h1>
{head}{body}</html>
"""
