"""Copies for browsers: made by a job, kept like originals, gone with them."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image

from archive import config, gate, jobs, shredding, work
from archive.gate import RefusedError
from archive.jobs import JobState
from archive.records import store
from archive.records.errors import NoSuchRecord
from archive.site import open_site
from archive.vault.container import Kind
from archive.vault.errors import Shredded, VaultError
from archive.work import copying
from auth import accounts
from auth.viewer import RecordState
from tests.archive.test_canary import IN_FILE, WORK, holding
from tests.archive.test_shredding import person

TITLE = "canary-title-77d0"


def tiff() -> bytes:
    sink = io.BytesIO()
    about = Image.Exif()
    about[0x010E] = TITLE
    Image.effect_noise((90, 60), 80).save(sink, "TIFF", exif=about)
    return sink.getvalue()


def ask(site, made, owner: str | None = None) -> str:
    with site.db.write() as s:
        asset, now = made.assets[0], site.clock()
        args = {"asset": asset.id}
        job = jobs.enqueue(
            s, "copy", args, subject=asset.record_id, owner=owner, now=now
        )
        return job.id


def job_of(site, job_id: str):
    with site.db.read() as s:
        return jobs.get(s, job_id)


def asset_of(site, made):
    with site.db.read() as s:
        return store.require_asset(s, made.assets[0].id)


@pytest.fixture
def held(site, desk):
    return desk.publish(desk.deposit(tiff()))


@pytest.fixture
def viewer(site, desk, held):
    someone = desk.researcher()
    desk.consent(someone, held.record.id)
    return desk.fresh(someone.account_id)


def opened(site, viewer, held, form: str) -> bytes:
    asset_id = held.assets[0].id
    with gate.release(site, viewer, asset_id, site.clock(), form=form) as released:
        return b"".join(released.read(0, released.size))


def blobs(site) -> set[str]:
    return {blob.name for blob in site.vault.blobs.stored()}


def test_a_copy_is_made_once_and_opened_by_the_gate_alone(site, held, viewer) -> None:
    with pytest.raises(NoSuchRecord):
        opened(site, viewer, held, gate.COPY)
    before = blobs(site)
    job_id = ask(site, held)
    assert work.drain(site, held.record.id)
    assert job_of(site, job_id).state is JobState.DONE
    asset = asset_of(site, held)
    made = opened(site, viewer, held, gate.COPY)
    picture = Image.open(io.BytesIO(made))
    assert (picture.format, picture.size) == ("JPEG", (90, 60))
    assert TITLE.encode() not in made
    assert TITLE.encode() in opened(site, viewer, held, gate.ORIGINAL)
    # The preview and the copy; the pieces it was made of are gone.
    assert len(blobs(site) - before) == 2

    ask(site, held)
    assert work.drain(site, held.record.id)
    assert asset_of(site, held).copy_object_id == asset.copy_object_id


def test_the_ledger_says_which_form_was_shown(site, held, viewer) -> None:
    ask(site, held)
    assert work.drain(site, held.record.id)
    for form in (gate.COPY, gate.ORIGINAL):
        opened(site, viewer, held, form)
    with site.db.read() as s:
        shown = site.ledger.entries(s, event="displaying")
        made = site.ledger.entries(s, event="derivation")
    assert [line.detail["form"] for line in shown] == ["original", "copy"]
    assert any("copy" in line.detail for line in made)


@pytest.mark.parametrize("lost", ["suspended", "vetting", None])
def test_a_job_does_for_somebody_only_what_they_may_have_now(
    site, held, viewer, lost
) -> None:
    """Requirement 45: they asked while they might; the job comes to its turn later."""
    job_id, now = ask(site, held, viewer.account_id), site.clock()
    with site.db.write() as s:
        account = accounts.get(s, viewer.account_id)
        if lost == "suspended":
            accounts.suspend(s, account, "operator", "a test", now)
        elif lost == "vetting":
            account.vetted_until = now
    assert work.drain(site, held.record.id)
    ended = job_of(site, job_id)
    assert ended.state is (JobState.FAILED if lost else JobState.DONE)
    assert (asset_of(site, held).copy_object_id is None) is bool(lost)
    assert ended.error == (copying.NO_STANDING if lost else None)


def test_a_copy_is_closed_where_the_original_is(site, desk, held) -> None:
    """Requirement 42."""
    ask(site, held)
    assert work.drain(site, held.record.id)
    with pytest.raises(RefusedError):
        opened(site, desk.researcher("without"), held, gate.COPY)


def test_a_copy_is_shredded_with_its_original(site, held, viewer) -> None:
    ask(site, held)
    assert work.drain(site, held.record.id)
    copy = asset_of(site, held).copy_object_id
    proofs = [person(site, "anahit"), person(site, "bagrat")]
    approved = shredding.approve(site, proofs)
    receipt = shredding.shred(site, held.record.id, "Asked by the family.", approved)
    destroyed = {entry["object"]: entry["kind"] for entry in receipt["destroyed"]}
    assert destroyed[str(copy)] == Kind.COPY.name.lower()
    assert not blobs(site)
    with pytest.raises((RefusedError, Shredded)):
        opened(site, viewer, held, gate.COPY)


def test_a_cancelled_job_leaves_nothing(site, held, monkeypatch) -> None:
    while work.run_one(site, site.clock()):
        pass
    before = blobs(site)
    job_id = ask(site, held)
    real = copying.make_copy

    def cancelled_midway(*given):
        made = real(*given)
        with site.db.write() as s:
            assert jobs.cancel(s, job_id, now=site.clock())
        return made

    monkeypatch.setattr(copying, "make_copy", cancelled_midway)
    assert work.run_one(site, site.clock())
    assert job_of(site, job_id).state is JobState.CANCELLED
    assert asset_of(site, held).copy_object_id is None
    assert blobs(site) == before


def test_what_was_shredded_while_its_copy_was_made_stays_gone(
    site, held, monkeypatch
) -> None:
    while work.run_one(site, site.clock()):
        pass
    job_id = ask(site, held)
    real = copying.make_copy

    def shredded_midway(*given):
        made = real(*given)
        with site.db.write() as s:
            # As where the job was not told: its record alone says that it is over.
            store.require(s, held.record.id).state = RecordState.SHREDDED
        return made

    monkeypatch.setattr(copying, "make_copy", shredded_midway)
    before = blobs(site)
    assert work.run_one(site, site.clock())
    assert job_of(site, job_id).state is JobState.FAILED
    assert asset_of(site, held).copy_object_id is None
    assert blobs(site) == before


def test_a_file_that_cannot_be_copied_says_why_and_leaves_nothing(site, desk) -> None:
    made = desk.publish(desk.deposit(tiff()))
    with site.db.write() as s:
        store.require_asset(s, made.assets[0].id).format = "avi"
    job_id = ask(site, made)
    assert work.drain(site, made.record.id)
    job = job_of(site, job_id)
    assert job.state is JobState.FAILED
    assert "damaged" in job.error
    assert asset_of(site, made).copy_object_id is None


def test_a_copy_that_was_changed_does_not_open(site, held, viewer) -> None:
    before = blobs(site)
    ask(site, held)
    assert work.drain(site, held.record.id)
    folder = site.config.home
    for name in blobs(site) - before:
        (path,) = [p for p in folder.rglob("*") if p.name == name]
        content = bytearray(path.read_bytes())
        content[-20] ^= 1
        path.chmod(0o600)
        path.write_bytes(content)
    with pytest.raises(VaultError):
        opened(site, viewer, held, gate.COPY)


def test_no_clear_byte_comes_to_rest(site, environ, desk, tmp_path) -> None:
    photo = desk.photo()
    comment = b"\xff\xfe" + (len(IN_FILE) + 2).to_bytes(2, "big") + IN_FILE
    held = desk.publish(desk.deposit(photo[:2] + comment + photo[2:]))
    ask(site, held)
    site.close()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", WORK, held.record.id],
        env={**environ, "TMPDIR": str(scratch), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    again = open_site(config.load(environ))
    assert asset_of(again, held).copy_object_id is not None
    again.close()
    assert list(scratch.iterdir()) == []
    assert holding(tmp_path) == []
