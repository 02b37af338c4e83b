"""Where files share tiles: never fewer than k, nothing that is new, and no clip."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from sqlalchemy import select, update

from archive import jobs, previewing, work
from archive.app import create_app
from archive.attack import trials
from archive.attack.material import gather
from archive.cli.main import main
from archive.jobs import Job, JobState
from archive.records import store
from archive.records.tables import Asset
from archive.work import clustering
from archive.work.task import Task
from auth.viewer import ANONYMOUS

K = 3
MEDIA = Path(__file__).parents[3] / "archive/cli/collection/media"
FORMS = ("preview", "preview/soft")


def blocks(seed: int, size: tuple[int, int] = (160, 120)) -> bytes:
    """A picture that its cells tell of without doubt."""
    cells = np.random.default_rng(seed).integers(0, 2, (6, 8)).astype(np.uint8) * 255
    sink = io.BytesIO()
    Image.fromarray(cells).resize(size, Image.Resampling.NEAREST).save(sink, "PNG")
    return sink.getvalue()


def drained(site) -> None:
    while work.run_one(site, site.clock()):
        pass


def clustered(site) -> Job:
    with site.db.write() as s:
        job_id = clustering.queue(s, site.clock()).id
    drained(site)
    with site.db.read() as s:
        return s.get_one(Job, job_id)


def assets(site) -> list[str]:
    with site.db.read() as s:
        return list(s.scalars(select(Asset.id).order_by(Asset.position)))


def tiles(site, form: str = "preview") -> dict[str, bytes]:
    """What a visitor is shown of each file, where it is more than a sealed card."""
    client = create_app(site).test_client()
    found = {}
    for asset_id in assets(site):
        answer = client.get(f"/media/{asset_id}/{form}")
        if answer.mimetype == "image/png":
            found[asset_id] = answer.data
    return found


@pytest.fixture
def held(site, desk):
    """Eight lying pictures and two standing ones, published."""
    lying = [blocks(seed) for seed in range(8)]
    standing = [blocks(seed, (120, 160)) for seed in (8, 9)]
    made = desk.publish(desk.deposit(*lying, *standing))
    drained(site)
    return made


@pytest.fixture
def crowded(site):
    """The same archive with the setting on."""
    return replace(site, settled=replace(site.rules, preview_k=K))


def test_every_tile_is_shared_by_k_and_whoever_is_left_over_is_sealed(
    site, held, crowded
):
    assert len(set(tiles(site).values())) == 10  # the control: each has its own
    assert tiles(crowded) == {}  # nobody is clustered yet
    told = clustered(crowded)
    assert (told.state, told.progress) == (JobState.DONE, 1.0)
    assert told.result == {"clusters": 2, "shared": 8, "alone": 2, "failed": 0}
    for form in FORMS:
        shown = tiles(crowded, form)
        assert set(shown) == set(assets(site)[:8])
        shared = Counter(shown.values())
        assert min(shared.values()) >= K, form
        assert len(shared) == 2
    assert set(tiles(crowded).values()) < set(tiles(site).values())


def test_the_addresses_and_tags_of_a_shared_tile_differ(held, crowded):
    clustered(crowded)
    client = create_app(crowded).test_client()
    tags = {
        client.get(f"/media/{asset_id}/preview").headers["ETag"]
        for asset_id in tiles(crowded)
    }
    assert len(tags) == 8


def test_a_record_page_shows_the_shared_tiles_and_no_other(site, held, crowded):
    own = create_app(site).test_client().get(f"/records/{held.record.id}").data
    clustered(crowded)
    page = create_app(crowded).test_client().get(f"/records/{held.record.id}").data
    pictures = Counter(part.split(b'"')[0] for part in page.split(b"image/png;base64,"))
    assert own.count(b"image/png;base64,") >= 10
    assert len(pictures) - 1 == 2


def test_somebody_who_holds_every_original_finds_one_in_k(site, held, crowded):
    def found(premises) -> float:
        material = gather(premises, 20, premises.clock(), lambda *_: None)
        return trials._template(material).figure

    assert found(site) > 0.9
    clustered(crowded)
    assert 0 < found(crowded) <= 1 / K


def test_what_is_new_or_drawn_anew_is_sealed_until_the_next_time(
    site, desk, held, crowded
):
    clustered(crowded)
    before = tiles(crowded)
    new = desk.publish(desk.deposit(blocks(20)))
    drained(site)
    assert tiles(crowded) == before
    other = next(iter(before))
    with site.db.write() as s:
        other_made = store.require_asset(s, new.assets[0].id).preview_object_id
        s.execute(
            update(Asset).where(Asset.id == other).values(preview_object_id=other_made)
        )
    assert other not in tiles(crowded)
    clustered(crowded)
    assert {other, new.assets[0].id} <= set(tiles(crowded))
    assert min(Counter(tiles(crowded).values()).values()) >= K


def test_a_cluster_that_falls_below_k_shows_nothing_any_more(site, desk, held, crowded):
    clustered(crowded)
    groups = Counter(tiles(crowded).values())
    smallest = min(groups, key=lambda tile: groups[tile])
    members = [each for each, tile in tiles(crowded).items() if tile == smallest]
    assert len(members) == K
    desk.label(members[0], "kill.beheading")  # nothing of it is shown from now on
    left = tiles(crowded)
    assert not set(members) & set(left)
    assert len(left) == 8 - K
    more = replace(site, settled=replace(site.rules, preview_k=K + 3))
    assert tiles(more) == {}


def test_what_the_public_sees_less_of_is_no_part_of_its_crowd(
    site, desk, held, crowded
):
    one, other, *_ = assets(site)
    desk.label(one, "dead.desecration")
    drained(site)
    clustered(crowded)
    shown = tiles(crowded)
    assert one not in shown
    assert other in shown
    assert min(Counter(shown.values()).values()) >= K


def test_a_film_has_no_clip_and_a_sound_no_bars(site, desk, crowded):
    film = (MEDIA / "meadow.mp4").read_bytes()
    made = desk.publish(desk.deposit(film))
    drained(site)
    clustered(crowded)
    address = f"/media/{made.assets[0].id}/preview/clip"
    assert create_app(site).test_client().get(address).status_code == 200
    assert create_app(crowded).test_client().get(address).status_code == 404
    with site.db.read() as s:
        asset = store.require_asset(s, made.assets[0].id)
        record = store.require(s, made.record.id)
        now = site.clock()
        shown = previewing.showing(crowded, ANONYMOUS, record, asset, now)
        assert not shown.has_clip
        assert previewing.crowd_of(crowded, record, asset, now) is not None
        asset.kind = "audio"
        assert previewing.crowd_of(crowded, record, asset, now) is None
        s.expunge_all()


def test_it_goes_on_where_it_was_and_can_be_ended(site, desk, held, crowded):
    desk.label(assets(site)[0], "dead.desecration")  # a second crowd
    with site.db.write() as s:
        job_id = clustering.queue(s, site.clock()).id
        assert clustering.queue(s, site.clock()).id == job_id
    job = jobs.claim(
        site.db, "w", (clustering.KIND,), site.config.job_lease, site.clock()
    )
    ticks = iter(range(0, 10_000, 100))
    clustering.cluster(Task(crowded, job, "w"), lambda: next(ticks))
    with site.db.read() as s:
        half = s.get_one(Job, job_id)
        assert half.state is JobState.QUEUED
        assert half.args["after"].startswith("image/public/")
    drained(crowded)
    with site.db.write() as s:
        assert s.get_one(Job, job_id).result["shared"] == 7
        ended = clustering.queue(s, site.clock()).id
        jobs.cancel(s, ended, now=site.clock())
    before = tiles(crowded)
    drained(crowded)
    assert tiles(crowded) == before


def test_the_command_says_what_came_of_it_and_refuses_where_it_is_off(
    held, environ, monkeypatch
):
    def run(*words: str):
        return CliRunner().invoke(main, ["previews", "cluster", *words])

    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    refused = run()
    assert refused.exit_code == 1
    assert "VIGIL_PREVIEW_K is 0" in refused.output
    monkeypatch.setenv("VIGIL_PREVIEW_K", "1")
    assert "hides nobody" in run().output
    monkeypatch.setenv("VIGIL_PREVIEW_K", "4")
    assert json.loads(run("--queue", "--json").stdout)["state"] == "queued"
    done = run()
    assert done.exit_code == 0, done.output
    assert "8 files share 2 tiles, 4 or more each; 2 stay sealed" in done.stdout
