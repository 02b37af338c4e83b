"""`vigil worker` as it is, but for what its jobs do: their arguments say that.

python worker_under_test.py FOLDER     notes are added to FOLDER/notes, a line each
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from archive import cli, jobs
from archive.work import worker
from archive.work.handlers import HANDLERS, Handler
from archive.work.task import Hopeless, Task

NOTES = "notes"


class Worker:
    """A worker in a process of its own, until it ends or is killed."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Start it; `environ` is added to this process's own."""
        self.code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _be_a_worker(folder, environ)

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        if self.code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code


def _be_a_worker(folder: Path, environ: Mapping[str, str]) -> None:
    try:
        os.chdir(folder)
        os.environ.update(environ)
        worker.AGAIN_AFTER = timedelta(seconds=0.1)
        worker.HANDLERS = {
            kind: Handler(act, HANDLERS["tidy"].gave_up)
            for kind in ("derive", "index", "reset", "verify")
        }
        cli.main(["worker"])
    except BaseException:  # noqa: BLE001 - the child must not return to pytest
        traceback.print_exc()
    finally:
        os._exit(3)  # whoever ends by itself here was not told to


def note(task: Task, what: str) -> None:
    line = f"{what} {task.job.args['name']} {os.getpid()}\n"
    descriptor = os.open(NOTES, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, line.encode())
    os.close(descriptor)


def act(task: Task) -> None:
    """Do what the job's name says, and end it."""
    name = str(task.job.args["name"])
    note(task, "began")
    if name == "deadly":
        os._exit(1)
    if name == "endless":
        while True:
            time.sleep(60)
    if name == "hopeless":
        raise Hopeless("This will never do.")
    if name == "clumsy" and task.job.attempts < 3:
        raise RuntimeError("it slipped")
    if name == "patient":
        wait_for_leave(task)
    with task.site.db.write() as session:
        task.done(session, by=os.getpid())


def wait_for_leave(task: Task) -> None:
    task.renew(progress=0.5)
    try:
        while not Path("go").exists():
            time.sleep(0.05)
            task.renew(progress=0.5)
    except jobs.Lost:
        note(task, "lost")
        raise
