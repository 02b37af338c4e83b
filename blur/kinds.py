"""Which kind of media a file is, told from its first bytes and nothing else.

`sniff` ignores names, extensions and what a browser claims. The allow-list is `KINDS`;
each kind also names the one demuxer or picture format that may then open it. What is
recognised but not allowed is refused with a sentence; all else is unreadable. Order
matters: refused things that wear an allowed beginning (raw photographs are TIFF files)
are looked for first.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from blur.errors import Empty, NotAllowed, Unreadable

HEAD_BYTES: Final = 64 * 1024


class Family(StrEnum):
    """What is done with a kind."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


@dataclass(frozen=True)
class Kind:
    """An allowed kind; `opener` is FFmpeg's demuxer or Pillow's format."""

    name: str
    family: Family
    media_type: str
    browser_playable: bool
    opener: str


_TABLE = (
    ("jpeg", Family.IMAGE, "image/jpeg", True, "JPEG"),
    ("png", Family.IMAGE, "image/png", True, "PNG"),
    ("webp", Family.IMAGE, "image/webp", True, "WEBP"),
    ("gif", Family.IMAGE, "image/gif", True, "GIF"),
    ("tiff", Family.IMAGE, "image/tiff", False, "TIFF"),
    ("bmp", Family.IMAGE, "image/bmp", True, "BMP"),
    ("avif", Family.IMAGE, "image/avif", True, "AVIF"),
    ("heic", Family.IMAGE, "image/heic", False, "HEIF"),
    ("mp4", Family.VIDEO, "video/mp4", True, "mov"),
    ("mov", Family.VIDEO, "video/quicktime", False, "mov"),
    ("3gp", Family.VIDEO, "video/3gpp", False, "mov"),
    ("mkv", Family.VIDEO, "video/x-matroska", False, "matroska"),
    ("webm", Family.VIDEO, "video/webm", True, "matroska"),
    ("avi", Family.VIDEO, "video/x-msvideo", False, "avi"),
    ("mpeg-ps", Family.VIDEO, "video/mpeg", False, "mpeg"),
    ("mpeg-ts", Family.VIDEO, "video/mp2t", False, "mpegts"),
    ("flv", Family.VIDEO, "video/x-flv", False, "flv"),
    ("wmv", Family.VIDEO, "video/x-ms-wmv", False, "asf"),
    ("ogv", Family.VIDEO, "video/ogg", False, "ogg"),
    ("mp3", Family.AUDIO, "audio/mpeg", True, "mp3"),
    ("wav", Family.AUDIO, "audio/wav", True, "wav"),
    ("flac", Family.AUDIO, "audio/flac", True, "flac"),
    ("aac", Family.AUDIO, "audio/aac", True, "aac"),
    ("m4a", Family.AUDIO, "audio/mp4", True, "mov"),
    ("opus", Family.AUDIO, "audio/ogg", True, "ogg"),
    ("vorbis", Family.AUDIO, "audio/ogg", True, "ogg"),
    ("mka", Family.AUDIO, "audio/x-matroska", False, "matroska"),
    ("wma", Family.AUDIO, "audio/x-ms-wma", False, "asf"),
    ("pdf", Family.DOCUMENT, "application/pdf", True, "PDF"),
)
KINDS: Final[dict[str, Kind]] = {row[0]: Kind(*row) for row in _TABLE}


def sniff(head: bytes) -> Kind:
    """Name the kind from the first bytes (up to 64 KiB are looked at).

    :raises NotAllowed: recognised, but not on the allow-list
    :raises Empty: there are no bytes
    :raises Unreadable: no known kind begins like this
    """
    head = head[:HEAD_BYTES]
    if not head:
        raise Empty
    if refused := _refused(head):
        raise NotAllowed(f"{refused} are not accepted.")
    for test in _TESTS:
        if name := test(head):
            return KINDS[name]
    raise _unknown(head)


# Refusals ------------------------------------------------------------------------

