"""`Content-Disposition` for names that people gave to files (RFC 6266, RFC 8187)."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

NAME_BYTES = 255
_UNWANTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_NOT_PLAIN = re.compile(r"[^ !#$&\'()+,\-.0-9=@A-Z\[\]^_`a-z{}~]")
INLINE = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "image/avif",
        "image/bmp",
        "video/mp4",
        "video/webm",
        "video/ogg",
        "audio/mpeg",
        "audio/wav",
        "audio/x-wav",
        "audio/flac",
        "audio/ogg",
        "audio/opus",
        "audio/mp4",
        "audio/aac",
    }
)
"""Kinds a browser only paints or plays; everything else is saved, never opened."""


def content_disposition(media_type: str, filename: str) -> str:
    """The header's value; it survives quotes, line breaks, emoji and long names."""
    manner = "inline" if media_type in INLINE else "attachment"
    name = safe_name(filename)
    plain = _NOT_PLAIN.sub("_", _ascii(name))
    if plain == name:
        return f'{manner}; filename="{plain}"'
    encoded = quote(name, safe="!#$&+-.^_`|~", encoding="utf-8")
    return f"{manner}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def safe_name(filename: str) -> str:
    """The name without folders, control and direction characters, at most 255 bytes."""
    last = filename.replace("\\", "/").rsplit("/", 1)[-1]
    clean = _UNWANTED.sub("", unicodedata.normalize("NFC", last)).strip(" .")
    if not clean:
        return "file"
    stem, dot, suffix = clean.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, suffix = clean, ""
    room = NAME_BYTES - len((dot + suffix).encode()) if suffix else NAME_BYTES
    short = stem.encode()[:room].decode("utf-8", "ignore")
    return f"{short}.{suffix}" if suffix else short


def _ascii(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
