"""What one attack came to."""

from __future__ import annotations

from dataclasses import dataclass

CONTROL_LINE = 0.3  # below this an attack has not shown that it works


@dataclass(frozen=True)
class Trial:
    """One attack's outcome: `holds` is None where there is nothing to hold it to."""

    name: str
    tried: int
    unit: str
    values: tuple[float, ...]
    figure: float | None
    line: float | None
    control: float | None
    holds: bool | None
    said: str


def not_run(name: str, why: str) -> Trial:
    """A trial for which something is not installed."""
    return Trial(name, 0, "", (), None, None, None, None, why)


def verdict(kept: bool | None, control: float | None) -> bool | None:  # noqa: FBT001 - an outcome, not a switch
    """A crossed line is crossed; a kept one counts only if the control succeeded."""
    if kept and (control is None or control < CONTROL_LINE):
        return None
    return kept
