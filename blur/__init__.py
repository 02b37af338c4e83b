"""File in, preview out: what a viewer may see before consent, and cannot be undone.

    kinds       which kind a file is, told from its bytes       sniff
    limits      what a file may cost                            LIMITS
    derivation  the three questions             probe, make_preview, study
    preview     what is kept: cells and rounded facts           Preview
    render      cells as PNG, SVG and data: addresses           picture

    sandbox -> child    a confined process for each file; wire is their language,
                        confine the child's own locks
    image, video, audio, document (on container), clip          in the child only
    noise, cells        keyed noise, grids and levels
    proof               how many bits of content that leaves
    thumbnails, attacks clear thumbnails in memory, and what is known to undo blur
    errors              every refusal, one sentence each

Pillow, PyAV, pdfium and moviepy are imported by children only. Nothing here knows
HTTP, a database, policy, or any key but the noise key it is handed. Names are found
when they are first asked for: every child would else read in the parent's half as well,
which is a quarter of what a small picture costs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blur.derivation import make_preview, probe, study
    from blur.errors import BlurError
    from blur.kinds import Kind, sniff
    from blur.preview import Preview, PreviewTier
    from blur.wire import Probe

__all__ = [
    "BlurError",
    "Kind",
    "Preview",
    "PreviewTier",
    "Probe",
    "make_preview",
    "probe",
    "sniff",
    "study",
]
_HOMES = {
    "BlurError": "blur.errors",
    "Kind": "blur.kinds",
    "Preview": "blur.preview",
    "PreviewTier": "blur.preview",
    "Probe": "blur.wire",
    "make_preview": "blur.derivation",
    "probe": "blur.derivation",
    "sniff": "blur.kinds",
    "study": "blur.derivation",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
