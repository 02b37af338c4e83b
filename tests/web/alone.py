"""The production server on a free port of loopback, with nothing beside it.

What the nest calls (`tests.nest`): the server that `vigil serve` runs, on the home
that its environment names. Templates are compiled once for all servers of a run.
"""

from __future__ import annotations

from flask import Flask
from jinja2 import FileSystemBytecodeCache

from archive import config
from archive.app import create_app
from archive.site import open_site
from archive.web import exporting, server


def serve(*, threads: int, templates: str, small_list: int | None = None) -> None:
    """Serve until SIGTERM; a list of more than `small_list` is made by a job."""
    if small_list is not None:
        exporting.SMALL_LIST = small_list

    def load() -> Flask:
        made = create_app(open_site(config.from_environment()))
        made.jinja_env.bytecode_cache = FileSystemBytecodeCache(templates)
        return made

    server.serve(load, server.Settings(port=0, workers=1, threads=threads))
