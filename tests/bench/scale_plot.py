"""Draw what `vigil bench --suite scale --json` measured, as a picture for the docs.

    python -m tests.bench.scale_plot BENCH.json... > docs/pictures/scale.svg

A line for each question on each database: what an answer cost at a size, over what it
cost at the smallest. The dashed line is the logarithm, which none may leave far behind.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

WIDTH, HEIGHT = 860, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 300, 30, 50
COLOURS = ("#0b5", "#06c", "#c40", "#828", "#960", "#088", "#c08", "#555", "#36a")
NAMED = re.compile(r"(\w+), (\d+) records: ([^;]+)")
Costs = dict[str, dict[int, float]]


def costs(paths: Iterable[Path]) -> Costs:
    """Processor milliseconds by size, for each question on each database."""
    found: Costs = defaultdict(dict)
    for path in paths:
        for result in json.loads(path.read_text())["results"]:
            named = NAMED.fullmatch(result["name"])
            if named and result["unit"] == "ms CPU":
                kind, size, question = named.groups()
                found[f"{kind}: {question}"][int(size)] = result["value"]
    return {name: dict(sorted(each.items())) for name, each in found.items()}


def drawn(found: Costs) -> str:
    """The picture, as SVG."""
    sizes = sorted({size for each in found.values() for size in each})
    top = max(max(each.values()) / each[min(each)] for each in found.values())
    bound = {size: math.log(size) / math.log(sizes[0]) for size in sizes}
    scale = _Scale(sizes, max(top, *bound.values()) * 1.1)
    parts = [*_frame(scale), _line(scale, bound, "#000", "6 4")]
    for number, (name, each) in enumerate(found.items()):
        colour = COLOURS[number % len(COLOURS)]
        dashes = "2 3" if number >= len(COLOURS) else ""
        grown = {size: cost / each[min(each)] for size, cost in each.items()}
        parts.append(_line(scale, grown, colour, dashes))
        parts.append(_legend(number + 1, name, colour, dashes))
    parts.append(_legend(0, "log n, from the smallest on", "#000", "6 4"))
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">\n'
        "<title>What an answer costs as the archive grows</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n{inside}\n</svg>\n'
    )


class _Scale:
    """Where a size (logarithmic) and a ratio (linear) lie in the picture."""

    def __init__(self, sizes: list[int], top: float) -> None:
        self.sizes, self.top = sizes, top
        self._first, self._last = math.log(sizes[0]), math.log(sizes[-1])

    def x(self, size: float) -> float:
        share = (math.log(size) - self._first) / (self._last - self._first)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, ratio: float) -> float:
        return HEIGHT - BOTTOM - ratio / self.top * (HEIGHT - TOP - BOTTOM)


def _frame(scale: _Scale) -> Iterator[str]:
    left, right = scale.x(scale.sizes[0]), scale.x(scale.sizes[-1])
    for ratio in range(math.ceil(scale.top)):
        y = scale.y(ratio)
        yield f'<path d="M{left:.0f} {y:.0f}H{right:.0f}" stroke="#ddd"/>'
        place = f'x="{left - 8:.0f}" y="{y + 4:.0f}" text-anchor="end"'
        yield f"<text {place}>{ratio}</text>"
    for size in scale.sizes:
        x, y = scale.x(size), HEIGHT - BOTTOM + 18
        yield f'<text x="{x:.0f}" y="{y}" text-anchor="middle">{size:,}</text>'
    yield f'<text x="{LEFT}" y="{HEIGHT - 10}">records</text>'
    yield f'<text x="{LEFT}" y="18">processor time, times that of the smallest</text>'


def _line(scale: _Scale, grown: Mapping[int, float], colour: str, dashes: str) -> str:
    points = " ".join(f"{scale.x(n):.1f},{scale.y(r):.1f}" for n, r in grown.items())
    style = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
    return f'<polyline points="{points}" fill="none" {style}/>'


def _legend(place: int, name: str, colour: str, dashes: str) -> str:
    x, y = WIDTH - RIGHT + 20, TOP + 16 * place
    style = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
    return (
        f'<path d="M{x} {y}h24" {style}/><text x="{x + 30}" y="{y + 4}">{name}</text>'
    )


if __name__ == "__main__":
    sys.stdout.write(drawn(costs(map(Path, sys.argv[1:]))))
