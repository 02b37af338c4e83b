"""How postings stand in Whoosh's files: blocks of plain numbers, no pickles.

    block   int32 length of what follows, negative in the last block
            header: count, last id, greatest weight, flags (1: the rest is zlib)
            ids as uint32 differences | weights float32 | value lengths uint32 | values

All numbers of a block are little-endian.
A block is read into numpy arrays in one go. Values are the positions of a term in a
document: uint32 each, none for a field without positions.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from whoosh import columns, fields, formats
from whoosh.codec.base import Segment
from whoosh.codec.whoosh3 import (
    W3Codec,
    W3FieldWriter,
    W3LeafMatcher,
    W3PostingsWriter,
    W3TermInfo,
)
from whoosh.filedb.filestore import Storage
from whoosh.filedb.structfile import StructFile

from search.document import Audience
from search.postings import FACTS, POSITION, TEXT_LEVELS, text_field

_MAGIC = b"VGB1"
_LENGTH = struct.Struct("!i")
_HEADER = struct.Struct("<IIfB")
_COMPRESSED = 1
_WORTH_COMPRESSING = 128
BLOCK_POSTINGS = 512
FILTERS = (
    "collection",
    "label",
    "tier",
    "place",
    "year",
    "language",
    "kind",
    "verification",
    "stance",
    "platform",
    "point",
)


class PositionsFormat(formats.Format):  # type: ignore[misc]
    """Postings whose values are positions."""

    posting_size = -1

    def __init__(self) -> None:
        super().__init__(field_boost=1.0)


class TermsField(fields.FieldType):  # type: ignore[misc]
    """A field given as terms with weight and positions, analysed already."""

    def __init__(self, *, unique: bool = False) -> None:
        super().__init__(PositionsFormat(), None, unique=unique)

    def index(
        self, value: Mapping[str, tuple[float, bytes]] | str, **_options: object
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Give Whoosh the postings of one document; a string is one term."""
        terms = {value: (1.0, b"")} if isinstance(value, str) else value
        for term, (weight, positions) in terms.items():
            yield term.encode(), 1, weight, positions


def schema() -> fields.Schema:
    """Return the fields of the index; only ever this one, never the stored one."""
    made = fields.Schema(
        id=TermsField(unique=True),
        facts=fields.COLUMN(columns.FixedBytesColumn(FACTS.itemsize)),
        texts=fields.COLUMN(columns.CompressedBytesColumn()),
    )
    for name in FILTERS:
        made.add(name, TermsField())
    for audience in Audience:
        for level in TEXT_LEVELS:
            for guarded in (False, True):
                made.add(text_field(audience, level, guarded=guarded), TermsField())
    return made


class BlockCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's codec with our blocks in the postings file."""

    length_stats = False  # lengths stand in the facts column

    def field_writer(self, storage: Storage, segment: Segment) -> W3FieldWriter:
        """Return the writer of terms and postings."""
        return W3FieldWriter(self, storage, segment)

    def postings_writer(
        self,
        dbfile: StructFile,
        byteids: bool = False,  # noqa: FBT001, FBT002 - Whoosh's signature
    ) -> "BlockWriter":
        """Return the writer of a field's posting lists."""
        return BlockWriter(dbfile, BLOCK_POSTINGS, byteids=byteids, inlinelimit=0)

    def postings_reader(
        self,
        dbfile: StructFile,
        terminfo: W3TermInfo,
        format_: formats.Format,
        term: object = None,
        scorer: object = None,
    ) -> "BlockMatcher":
        """Return the reader of one posting list."""
        offset, length = terminfo.extent()
        return BlockMatcher(dbfile, offset, length, format_, term=term, scorer=scorer)


