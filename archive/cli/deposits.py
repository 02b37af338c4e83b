"""`vigil deposit`: files into the archive from a shell, by the same way as the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from archive import intake, moderation, work
from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.records import labels as labelling
from archive.records import store, vocabulary
from archive.records.document import Description, Place, RecordDocument, Source
from archive.records.labels import LabelInput
from archive.records.store import RecordDraft
from archive.site import Site
from auth.viewer import Access, Visibility

WAIT_SECONDS = 1800


@dataclass(frozen=True)
class Wanted:
    """A deposit as somebody asked for it."""

    files: Sequence[Path]
    draft: RecordDraft
    labels: Sequence[Sequence[LabelInput]]
    publish: bool = False


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--title", required=True)
@click.option("--description", default="", help="What can be seen, in words.")
@click.option("--language", default="en", show_default=True)
@click.option("--date", default="", help="EDTF, such as 2020-10-15~ or 2020-10.")
@click.option("--place", "places", multiple=True)
@click.option("--source-url", default="")
@click.option("--platform", default="")
@click.option("--captured-at", default="")
@click.option("--collection", "slug", default=None, help="The collection's short name.")
@click.option("--visibility", type=output.word_of(Visibility), default="staff")
@click.option("--access", type=output.word_of(Access), default="vetted")
@click.option("--label", "labels", multiple=True, help="Such as kill.execution=G4.")
@click.option("--publish", is_flag=True, help="Let the visibility take effect.")
@click.option("--wait", is_flag=True, help="Until previews and index are made.")
@output.json_option
def deposit(as_json: bool, wait: bool, **given: Any) -> None:  # noqa: FBT001, ANN401 - click's
    """Put one record with one or many files into the archive.

    Example: vigil deposit clip.mp4 --title "Yard" --label dead.body=G3 --publish --wait
    """
    with output.failing_as_json(as_json), opened() as site:
        made = put(site, _wanted(site, given), site.clock())
        if wait and not finish(site, made.record.id):
            raise Failure("The previews are not ready yet; see `vigil jobs list`.")
        facts = _facts(site, made.record.id)
        output.answer(facts, as_json, lambda: _sentence(facts))


def put(site: Site, wanted: Wanted, now: datetime) -> intake.Deposit:
    """Deposit, label and publish as the operator, in one go.

    :raises Refused: a file cannot be taken; nothing is left behind
    :raises RecordsError: the description or a label cannot be taken
    """
    site.require_sandbox()
    _check_labels(site, wanted)
    total = sum(path.stat().st_size for path in wanted.files)
    with output.progress("Sealing", total) as step, intake.begin(site) as arrival:
        for path in wanted.files:
            with path.open("rb") as stream:
                arrival.take(_Counted(stream, step), path.name)
        made = arrival.deposit(wanted.draft, OPERATOR, now)
    with site.db.write() as session:
        for asset, labels in zip(made.assets, wanted.labels, strict=True):
            if labels:
                moderation.label(site, session, asset.id, labels, OPERATOR, now)
        if wanted.publish:
            moderation.publish(site, session, made.record.id, OPERATOR, now)
    return made


def finish(site: Site, record_id: str) -> bool:
    """Do, or wait for, everything that is still due for the record."""
    return work.drain(site, record_id, seconds=WAIT_SECONDS)


def parse_label(text: str) -> LabelInput:
    """Read `code` or `code=G4`.

    :raises click.BadParameter: the severity is no tier
    """
    try:
        return labelling.written(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--label") from None


class _Counted:
    """A stream that tells a progress bar what was read of it."""

    def __init__(self, stream: BinaryIO, step: Any) -> None:  # noqa: ANN401 - a callable
        self._stream = stream
        self._step = step

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(size)
        self._step(len(piece))
        return piece


def _wanted(site: Site, given: dict[str, Any]) -> Wanted:
    labels = [parse_label(text) for text in given["labels"]]
    document = RecordDocument(
        descriptions={
            given["language"]: Description(given["title"], given["description"])
        },
        places=tuple(Place(name) for name in given["places"]),
        event_date=given["date"],
        source=Source(given["source_url"], given["platform"], given["captured_at"]),
    )
    draft = RecordDraft(
        document,
        Visibility(given["visibility"]),
        Access(given["access"]),
        collection_id=_collection(site, given["slug"]),
    )
    each = [labels for _ in given["files"]]
    return Wanted(given["files"], draft, each, publish=given["publish"])


def _collection(site: Site, slug: str | None) -> str | None:
    if slug is None:
        return None
    with site.db.read() as session:
        found = store.collection(session, slug)
        if found is None:
            raise Failure(f"There is no collection {slug!r}.", "no_collection")
        return found.id


def _check_labels(site: Site, wanted: Wanted) -> None:
    with site.db.read() as session:
        words = vocabulary.of(session)
    for given in wanted.labels:
        labelling.checked(given, words)
    if wanted.publish and not all(wanted.labels):
        raise Failure(
            "Only what is labelled can be published: give every file a --label.",
            "not_labelled",
        )


def _facts(site: Site, record_id: str) -> dict[str, Any]:
    with site.db.read() as session:
        record = store.require(session, record_id)
        return {
            "id": record.id,
            "url": f"{site.config.base_url}/records/{record.id}",
            "state": record.state.value,
            "tier": str(record.tier),
            "assets": [
                {
                    "id": asset.id,
                    "kind": asset.kind,
                    "media_type": asset.media_type,
                    "size": asset.size,
                    "sha256": store.details_of(site.sealing, asset).sha256,
                    "state": asset.state.value,
                    "failure": asset.failure,
                }
                for asset in store.assets_of(session, record_id)
            ],
        }


def _sentence(facts: dict[str, Any]) -> str:
    rows = [
        (each["id"], each["media_type"], each["size"], each["state"])
        for each in facts["assets"]
    ]
    head = f"{facts['url']} ({facts['state']}, {facts['tier']})"
    return head + "\n" + output.table(("file", "kind", "bytes", "preview"), rows)
