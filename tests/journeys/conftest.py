"""One archive and one running server for each worker; nothing of ours is replaced.

| fixture | is |
|---|---|
| `seed`, `holdings` | the archive as the operator's shell left it, and what is in it |
| `server` | a server on this worker's own copy of it |
| `visitor`, `applicant`, … | a client of each kind, by token where the role has one |
| `browsing` | the same people signed in by the page, with cookies |
| `home_of_its_own` | another copy, for tests that break things |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys import holdings as holdings_module
from tests.journeys.client import Client
from tests.journeys.holdings import Holdings
from tests.journeys.home import Home
from tests.journeys.server import Server, serving

Browsing = Callable[[str], Client]


@pytest.fixture(scope="session")
def _shared(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> tuple[Home, Holdings]:
    base = tmp_path_factory.getbasetemp()
    return holdings_module.shared(
        (base if worker_id == "master" else base.parent) / "seed"
    )


@pytest.fixture(scope="session")
def seed(_shared: tuple[Home, Holdings]) -> Home:
    """The archive that all others are copies of; it is never served or changed."""
    return _shared[0]


@pytest.fixture(scope="session")
def holdings(_shared: tuple[Home, Holdings]) -> Holdings:
    return _shared[1]


@pytest.fixture(scope="session")
def server(seed: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = seed.copy(tmp_path_factory.mktemp("served") / "root")
    with serving(home) as running:
        yield running


@pytest.fixture
def home_of_its_own(seed: Home, tmp_path: Path) -> Home:
    return seed.copy(tmp_path / "root")


@pytest.fixture
def visitor(server: Server) -> Client:
    return Client(server.port)


@pytest.fixture
def researcher(server: Server, holdings: Holdings) -> Client:
    return Client(server.port, holdings.people["researcher"].token)


@pytest.fixture
def colleague(server: Server, holdings: Holdings) -> Client:
    return Client(server.port, holdings.people["colleague"].token)


@pytest.fixture
def moderator(server: Server, holdings: Holdings) -> Client:
    return Client(server.port, holdings.people["moderator"].token)


@pytest.fixture
def administrator(server: Server, holdings: Holdings) -> Client:
    return Client(server.port, holdings.people["administrator"].token)


@pytest.fixture(scope="session")
def browsing(server: Server, holdings: Holdings) -> Browsing:
    """Somebody of that role, signed in by the page; once for each worker."""
    signed_in: dict[str, Client] = {"visitor": Client(server.port)}

    def find(role: str) -> Client:
        if role not in signed_in:
            person, client = holdings.people[role], Client(server.port)
            answer = client.sign_in(person.email, person.password)
            assert answer.status == 303, answer.text
            signed_in[role] = client
        return signed_in[role]

    return find
