"""The search page: what it weighs in a browser, and what it costs the server.

| measured | how |
|---|---|
| bytes over the wire, requests, layout shift, console | Chromium, nothing cached |
| the answer on the clock and in processor time | one reader, one question at a time |
| the same of a home page and of a record | beside it |

The archive is the embedded set-up, SQLite and Whoosh, with `size` records: real words
(`tests/bench/corpus.py`). So many as fill ten pages of results have a picture with its
preview, and what is asked finds these.
"""

from __future__ import annotations

import http.client
import io
import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from PIL import Image
from playwright.sync_api import CDPSession, Page

from archive import intake, moderation
from archive.records import store
from archive.records.document import Description, Place, RecordDocument
from archive.records.labels import LabelInput
from archive.records.store import RecordDraft
from archive.site import Site
from archive.work import indexing, run_one
from auth.viewer import Tier, Visibility
from tests.bench import corpus, premises
from tests.bench.measuring import Result, family_cpu_seconds
from tests.journeys.windows import chromium

SIZE = 10_000
ON_A_PAGE = 24
PICTURED = 10 * ON_A_PAGE
SIGN = "convoy"
"""A word that the records with pictures have, and hardly another."""
ROUNDS = 60
AT_ONCE = 500
SHIFTS = """() => new Promise(told => {
    let sum = 0;
    new PerformanceObserver(list => list.getEntries().forEach(
        each => { sum += each.value; }))
        .observe({type: "layout-shift", buffered: true});
    setTimeout(() => told(sum), 1500);
})"""


def measure(size: int = SIZE) -> Iterator[Result]:
    """All figures; some minutes, most of them for the records."""
    with premises.folder(fast=True) as folder:
        with premises.archive(folder) as site:
            record = _filled(site, size)
        with premises.vigil(folder, with_worker=False) as server:
            address = f"http://127.0.0.1:{server.port}"
            yield from _weighed(address)
            yield from _asked(server, record)


# What is in it ------------------------------------------------------------------------


def _filled(site: Site, size: int) -> str:
    """Fill the archive; the address of a record with a picture."""
    documents = corpus.documents(size)
    while batch := list(itertools.islice(documents, AT_ONCE)):
        with site.db.write() as s:
            for each in batch:
                texts = {t.lang: Description(t.title, t.body) for t in each.texts}
                places = tuple(
                    Place(p.name, p.latitude, p.longitude) for p in each.places
                )
                day = each.event_from.isoformat() if each.event_from else ""
                described = RecordDocument(texts, event_date=day, places=places)
                draft = RecordDraft(described, Visibility.PUBLIC)
                at = datetime.now(UTC) - timedelta(days=30)
                record = store.create(s, site.sealing, draft, "operator", at)
                record.labelled, record.tier = True, Tier(min(each.tier, 4))
                store.publish(s, record, "operator", at)
    address = [_pictured(site, number) for number in range(PICTURED)][-1]
    while run_one(site, site.clock()):
        pass
    indexing.rebuild(site, lambda _done, _of: None)
    return address


def _pictured(site: Site, number: int) -> str:
    noise = Image.effect_noise((32, 24), 90).resize((640, 480)).convert("RGB")
    sink = io.BytesIO()
    noise.save(sink, "JPEG")
    text = Description(
        f"A {SIGN} on the road, {number}", f"The {SIGN} passes a village. " * 5
    )
    draft = RecordDraft(RecordDocument({"en": text}), Visibility.PUBLIC)
    now = site.clock()
    with intake.begin(site) as arrival:
        arrival.take(io.BytesIO(sink.getvalue()), "road.jpg")
        deposit = arrival.deposit(draft, "operator", now)
    with site.db.write() as s:
        labels = [LabelInput("dead.body")]
        moderation.label(site, s, deposit.assets[0].id, labels, "operator", now)
        moderation.publish(site, s, deposit.record.id, "operator", now)
    return f"/records/{deposit.record.id}"


# In a browser -------------------------------------------------------------------------


def _weighed(address: str) -> Iterator[Result]:
    with chromium() as browser:
        for width in (1280, 360):
            context = browser.new_context(
                viewport={"width": width, "height": 800}, locale="en"
            )
            page = context.new_page()
            yield from _loaded(page, f"{address}/search?q={SIGN}", width)
            context.close()


def _loaded(page: Page, url: str, width: int) -> Iterator[Result]:
    tools = page.context.new_cdp_session(page)
    wire = _watched(tools)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url, wait_until="networkidle")
    shift = float(page.evaluate(SHIFTS))
    previews = page.locator(".tiles .mat img").count()
    name = f"search page, {previews} previews, {width} px"
    if previews != ON_A_PAGE:
        raise RuntimeError(f"{previews} previews, not {ON_A_PAGE}")
    yield Result.beside(f"{name}: over the wire", sum(wire) / 1024, 150, "KiB")
    yield Result.beside(f"{name}: requests", len(wire), 12, "")
    yield Result(f"{name}: layout shift", shift, "")
    yield Result(f"{name}: words on the console", len(said), "")


def _watched(tools: CDPSession) -> list[float]:
    """Fills with the bytes of each request as it ends, head and body."""
    wire: list[float] = []
    tools.send("Network.enable")
    tools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    data: set[str] = set()

    def began(event: dict[str, dict[str, str] | str]) -> None:
        asked = event["request"]
        if isinstance(asked, dict) and asked["url"].startswith("data:"):
            data.add(str(event["requestId"]))

    def ended(event: dict[str, float | str]) -> None:
        if event["requestId"] not in data:
            wire.append(float(event["encodedDataLength"]))

    tools.on("Network.requestWillBeSent", began)
    tools.on("Network.loadingFinished", ended)
    return wire


# From the server ----------------------------------------------------------------------


def _asked(server: premises.Server, record: str) -> Iterator[Result]:
    asked = {
        "search page of 24 previews": f"/search?q={SIGN}&page={{page}}",
        "the newest": "/search?page={page}",
        "search page, a facet chosen": f"/search?q={SIGN}&facet.kind=image",
        "the timeline of all": "/search?view=timeline&page={page}",
        "home": "/",
        "a record": record,
    }
    for name, path in asked.items():
        times = []
        _answer(server.port, path.format(page=1))
        before = family_cpu_seconds(server.pid)
        for number in range(ROUNDS):
            begun = time.perf_counter()
            _answer(server.port, path.format(page=number % 10 + 1))
            times.append(1000 * (time.perf_counter() - begun))
        spent = 1000 * (family_cpu_seconds(server.pid) - before) / ROUNDS
        times.sort()
        yield Result(f"{name}: p50 on the clock", times[ROUNDS // 2], "ms")
        slowest = times[ROUNDS * 95 // 100]
        yield Result.beside(f"{name}: p95 on the clock", slowest, 50, "ms")
        yield Result(f"{name}: processor", spent, "ms")


def _answer(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return body
    finally:
        connection.close()
