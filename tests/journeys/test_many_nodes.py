"""Many nodes, and each part of them killed, frozen or cut off in turn.

Whatever is away: nobody who may not sees a byte of an original, whoever asks is
answered within bounded time, 503 with a sentence where it must be, what was told to be
done is there afterwards, and all goes on by itself when the part is back. `make test`
tries one outage of each kind; with VIGIL_TEST_NODES=20 all of them, so often, shuffled.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.journeys import media
from tests.journeys.client import Answer, Client
from tests.journeys.holdings import new_word
from tests.journeys.media import Planted
from tests.journeys.nodes import Cluster, answers, many_nodes

ROUNDS = int(os.environ.get("VIGIL_TEST_NODES", "0"))
LABEL = "property.religious-vandalism"
LONGEST_SECONDS = 40.0
"""Twice nginx's patience and a node's: what a person may have to wait at most."""
EFFECTIVE_SECONDS = 5.0
MAY_NOT = ("stranger", None)


@dataclass(frozen=True)
class Held:
    """A published record with one picture."""

    id: str
    asset: str
    word: str
    file: Planted

    @property
    def original(self) -> str:
        return f"/media/{self.asset}/original"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with many_nodes(tmp_path_factory.mktemp("nodes") / "root") as made:
        yield made


@pytest.fixture(scope="module")
def held(cluster: Cluster) -> Held:
    """Deposited, derived, labelled, published; and found by its word."""
    by, word = cluster.client("moderator"), new_word()
    file = media.picture(f"{new_word()}.jpg")
    record = deposit(by, file, word)
    assert record is not None
    (asset,) = by.wait_for_previews(record)
    said = by.put(f"/api/v1/assets/{asset['id']}/labels", {"labels": [f"{LABEL}=G2"]})
    assert said.status == 200, said.text
    out = by.patch(f"/api/v1/records/{record}", {"state": "published"})
    assert out.status == 200, out.text
    return Held(record, asset["id"], word, file)


def deposit(by: Client, file: Planted, word: str) -> str | None:
    """The record's id where it was acknowledged; None where it was refused for now."""
    fields = [
        ("title", f"A yard {word}"),
        ("description", "Beside the wall"),
        ("visibility", "public"),
    ]
    try:
        made = by.upload("/api/v1/records", [(file.name, file.content)], fields)
    except OSError:
        return None  # the node died with the line open: nobody was told anything
    if made.status == 201:
        return str(made.json["id"])
    assert_told(made)
    return None


def assert_told(answer: Answer) -> None:
    """Refused for the moment, in words."""
    assert answer.status == 503, (answer.status, answer.text[:300])
    assert ". " in answer.text or "detail" in answer.text, answer.text[:300]


def consent(by: Client, record: str) -> str:
    given = {"purpose": "research", "acknowledged": [LABEL]}
    made = by.post(f"/api/v1/records/{record}/consents", given)
    assert made.status == 201, made.text
    return str(made.json["id"])


def opens(by: Client, held: Held) -> bool:
    return by.get(held.original, Range="bytes=0-9").status == 206


def closed_within_promise(by: Client, held: Held) -> None:
    deadline = time.monotonic() + EFFECTIVE_SECONDS
    while opens(by, held):
        assert time.monotonic() < deadline, "what was revoked still opens"


def test_the_journey_over_both_nodes(cluster: Cluster, held: Held) -> None:
    """Each step is taken at another node than the one before it."""
    here, there = (cluster.client("reader", node) for node in (0, 1))
    for who in (here, there, cluster.client(None)):
        answers(lambda who=who: held.id in who.get(f"/search?q={held.word}").text)  # type: ignore[misc]
    assert there.get(held.original).status == 403
    given = consent(here, held.id)
    assert there.get(held.original).body == held.file.content
    part = here.get(held.original, Range="bytes=100-299")
    assert (part.status, part.body) == (206, held.file.content[100:300])
    for who in MAY_NOT:
        for node in (0, 1):
            assert cluster.client(who, node).get(held.original).status in (401, 403)
    assert there.delete(f"/api/v1/me/consents/{given}").status == 204
    closed_within_promise(here, held)
    closed_within_promise(there, held)


def test_who_is_suspended_at_one_node_is_so_at_the_other(
    cluster: Cluster, held: Held
) -> None:
    suspect = [cluster.client("suspect", node) for node in (0, 1)]
    consent(suspect[0], held.id)
    assert opens(suspect[0], held)
    assert opens(suspect[1], held)
    ran = cluster.home.run("account", "suspend", "suspect@example.org", "--reason", "x")
    assert ran.code == 0, ran.err
    for each in suspect:
        closed_within_promise(each, held)


