"""Previews in clusters of at least k, so that one of them can stand for all.

Microaggregation by the farthest point (MDAV, Domingo-Ferrer and Mateo-Sanz 2002): the
row farthest from the middle of what is left takes its k - 1 nearest with it, until
fewer than 2 k are left, which are the last cluster. Nothing is drawn by lot: the same
rows in the same order give the same clusters. n rows cost about n * n / k distances.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cluster:
    """Places of its rows, and of the one that is nearest to all of them together."""

    medoid: int
    members: tuple[int, ...]


def clusters(
    cells: Sequence[bytes], fewest: int, tick: Callable[[], None] = lambda: None
) -> list[Cluster]:
    """Every row in one cluster of `fewest` to 2 * `fewest` - 1; none if there are less.

    Rows are cells, levels 0..7, of one length. `tick` is called once for each cluster.

    :raises ValueError: a cluster of fewer than two hides nobody
    """
    if fewest < 2:
        raise ValueError("a cluster has at least two members")
    if len(cells) < fewest:
        return []
    rows = np.array([list(row) for row in cells], np.float64)
    left, found = np.arange(len(rows)), []
    while len(left) >= 2 * fewest:
        far = int(np.argmax(_apart(rows[left], rows[left].mean(0))))
        order = np.argsort(_apart(rows[left], rows[left[far]]), kind="stable")
        found.append(_cluster(rows, np.sort(left[order[:fewest]])))
        left = np.sort(left[order[fewest:]])
        tick()
    return [*found, _cluster(rows, left)]


def _cluster(rows: np.ndarray, members: np.ndarray) -> Cluster:
    own = rows[members]
    sums = [float(_apart(own, row).sum()) for row in own]
    medoid = int(members[int(np.argmin(sums))])
    return Cluster(medoid, tuple(int(each) for each in members))


def _apart(rows: np.ndarray, row: np.ndarray) -> np.ndarray:
    squares: np.ndarray = ((rows - row) ** 2).sum(1)
    return squares
