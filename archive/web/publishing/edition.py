"""What a visitor may know of the archive, written to a new folder as plain pages.

    index.html                       the first page, in the first language
    LANGUAGE/index.html              the same in each
    LANGUAGE/records.html, …-2.html  all records, a hundred to a page
    LANGUAGE/records/ID.html         one record, with its descriptions in every language
    LANGUAGE/labels.html             every label that some record has
    LANGUAGE/labels/CODE.html        the records that have it
    style/*.css

There is no original in it, no clip, no script, no key and no address of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from archive.records import store
from archive.records.errors import NoSuchRecord
from archive.site import Site
from archive.web.publishing.folder import NotPublishedError, appearing, check
from archive.web.publishing.press import Press, Wish
from archive.web.request import context
from auth.scope import scope
from auth.viewer import ANONYMOUS

BATCH = 50
Tell = Callable[[int, int], None]
Versions = Mapping[str, tuple[int, str]]


@dataclass(frozen=True)
class Edition:
    """What was written."""

    records: int
    files: int


def publish(app: Flask, folder: Path, wish: Wish, tell: Tell) -> Edition:
    """Write the edition; `tell` hears how many records are done, and of how many.

    :raises NotPublishedError: the folder cannot be used, or a record changed meanwhile
    :raises NoSuchRecord: there is no such collection
    :raises VaultError: the store is away, or a preview does not open
    :raises OSError: the folder cannot be written
    """
    site: Site = app.extensions[context.SITE]
    check(folder, site.config.home)
    site.vault.blobs.check()  # pages show sealed tiles where it is away; these must not
    versions = _versions(site, wish)
    # Before the first byte: what may have been given away is in the ledger.
    _tell_ledger(site, wish, len(versions))
    with appearing(folder) as beside:
        press = Press(app, beside, wish)
        press.furnish()
        ids = list(versions)
        for start in range(0, len(ids), BATCH):
            press.records(ids[start : start + BATCH])
            tell(min(start + BATCH, len(ids)), len(ids))
        press.lists()
        _refuse_change(versions, _versions(site, wish))
    return Edition(len(versions), press.files)


def _versions(site: Site, wish: Wish) -> Versions:
    """Every record that a visitor may know of, by id, with what marks its state."""
    with site.db.read() as s:
        shelf = store.collection(s, wish.collection) if wish.collection else None
        if wish.collection and shelf is None:
            raise NoSuchRecord("There is no such collection.")
        reach = scope(ANONYMOUS, site.clock())
        return store.published(s, reach, shelf.id if shelf else None)


def _refuse_change(before: Versions, now: Versions) -> None:
    """A record closed or relabelled while pages were written must not slip out."""
    if any(now.get(each) != version for each, version in before.items()):
        raise NotPublishedError(
            "changed",
            "A record was changed or closed meanwhile, so nothing was published; "
            "try again.",
        )


def _tell_ledger(site: Site, wish: Wish, records: int) -> None:
    detail = {
        "what": "preview-only edition",
        "records": records,
        "languages": list(wish.languages),
        "collection": wish.collection,
    }
    now = site.clock()
    with site.db.write() as s:
        site.ledger.append(s, "exporting", actor="operator", now=now, detail=detail)