def test_a_node_that_is_cut_off_opens_nothing_and_says_so(
    cluster: Cluster, held: Held
) -> None:
    """It reaches neither the database nor the bucket; somebody still reaches it."""
    if not cluster.rooms:
        pytest.skip("only root can cut a machine's network")
    here, there = (cluster.client("reader", node) for node in (0, 1))
    given = consent(here, held.id)
    assert opens(here, held)
    cluster.rooms[0].cut()
    try:
        for who in ("reader", *MAY_NOT):
            for path in (held.original, f"/records/{held.id}", "/search?q=yard"):
                came = cluster.client(who, 0).send("GET", path, seconds=LONGEST_SECONDS)
                assert_told(came)
        assert there.delete(f"/api/v1/me/consents/{given}").status == 204
        closed_within_promise(there, held)
        for _ in range(3):
            assert_told(here.send("GET", held.original, seconds=LONGEST_SECONDS))
        assert deposit(cluster.client("moderator", 0), *_something()) is None
        assert there.get(f"/records/{held.id}").status == 200
    finally:
        cluster.rooms[0].mend()
    answers(lambda: here.get(f"/records/{held.id}").status == 200)
    assert not opens(here, held), "what was revoked meanwhile opens again"


@dataclass
class Watch:
    """People who go on asking whatever happens, and what they were answered."""

    cluster: Cluster
    held: Held
    outage: str
    told: dict[str, list[int]] = field(default_factory=dict)
    by_nodes: set[str] = field(default_factory=set)
    """What a node itself, not nginx for want of one, said was away for the moment."""
    wrong: list[str] = field(default_factory=list)
    longest: float = 0.0

    @contextmanager
    def during(self) -> Iterator[None]:
        """Ask all the while, each person by a thread of their own."""
        over = threading.Event()
        asking = [
            threading.Thread(target=self._ask, args=(over, name, who, path))
            for name, who, path in (
                ("page", None, "/help/"),
                ("record", "reader", f"/api/v1/records/{self.held.id}"),
                ("search", None, f"/search?q={self.held.word}"),
                ("original", "reader", self.held.original),
                ("stranger", "stranger", self.held.original),
                ("nobody", None, self.held.original),
                ("suspect", "suspect", self.held.original),
            )
        ]
        for each in asking:
            each.start()
        try:
            yield
        except AssertionError as error:
            last = {name: told[-5:] for name, told in self.told.items()}
            told = f"{self.outage}: {self.wrong[:5]}, last {last}"
            raise AssertionError(told) from error
        finally:
            over.set()
            for each in asking:
                each.join(2 * LONGEST_SECONDS)
        assert self.wrong == []

    def _ask(
        self, over: threading.Event, name: str, who: str | None, path: str
    ) -> None:
        while not over.wait(0.5):
            began = time.monotonic()
            try:
                came = self.cluster.client(who).send(
                    "GET", path, seconds=LONGEST_SECONDS
                )
            except TimeoutError:
                self.wrong.append(f"{name}: no answer in bounded time")
                return
            except OSError:
                continue  # cut in the middle of an answer, and known to be
            self.longest = max(self.longest, time.monotonic() - began)
            self.told.setdefault(name, []).append(came.status)
            if wrong := self._judge(name, came):
                self.wrong.append(f"{name}: {came.status} {wrong}")

    def _judge(self, name: str, came: Answer) -> str | None:
        """What is wrong with an answer, if anything."""
        if came.status == 503:
            if "cannot be reached" not in came.text:
                self.by_nodes.add(name)
            is_told = len(came.text) > 40 and "<html>\r\n" not in came.text
            return None if is_told else f"without a sentence: {came.text[:200]}"
        if name in ("stranger", "nobody", "suspect"):
            is_shut = came.status in (401, 403, 404) and not self._is_material(came)
            return None if is_shut else "to somebody who may not see it"
        if came.status != 200:
            return came.text[:200]
        if name == "original" and came.body != self.held.file.content:
            return "other bytes"
        return None

    def _is_material(self, came: Answer) -> bool:
        return self.held.file.mark in came.body


def kill_node(cluster: Cluster) -> Iterator[None]:
    cluster.nodes[0].kill()
    yield
    cluster.nodes[0].again()
    cluster.wait_for_node(0)


