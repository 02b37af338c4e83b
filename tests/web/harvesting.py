"""What the tests of harvesters share: a worker for what is offered, and short words."""

from __future__ import annotations

from archive import jobs
from archive.intake import words
from archive.records import store
from archive.site import Site
from archive.work.handlers import HANDLERS
from archive.work.task import Task
from auth.viewer import RecordState, Tier
from tests.web.oaigrammar import OAI, require_fit

TOLD = ("index", "offers")


def settle(site: Site) -> None:
    """Do what the worker does after a change, but for previews."""
    while True:
        now = site.clock()
        job = jobs.claim(site.db, "worker", TOLD, site.config.job_lease, now)
        if job is None:
            return
        HANDLERS[job.kind].run(Task(site, job, "worker"))


def go_over(site: Site) -> None:
    """Have the chore look whether anything changed."""
    with site.db.write() as s:
        jobs.enqueue(s, "offers", {}, now=site.clock())
    settle(site)


def written(site: Site, draft, tier: Tier = Tier.G1, codes: tuple[str, ...] = ()):
    """A record of words alone, published; cheaper than one with files."""
    with site.db.write() as s:
        now = site.clock()
        made = words.without_files(site, s, draft, "operator", now)
        made.labelled, made.tier, made.codes = True, tier, list(codes)
        made.state, made.published_at = RecordState.PUBLISHED, now
        return made.id


def revised(site: Site, record_id: str, **columns: object) -> None:
    """Change columns of a record, as whatever changes it would."""
    with site.db.write() as s:
        record = store.require(s, record_id)
        for name, value in columns.items():
            setattr(record, name, value)
        args = {"record": record_id}
        jobs.enqueue(s, "index", args, subject=record_id, now=site.clock())


def ask(client, **arguments: str):
    """One question as a tree, found to be as the schema has it."""
    named = {name.rstrip("_"): value for name, value in arguments.items()}
    answer = client.get("/oai", query_string=named)
    assert answer.status_code == 200
    assert answer.content_type == "text/xml; charset=utf-8"
    return require_fit(answer.data)


def listed(client, **arguments: str) -> dict[str, str]:
    """Ids of what is told, each with its status: `""`, or `deleted`."""
    told = ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc", **arguments)
    if error(told):
        assert error(told) == "noRecordsMatch"
        return {}
    return {
        header.findtext(f"{OAI}identifier").rpartition(":")[2]: header.get("status", "")
        for header in told.iter(f"{OAI}header")
    }


def stamp_of(client, record_id: str) -> str:
    told = record(client, record_id)
    return told.findtext(f".//{OAI}datestamp")


def record(client, record_id: str):
    name = f"oai:127.0.0.1:{record_id}"
    return ask(client, verb="GetRecord", identifier=name, metadataPrefix="oai_dc")


def error(told) -> str | None:
    found = told.find(f"{OAI}error")
    return None if found is None else found.get("code")
