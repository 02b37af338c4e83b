"""Near duplicates: how many are found, how many are wrong, and what looking costs.

| measured | beside |
|---|---|
| the share of derived files called surely the same | with `similar` |
| pairs of different things that are called near, in 10,000 | |
| one look among 100,000 pictures, and films | the same in plain Python |
| opening 100,000 sealed fingerprints, once for each worker | 50,000 of them |

Everything is derived here, by Pillow and ffmpeg, from the demo's media and, where there
is one, from the folder of samples (`VIGIL_SAMPLES`, else `../shared/samples`). Files in
which one thing is shown in several formats are no pairs of different things. What is
too plain to be told from anything else has no twins, and counts as not found.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import av
import imageio_ffmpeg
import pypdfium2
from PIL import Image, ImageEnhance, ImageOps

from archive.vault.fields import FieldSealing
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret
from blur.audio import Sound
from blur.document import first_page, text_of
from blur.errors import BlurError
from blur.image import small_picture
from blur.kinds import Family, sniff
from blur.likeness.films import of_film
from blur.likeness.form import FRAMES, Closeness, Likeness, Seen
from blur.likeness.gallery import Gallery
from blur.likeness.pictures import seen
from blur.likeness.texts import worded
from blur.limits import LIMITS
from blur.video import Film, NoFilm
from tests.bench.measuring import ROOT, Result

MEDIA = ROOT / "archive/cli/collection/media"
SAMPLES = Path(os.environ.get("VIGIL_SAMPLES") or ROOT.parent / "shared" / "samples")
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
MANY = 100_000
LOOKS = 5
_LEAST_SIDE = 64

Drawn = Callable[[Image.Image], Image.Image]


def _saved(name: str, **how: object) -> Drawn:
    def again(picture: Image.Image) -> Image.Image:
        sink = io.BytesIO()
        picture.save(sink, name, **how)
        return Image.open(sink)

    return again


def _scaled(share: float) -> Drawn:
    def smaller(picture: Image.Image) -> Image.Image:
        sides = (max(2, round(side * share)) for side in picture.size)
        return picture.resize((*sides,))

    return smaller


def _barred(colour: str, across: float, down: float) -> Drawn:
    def within(picture: Image.Image) -> Image.Image:
        width, height = picture.size
        edges = (round(width * across), round(height * down))
        return ImageOps.expand(picture, edges, colour)

    return within


def _cut(share: float) -> Drawn:
    def inner(picture: Image.Image) -> Image.Image:
        width, height = picture.size
        left, top = round(width * share), round(height * share)
        return picture.crop((left, top, width - left, height - top))

    return inner


PICTURES: dict[str, Drawn] = {
    "saved as JPEG of quality 80": _saved("JPEG", quality=80),
    "saved as JPEG of quality 20": _saved("JPEG", quality=20),
    "saved as WebP of quality 50": _saved("WEBP", quality=50),
    "saved as a GIF of 64 colours": lambda each: _saved("GIF")(each.quantize(64)),
    "scaled to 50 %": _scaled(0.5),
    "scaled to 25 %": _scaled(0.25),
    "black bars above and below": _barred("black", 0, 0.2),
    "white bars at the sides": _barred("white", 0.3, 0),
    "brighter by a third": lambda each: ImageEnhance.Brightness(each).enhance(1.33),
    "darker by a third": lambda each: ImageEnhance.Brightness(each).enhance(0.67),
    "less contrast": lambda each: ImageEnhance.Contrast(each).enhance(0.6),
    "grey": lambda each: each.convert("L"),
    "mirrored": ImageOps.mirror,
    "cut by 3 % on each side": _cut(0.03),
    "cut by 10 % on each side": _cut(0.10),
}
FILMS = {
    "H.264 of low quality": ("mp4", "-c:v libx264 -crf 36 -preset veryfast"),
    "VP9 in WebM": ("webm", "-c:v libvpx-vp9 -b:v 300k -deadline realtime -cpu-used 8"),
    "MPEG-4 in AVI": ("avi", "-c:v mpeg4 -q:v 12"),
    "scaled to 50 %": ("mp4", "-c:v libx264 -vf scale=iw/4*2:ih/4*2"),
    "12 images a second": ("mkv", "-c:v libx264 -r 12"),
    "black bars above and below": (
        "mp4",
        "-c:v libx264 -vf pad=iw:ceil(ih*0.75)*2:0:(oh-ih)/2",
    ),
    "mirrored": ("mp4", "-c:v libx264 -vf hflip"),
    "the last tenth cut off": ("mp4", "-c:v libx264 -t {nine}"),
}
SOUNDS = {
    "MP3 of 64 kbit/s": ("mp3", "-c:a libmp3lame -b:a 64k"),
    "Opus of 24 kbit/s": ("opus", "-c:a libopus -b:a 24k"),
    "AAC of 32 kbit/s, mono": ("m4a", "-c:a aac -b:a 32k -ac 1"),
    "FLAC, half as loud": ("flac", "-af volume=0.5"),
    "WAV of 11 kHz": ("wav", "-ar 11025"),
    "the last tenth cut off": ("mp3", "-c:a libmp3lame -t {nine}"),
}


def measure() -> Iterator[Result]:
    """All figures; some minutes."""
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as name:
        yield from _recalled(Family.IMAGE, _pictures())
        yield from _recalled(Family.VIDEO, _films(Path(name)))
        yield from _recalled(Family.AUDIO, _sounds(Path(name)))
        yield from _recalled(Family.DOCUMENT, _documents())
        yield from _cost(Path(name))


# What is found ------------------------------------------------------------------------

Derived = Iterator[tuple[str, str, Likeness]]
"""Original, what was done to it (nothing: itself), fingerprint."""


def _recalled(family: Family, derived: Derived) -> Iterator[Result]:
    gallery = Gallery()
    copies: dict[str, list[tuple[str, Likeness]]] = defaultdict(list)
    for original, how, likeness in derived:
        if how:
            copies[how].append((original, likeness))
        else:
            gallery.add(original, likeness)
    wrong: Counter[Closeness] = Counter()
    pairs = 0
    for how, each in copies.items():
        found: Counter[Closeness] = Counter()
        for original, likeness in each:
            near = {n.id: n.closeness for n in gallery.nearest(likeness, most=1000)}
            found.update(near[i] for i in near if i == original)
            strangers = {n for n in gallery.names if _subject(n) != _subject(original)}
            wrong.update(near[i] for i in near if i in strangers)
            pairs += len(strangers)
        sure = found[Closeness.SURE]
        yield Result(
            f"{family}, {how}: surely the same, of {len(each)}",
            sure / len(each),
            "share",
            (sure + found[Closeness.SIMILAR]) / len(each),
            higher_is_better=True,
        )
    for closeness in (Closeness.SURE, Closeness.SIMILAR):
        name = f"{family}: wrongly {closeness}, of {pairs} pairs"
        yield Result(name, 1e4 * wrong[closeness] / max(1, pairs), "in 10,000")


_SUBJECTS = {
    "hopper": "hopper|r_canon_hopper",
    "furnace": "furnacecreek",
    "bunny": "bbb|trailer_bbb|burrow",
    "clip": "test$",
    "square": "bluesquare",
    "iss": "iss634",
    "rotated": "test-rotated",
    "rocket": "rocket|launch",
    "china": "china|street",
    "stones": "stonehenge|exiv2-bug1199",
    "sample": "pil_sample_cmyk|tiff_strip_cmyk",
}
"""Names of files that show the same thing: of one film, one picture in many formats."""


def _subject(name: str) -> str:
    stem = Path(name).stem.casefold()
    same = (each for each, form in _SUBJECTS.items() if re.match(form, stem))
    return next(same, name)


def _originals(*families: Family) -> Iterator[tuple[str, bytes]]:
    folders = (MEDIA, SAMPLES / "good")
    paths = [p for f in folders if f.is_dir() for p in sorted(f.rglob("*"))]
    for path in paths:
        if not path.is_file() or path.stat().st_size > 10_000_000:
            continue
        data = path.read_bytes()
        try:
            family = sniff(data[:8192]).family
        except BlurError:
            continue
        if family in families:
            yield f"{path.parent.name}/{path.name}", data


def _pictures() -> Derived:
    for name, data in _originals(Family.IMAGE):
        try:
            kind = sniff(data)
            picture, _ = small_picture(io.BytesIO(data), len(data), kind, LIMITS, 1600)
        except BlurError:
            continue
        if min(picture.size) < _LEAST_SIDE:
            continue
        yield name, "", _seen_again(picture)
        for how, drawn in PICTURES.items():
            yield name, how, _seen_again(drawn(picture))


def _seen_again(picture: Image.Image) -> Likeness:
    """Through a file and the very decoder that previews use."""
    sink = io.BytesIO()
    picture.convert("RGB").save(sink, "PNG", compress_level=1)
    data = sink.getvalue()
    small, _ = small_picture(io.BytesIO(data), len(data), sniff(data), LIMITS)
    return Likeness(Family.IMAGE, seen=(seen(small),))


def _films(folder: Path) -> Derived:
    for name, data in _originals(Family.VIDEO):
        likeness = _film(data)
        if likeness is None:
            continue
        yield name, "", likeness
        for how, (ending, options) in FILMS.items():
            made = _converted(folder, data, ending, f"-an {options}", likeness.seconds)
            again = made and _film(made)
            if again:
                yield name, how, again


def _film(data: bytes) -> Likeness | None:
    def opened() -> av.container.InputContainer:
        return av.open(io.BytesIO(data))

    try:
        film = Film(opened(), LIMITS, again=opened)
        return of_film(film, film.stills())
    except (NoFilm, BlurError, av.FFmpegError):
        return None


def _sounds(folder: Path) -> Derived:
    for name, data in _originals(Family.AUDIO, Family.VIDEO):
        likeness = _sound(data)
        if likeness is None or not likeness.heard_quality:
            continue
        yield name, "", likeness
        for how, (ending, options) in SOUNDS.items():
            made = _converted(folder, data, ending, f"-vn {options}", likeness.seconds)
            again = made and _sound(made)
            if again:
                yield name, how, again


def _sound(data: bytes) -> Likeness | None:
    try:
        sound = Sound(av.open(io.BytesIO(data)), LIMITS)
        sound.bars()
    except (BlurError, av.FFmpegError):
        return None
    return sound.likeness()


def _converted(
    folder: Path, data: bytes, ending: str, options: str, seconds: float
) -> bytes:
    source, target = folder / "source", folder / f"target.{ending}"
    source.write_bytes(data)
    target.unlink(missing_ok=True)
    told = options.format(nine=seconds * 0.9).split()
    command = [FFMPEG, "-v", "quiet", "-y", "-i", source, "-t", "60", *told, target]
    subprocess.run(command, check=False)
    return target.read_bytes() if target.exists() else b""


def _documents() -> Derived:
    for name, data in _originals(Family.DOCUMENT):
        try:
            yield name, "", _document(data)
            yield name, "saved anew", _document(_saved_anew(data))
            yield name, "printed as a picture", _document(_printed(data))
        except (BlurError, pypdfium2.PdfiumError):
            continue


def _document(data: bytes) -> Likeness:
    picture, _, _ = first_page(io.BytesIO(data))
    words = worded(text_of(io.BytesIO(data)))
    return Likeness(Family.DOCUMENT, seen=(seen(picture),), words=words)


def _saved_anew(data: bytes) -> bytes:
    copy, sink = pypdfium2.PdfDocument.new(), io.BytesIO()
    copy.import_pages(pypdfium2.PdfDocument(data))
    copy.save(sink)
    return sink.getvalue()


def _printed(data: bytes) -> bytes:
    sink = io.BytesIO()
    page = pypdfium2.PdfDocument(data)[0].render(scale=1.5).to_pil().convert("RGB")
    page.save(sink, "PDF", quality=50)
    return sink.getvalue()


# What it costs ------------------------------------------------------------------------


def _cost(folder: Path) -> Iterator[Result]:
    for family, make in ((Family.IMAGE, _any_image), (Family.VIDEO, _any_film)):
        gallery = Gallery()
        each = make()
        for number in range(MANY):
            gallery.add(str(number), make())
        begun = time.process_time()
        for _ in range(LOOKS):
            gallery.nearest(each)
        look = (time.process_time() - begun) / LOOKS
        name = f"one look among {MANY} of {family}"
        yield Result.beside(name, look, _plainly(len(each.seen)), "s")
    unlock = UnlockSecret(secrets.token_bytes(32))
    keyring = Keyring.create(unlock, folder / "keys", datetime.now(UTC))
    sealing = FieldSealing(keyring)
    yield Result.beside(
        f"{MANY} fingerprints opened",
        _opened(sealing, MANY),
        _opened(sealing, MANY // 2),
        "s",
    )


def _any_seen() -> Seen:
    plain, mirrored = secrets.token_bytes(32), secrets.token_bytes(32)
    return Seen(90, plain, plain, mirrored, mirrored)


def _any_image() -> Likeness:
    return Likeness(Family.IMAGE, seen=(_any_seen(),))


def _any_film() -> Likeness:
    return Likeness(Family.VIDEO, 60.0, tuple(_any_seen() for _ in range(FRAMES)))


def _plainly(frames: int) -> float:
    """Two probes against each of `MANY`, in plain Python."""
    numbers = [int.from_bytes(secrets.token_bytes(32)) for _ in range(1000)]
    begun = time.process_time()
    for probe in numbers[:2]:
        sum((probe ^ number).bit_count() <= 31 for number in numbers)
    return (time.process_time() - begun) * frames * MANY / len(numbers)


def _opened(sealing: FieldSealing, count: int) -> float:
    sealed = sealing.seal(_any_image().to_bytes(), "bench")
    begun = time.process_time()
    for _ in range(count):
        Likeness.from_untrusted(sealing.open(sealed, "bench"))
    return time.process_time() - begun
