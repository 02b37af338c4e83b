"""How long searches took: counted, added up by two writers, and read as a share."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from archive.searches import latency


def test_each_is_counted_once_at_the_first_bound_that_it_kept(any_site) -> None:
    today = any_site.clock().date()
    yesterday = today - timedelta(days=1)
    with any_site.db.write() as s:
        latency.add(s, yesterday, [3, 700_000])
        latency.add(s, today, [5, 5.2, 40])
    with any_site.db.write() as s:
        latency.add(s, today, [41, 6])
    with any_site.db.read() as s:
        assert latency.since(s, today) == {today: {5: 1, 10: 2, 50: 2}}
        counts, spent = latency.ever(s)
    assert counts == {5: 2, 10: 2, 50: 2, 60_000: 1}
    assert spent == 5 + 5 + 6 + 40 + 41 + 3 + 700_000


@pytest.mark.parametrize(
    ("percent", "bound"), [(1, 5), (50, 5), (51, 20), (95, 20), (96, 1_000)]
)
def test_a_percentile_is_the_bound_that_so_many_kept(percent: int, bound: int) -> None:
    counts = Counter({5: 50, 20: 45, 50: 0, 1_000: 5})
    assert latency.percentile(counts, percent) == bound
    assert latency.percentile({}, percent) == 0
