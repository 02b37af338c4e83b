"""A whole index made of documents, in little memory.

Documents are inverted and written batch by batch, as sealed segments, and these are
merged into one at the end: at once, or when there are very many, in groups first.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from search.document import Document
from search.inverting import Inverter
from search.postings import Mask
from search.segments.files import SegmentFiles, delete, write_documents
from search.segments.merging import merged
from search.segments.packing import starts_of
from search.segments.storage import Segment, Storage
from search.segments.terms import LARGE_BLOCK_TERMS

BATCH_CHARACTERS = 1_500_000
"""Text that is indexed at a time; more needs more memory and makes fewer segments."""
PER_DOCUMENT = 200
"""What a document without any text counts for."""
_SPREAD, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)
MERGED_AT_ONCE = 80
"""Segments that are read side by side: each has seven files open."""


def build(storage: Storage, docs: Iterable[Document]) -> Sequence[Segment]:
    """Write documents as one segment, or none; of those with one id the last stays."""
    large, small = list[Segment](), list[Segment]()
    inverter = Inverter()
    for batch in batches(docs):
        if len(small) == MERGED_AT_ONCE:
            large.append(_joined(storage, small))
            small = []
        small.append(write_documents(storage, inverter, batch, LARGE_BLOCK_TERMS))
    del inverter
    made = [*large, *small]
    if len(made) > MERGED_AT_ONCE:
        made = [*large, _joined(storage, small)]
    return [_latest(storage, made)] if made else []


def batches(docs: Iterable[Document]) -> Iterator[Sequence[Document]]:
    """Return documents in batches of about ``BATCH_CHARACTERS``."""
    batch: list[Document] = []
    held = 0
    for doc in docs:
        batch.append(doc)
        held += PER_DOCUMENT + sum(len(t.title) + len(t.body) for t in doc.texts)
        if held >= BATCH_CHARACTERS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _joined(storage: Storage, made: Sequence[Segment]) -> Segment:
    """Make one segment of several, with everything that they hold."""
    files = [SegmentFiles(storage, each) for each in made]
    joined = merged(storage, files, [np.arange(each.size) for each in files])
    for each in made:
        delete(storage, each)
    return joined


def _latest(storage: Storage, made: Sequence[Segment]) -> Segment:
    """Make one segment of all, with the last document of each id."""
    files = [SegmentFiles(storage, each) for each in made]
    latest = latest_of([each.ids() for each in files])
    ends = np.cumsum([each.size for each in files])[:-1]
    return merged(storage, files, [np.flatnonzero(p) for p in np.split(latest, ends)])


def latest_of(ids: Sequence[npt.NDArray[np.bytes_]]) -> Mask:
    """Say of each document whether none after it has its id.

    Ids are told apart by eight bytes made of each; only where these are the same, the
    ids themselves are looked at.
    """
    marks = np.concatenate([_mark(each) for each in ids])
    order = np.argsort(marks, kind="stable")
    same = np.flatnonzero(np.diff(marks[order]) == 0)
    doubtful = np.unique(order[np.concatenate((same, same + 1))])
    starts = starts_of(np.array([len(each) for each in ids], np.int64))
    latest = np.ones(len(marks), np.bool_)
    before: dict[bytes, int] = {}
    for doc in doubtful.tolist():
        place = int(np.searchsorted(starts, doc, side="right")) - 1
        name = bytes(ids[place][doc - starts[place]])
        if name in before:
            latest[before[name]] = False
        before[name] = doc
    return latest


def _mark(ids: npt.NDArray[np.bytes_]) -> npt.NDArray[np.uint64]:
    words = np.frombuffer(ids.tobytes(), "<u8").reshape(-1, ids.itemsize // 8)
    mark = np.zeros(len(ids), np.uint64)
    for word in words.T:
        mark = (mark ^ word) * _SPREAD
        mark ^= mark >> _HALF
    return mark
