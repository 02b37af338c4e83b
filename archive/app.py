"""Wiring: one Flask application around one `Site`.

The order of what happens to a request is the order of the `install` calls: who asks,
how much may be sent, was it meant, may they. Then the view; then the headers.
"""

from __future__ import annotations

from importlib import import_module
from urllib.parse import urlsplit

from flask import Flask, Response

from archive.site import Site
from archive.web import api, iiif, latency, logs, oai, watching
from archive.web.answer import (
    cleaning,
    continuing,
    errors,
    headers,
    interface,
    streams,
)
from archive.web.request import (
    context,
    forms,
    guard,
    i18n,
    identity,
    limits,
    proxies,
    session,
    uploads,
)
from archive.web.showing import exclusions
from blur.proof import EFFECTIVE_BITS

PAGES = (
    "home",
    "search",
    "exclusions",
    "records",
    "reporting",
    "contributing",
    "packages",
    "collections",
    "findings",
    "requests",
    "consents",
    "help",
    "apply",
    "login",
    "account",
    "deposit",
    "moderation",
    "admin",
    "media",
    "locale",
    "ops",
    "visas",
    "reports",
)
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class VigilFlask(Flask):
    """Flask, with bodies that never touch the disk and no answers to OPTIONS."""

    request_class = uploads.VigilRequest


def create_app(site: Site) -> Flask:
    """Make the application that serves one archive.

    :raises UndeclaredRouteError: some route does not say what it needs
    """
    app = VigilFlask("archive.web", static_folder=None)
    secure = site.config.base_url.startswith("https://")
    _configure(app, site)
    errors.install(app)
    logs.install(app)
    session.install(app, secure=secure)
    identity.install(app)
    uploads.install(app, upload_bytes=site.config.max_upload_bytes)
    forms.install(app)
    limits.install(app)
    watching.install(app)
    latency.install(app)
    streams.install(app)
    cleaning.install(app)
    guard.install(app)
    i18n.install(app, secure=secure, mirrored=site.config.development)
    exclusions.install(app, secure=secure)
    headers.install(app, secure=secure)
    _register(app)
    continuing.install(app, site)
    proxies.install(app, site.config.trusted_proxies)
    guard.check_routes(app)
    return app


def _configure(app: Flask, site: Site) -> None:
    app.extensions[context.SITE] = site
    app.config.update(
        SECRET_KEY=site.web_key.hex(),
        PROVIDE_AUTOMATIC_OPTIONS=False,
        TRUSTED_HOSTS=[urlsplit(site.config.base_url).hostname, *LOOPBACK],
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.context_processor(_every_page)
    app.jinja_env.globals["preview_bits"] = EFFECTIVE_BITS
    app.jinja_env.globals["sprite"] = interface.address("icons/sprite.svg")


def _every_page() -> dict[str, object]:
    mode = context.site().mode
    return {"viewer": context.viewer(), "may": context.may, "archive_mode": mode}


def _register(app: Flask) -> None:
    for name in PAGES:
        app.register_blueprint(import_module(f"archive.web.pages.{name}").bp)
    app.register_blueprint(api.bp)
    app.register_blueprint(oai.bp)
    app.register_blueprint(iiif.bp)
    app.add_url_rule("/static/<path:filename>", "static", _static)
    app.url_defaults(_version_static)


@guard.public
def _static(filename: str) -> Response:
    """A file of the interface; never material, which is not kept in files like this."""
    return interface.answer(filename)


def _version_static(endpoint: str, values: dict[str, object]) -> None:
    if endpoint == "static" and "v" not in values:
        values["v"] = interface.version(str(values["filename"]))
