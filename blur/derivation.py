"""What is asked of this package: `probe` a file, `make_preview` of it, `study` it.

All read a seekable source through a fresh, confined child and take back numbers only.
"""

from __future__ import annotations

from dataclasses import replace

from blur.cells import CHROMA_CELLS, DRAWS
from blur.errors import BlurError, SandboxFailed
from blur.kinds import Family, Kind
from blur.likeness import form as likeness
from blur.limits import LIMITS, Limits
from blur.noise import stream
from blur.preview import (
    CELL_COUNTS,
    DurationBucket,
    Malformed,
    PageBucket,
    Preview,
    sealed,
)
from blur.sandbox import CLIP_FILE_BYTES, Order, Source, run
from blur.thumbnails import MOST_BYTES, Thumbnails, parsed
from blur.wire import FACTS_BYTES, Garbled, Probe

_ANSWER_BYTES = (
    FACTS_BYTES + max(CELL_COUNTS.values()) + CHROMA_CELLS + likeness.MOST_BYTES
)
_CLIP_CPU, _CLIP_WALL = 30, 58.0


def probe(source: Source, kind: Kind, limits: Limits = LIMITS) -> Probe:
    """Open the file as its kind, check the limits, decode its beginning.

    :raises BlurError: why it cannot be taken, in one sentence
    :raises SandboxFailed: about this machine, not the file; try again later
    """
    order = Order(
        "probe",
        cpu=limits.probe_cpu,
        wall=limits.probe_wall,
        answer_bytes=FACTS_BYTES,
        kind=kind,
        limits=limits,
    )
    return _checked(run(order, source), kind)


def make_preview(
    source: Source,
    kind: Kind,
    noise_key: bytes,
    item: bytes,
    limits: Limits = LIMITS,
) -> Preview:
    """The preview of a file; of one that cannot be opened, a sealed one saying why.

    `item` must be the asset's own, random and never re-used: with the key it fixes the
    noise. A video's preview comes with its clip, and each with the file's fingerprint.

    :raises SandboxFailed: about this machine, not the file; try again later
    """
    order = Order(
        "preview",
        cpu=limits.preview_cpu,
        wall=limits.preview_wall,
        answer_bytes=_ANSWER_BYTES,
        kind=kind,
        limits=limits,
        noise=stream(noise_key, item, DRAWS),
    )
    try:
        preview = _preview_of(run(order, source), kind)
    except SandboxFailed:
        raise
    except BlurError as error:
        return sealed(kind.family, error.code)
    if preview.family is not Family.VIDEO:
        return preview
    return replace(preview, clip=make_clip(preview, limits))


def study(source: Source, kind: Kind, limits: Limits = LIMITS) -> Thumbnails:
    """Clear thumbnails of a file, for attacks on its preview; keep them in memory.

    :raises BlurError: why it cannot be opened
    :raises SandboxFailed: about this machine, not the file; try again later
    """
    order = Order(
        "study",
        cpu=limits.preview_cpu,
        wall=limits.preview_wall,
        answer_bytes=FACTS_BYTES + MOST_BYTES,
        kind=kind,
        limits=limits,
    )
    answer = run(order, source)
    facts = _checked(answer[:FACTS_BYTES], kind)
    found = parsed(answer[FACTS_BYTES:], facts.family, upright=facts.upright)
    if found is None:
        raise Garbled(detail="thumbnails")
    return found


def make_clip(preview: Preview, limits: Limits = LIMITS) -> bytes:
    """The ambient clip (MP4, silent, eight seconds) of a video's stills.

    :raises SandboxFailed: moviepy or ffmpeg did not do it
    """
    order = Order(
        "clip",
        cpu=_CLIP_CPU,
        wall=_CLIP_WALL,
        answer_bytes=limits.clip_bytes,
        cells=preview.cells,
        upright=preview.upright,
        file_bytes=CLIP_FILE_BYTES,
    )
    try:
        clip = run(order, None)
    except SandboxFailed:
        raise
    except BlurError as error:  # the cells are ours: the fault is not the file's
        raise SandboxFailed(detail=f"clip: {error.detail}") from error
    if _boxes(clip) != ["ftyp", "moov", "mdat"]:
        raise SandboxFailed(detail="clip: boxes")
    return clip


def _checked(facts: bytes, kind: Kind) -> Probe:
    found = Probe.from_untrusted(facts)
    sound_only = kind.family is Family.VIDEO and found.family is Family.AUDIO
    if found.family is not kind.family and not sound_only:
        raise Garbled(detail="family")
    return found


def _preview_of(answer: bytes, kind: Kind) -> Preview:
    facts = _checked(answer[:FACTS_BYTES], kind)
    told = answer[FACTS_BYTES:]
    split = CELL_COUNTS[facts.family]
    end = split + (0 if facts.family is Family.AUDIO else CHROMA_CELLS)
    try:
        return Preview(
            facts.family,
            told[:split],
            told[split:end],
            facts.family is not Family.AUDIO and facts.upright,
            DurationBucket.of(facts.duration),
            PageBucket.of(facts.pages),
            likeness=likeness.Likeness.from_untrusted(told[end:]),
        )
    except (Malformed, likeness.Malformed) as error:
        raise Garbled(detail="cells") from error


def _boxes(clip: bytes) -> list[str]:
    """Names of the top-level boxes, without padding; none when they do not add up."""
    names: list[str] = []
    at = 0
    while at + 8 <= len(clip):
        size = int.from_bytes(clip[at : at + 4], "big")
        name = clip[at + 4 : at + 8].decode("latin-1")
        if size < 8:
            return []
        names += [name] if name != "free" else []
        at += size
    return names if at == len(clip) else []
