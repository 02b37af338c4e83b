"""What is stored is small, of one length per family, and read strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blur.errors import FILE_ERRORS
from blur.kinds import Family
from blur.preview import (
    CELL_COUNTS,
    HEADER_BYTES,
    DurationBucket,
    Malformed,
    PageBucket,
    Preview,
    sealed,
)

BYTES = {
    Family.IMAGE: HEADER_BYTES + 18 + 2,
    Family.DOCUMENT: HEADER_BYTES + 18 + 2,
    Family.VIDEO: HEADER_BYTES + 120 + 2,
    Family.AUDIO: HEADER_BYTES + 24,
}


@st.composite
def previews(draw: st.DrawFn) -> Preview:
    family = draw(st.sampled_from(Family))
    count = CELL_COUNTS[family]
    chroma = 0 if family is Family.AUDIO else 8
    return Preview(
        family,
        bytes(draw(st.lists(st.integers(0, 7), min_size=count, max_size=count))),
        bytes(draw(st.lists(st.integers(0, 2), min_size=chroma, max_size=chroma))),
        draw(st.booleans()),
        draw(st.sampled_from(DurationBucket)),
        draw(st.sampled_from(PageBucket)),
    )


@given(previews())
def test_a_preview_comes_back_as_it_went_and_its_length_tells_only_its_family(preview):
    data = preview.to_bytes()
    assert Preview.from_bytes(data) == preview
    assert len(data) == BYTES[preview.family]


def test_a_still_keeps_144_bits_of_grey_and_a_video_less_than_a_thousand():
    assert CELL_COUNTS[Family.IMAGE] * 3 == 144
    assert CELL_COUNTS[Family.VIDEO] * 3 + 8 * 2 <= 1000
    assert CELL_COUNTS[Family.AUDIO] * 3 == 192


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("reason", FILE_ERRORS)
def test_a_sealed_preview_keeps_its_reason_and_nothing_else(family, reason):
    preview = Preview.from_bytes(sealed(family, reason).to_bytes())
    assert preview.sealed
    assert (preview.reason, preview.cells, preview.stills) == (reason, b"", ())
    assert len(preview.to_bytes()) == HEADER_BYTES


@given(previews(), st.data())
def test_cut_lengthened_or_altered_bytes_are_refused_or_mean_what_they_say(
    preview, data
):
    good = preview.to_bytes()
    with pytest.raises(Malformed):
        Preview.from_bytes(good + b"\0")
    with pytest.raises(Malformed):
        Preview.from_bytes(good[: data.draw(st.integers(0, len(good) - 1))])
    at = data.draw(st.integers(0, len(good) - 1))
    altered = good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 :]
    try:
        assert Preview.from_bytes(altered).to_bytes() == altered
    except Malformed:
        assert altered != good


@pytest.mark.parametrize(
    ("cells", "chroma", "reason"),
    [
        (bytes(47), bytes(8), ""),
        (bytes(47) + b"\x08", bytes(8), ""),
        (bytes(48), bytes(7) + b"\x03", ""),
        (bytes(48), bytes(8), "unreadable"),
        (b"", b"", "because"),
    ],
)
def test_a_preview_out_of_range_cannot_be_made(cells, chroma, reason):
    with pytest.raises(Malformed):
        Preview(Family.IMAGE, cells, chroma, reason=reason)


def test_lengths_and_pages_are_rounded():
    seconds = (None, 9.9, 10, 59, 299, 1199, 1200)
    assert [DurationBucket.of(s).value for s in seconds] == [0, 1, 2, 2, 3, 4, 5]
    pages = (None, 1, 2, 10, 100, 101)
    assert [PageBucket.of(p).value for p in pages] == [0, 1, 2, 2, 3, 4]
