"""Every sample file through deposit and worker: a preview, or a sentence and no trace.

Needs the folder of sample media: `VIGIL_SAMPLES`, or `../shared/samples` beside the
repository. Where it does not exist these tests are skipped, and say so.
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pytest

from archive import intake, verification, work
from archive.intake.refusals import CODES
from archive.records import store
from archive.records.tables import AssetState
from archive.site import Site

ROOT = Path(__file__).parents[2]
SAMPLES = Path(os.environ.get("VIGIL_SAMPLES") or ROOT.parent / "shared" / "samples")
MOST_SECONDS = 60
MOST_MEBIBYTES = 1024
NOT_MEDIA = {"unsupported_kind"}
NO_MEDIA_HERE = {".json", ".html", ".jpf"}

pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(
        not SAMPLES.is_dir(), reason="the folder of sample media is not here"
    ),
]


def groups() -> list[Path]:
    """The folders that hold samples; each is one test, on one archive."""
    files = [path for path in SAMPLES.glob("*/**/*") if path.is_file()]
    return sorted({path.parent for path in files})


def blobs(site: Site) -> int:
    return sum(path.is_file() for path in site.config.object_store.rglob("*"))


def peak_mebibytes() -> int:
    """The most that this process, or any child it has had, ever held in memory."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in both) // 1024


def take(site: Site, desk, path: Path) -> str:
    """Deposit one file and work it off; gives `ready`, `failed` or a refusal's code."""
    before = blobs(site)
    try:
        with intake.begin(site) as arrival, path.open("rb") as stream:
            arrival.take(stream, path.name)
            made = arrival.deposit(desk.draft(path.name), "operator", site.clock())
    except intake.Refused as refused:
        assert refused.code in CODES
        assert refused.message.endswith(".")
        assert blobs(site) == before
        return refused.code
    assert work.drain(site, made.record.id, seconds=2 * MOST_SECONDS)
    with site.db.read() as s:
        (asset,) = store.assets_of(s, made.record.id)
    assert asset.preview_object_id is not None
    assert (asset.state is AssetState.READY) == (asset.failure is None)
    return asset.state.value


@pytest.mark.parametrize("folder", groups(), ids=lambda f: str(f.relative_to(SAMPLES)))
def test_every_sample_ends_well_or_with_a_sentence(site, desk, folder: Path) -> None:
    before = peak_mebibytes()
    is_good = folder.relative_to(SAMPLES).parts[0] == "good"
    for path in sorted(folder.iterdir()):
        if not path.is_file():
            continue
        began = time.monotonic()
        outcome = take(site, desk, path)
        assert time.monotonic() - began < MOST_SECONDS, path
        if is_good and path.suffix not in NO_MEDIA_HERE:
            assert outcome == AssetState.READY, (path, outcome)
        if path.suffix in NO_MEDIA_HERE:
            assert outcome in NOT_MEDIA, (path, outcome)
    assert verification.verify(site, actor="operator", now=site.clock()).ok
    assert peak_mebibytes() <= max(before, MOST_MEBIBYTES)
