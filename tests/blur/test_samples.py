"""Every sample file, good and bad, by its content, through the whole package."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

import blur
from blur import render
from blur.errors import BlurError, NotAllowed, SandboxFailed
from blur.kinds import Family

# On no allow-list, and so refused by name: web pages and tables of countries are text.
NOT_TAKEN = {".html", ".json", ".jpf"}


def is_media(path: Path) -> bool:
    return path.suffix not in NOT_TAKEN


@pytest.mark.samples
def test_a_good_file_gives_a_real_preview_or_is_of_a_kind_not_taken(
    good_sample, noise_key
):
    data = good_sample.read_bytes()
    if not is_media(good_sample):
        with pytest.raises(NotAllowed) as refusal:
            blur.sniff(data)
        assert str(refusal.value).endswith("are not accepted.")
        return
    kind = blur.sniff(data)
    probe = blur.probe(io.BytesIO(data), kind)
    preview = blur.make_preview(io.BytesIO(data), kind, noise_key, b"sample")
    assert not preview.sealed, preview.reason
    assert preview.family is probe.family
    assert (preview.clip is not None) == (preview.family is Family.VIDEO)
    assert blur.Preview.from_bytes(preview.to_bytes()).cells == preview.cells
    assert render.data_uri(preview, "haze", "sample").startswith("data:image/")


@pytest.mark.samples
def test_a_bad_file_ends_soon_in_a_preview_or_a_sentence(bad_sample, noise_key):
    data = bad_sample.read_bytes()
    started = time.monotonic()
    try:
        kind = blur.sniff(data)
    except BlurError as refusal:
        assert str(refusal).endswith(".")
        return
    refused = ""
    try:
        blur.probe(io.BytesIO(data), kind)
    except SandboxFailed:
        raise
    except BlurError as refusal:
        refused = refusal.code
    preview = blur.make_preview(io.BytesIO(data), kind, noise_key, b"sample")
    assert preview.reason == refused
    assert time.monotonic() - started < 60