def freeze_node(cluster: Cluster) -> Iterator[None]:
    cluster.nodes[1].freeze()
    yield
    cluster.nodes[1].thaw()


def kill_database(cluster: Cluster) -> Iterator[None]:
    cluster.database.kill()
    yield
    cluster.database.again()


def freeze_database(cluster: Cluster) -> Iterator[None]:
    cluster.database.freeze()
    yield
    cluster.database.thaw()


def cut_database(cluster: Cluster) -> Iterator[None]:
    cluster.database_wire.cut()
    yield
    cluster.database_wire.mend()


def hush_database(cluster: Cluster) -> Iterator[None]:
    cluster.database_wire.hush()
    yield
    cluster.database_wire.mend()


def kill_bucket(cluster: Cluster) -> Iterator[None]:
    cluster.bucket.kill()
    yield
    cluster.bucket.again()


def cut_bucket(cluster: Cluster) -> Iterator[None]:
    cluster.bucket_wire.cut()
    yield
    cluster.bucket_wire.mend()


def hush_bucket(cluster: Cluster) -> Iterator[None]:
    cluster.bucket_wire.hush()
    yield
    cluster.bucket_wire.mend()


Outage = Callable[[Cluster], Iterator[None]]
OF_NODES: tuple[Outage, ...] = (kill_node, freeze_node)
OF_DATABASE: tuple[Outage, ...] = (
    kill_database,
    freeze_database,
    cut_database,
    hush_database,
)
OF_BUCKET: tuple[Outage, ...] = (kill_bucket, cut_bucket, hush_bucket)
OUTAGES = (*OF_NODES, *OF_DATABASE, *OF_BUCKET)
IN_SHORT = (*OF_NODES, kill_database, hush_database, cut_bucket)


def rounds() -> list[Outage]:
    """One of each kind; or, as often as asked, every one there is, shuffled."""
    if ROUNDS == 0:
        return list(IN_SHORT)
    chance = random.Random("many nodes")
    return [
        outage for _ in range(ROUNDS) for outage in chance.sample(OUTAGES, len(OUTAGES))
    ]


def test_whatever_is_away_no_gate_opens_and_nothing_told_is_lost(
    cluster: Cluster, held: Held
) -> None:
    given = consent(cluster.client("reader"), held.id)
    acknowledged: list[str] = []
    for outage in rounds():
        watch = Watch(cluster, held, outage.__name__)
        with watch.during():
            acknowledged += _during(cluster, held, outage, watch)
        _judge_outage(outage, watch)
    for record in acknowledged:
        for asset in cluster.client("moderator").wait_for_previews(record):
            assert asset["state"] == "ready", asset
    assert acknowledged
    assert cluster.client("reader").delete(f"/api/v1/me/consents/{given}").status == 204
    for node in (0, 1):
        closed_within_promise(cluster.client("reader", node), held)
    ran = cluster.home.run("verify", "--all")
    assert ran.code == 0, ran.out + ran.err


def _during(cluster: Cluster, held: Held, outage: Outage, watch: Watch) -> list[str]:
    """Deposit before, in and after an outage; the records that were acknowledged."""
    by = cluster.client("moderator")
    acknowledged = [deposit(by, *_something())]
    course = outage(cluster)
    next(course)
    try:
        if outage in OF_NODES:
            answers(lambda: 200 in watch.told.get("record", [])[-1:], 60)
        else:
            name = "original" if outage in OF_BUCKET else "record"
            answers(lambda: name in watch.by_nodes, 60)
        acknowledged.append(deposit(by, *_something()))
    finally:
        next(course, None)
    whole = ("page", "record", "search", "original")
    for name in whole:
        answers(lambda name=name: watch.told.get(name, [])[-1:] == [200])  # type: ignore[misc]
    answers(
        lambda: (
            (record := deposit(by, *_something())) is not None
            and acknowledged.append(record) is None
        )
    )
    return [record for record in acknowledged if record is not None]


def _judge_outage(outage: Outage, watch: Watch) -> None:
    if outage in OF_BUCKET:
        assert set(watch.told["page"]) == {200}, "a page needs no bucket"
        assert 503 in watch.told["original"]
    if outage in OF_DATABASE:
        assert 503 in watch.told["record"]


def _something() -> tuple[Planted, str]:
    return media.picture(f"{new_word()}.jpg"), new_word()
