"""Where on the map what was found lies: spots, each counted.

Places that fall into one square of the map are one spot; the finest squares are taken
of which no more than 60 hold any, and no more than 30 lie side by side. How finely the
places themselves are known is the scope's: see ``ScopeTerms.digits``.
"""

import numpy as np

from search.engine import Map, Spot
from search.postings import Numbers
from search.view import View

MOST_SPOTS, MOST_ACROSS, MOST_IDS = 60, 30, 3
SQUARES = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Degrees; the first is none at all, each place by itself."""
_SLACK = 1e-9  # 39.8 / 0.1 is a little less than 398

Box = tuple[float, float, float, float]


def spots(view: View, docs: Numbers, box: Box | None) -> Map:
    """Count the documents by where they lie, on a map of this box or of them all."""
    facet = view.facet("point")
    held, codes = facet.pairs(docs)
    unplaced = len(docs) - len(np.unique(held))
    if not len(codes):
        return Map((), unplaced)
    # Values are "north,east" as text: only those of the results are read.
    used, codes = np.unique(codes, return_inverse=True)
    values = [facet.values[code].split(",") for code in used.tolist()]
    degrees = np.array(values, np.float64)
    square = _squares(degrees, box)
    return Map(
        tuple(
            _spot(view, degrees[square == number], held[square[codes] == number])
            for number in range(int(square.max()) + 1)
        ),
        unplaced,
    )


def _squares(degrees: np.ndarray, box: Box | None) -> Numbers:
    """The number of the square of each place, from 0 without gaps."""
    easts = degrees[:, 1] if box is None else np.array([box[0], box[2]])
    least = float(np.ptp(easts)) / MOST_ACROSS
    for side in (each for each in SQUARES if each >= least or each == SQUARES[-1]):
        keys = np.floor(degrees / side + _SLACK) if side else degrees
        _, square = np.unique(keys, axis=0, return_inverse=True)
        if square.max() < MOST_SPOTS:
            break
    numbers: Numbers = square
    return numbers


def _spot(view: View, degrees: np.ndarray, docs: Numbers) -> Spot:
    (south, west), (north, east) = degrees.min(axis=0), degrees.max(axis=0)
    latitude, longitude = degrees.mean(axis=0)
    there = np.unique(docs)
    there = there[np.argsort(view.id_rank[there])]
    return Spot(
        latitude=round(float(latitude), 5),
        longitude=round(float(longitude), 5),
        box=(float(west), float(south), float(east), float(north)),
        count=len(there),
        ids=tuple(view.id(doc) for doc in there[:MOST_IDS].tolist()),
    )
