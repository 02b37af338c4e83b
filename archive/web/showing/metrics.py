"""How much there is of what, for whoever watches over the archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from archive.contributions import quarantine
from archive.jobs.tables import Job
from archive.records.tables import Asset, Record
from archive.searches import latency
from archive.site import Site
from archive.web.showing import daily
from auth.viewer import RecordState


def exposition(site: Site) -> str:
    """The archive's numbers in the text form that Prometheus reads.

    All are read from the database, so that each process and each node says the same.
    """
    now = site.clock()
    with site.db.read() as s:
        held = quarantine.held(site, s)
        waits = {"used": held.size, "most": held.most}
        families = (
            _family("vigil_records", "Records by state", "state", _by(s, Record, _ANY)),
            _family("vigil_assets", "Files by state", "state", _by(s, Asset, _HERE)),
            _family("vigil_quarantine_bytes", "Handed in from outside", "what", waits),
            _family("vigil_jobs", "Background jobs by state", "state", _by(s, Job)),
            _family(
                "vigil_openings_today",
                "Openings of originals since midnight, UTC",
                "tier",
                {each.name: each.columns[-1].count for each in daily.openings(s, now)},
            ),
            _family(
                "vigil_original_bytes",
                "Bytes of the files that were taken in",
                "what",
                {"originals": s.scalar(select(func.sum(Asset.size)).where(_HERE)) or 0},
            ),
            _histogram(
                "vigil_search_seconds", "How long searches took", *latency.ever(s)
            ),
        )
    return "".join(families)


_ANY = Record.state != RecordState.CONTRIBUTED
_HERE = Asset.record_id.in_(select(Record.id).where(_ANY))
"""What waits for review from outside is in no count."""


def _by(
    s: Session,
    table: Any,  # noqa: ANN401 - any with a state
    *wanted: ColumnElement[bool],
) -> dict[str, int]:
    counted = s.execute(
        select(table.state, func.count()).where(*wanted).group_by(table.state)
    )
    return {str(state): count for state, count in counted}


def _histogram(
    name: str, help_text: str, counts: Mapping[int, int], milliseconds: int
) -> str:
    """Buckets that hold all below them, as Prometheus wants them."""
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} histogram"]
    reached = 0
    for bound in latency.BOUNDS[:-1]:
        reached += counts.get(bound, 0)
        lines.append(f'{name}_bucket{{le="{bound / 1000:g}"}} {reached}')
    reached += counts.get(latency.BOUNDS[-1], 0)
    lines.append(f'{name}_bucket{{le="+Inf"}} {reached}')
    lines += [f"{name}_sum {milliseconds / 1000:g}", f"{name}_count {reached}"]
    return "\n".join(lines) + "\n"


def _family(name: str, help_text: str, label: str, values: dict[str, int]) -> str:
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
    lines += [f'{name}{{{label}="{key}"}} {n}' for key, n in sorted(values.items())]
    return "\n".join(lines) + "\n"