class BlockWriter(W3PostingsWriter):  # type: ignore[misc]
    """Writes the blocks of posting lists."""

    def add_posting(
        self, id_: int, weight: float, vbytes: bytes, length: int | None = None
    ) -> None:
        """Add a document to the term being written."""
        super().add_posting(id_, weight, vbytes, length)
        if not vbytes:
            self._values.append(b"")  # values stay aligned with ids

    def _write_block(self, last: bool = False) -> None:  # noqa: FBT001, FBT002 - Whoosh's signature
        if not self._blockcount:
            self._postfile.write(_MAGIC)
        self._terminfo.add_block(self)
        packed, flags = self._packed(), 0
        if len(packed) >= _WORTH_COMPRESSING:
            packed, flags = zlib.compress(packed, 1), _COMPRESSED
        count, last_id = len(self._ids), self._ids[-1]
        body = _HEADER.pack(count, last_id, self._maxweight, flags) + packed
        self._postfile.write(_LENGTH.pack(-len(body) if last else len(body)) + body)
        self._blockcount += 1
        self._new_block()

    def _packed(self) -> bytes:
        ids = self._ids
        count = len(ids)
        steps = [ids[0], *(b - a for a, b in pairwise(ids))]
        lengths = map(len, self._values)
        head = struct.pack(
            f"<{count}I{count}f{count}I", *steps, *self._weights, *lengths
        )
        return b"".join([head, *self._values])


class BlockMatcher(W3LeafMatcher):  # type: ignore[misc]
    """Reads a posting list: by blocks for searching, one by one for merging."""

    def blocks(self) -> "Iterator[Block]":
        """Return every block once, from the first."""
        self.reset()
        while True:
            yield Block(self._blocklength, self._read_raw())
            if self._lastblock:
                return
            self._goto(self._nextoffset)

    def _read_header(self) -> None:
        if self._postfile.get(self._startoffset, len(_MAGIC)) != _MAGIC:
            raise ValueError("A posting list does not begin where it should")
        self._baseoffset = self._startoffset + len(_MAGIC)

    def _goto(self, position: int) -> None:
        self._data: Block | None = None
        self._ids: list[int] | None = None
        self._weights: list[float] | None = None
        self._values: list[bytes] | None = None
        self._i = 0
        head = self._postfile.get(position, _LENGTH.size + _HEADER.size)
        length = _LENGTH.unpack_from(head)[0]
        self._lastblock = length < 0
        self._nextoffset = position + _LENGTH.size + abs(length)
        self._dataoffset = position + _LENGTH.size + _HEADER.size
        header = _HEADER.unpack_from(head, _LENGTH.size)
        self._blocklength, self._maxid, self._maxweight, self._compression = header
        self._minlength = self._maxlength = 1

    def _read_raw(self) -> bytes:
        size = self._nextoffset - self._dataoffset
        raw: bytes = self._postfile.get(self._dataoffset, size)
        return zlib.decompress(raw) if self._compression else raw

    def _read_ids(self) -> None:
        self._ids = self._block().ids.tolist()

    def _read_weights(self) -> None:
        self._weights = self._block().weights.tolist()

    def _read_values(self) -> None:
        self._values = list(self._block().values())

    def _block(self) -> "Block":
        if self._data is None:
            self._data = Block(self._blocklength, self._read_raw())
        return self._data


class Block:
    """One decoded block: ascending ids, weights, and each posting's positions."""

    def __init__(self, count: int, raw: bytes) -> None:
        self.count = count
        self._raw = raw
        self.ids = np.cumsum(np.frombuffer(raw, "<u4", count)).astype(np.int64)
        self.weights = np.frombuffer(raw, "<f4", count, offset=4 * count)

    def values(self) -> Iterator[bytes]:
        """Return the raw value of each posting."""
        lengths = np.frombuffer(self._raw, "<u4", self.count, offset=8 * self.count)
        ends = np.cumsum(lengths) + 12 * self.count
        for length, end in zip(lengths.tolist(), ends.tolist(), strict=True):
            yield self._raw[end - length : end]

    def positions(self) -> Iterator[Any]:
        """Return the positions of each posting, ascending."""
        for value in self.values():
            yield np.frombuffer(value, POSITION)
