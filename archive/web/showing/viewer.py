"""What the viewer shows of one file, and the steps from haze to the whole of it.

| kind | levels |
|---|---|
| image | haze with the lens, small, grey, colour |
| video | haze, small, grey, muted, open |
| document | haze, small, grey, open |
| audio | open |

Levels between the first and the last are drawn on the server for this reveal alone; a
muted film is made once, small and grey, and has no sound in it that could be turned on.
A redacted copy has no such form: of what is removed from it, nothing is heard either.
From tier G4 a file begins at its haze: whoever goes further does so by a step more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from archive import jobs, marking
from archive.gate import SOUND_MARK
from archive.jobs import OPEN_STATES, Job, JobState
from archive.records.tables import Asset
from archive.web.request import context
from archive.web.showing.openings import Openings
from archive.web.showing.recordpage import AssetView, RecordPage
from auth.viewer import Tier
from blur import steps
from blur.kinds import Family
from blur.steps import NoSuchView, Step, Tile

HAZE, OPEN, MUTED = "haze", "open", "muted"
COPY, MUTE = "copy", "mute"
HEARD = frozenset({Family.AUDIO.value, Family.VIDEO.value})
_DRAWN = (HAZE, Step.SMALL.value, Step.GREY.value)
_LEVELS = {
    Family.IMAGE: (*_DRAWN, Step.COLOUR.value),
    Family.VIDEO: (*_DRAWN, MUTED, OPEN),
    Family.DOCUMENT: (*_DRAWN, OPEN),
    Family.AUDIO: (OPEN,),
}
_TITLES = {
    HAZE: _("Haze"),
    "small": _("Small and grey"),
    "grey": _("Large and grey"),
    "colour": _("In colour"),
    MUTED: _("Film without sound"),
    OPEN: _("The file itself"),
}


@dataclass(frozen=True)
class Level:
    """One step; `is_now` says that it is the one shown."""

    title: str
    url: str
    is_now: bool


@dataclass(frozen=True)
class Wanted:
    """What the reader asked for: which file, at which level, which tile.

    `untouched` says that they asked for the original, with its metadata, `clear` that
    they asked for the file where there is a redacted copy, which comes first.
    """

    number: int
    level: str = ""
    tile: str = ""
    untouched: bool = False
    clear: bool = False


@dataclass(frozen=True)
class Lens:
    """The grid over the haze of a picture; `src` is the tile that is open, if any.

    `address` with a tile's `column-row` after it is where that tile comes from.
    """

    columns: int
    rows: int
    width: int
    height: int
    address: str
    tile: str
    src: str | None


@dataclass(frozen=True)
class Copying:
    """How far the making of a copy is; whoever asked for it has the job's address.

    `failure` says why the last one was not made; then nothing is under way.
    """

    progress: float
    job: str | None
    failure: str | None


@dataclass(frozen=True)
class Stage:
    """One file as the viewer shows it now.

    `src` is a picture made on the server, `plays` what a player or painter reads:
    nothing that still has its metadata, unless that was asked for. `untouched` is where
    to ask, while there is neither a copy nor a form without metadata. `overlay` is the
    mark of the showing, where the tier asks for one and it cannot be in the pixels.
    """

    asset: AssetView
    level: str
    levels: Sequence[Level]
    src: str | None
    plays: str | None
    untouched: str | None
    lens: Lens | None
    overlay: str | None
    copying: Copying | None
    sound_mark: str | None = None
    """What is played under it, where the tier asks for a mark and it is heard."""
    redaction: str | None = None
    other: str | None = None
    """Where the other of the two is: the clear file, or its redacted copy."""
    is_locked: bool = False
    """Whether this file has no redacted copy, and its clear form is not open."""

    @property
    def is_played(self) -> bool:
        """Whether a player or a painter shows it, not a picture drawn here."""
        return self.level in (OPEN, MUTED)

    @property
    def is_burnt(self) -> bool:
        """Whether what is shown has its mark in the pixels."""
        return marking.is_marked(self.asset.tier) and not self.is_played

    @property
    def is_last(self) -> bool:
        """Whether this is all there is of it."""
        return self.level == last_level(self.asset.kind)


def stage_of(
    s: Session, page: RecordPage, wanted: Wanted, opening: Openings
) -> Stage | None:
    """The file that is wanted at that level; its first level where none is named."""
    level, tile = wanted.level, wanted.tile
    found = (each for each in page.assets if each.position == wanted.number)
    asset = next(found, None)
    if asset is None:
        return None
    may_redacted = asset.redacted is not None and asset.id in opening.redacted
    if may_redacted and not (wanted.clear and asset.id in opening.clear):
        return _redacted_stage(page, asset, level, tile, opening)
    return replace(
        _clear_stage(s, page, asset, level, tile, untouched=wanted.untouched),
        other=_where(page, asset, "redacted") if may_redacted else None,
        is_locked=asset.id not in opening.clear,
    )


def _redacted_stage(
    page: RecordPage, asset: AssetView, level: str, tile: str, opening: Openings
) -> Stage:
    """The redacted copy on the stage, as if it were the file."""
    copy = asset.redacted
    if copy is None:
        raise ValueError("this file has no redacted copy")
    shown = replace(
        asset, tier=copy.tier, labels=copy.labels, copy=copy.url, clean=None
    )
    names = [name for name in _LEVELS[Family(asset.kind)] if name != MUTED]
    now = level if level in names else _first(shown, names)
    return Stage(
        asset=shown,
        level=now,
        levels=[_level(page, asset, name, now) for name in names],
        src=_address(shown, now, copy.id) if now in set(Step) else None,
        plays=copy.url,
        untouched=None,
        lens=_lens(shown, tile, copy.id)
        if (asset.kind, now) == (Family.IMAGE, HAZE)
        else None,
        overlay=_overlay(shown, copy.id),
        sound_mark=_sound_mark(shown, copy.id),
        copying=None,
        redaction=copy.id,
        other=_where(page, asset, "clear") if asset.id in opening.clear else None,
    )


def _where(page: RecordPage, asset: AssetView, form: str) -> str:
    asked = "yes" if form == "clear" else None
    number = asset.position
    page_url = url_for("records.view", record_id=page.id, file=number, clear=asked)
    return f"{page_url}#opened"


def _clear_stage(
    s: Session,
    page: RecordPage,
    asset: AssetView,
    level: str,
    tile: str,
    *,
    untouched: bool,
) -> Stage:
    names = _LEVELS[Family(asset.kind)]
    now = level if level in names else _first(asset, names)
    if now == MUTED:
        return _muted_stage(s, page, asset)
    bare = asset.is_shown and _whole(asset) is None
    return Stage(
        asset=asset,
        level=now,
        levels=_steps(page, asset, now),
        src=_address(asset, now) if now in set(Step) else None,
        plays=_whole(asset) or (asset.original if untouched and bare else None),
        untouched=_untouched(page, asset) if bare and not untouched else None,
        lens=_lens(asset, tile) if (asset.kind, now) == (Family.IMAGE, HAZE) else None,
        overlay=_overlay(asset),
        sound_mark=_sound_mark(asset),
        copying=None if asset.copy else _copying(last_job(s, page.id, asset.id)),
    )


def _muted_stage(s: Session, page: RecordPage, asset: AssetView) -> Stage:
    """Nothing of the file is named here that has a sound in it."""
    made = asset.muted
    return Stage(
        asset=asset,
        level=MUTED,
        levels=_steps(page, asset, MUTED),
        src=None,
        plays=made,
        untouched=None,
        lens=None,
        overlay=_overlay(asset),
        copying=None if made else _copying(last_job(s, page.id, asset.id, MUTE)),
    )


def _steps(page: RecordPage, asset: AssetView, now: str) -> list[Level]:
    clear, names = asset.redacted is not None, _LEVELS[Family(asset.kind)]
    return [_level(page, asset, name, now, clear=clear) for name in names]


def last_level(kind: str) -> str:
    """The level at which the whole of a file is shown."""
    return _LEVELS[Family(kind)][-1]


def copying(s: Session, asset: Asset, kind: str = COPY) -> Job | None:
    """The job that makes a copy of this asset, while it is not over."""
    job = last_job(s, asset.record_id, asset.id, kind)
    return job if job is not None and job.state in OPEN_STATES else None


def last_job(s: Session, record_id: str, asset_id: str, kind: str = COPY) -> Job | None:
    """The last that made, or makes, a copy of that kind."""
    about = jobs.about(s, kind, record_id)
    return next((job for job in about if job.args["asset"] == asset_id), None)


def _copying(job: Job | None) -> Copying | None:
    if job is None:
        return None
    if job.state is JobState.FAILED:
        return Copying(0.0, None, job.error)
    if job.state not in OPEN_STATES:
        return None
    own = job.owner == context.viewer().account_id
    address = url_for("api.jobs_read", job_id=job.id) if own else None
    return Copying(job.progress, address, None)


def _first(asset: AssetView, names: Sequence[str]) -> str:
    if HAZE not in names:
        return names[0]
    return HAZE if asset.tier >= Tier.G4 else Step.SMALL.value


def _level(
    page: RecordPage, asset: AssetView, name: str, now: str, *, clear: bool = False
) -> Level:
    number = asset.position
    asked = "yes" if clear else None
    url = url_for(
        "records.view", record_id=page.id, file=number, level=name, clear=asked
    )
    return Level(gettext(_TITLES[name]), f"{url}#opened", name == now)


def _address(asset: AssetView, name: str, redaction: str | None = None) -> str:
    whole = asset.kind == Family.IMAGE and name == Step.COLOUR.value
    bare = whole and not marking.is_marked(asset.tier)
    if bare and (shown := _whole(asset)):
        return shown
    return _view(asset, name, redaction)


def _view(asset: AssetView, name: str, redaction: str | None) -> str:
    if redaction is None:
        return url_for("media.view", asset_id=asset.id, level=name)
    return url_for(
        "media.redacted_view", asset_id=asset.id, redaction_id=redaction, level=name
    )


def _whole(asset: AssetView) -> str | None:
    """The whole file as browsers show it, without its metadata, if there is such."""
    return asset.copy or (asset.clean if asset.is_shown else None)


def _overlay(asset: AssetView, redaction: str | None = None) -> str | None:
    if not marking.is_marked(asset.tier):
        return None
    if redaction is not None:
        return _view(asset, "mark", redaction)
    return url_for("media.mark", asset_id=asset.id)


def _sound_mark(asset: AssetView, redaction: str | None = None) -> str | None:
    """Where the mark for the ear is, of what is heard and asks for one."""
    if not marking.is_marked(asset.tier) or asset.kind not in HEARD:
        return None
    if redaction is not None:
        return _view(asset, SOUND_MARK, redaction)
    return url_for("media.sound_mark", asset_id=asset.id)


def _untouched(page: RecordPage, asset: AssetView) -> str:
    return url_for(
        "records.view",
        record_id=page.id,
        file=asset.position,
        level=last_level(asset.kind),
        untouched="yes",
        clear="yes" if asset.redacted else None,
        _anchor="opened",
    )


def _lens(asset: AssetView, tile: str, redaction: str | None = None) -> Lens:
    columns, rows = steps.grid(upright=asset.height > asset.width)
    src = None
    try:
        wanted = steps.parsed(f"tile-{tile}")
    except NoSuchView:
        tile = ""
    else:
        inside = isinstance(wanted, Tile) and wanted.column < columns
        if inside and isinstance(wanted, Tile) and wanted.row < rows:
            src = _view(asset, str(wanted), redaction)
    return Lens(
        columns=columns,
        rows=rows,
        width=asset.width or columns,
        height=asset.height or rows,
        address=_view(asset, "tile-", redaction),
        tile=tile if src else "",
        src=src,
    )
