"""A process that dies by kill -9: before its n-th call to the world, or at any moment.

    death = run(act)                     lives to the end: how many calls, how long
    death = run(act, at_call=17)         dies before its 17th
    death = run(act, after=0.02)         dies so many seconds after it began
    trial(stage, rounds)                 a stage of the archive's work, killed so often

`act` runs in a forked child, which costs a hundredth of starting the program. It calls
`life.begin()` when what may be killed begins, and `life.acknowledge(text)` for each
thing that somebody was told is done. Calls are those to the operating system and to the
database that Python makes; what happens inside the database is met by the moments.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Protocol

DEADLY = frozenset(
    {
        "close",
        "commit",
        "execute",
        "fchmod",
        "flock",
        "fsync",
        "link",
        "mkdir",
        "open",
        "preadv",
        "read",
        "remove",
        "rename",
        "replace",
        "rmdir",
        "rollback",
        "truncate",
        "unlink",
        "write",
    }
)
SCALE = int(os.environ.get("VIGIL_TEST_CRASHES", "1"))
"""More rounds for a night: VIGIL_TEST_CRASHES=20."""


@dataclass(frozen=True)
class Death:
    """How a child ended, and what it had acknowledged until then."""

    was_killed: bool
    acknowledged: tuple[str, ...] = ()
    calls: int = 0
    seconds: float = 0.0


@dataclass
class Life:
    """The child's side: told where to die, it tells what it has done."""

    told: int
    at_call: int | None = None
    calls: int = 0
    began: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """From here on the child may be killed."""
        self._say("!")
        self.began = time.monotonic()
        threading.setprofile(self._watch)
        sys.setprofile(self._watch)

    def acknowledge(self, text: str) -> None:
        """Somebody was told that this is done."""
        self._say(f"+{text}")

    def end(self) -> None:
        """The child lived."""
        sys.setprofile(None)
        self._say(f"={self.calls} {time.monotonic() - self.began}")

    def _watch(self, _frame: FrameType, event: str, what: Any) -> None:
        if event == "c_call" and getattr(what, "__name__", "") in DEADLY:
            self.calls += 1
            if self.calls == self.at_call:
                os.kill(os.getpid(), signal.SIGKILL)

    def _say(self, line: str) -> None:
        os.write(self.told, f"{line}\n".encode())


def run(
    act: Callable[[Life], None],
    *,
    at_call: int | None = None,
    after: float | None = None,
) -> Death:
    """Act in a child; it must die by the signal or come to its end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            life = Life(writing, at_call)
            act(life)
            life.end()
        except BaseException:  # noqa: BLE001 - the child must not return to pytest
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        lines = [told.readline().rstrip("\n")]
        if after is not None and lines != [""]:
            time.sleep(after)
            os.kill(child, signal.SIGKILL)
        lines += told.read().splitlines()
    status = os.waitpid(child, 0)[1]
    was_killed = os.WIFSIGNALED(status)
    assert was_killed or os.WEXITSTATUS(status) == 0, "the child ended by an error"
    done = tuple(line[1:] for line in lines if line.startswith("+"))
    if was_killed:
        return Death(was_killed=True, acknowledged=done)
    calls, seconds = lines[-1].removeprefix("=").split()
    return Death(
        was_killed=False, acknowledged=done, calls=int(calls), seconds=float(seconds)
    )


class Stage(Protocol):
    """One stage of the archive's work, to be killed again and again."""

    def prepare(self) -> None:
        """Before each round: what the child is to work on."""
        ...

    def act(self, life: Life) -> None:
        """The work, in the child."""
        ...

    def check(self, death: Death) -> None:
        """After each round: nothing acknowledged is lost, nothing is half."""
        ...


def trial(stage: Stage, rounds: int) -> int:
    """Kill the stage so often, half by call and half by moment; return how often.

    What it does undisturbed comes first: that measures it, and must be right as well.
    """
    chance = random.Random(type(stage).__name__)
    stage.prepare()
    whole = run(stage.act)
    assert whole.calls > 5, "there is hardly anything to interrupt"
    stage.check(whole)
    died = tries = 0
    while died < rounds * SCALE and tries < 3 * rounds * SCALE:
        stage.prepare()
        if tries % 2:
            death = run(stage.act, after=chance.uniform(0.0, whole.seconds))
        else:
            death = run(stage.act, at_call=chance.randint(1, whole.calls))
        stage.check(death)
        died += death.was_killed
        tries += 1
    assert died == rounds * SCALE, "the kills came when all was done"
    return died
