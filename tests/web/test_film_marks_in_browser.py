"""The marks over a film and under a sound in a real browser: they tell and stay."""

from __future__ import annotations

import io
import wave

import av
import numpy as np
import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Page, expect

from archive import marking, work
from archive.gate import MARK, SOUND_MARK
from auth.viewer import Tier
from blur.kinds import KINDS
from blur.soundmarks import RATE
from tests.blur.test_soundmarks import voice
from tests.web.test_levels import consent

pytestmark = pytest.mark.browser


def street() -> bytes:
    """Something grainy that moves, wide and silent, for some seconds."""
    sink = io.BytesIO()
    whole = Image.effect_noise((720, 360), 50).filter(ImageFilter.GaussianBlur(3))
    with av.open(sink, "w", format="webm") as target:
        stream = target.add_stream("libvpx", rate=5)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for n in range(40):
            seen = np.asarray(whole.crop((2 * n, 0, 2 * n + 640, 360)).convert("RGB"))
            target.mux(stream.encode(av.VideoFrame.from_ndarray(seen)))
        target.mux(stream.encode(None))
    return sink.getvalue()


def screen(page: Page) -> bytes:
    """What a picture of the screen has of the film, as a JPEG of middling quality."""
    box = page.locator("video").bounding_box()
    assert box is not None
    taken = Image.open(io.BytesIO(page.screenshot(clip=box))).convert("RGB")
    sink = io.BytesIO()
    taken.save(sink, "JPEG", quality=50)
    return sink.getvalue()


def play(page: Page) -> None:
    """Play it, and wait until a frame of it is on the screen."""
    page.locator("video").evaluate(
        "v => { const shown = new Promise(done => v.requestVideoFrameCallback(done));"
        " v.play().catch(() => {}); return shown.then(() => {}); }"
    )


def test_a_picture_of_a_playing_film_tells_whose_it_was(
    chromium, live, site, desk, people, browser
) -> None:
    """By the marks of two showings, and not after the mark was taken away."""
    made = desk.publish(
        desk.deposit(street(), name="street.webm"), "kill.execution", Tier.G4
    )
    work.drain(site, made.record.id)
    client = browser("researcher", second_factor=True)
    consent(client, made.record.id)
    cookie = client.get_cookie("vigil")
    context = chromium.new_context()
    context.add_cookies([{"name": "vigil", "value": cookie.value, "url": live.url}])
    page = context.new_page()
    told = []
    for _ in range(2):
        page.goto(
            f"{live.url}/records/{made.record.id}/view?file=1&level=open&untouched=yes"
        )
        play(page)
        with site.db.read() as s:
            found = marking.measured(
                s, site.ledger, io.BytesIO(screen(page)), KINDS["jpeg"]
            )
        told.append(found)
    assert [each.line.account_id for each in told] == [people["researcher"]] * 2
    assert [each.line.detail["form"] for each in told] == [MARK] * 2
    assert told[0].line.seq < told[1].line.seq

    page.locator("[data-part=mark]").evaluate("e => { e.style.opacity = 0; }")
    expect(page.locator("video")).to_have_count(0)
    expect(page.get_by_role("link", name="Show it again")).to_be_visible()
    context.close()


ENOUGH = 7.0  # seconds of it
# What goes to the loudspeakers goes to a recorder as well, as a recording of a screen.
RECORDING = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to === this.context.destination) {
    if (!window.recorder) {
      window.tap = this.context.createMediaStreamDestination();
      window.recorder = new MediaRecorder(tap.stream, { mimeType: "audio/webm" });
      window.recorded = [];
      recorder.ondataavailable = (event) => recorded.push(event.data);
      recorder.start(250);
    }
    connect.call(this, window.tap, ...rest);
  }
  return connect.call(this, to, ...rest);
};
"""
RECORDED = """async () => {
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.stop();
  await stopped;
  return [...new Uint8Array(await new Blob(recorded).arrayBuffer())];
}"""


def test_a_recording_of_a_sound_tells_whose_it_was(
    chromium, live, site, desk, people, browser
) -> None:
    """Silent until its mark lies under it, and never heard without."""
    samples = np.clip(voice(9), -32_768, 32_767).astype("<i2")
    sink = io.BytesIO()
    with wave.open(sink, "wb") as written:
        written.setparams((1, 2, RATE, 0, "NONE", ""))
        written.writeframes(samples.tobytes())
    made = desk.publish(
        desk.deposit(sink.getvalue(), name="voice.wav"), "kill.execution", Tier.G4
    )
    work.drain(site, made.record.id)
    client = browser("researcher", second_factor=True)
    consent(client, made.record.id)
    cookie = client.get_cookie("vigil")
    context = chromium.new_context()
    context.add_cookies([{"name": "vigil", "value": cookie.value, "url": live.url}])
    context.add_init_script(RECORDING)
    page = context.new_page()
    address = (
        f"{live.url}/records/{made.record.id}/view?file=1&level=open&untouched=yes"
    )
    page.goto(address)
    sound, wanted = page.locator("audio"), page.get_by_label("With sound")

    page.route("**/sound-mark", lambda route: route.abort())
    wanted.click()
    expect(wanted).not_to_be_checked()
    assert sound.evaluate("e => { e.muted = false; return e.muted; }") is False
    expect(page.locator("audio")).to_have_js_property("muted", True)
    page.unroute("**/sound-mark")

    page.goto(address)
    wanted.check()
    expect(sound).to_have_js_property("muted", False)
    sound.evaluate("e => e.play()")
    while sound.evaluate("e => e.currentTime") < ENOUGH:
        page.wait_for_timeout(200)
    heard = bytes(page.evaluate(RECORDED))
    with site.db.read() as s:
        found = marking.measured(s, site.ledger, io.BytesIO(heard), KINDS["webm"])
    assert found.line.account_id == people["researcher"]
    assert found.line.detail["form"] == SOUND_MARK
    context.close()