_REFUSED_MAGIC: Final = (
    (b"8BPS", "Photoshop files"),
    (b"PK\x03\x04", "Archives and office files"),
    (b"PK\x05\x06", "Archives and office files"),
    (b"PK\x07\x08", "Archives and office files"),
    (b"Rar!\x1a\x07", "Archives"),
    (b"7z\xbc\xaf\x27\x1c", "Archives"),
    (b"\x1f\x8b", "Archives"),
    (b"BZh", "Archives"),
    (b"\xfd7zXZ\x00", "Archives"),
    (b"\x28\xb5\x2f\xfd", "Archives"),
    (b"MSCF", "Archives"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Old office files"),
    (b"{\\rtf", "Office files"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000 pictures"),
    (b"\xff\x4f\xff\x51", "JPEG 2000 pictures"),
    (b"\xff\x0a", "JPEG XL pictures"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL pictures"),
    (b"IIU\x00", "Raw camera pictures"),
    (b"IIRO", "Raw camera pictures"),
    (b"IIRS", "Raw camera pictures"),
    (b"MMOR", "Raw camera pictures"),
    (b"FUJIFILMCCD-RAW", "Raw camera pictures"),
    (b"II\x1a\x00\x00\x00HEAPCCDR", "Raw camera pictures"),
    (b"%!PS", "PostScript files"),
    (b"\xc5\xd0\xd3\xc6", "PostScript files"),
    (b"SIMPLE  =", "FITS pictures"),
    (b"DDS ", "Texture files"),
    (b"BLP1", "Texture files"),
    (b"BLP2", "Texture files"),
    (b"icns", "Icon files"),
    (b"\x00\x00\x01\x00", "Icon files"),
    (b"\x00\x00\x02\x00", "Icon files"),
    (b"gimp xcf", "GIMP files"),
    (b"FORM", "AIFF files"),
    (b"#!AMR", "AMR recordings"),
    (b"MThd", "MIDI files"),
    (b".snd", "AU recordings"),
    (b"\x7fELF", "Programs"),
    (b"MZ", "Programs"),
    (b"#!", "Scripts"),
    (b"FWS", "Flash files"),
    (b"CWS", "Flash files"),
    (b"ZWS", "Flash files"),
    (b"wOFF", "Fonts"),
    (b"wOF2", "Fonts"),
    (b"OTTO", "Fonts"),
    (b"ffconcat", "Playlists"),
    (b"#EXTM3U", "Playlists"),
    (b"[playlist]", "Playlists"),
    (b"SQLite format 3\x00", "Databases"),
)
_MARKUP: Final = (
    (re.compile(rb"<svg[\s>:]", re.I), "SVG drawings"),
    (
        re.compile(rb"<(!doctype\s+html|html|head|body|script|iframe)\b", re.I),
        "Web pages",
    ),
    (re.compile(rb"<MPD\b|<smil\b|<asx\b", re.I), "Playlists"),
    (re.compile(rb"^(<\?xml|<[!?/a-z])", re.I), "XML files"),
)
_DNG_VERSION: Final = 0xC612
_RAW_BRANDS: Final = (b"crx ",)


def _refused(head: bytes) -> str:
    for magic, what in _REFUSED_MAGIC:
        if head.startswith(magic):
            return what
    if head[4:8] == b"ftyp" and head[8:12] in _RAW_BRANDS:
        return "Raw camera pictures"
    if head[257:262] == b"ustar":
        return "Archives"
    if _is_raw_tiff(head):
        return "Raw camera pictures"
    return _refused_text(head)


def _refused_text(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x0b\x0c")
    if start.lower().startswith((b"ffconcat", b"#extm3u", b"[playlist]")):
        return "Playlists"
    if not start.startswith(b"<"):
        return ""
    for pattern, what in _MARKUP:
        if pattern.search(start[:4096]):
            return what
    return ""


def _is_raw_tiff(head: bytes) -> bool:
    """Camera raw files are TIFF files; DNG says so in its first directory."""
    if head[:4] not in (b"II*\x00", b"MM\x00*"):
        return False
    return head[8:10] == b"CR" or _DNG_VERSION in _first_directory(head)


def _first_directory(head: bytes) -> set[int]:
    order = "<" if head[:1] == b"I" else ">"
    if len(head) < 8:
        return set()
    (at,) = struct.unpack_from(order + "I", head, 4)
    if at + 2 > len(head):
        return set()
    (count,) = struct.unpack_from(order + "H", head, at)
    within = min(count, (len(head) - at - 2) // 12)
    return {
        struct.unpack_from(order + "H", head, at + 2 + 12 * entry)[0]
        for entry in range(within)
    }


def _unknown(head: bytes) -> Exception:
    if _reads_as_text(head):
        return NotAllowed("Text files are not accepted.")
    return Unreadable("The file is not any kind of media this archive knows.")


def _reads_as_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not merely a letter cut by the end
            return False
        text = head[: error.start].decode("utf-8")
    odd = sum(ord(letter) < 32 and letter not in "\t\r\n\f" for letter in text)
    return "\0" not in text and odd * 20 < len(text)


# Allowed kinds ---------------------------------------------------------------------


def _picture(head: bytes) -> str:
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        return "tiff"
    return "bmp" if _is_bmp(head) else ""


_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


def _is_bmp(head: bytes) -> bool:
    return (
        len(head) >= 18
        and head.startswith(b"BM")
        and int.from_bytes(head[14:18], "little") in _BMP_HEADERS
    )


def _riff(head: bytes) -> str:
    if head[:4] not in (b"RIFF", b"RF64"):
        return ""
    return {b"WEBP": "webp", b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12], "")


_HEIC_BRANDS: Final = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2")
)
_AVIF_BRANDS: Final = frozenset((b"avif", b"avis"))
_OLD_QUICKTIME: Final = frozenset(
    (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
)


def _boxes(head: bytes) -> str:
    """ISO base media: the major brand decides, the compatible ones break ties."""
    if head[4:8] in _OLD_QUICKTIME:
        return "mov"
    if head[4:8] != b"ftyp" or len(head) < 12:
        return ""
    end = min(int.from_bytes(head[:4], "big"), 256)
    major = head[8:12]
    others = {head[at : at + 4] for at in range(16, end - 3, 4)}
    if major in _AVIF_BRANDS or (major in _HEIC_BRANDS and others & _AVIF_BRANDS):
        return "avif"
    if major in _HEIC_BRANDS:
        return "heic"
    return "m4a" if _has_only_sound(head) else _film_brand(major)


def _has_only_sound(head: bytes) -> bool:
    """Whether the index lies in the head and names sound tracks alone."""
    at = head.find(b"moov") - 4
    size = int.from_bytes(head[at : at + 4], "big") if at > 0 else 0
    index = head[at : at + size]
    whole = size > 8 and len(index) == size
    return whole and b"hdlr" in index and b"soun" in index and b"vide" not in index


def _film_brand(major: bytes) -> str:
    if major == b"qt  ":
        return "mov"
    if major[:3] in (b"3gp", b"3g2", b"3ge", b"3gg", b"3gs"):
        return "3gp"
    return "m4a" if major in (b"M4A ", b"M4B ", b"M4P ", b"F4A ") else "mp4"


def _matroska(head: bytes) -> str:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return ""
    if b"webm" in head[:64]:
        return "webm"
    only_sound = re.search(rb"\x86.{0,8}A_", head, re.S) and not re.search(
        rb"\x86.{0,8}V_", head, re.S
    )
    return "mka" if only_sound else "mkv"


_ASF: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO: Final = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")


def _asf(head: bytes) -> str:
    if not head.startswith(_ASF):
        return ""
    return "wmv" if _ASF_VIDEO in head else "wma"


def _ogg(head: bytes) -> str:
    if not head.startswith(b"OggS"):
        return ""
    if any(mark in head[:4096] for mark in (b"\x80theora", b"OVP80", b"fishead\x00")):
        return "ogv"
    return "opus" if b"OpusHead" in head[:4096] else "vorbis"


def _flash(head: bytes) -> str:
    return "flv" if head.startswith(b"FLV\x01") else ""


def _mpeg(head: bytes) -> str:
    if head.startswith(b"\x00\x00\x01\xba"):
        return "mpeg-ps"
    for start, step in ((0, 188), (4, 192)):
        marks = head[start : start + 5 * step : step]
        if len(marks) >= 3 and set(marks) == {0x47}:
            return "mpeg-ts"
    return ""


def _flac(head: bytes) -> str:
    return "flac" if head.startswith(b"fLaC") else ""


def _frames(head: bytes) -> str:
    """MP3 and AAC have no signature but a tag or two frames in a row."""
    start = _after_id3(head)
    if start and start >= len(head):
        return "mp3"  # a tag longer than what is looked at; the decoder will tell
    body = head[start:].lstrip(b"\x00")
    if body.startswith(b"fLaC"):
        return "flac"
    if _has_frames(body, _aac_length):
        return "aac"
    return "mp3" if start or _has_frames(body, _mp3_length) else ""


def _after_id3(head: bytes) -> int:
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _has_frames(body: bytes, length_of: Callable[[bytes], int]) -> bool:
    first = length_of(body)
    return first > 0 and length_of(body[first:]) > 0


def _aac_length(body: bytes) -> int:
    if len(body) < 7 or body[0] != 0xFF or body[1] & 0xF6 != 0xF0:
        return 0
    return (body[3] & 3) << 11 | body[4] << 3 | body[5] >> 5


_MP3_KBITS: Final = {
    (3, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES: Final = {
    3: (44100, 48000, 32000),
    2: (22050, 24000, 16000),
    0: (11025, 12000, 8000),
}


def _mp3_length(body: bytes) -> int:
    """Bytes of the frame that begins here; 0 when none does."""
    if len(body) < 4 or body[0] != 0xFF or body[1] & 0xE0 != 0xE0:
        return 0
    version, layer = body[1] >> 3 & 3, body[1] >> 1 & 3
    step, rate = body[2] >> 4, body[2] >> 2 & 3
    if version == 1 or layer == 0 or not 1 <= step <= 14 or rate == 3:
        return 0
    bits = _MP3_KBITS[(3 if version == 3 else 2, layer)][step - 1] * 1000
    hertz, padding = _MP3_RATES[version][rate], body[2] >> 1 & 1
    if layer == 3:
        return (12 * bits // hertz + padding) * 4
    samples = 576 if version != 3 and layer == 1 else 1152
    return samples // 8 * bits // hertz + padding


def _document(head: bytes) -> str:
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    return "pdf" if start.startswith(b"%PDF-") else ""


_TESTS: Final[tuple[Callable[[bytes], str], ...]] = (
    _picture,
    _riff,
    _boxes,
    _matroska,
    _asf,
    _ogg,
    _flash,
    _mpeg,
    _flac,
    _frames,
    _document,
)
