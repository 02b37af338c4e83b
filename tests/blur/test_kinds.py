"""Kinds are told from bytes alone; what is not on the list is refused in words."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from blur.errors import BlurError, Empty, NotAllowed, Unreadable
from blur.kinds import KINDS, Family, sniff


@pytest.mark.parametrize(
    ("file_format", "name"),
    [
        ("JPEG", "jpeg"),
        ("MPO", "jpeg"),
        ("PNG", "png"),
        ("WEBP", "webp"),
        ("GIF", "gif"),
        ("TIFF", "tiff"),
        ("BMP", "bmp"),
        ("AVIF", "avif"),
    ],
)
def test_pictures_are_known_by_their_bytes(file_format, name, encoded):
    data = encoded(Image.new("RGB", (40, 30), "teal"), file_format)
    assert sniff(data).name == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "avif"),
        (b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2", "mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "mov"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "mov"),
        (b"\0\0\0\x18ftyp3gp5\0\0\0\x003gp5isom", "3gp"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", "m4a"),
        (b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\x82\x88matroska" + b"\0" * 40, "mkv"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + b"\0" * 40, "webm"),
        (b"RIFF\x24\0\0\0AVI LIST", "avi"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "wav"),
        (b"\0\0\x01\xba\x44\0\x04", "mpeg-ps"),
        ((b"G" + b"\0" * 187) * 5, "mpeg-ts"),
        ((b"\0\0\0\0G" + b"\0" * 187) * 5, "mpeg-ts"),
        (b"FLV\x01\x05\0\0\0\x09", "flv"),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + b"\0" * 60, "wma"),
        (b"OggS" + b"\0" * 24 + b"OpusHead", "opus"),
        (b"OggS" + b"\0" * 24 + b"\x01vorbis", "vorbis"),
        (b"OggS" + b"\0" * 24 + b"\x80theora", "ogv"),
        (b"fLaC\0\0\0\x22", "flac"),
        (b"ID3\x04\0\0\0\0\0\x02\0\0\xff\xfb\x90\x00", "mp3"),
        (b"\xff\xfb\x90\x00" + b"\0" * 413 + b"\xff\xfb\x90\x00" + b"\0" * 9, "mp3"),
        (
            b"\xff\xf1\x50\x80\x02\x1f\xfc"
            + b"\0" * 9
            + b"\xff\xf1\x50\x80\x02\x1f\xfc",
            "aac",
        ),
        (b"%PDF-1.7\n", "pdf"),
    ],
)
def test_containers_are_known_by_their_bytes(head, name):
    assert sniff(head).name == name


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "SVG"),
        (b"<?xml version='1.0'?><!-- x --><svg:svg/>", "SVG"),
        (b"\xef\xbb\xbf  <!DOCTYPE html><title>x</title>", "Web pages"),
        (b"<?xml version='1.0'?><!DOCTYPE b [<!ENTITY a 'a'>]><b>&a;</b>", "XML"),
        (b"8BPS\0\x01", "Photoshop"),
        (b"ffconcat version 1.0\nfile 'neighbour.mp4'\n", "Playlists"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "Playlists"),
        (b"\n\n#EXTM3U\n", "Playlists"),
        (b"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>", "Playlists"),
        (rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-LIKE-TEXT!$H+H*", "Text"),
        ("Վկայություն".encode(), "Text"),
        (b"\xff\xfeh\0i\0", "Text"),
        (b"\x1f\x8b\x08\0", "Archives"),
        (b"Rar!\x1a\x07\x01\0", "Archives"),
        (b"\0" * 257 + b"ustar\0", "Archives"),
        (b"\x7fELF\x02\x01", "Programs"),
        (b"MZ\x90\0", "Programs"),
        (b"#!/bin/sh\n", "Scripts"),
        (b"%!PS-Adobe-3.0", "PostScript"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01", "Raw camera"),
        (b"II*\0\x10\0\0\0CR\x02\0", "Raw camera"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
    ],
)
def test_other_kinds_are_refused_with_a_sentence_naming_them(head, word):
    with pytest.raises(NotAllowed, match=word) as refusal:
        sniff(head)
    assert refusal.value.code == "unsupported_kind"
    assert str(refusal.value).endswith("are not accepted.")


def test_a_raw_photograph_in_tiff_clothing_is_refused(encoded):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    plain = encoded(Image.new("RGB", (40, 30)), "TIFF", tiffinfo=tags)
    assert sniff(plain).name == "tiff"
    tags[0xC612] = b"\x01\x04\x00\x00"
    with pytest.raises(NotAllowed, match="Raw camera"):
        sniff(encoded(Image.new("RGB", (40, 30)), "TIFF", tiffinfo=tags))


def test_an_archive_is_refused_whatever_follows_and_a_document_before_it_is_not():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as bundle:
        bundle.writestr("run.js", "alert(1)")
    with pytest.raises(NotAllowed, match="Archives"):
        sniff(target.getvalue())
    assert sniff(b"%PDF-1.4\n" + target.getvalue()).name == "pdf"


def test_a_document_hidden_behind_other_bytes_is_not_a_document():
    with pytest.raises(BlurError):
        sniff(b"\x01\x02 something %PDF-1.4")


def test_nothing_is_empty_and_noise_is_unreadable():
    with pytest.raises(Empty) as refusal:
        sniff(b"")
    assert refusal.value.code == "empty"
    with pytest.raises(Unreadable, match="not any kind of media"):
        sniff(bytes(range(128, 256)) + b"\0\1\2")


def test_a_film_container_whose_index_names_only_sound_is_sound():
    def box(name: bytes, body: bytes) -> bytes:
        return (len(body) + 8).to_bytes(4, "big") + name + body

    kind = box(b"ftyp", b"isom\0\0\x02\0isom")
    sound = box(b"moov", box(b"hdlr", b"\0" * 8 + b"soun" + b"\0" * 12))
    moving = box(b"moov", box(b"hdlr", b"\0" * 8 + b"vide" + b"\0" * 12))
    assert sniff(kind + sound).family is Family.AUDIO
    assert sniff(kind + moving).family is Family.VIDEO
    assert sniff(kind + sound[:-4]).family is Family.VIDEO  # not seen whole


@given(st.binary(max_size=300))
def test_any_bytes_give_a_kind_or_a_refusal(head):
    try:
        assert sniff(head) in KINDS.values()
    except BlurError as refusal:
        assert str(refusal).endswith(".")


@given(
    st.sampled_from(
        [
            b"II*\0",
            b"MM\0*",
            b"ID3",
            b"\xff\xfb",
            b"\xff\xf1",
            b"OggS",
            b"\0\0\0\x20ftyp",
        ]
    ),
    st.binary(max_size=200),
)
def test_hostile_tails_of_known_beginnings_do_no_harm(start, tail):
    try:
        sniff(start + tail)
    except BlurError as refusal:
        assert refusal.code
