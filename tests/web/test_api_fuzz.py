"""The API's description holds against what schemathesis thinks of, as everybody.

A few calls of each kind with a fixed seed. `make api-fuzz` asks some twenty thousand,
with every boundary of every shape; `make fuzzer` fetches what both need, and where that
is missing the test says so and is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web import fuzzing
from tests.web.fuzzing import ROLES, Served

pytestmark = pytest.mark.skipif(
    fuzzing.program() is None,
    reason="THE API IS NOT FUZZED: run `make fuzzer`",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with fuzzing.served(fuzzing.fill(tmp_path_factory.mktemp("fuzzed"))) as running:
        yield running


@pytest.mark.parametrize("role", ROLES)
def test_nothing_that_is_asked_breaks_what_is_described(
    archive: Served, role: str
) -> None:
    said = fuzzing.ask(archive, role, 2, 1, ("--phases", "fuzzing"))
    assert said.is_well, said.text
