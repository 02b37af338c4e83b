"""The ambient clip, in a child of its own: eight stills, cross-faded, by moviepy.

This child never sees the file; it is handed the 320 cells that the parent has checked,
so a decoder that was taken over cannot put a frame into the clip. moviepy only writes
here, and the known traps are closed: no `.env` is read, no sound track (it would be
written to a file first), the film goes to a memory file, tags are stripped, and the
process limits bind ffmpeg too.

    8 s, 6 frames/s, 320x180 or 180x320, H.264 4:2:0, index first, one group per still
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.modules["dotenv"] = None  # type: ignore[assignment]  # moviepy would load any .env


def _writer() -> str:
    import imageio_ffmpeg

    folder = Path(imageio_ffmpeg.__file__).parent / "binaries"
    bundled = sorted(folder.glob("ffmpeg-*"))
    return str(bundled[0]) if bundled else str(imageio_ffmpeg.get_ffmpeg_exe())


os.environ["FFMPEG_BINARY"] = _writer()

import numpy as np  # noqa: E402 - after the environment that moviepy reads
from moviepy import VideoClip  # noqa: E402
from PIL import Image, ImageFilter  # noqa: E402

from blur.cells import CLIP_SIDES, SECONDS_PER_STILL, STILL, STILLS, shown_value  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAMES_PER_SECOND: Final = 6
_SOFTNESS: Final = 14  # pixels; half a cell
_MOST_BYTES: Final = 1 << 22


def assembled(stills: bytes, *, upright: bool) -> bytes:
    """An MP4 of the stills, which are forty levels 0..7 each."""
    size = CLIP_SIDES[::-1] if upright else CLIP_SIDES
    soft = [
        _soft(stills[at : at + STILL.count], size, upright=upright)
        for at in range(0, STILLS * STILL.count, STILL.count)
    ]
    film = VideoClip(lambda t: _blend(soft, t), duration=STILLS * SECONDS_PER_STILL)
    memory = os.memfd_create("clip", os.MFD_CLOEXEC)
    _write(film, f"/proc/{os.getpid()}/fd/{memory}")
    return os.pread(memory, _MOST_BYTES, 0)


def _soft(cells: bytes, size: tuple[int, int], *, upright: bool) -> NDArray[np.float64]:
    small = Image.frombytes(
        "L", STILL.shape(upright=upright), bytes(map(shown_value, cells))
    )
    large = small.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(large.filter(ImageFilter.GaussianBlur(_SOFTNESS)), np.float64)


def _blend(soft: list[NDArray[np.float64]], t: float) -> NDArray[np.uint8]:
    """Half of each second stands, half fades to the next; the last to the first."""
    index = min(int(t / SECONDS_PER_STILL), STILLS - 1)
    share = min(1.0, max(0.0, (t / SECONDS_PER_STILL - index - 0.5) * 2))
    share = share * share * (3 - 2 * share)
    grey = soft[index] * (1 - share) + soft[(index + 1) % STILLS] * share
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


def _write(film: Any, path: str) -> None:  # noqa: ANN401 - moviepy has no types
    film.write_videofile(
        path,
        fps=FRAMES_PER_SECOND,
        codec="libx264",
        audio=False,
        preset="veryfast",
        threads=1,
        logger=None,
        ffmpeg_params=_FFMPEG,
    )


_FFMPEG: Final = [
    *("-f", "mp4", "-crf", "30", "-pix_fmt", "yuv420p"),
    *("-g", str(int(FRAMES_PER_SECOND * SECONDS_PER_STILL))),
    *("-movflags", "+faststart", "-map_metadata", "-1", "-map_chapters", "-1"),
    *("-fflags", "+bitexact", "-flags:v", "+bitexact"),
    *("-bsf:v", "filter_units=remove_types=6"),
]
