"""Suggestions of faces: found in the confined child, told as boxes and nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from blur import boards, faces
from blur.errors import BlurError
from blur.kinds import KINDS
from blur.sandbox import Order
from blur.steps import NoSuchView
from blur.wire import Garbled

WIDE, HIGH = 1200, 900


def with_face(left: int, top: int) -> bytes:
    """A grey picture with one drawn face of 320 x 240, as PNG."""
    whole = Image.new("L", (WIDE, HIGH), 128)
    whole.paste(Image.fromarray(boards.face(3).astype(np.uint8)), (left, top))
    return written(whole)


def written(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()


def test_a_face_is_suggested_where_it_is_and_nothing_in_an_empty_picture():
    png = KINDS["png"]
    (found,) = faces.suggested(io.BytesIO(with_face(700, 400)), png)
    box = found.box
    assert 700 <= box.x * WIDE <= 860 < (box.x + box.width) * WIDE <= 1020
    assert 400 <= box.y * HIGH <= 520 < (box.y + box.height) * HIGH <= 640
    empty = written(Image.new("L", (WIDE, HIGH), 128))
    assert faces.suggested(io.BytesIO(empty), png) == []


def test_what_is_no_picture_has_no_faces_and_a_broken_one_is_told():
    with pytest.raises(NoSuchView):
        faces.suggested(io.BytesIO(b""), KINDS["mp3"])
    with pytest.raises(BlurError):
        faces.suggested(io.BytesIO(with_face(0, 0)[:200]), KINDS["png"])


@pytest.mark.parametrize(
    "row",
    [
        (9, 0.1, 0.1, 0.1, 0.1),
        (0, float("nan"), 0.1, 0.1, 0.1),
        (0, 0.1, -0.1, 0.1, 0.1),
        (0, 0.1, 0.1, 0.0, 0.1),
    ],
)
def test_a_child_that_was_taken_over_is_not_believed(monkeypatch, row):
    def lying(order: Order, source: object) -> bytes:
        return faces.ROW.pack(*row)

    monkeypatch.setattr(faces, "run", lying)
    with pytest.raises(Garbled):
        faces.suggested(io.BytesIO(b""), KINDS["png"])
