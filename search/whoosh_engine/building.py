"""A whole index made of documents, in little memory.

Documents are inverted and written batch by batch, as sealed segments, and these are
merged into one at the end: at once, or when there are very many, in groups first.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from whoosh.codec.whoosh3 import W3Segment as Segment

from search.document import Document
from search.inverting import Inverter
from search.sealed_storage import SealedStorage
from search.whoosh_engine.merging import merged
from search.whoosh_engine.segments import SegmentFiles, delete, write_documents
from search.whoosh_engine.terms import LARGE_BLOCK_TERMS

BATCH_CHARACTERS = 1_500_000
"""Text that is indexed at a time; more needs more memory and makes fewer segments."""
PER_DOCUMENT = 200
"""What a document without any text counts for."""
MERGED_AT_ONCE = 80
"""Segments that are read side by side: each has seven files open."""


def build(storage: SealedStorage, docs: Iterable[Document]) -> Sequence[Segment]:
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


def _joined(storage: SealedStorage, made: Sequence[Segment]) -> Segment:
    """Make one segment of several, with everything that they hold."""
    files = [SegmentFiles(storage, each) for each in made]
    joined = merged(storage, files, [np.arange(each.size) for each in files])
    for each in made:
        delete(storage, each)
    return joined


def _latest(storage: SealedStorage, made: Sequence[Segment]) -> Segment:
    """Make one segment of all, with the last document of each id."""
    files = [SegmentFiles(storage, each) for each in made]
    ids = np.concatenate([each.ids() for each in files])
    _, backwards = np.unique(ids[::-1], return_index=True)
    latest = np.zeros(len(ids), np.bool_)
    latest[len(ids) - 1 - backwards] = True
    del ids, backwards
    ends = np.cumsum([each.size for each in files])[:-1]
    return merged(storage, files, [np.flatnonzero(p) for p in np.split(latest, ends)])
