"""A page of another site, in a real browser: it shows previews, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from archive.work import run_one
from auth.credentials import sessions

pytestmark = pytest.mark.browser


@pytest.fixture
def other_site() -> Iterator[str]:
    """An empty page, at another host than the archive's."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<!doctype html><title>A viewer elsewhere</title>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    running = threading.Thread(target=server.serve_forever)
    running.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    running.join()
    server.server_close()


SHOW = """([address, cross]) => new Promise(done => {
  const picture = new Image();
  if (cross) picture.crossOrigin = cross;
  picture.onload = () => done(picture.naturalWidth);
  picture.onerror = () => done(0);
  picture.src = address;
})"""
READ = """address => fetch(address).then(
  answer => answer.json()).then(told => told.type).catch(() => "")"""


def test_a_viewer_elsewhere_shows_previews_and_nothing_else(
    chromium, live, other_site, site, desk, people, clock
) -> None:
    made = desk.publish(desk.deposit(), "property.heritage")
    hidden = desk.deposit()
    while run_one(site, site.clock()):
        pass
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["moderator"], "a browser", clock())
    context = chromium.new_context()
    context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
    page = context.new_page()
    page.goto(other_site)
    media = f"{live.url}/media/{made.assets[0].id}"
    assert page.evaluate(READ, f"{live.url}/iiif/{made.record.id}/manifest") == (
        "Manifest"
    )
    for cross in (None, "anonymous"):
        assert page.evaluate(SHOW, [f"{media}/preview/soft", cross]) > 0
    assert page.evaluate(SHOW, [f"{media}/preview/soft", "use-credentials"]) == 0
    unseen = f"{live.url}/media/{hidden.assets[0].id}/preview/soft"
    for address in (f"{media}/original", f"{media}/preview", unseen):
        assert page.evaluate(SHOW, [address, None]) == 0, address
    assert page.evaluate(READ, f"{live.url}/api/v1/records/{made.record.id}") == ""
    context.close()
