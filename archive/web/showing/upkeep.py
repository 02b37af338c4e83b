"""What is said of the archive's upkeep: what each work does, and how it came out."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _
from flask_babel import ngettext

from archive.jobs import Job, JobState
from archive.upkeep import Work


class Words(NamedTuple):
    """A work's name, what it does, its button, and what stays when it is cancelled."""

    name: Any
    does: Any
    button: Any
    kept: Any


WORKS: dict[Work, Words] = {
    Work.VERIFY: Words(
        _("Read everything back"),
        _(
            "Every line of the ledger, every sealed file, every preview and every "
            "description is read and held against what was written down of it."
        ),
        _("Read back now"),
        _("Cancelled, what was read stays read, and you can go on with it."),
    ),
    Work.REINDEX: Words(
        _("Search index"),
        _("The index is made again from the records beside the one in use."),
        _("Make the index anew"),
        _("Cancelled, the index in use stays as it is."),
    ),
    Work.PREVIEWS: Words(
        _("Previews"),
        _("Every preview is made again; one that comes out the same is left alone."),
        _("Make previews anew"),
        _("Cancelled, what was made stays, and you can go on with it."),
    ),
    Work.KEYS: Words(
        _("Keys of files and previews"),
        _(
            "New keys are made and every file's own key is wrapped under them; no file "
            "is touched, and the old keys are destroyed once nothing needs them."
        ),
        _("Make new keys"),
        _("Cancelled, nothing is lost: both keys open, and you can go on with it."),
    ),
    Work.BACKUP: Words(
        _("Backup"),
        _("What the place for backups does not have yet is copied there, sealed."),
        _("Make a backup"),
        _("Cancelled, there is no backup, but the next one has less to copy."),
    ),
}
PARTS: dict[str, Any] = {
    "everything": _("Everything"),
    "ledger": _("The ledger"),
    "fixity": _("Files and descriptions"),
    "previews": _("Previews"),
}


def came_out(job: Job) -> str:
    """What a work that is done came to, in one sentence."""
    told = job.result or {}
    if job.state is not JobState.DONE:
        return ""
    return _TOLD[Work(job.kind)](told)


def _verified(told: dict[str, Any]) -> str:
    count = sum(told.get("checked", {}).values())
    return str(
        ngettext(
            "One thing was read back, and it holds.",
            "%(num)d things were read back, and all of it holds.",
            count,
        )
    )


def _indexed(told: dict[str, Any]) -> str:
    return str(
        ngettext(
            "One record is indexed.",
            "%(num)d records are indexed.",
            told.get("records", 0),
        )
    )


def _drawn(told: dict[str, Any]) -> str:
    count = sum(told.get(each, 0) for each in ("made", "sealed"))
    return str(
        ngettext(
            "One preview came out anew; the others are as they were.",
            "%(num)d previews came out anew; the others are as they were.",
            count,
        )
    )


def _wrapped(told: dict[str, Any]) -> str:
    return str(
        ngettext(
            "One file's key was wrapped anew.",
            "The keys of %(num)d files were wrapped anew.",
            told.get("rewrapped", 0),
        )
    )


def _copied(told: dict[str, Any]) -> str:
    return str(
        ngettext(
            "The backup is whole; one file was new.",
            "The backup is whole; %(num)d files were new.",
            told.get("copied", 0),
        )
    )


_TOLD = {
    Work.VERIFY: _verified,
    Work.REINDEX: _indexed,
    Work.PREVIEWS: _drawn,
    Work.KEYS: _wrapped,
    Work.BACKUP: _copied,
}
