"""Every sample file through `POST /api/v1/records`, good and bad, over a real server.

A good one ends with a finished preview; a bad one with a refusal in a sentence, or with
a finished preview of what can still be read. None ends with a 5xx, a traceback, more
than a minute of waiting, a gigabyte of memory, or something left behind.

Needs the folder of sample media: `VIGIL_SAMPLES`, or `../shared/samples` beside the
repository. Where it does not exist these tests are skipped, and say so.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.vault import previews
from archive.vault.container import HEADER_SIZE, Kind, read_header
from tests.journeys.client import Answer, Client
from tests.journeys.holdings import Holdings
from tests.journeys.home import Home
from tests.journeys.server import MEBIBYTE, Server, memory_of, serving

ROOT = Path(__file__).parents[2]
SAMPLES = Path(os.environ.get("VIGIL_SAMPLES") or ROOT.parent / "shared" / "samples")
MOST_SECONDS = 60
MOST_MEMORY = 1024 * MEBIBYTE
NO_MEDIA = {".json", ".html", ".jpf"}
"""Good files of kinds that no archive of media takes: refused with 415."""

pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(
        not SAMPLES.is_dir(),
        reason=f"the folder of sample media, {SAMPLES}, is missing",
    ),
]


@pytest.fixture(scope="module")
def taking_in(seed: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, so that what it holds can be counted."""
    home = seed.copy(tmp_path_factory.mktemp("samples") / "root")
    with serving(home) as server:
        yield server
    assert "Traceback" not in server.said()
    assert [path for path in home.temp.rglob("*") if path.is_file()] == []
    found = home.do("verify", "--all")
    assert found["ok"], found["findings"]
    # An original for each asset, and beside them previews alone: what was refused left
    # nothing. A preview that a near twin's replaced stays, keyless, until the sweep.
    kinds = Counter(kind_of(blob) for blob in home.blobs())
    assert kinds.pop(Kind.ORIGINAL) == found["checked"]["digests"]
    assert set(kinds) <= previews.KINDS


def kind_of(blob: Path) -> Kind:
    return read_header(blob.read_bytes()[:HEADER_SIZE]).kind


@pytest.fixture
def desk(taking_in: Server, holdings: Holdings) -> Client:
    return Client(taking_in.port, holdings.people["moderator"].token)


def folders() -> list[Path]:
    """Each folder of samples is one test."""
    files = [path for path in SAMPLES.glob("*/**/*") if path.is_file()]
    return sorted({path.parent for path in files})


@pytest.mark.parametrize("folder", folders(), ids=lambda f: str(f.relative_to(SAMPLES)))
def test_every_sample_ends_with_a_preview_or_a_clean_refusal(
    taking_in: Server, desk: Client, folder: Path
) -> None:
    is_good = folder.relative_to(SAMPLES).parts[0] == "good"
    with memory_of(taking_in.pid, every=0.2) as memory:
        for path in sorted(each for each in folder.iterdir() if each.is_file()):
            began = time.monotonic()
            answer = hand_in(desk, path)
            if answer.status == 429:  # so many refusals in a minute are too fast
                time.sleep(int(answer.headers["retry-after"]))
                began, answer = time.monotonic(), hand_in(desk, path)
            is_media = path.suffix not in NO_MEDIA
            if answer.status == 201:
                assert is_media, path
                state, failure = outcome(desk, answer.json["id"])
                if is_good:
                    assert state == "ready", (path, failure)
                assert state == "ready" or (failure and len(failure) > 15), path
            else:
                assert not (is_good and is_media), (path, answer.text)
                assert is_refusal(answer), (path, answer.text)
                assert is_media or answer.status == 415, (path, answer.text)
            assert time.monotonic() - began < MOST_SECONDS, path
    assert memory.most < MOST_MEMORY, (memory.most // MEBIBYTE, memory.whose)


def hand_in(desk: Client, path: Path) -> Answer:
    fields = [("title", path.name)]
    return desk.upload("/api/v1/records", [(path.name, path.read_bytes())], fields)


def outcome(desk: Client, record: str) -> tuple[str, str | None]:
    """How the making of the preview ended."""
    (asset,) = desk.wait_for_previews(record)
    assert desk.get(asset["preview_url"]).status == 200
    return asset["state"], asset["failure"]


def is_refusal(answer: Answer) -> bool:
    """A 4xx with a sentence for a person and a word for a program."""
    told = answer.json
    return (
        answer.status in (413, 415, 422)
        and told["status"] == answer.status
        and told["detail"].endswith(".")
        and len(told["detail"]) > 15
        and set(told["errors"]) == {"files"}
    )
