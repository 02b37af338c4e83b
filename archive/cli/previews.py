"""`vigil previews`: blurred previews, which can always be made again."""

from __future__ import annotations

from typing import Any

import click

from archive import work
from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.jobs import Job, JobState
from archive.records import store
from archive.site import Site
from archive.work import clustering, rebuilding
from blur.kinds import Family


@click.group()
def previews() -> None:
    """Blurred previews, which can always be made again."""


@previews.command()
@click.option("--record", help="Only the files of this one.")
@click.option("--kind", type=output.word_of(Family), help="Only files of this kind.")
@click.option("--queue", is_flag=True, help="Leave it to the worker.")
@output.json_option
def rebuild(record: str | None, kind: str | None, queue: bool, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Make previews again from the originals; they come out as they were.

    It is one background job: interrupted it goes on with the next worker, and
    `vigil jobs cancel` ends it between two files. Example: vigil previews rebuild
    """
    with output.failing_as_json(as_json), opened() as site:
        job = _queued(site, record, kind)
        if queue:
            facts = _facts(job)
        else:
            with output.progress("Previews", 1000) as advance:
                facts = _facts(_followed(site, job, advance))
        output.answer(facts, as_json, lambda: _sentence(facts))
    if not queue and (facts["state"] != JobState.DONE or facts["failed"]):
        raise click.exceptions.Exit(1)


@previews.command()
@click.option("--queue", is_flag=True, help="Leave it to the worker.")
@output.json_option
def cluster(queue: bool, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Let VIGIL_PREVIEW_K files share each tile; what is new is sealed until then.

    It is one background job: interrupted it goes on with the next worker, and
    `vigil jobs cancel` ends it. Example: VIGIL_PREVIEW_K=5 vigil previews cluster
    """
    with output.failing_as_json(as_json), opened() as site:
        job = _clustering(site)
        if not queue:
            with output.progress("Clusters", 1000) as advance:
                job = _followed(site, job, advance)
        told = job.result or {}
        counted = {name: told.get(name, 0) for name in clustering.COUNTED}
        facts = {
            "job": job.id,
            "state": job.state.value,
            "error": job.error,
            "k": site.rules.preview_k,
            **counted,
        }
        output.answer(facts, as_json, lambda: _clustered(facts))
    if not queue and (facts["state"] != JobState.DONE or facts["failed"]):
        raise click.exceptions.Exit(1)


def _clustering(site: Site) -> Job:
    if not site.rules.preview_k:
        raise Failure(clustering.UNSET, "off")
    with site.db.write() as session:
        job = clustering.queue(session, site.clock())
        site.ledger.append(
            session,
            "settings changed",
            actor=OPERATOR,
            now=site.clock(),
            detail={"previews": "clustered", "k": site.rules.preview_k, "job": job.id},
        )
        return job


def _clustered(facts: dict[str, Any]) -> str:
    if facts["state"] in (JobState.QUEUED, JobState.RUNNING):
        return f"Job {facts['job']} is {facts['state']}; see vigil jobs list."
    text = (
        f"Job {facts['job']} is {facts['state']}: {facts['shared']} files share "
        f"{facts['clusters']} tiles, {facts['k']} or more each; {facts['alone']} stay "
        f"sealed, {facts['failed']} did not open."
    )
    return f"{text} {facts['error']}" if facts["error"] else text


def _queued(site: Site, record: str | None, kind: str | None) -> Job:
    with site.db.write() as session:
        if record is not None:
            store.require(session, record)
        if not rebuilding.count(session, record, kind):
            raise Failure("There is no such file.", "no_file")
        job = rebuilding.queue(session, record, kind, site.clock())
        scope = {"record": record, "kind": kind, "job": job.id}
        site.ledger.append(
            session,
            "settings changed",
            actor=OPERATOR,
            now=site.clock(),
            detail={"previews": "rebuilt", **scope},
        )
        return job


def _followed(site: Site, job: Job, advance: Any) -> Job:  # noqa: ANN401 - a bar's step
    shown = 0

    def tell(share: float) -> None:
        nonlocal shown
        now = max(shown, round(1000 * share))
        advance(now - shown)
        shown = now

    return rebuilding.follow(site, job.id, work.run_one, tell)


def _facts(job: Job) -> dict[str, Any]:
    told = job.result or {}
    return {
        "job": job.id,
        "state": job.state.value,
        "error": job.error,
        **{name: told.get(name, 0) for name in rebuilding.COUNTED},
        "assets": told.get("assets", []),
    }


def _sentence(facts: dict[str, Any]) -> str:
    if facts["state"] in (JobState.QUEUED, JobState.RUNNING):
        return f"Job {facts['job']} is {facts['state']}; see vigil jobs list."
    text = (
        f"Job {facts['job']} is {facts['state']}: {facts['same']} as they were, "
        f"{facts['made']} made, {facts['sealed']} sealed, {facts['failed']} failed."
    )
    if facts["error"]:
        text += f" {facts['error']}"
    for asset in facts["assets"]:
        text += f"\nDOES NOT OPEN: {asset} (vigil verify --fixity says why)"
    return text
