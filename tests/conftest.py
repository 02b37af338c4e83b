"""What one worker pays before its first test, and again with each of them.

A worker collects thousands of tests, none of which is ever garbage, and the collector
would walk through all of them again and again. So it rests while tests are gathered;
what there is by then is set aside, and what tests make is looked through less often.
What nobody closed is still found, and is an error still: pytest collects at the end.
"""

from __future__ import annotations

import gc

gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()
