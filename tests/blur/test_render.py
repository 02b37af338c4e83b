"""Pictures of previews: bare, of one length, soft, and no more than the tier allows."""

from __future__ import annotations

import base64
import io
import random
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from blur import render
from blur.cells import shown_value
from blur.kinds import Family
from blur.preview import CELL_COUNTS, Preview, PreviewTier, sealed

SEEN = [PreviewTier.TRACE, PreviewTier.HAZE, PreviewTier.COLOUR_HAZE]


def random_preview(family: Family, seed: int, *, upright: bool = False) -> Preview:
    chance = random.Random(seed)
    cells = bytes(chance.randrange(8) for _ in range(CELL_COUNTS[family]))
    chroma = bytes(chance.randrange(3) for _ in range(8))
    return Preview(family, cells, b"" if family is Family.AUDIO else chroma, upright)


def chunks(png: bytes) -> list[bytes]:
    names, at = [], 8
    while at < len(png):
        names.append(png[at + 4 : at + 8])
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return names


@pytest.mark.parametrize("family", [Family.IMAGE, Family.VIDEO, Family.DOCUMENT])
@pytest.mark.parametrize("tier", SEEN)
@pytest.mark.parametrize("upright", [False, True])
def test_a_picture_is_three_chunks_and_one_length_for_all_content(
    family, tier, upright
):
    pictures = [
        render.png(random_preview(family, seed, upright=upright), tier)
        for seed in range(20)
    ]
    assert {tuple(chunks(each)) for each in pictures} == {(b"IHDR", b"IDAT", b"IEND")}
    assert len({len(each) for each in pictures}) == 1
    assert len(set(pictures)) == 20
    opened = Image.open(io.BytesIO(pictures[0]))
    opened.load()
    assert (opened.height > opened.width) is upright
    assert opened.mode == ("RGB" if tier is PreviewTier.COLOUR_HAZE else "L")


def test_a_grey_haze_is_122_bytes_of_eight_by_six():
    picture = render.png(random_preview(Family.IMAGE, 1), "haze")
    assert len(picture) == 122
    assert Image.open(io.BytesIO(picture)).size == (8, 6)


def test_the_levels_of_a_haze_are_its_pixels_at_a_calm_contrast():
    preview = random_preview(Family.IMAGE, 3)
    opened = Image.open(io.BytesIO(render.png(preview, "haze")))
    assert opened.tobytes() == bytes(map(shown_value, preview.cells))
    shown = [shown_value(level) for level in range(8)]
    assert len(set(shown)) == 8
    assert (min(shown), max(shown)) == (51, 204)


def test_trace_is_coarser_than_haze_and_repeats_itself():
    preview = random_preview(Family.IMAGE, 4)
    trace = render.png(preview, "trace")
    assert Image.open(io.BytesIO(trace)).size == (4, 3)
    assert trace == render.png(preview, "trace")
    assert trace != render.png(random_preview(Family.IMAGE, 5), "trace")


@pytest.mark.parametrize("family", [Family.IMAGE, Family.VIDEO])
@pytest.mark.parametrize("tier", SEEN)
def test_enlarged_pictures_have_no_visible_edge_of_a_cell(family, tier):
    soft = Image.open(io.BytesIO(render.soft_png(random_preview(family, 6), tier)))
    values = np.asarray(soft.convert("L"), float)
    steps = max(np.abs(np.diff(values, axis=axis)).max() for axis in (0, 1))
    assert steps <= 255 / render.SOFT_SCALE * 1.1


def test_a_storyboard_shows_eight_stills_to_those_who_may_see_haze_only():
    preview = random_preview(Family.VIDEO, 7)
    sheet = render.storyboard_png(preview, "haze")
    assert chunks(sheet) == [b"IHDR", b"IDAT", b"IEND"]
    assert len(sheet) == len(
        render.storyboard_png(random_preview(Family.VIDEO, 8), "haze")
    )
    with pytest.raises(render.NothingToShow):
        render.storyboard_png(preview, "trace")
    with pytest.raises(render.NothingToShow):
        render.storyboard_png(random_preview(Family.IMAGE, 7), "haze")


def test_a_waveform_has_sixty_four_bars_and_at_trace_sixteen_steps():
    preview = random_preview(Family.AUDIO, 9)
    bars = ET.fromstring(render.waveform_svg(preview, "haze"))[0]
    assert len(bars) == 64
    assert len({bar.get("height") for bar in bars}) == 8
    coarse = ET.fromstring(render.waveform_svg(preview, "trace"))[0]
    heights = [bar.get("height") for bar in coarse]
    assert len(set(heights)) <= 4
    assert all(len(set(heights[at : at + 4])) == 1 for at in range(0, 64, 4))
    with pytest.raises(render.NothingToShow):
        render.png(preview, "haze")


@pytest.mark.parametrize("tier", PreviewTier)
@pytest.mark.parametrize("family", Family)
def test_every_tier_of_every_family_has_an_address_of_one_length(family, tier):
    addresses = {
        render.data_uri(random_preview(family, seed), tier, f"item{seed:04}")
        for seed in range(12)
    }
    assert len({len(address) for address in addresses}) == 1
    kind, _, body = addresses.pop().partition(";base64,")
    content = base64.b64decode(body)
    if kind == "data:image/svg+xml":
        assert "script" not in content.decode()
        ET.fromstring(content)
    else:
        assert content.startswith(b"\x89PNG")


def test_what_is_sealed_shows_the_tile_of_its_id_and_nothing_of_its_content():
    item = "k3x9w2v8b1qz"
    tile = render.picture(None, "colour-haze", item)
    for preview in (
        sealed(Family.IMAGE, "unreadable"),
        random_preview(Family.IMAGE, 1),
        random_preview(Family.VIDEO, 2),
    ):
        assert render.picture(preview, "sealed", item) == tile
    assert render.picture(sealed(Family.VIDEO, "too_slow"), "haze", item) == tile
    assert render.picture(None, "haze", "another-item") != tile


def test_an_unknown_tier_shows_nothing():
    with pytest.raises(ValueError, match="blurry"):
        render.picture(random_preview(Family.IMAGE, 1), "blurry", "item")
