"""What every answer tells the browser about itself.

| answer | cached | policy |
|---|---|---|
| page, nobody signed in | `private, no-cache` | own origin only |
| page or API, signed in | `private, no-store` | own origin only |
| preview | `private, no-cache` | sandbox, own origin only |
| preview that a visitor is given, as manifests name it | the same | any origin |
| original, and every refusal of one | `no-store` | sandbox, own origin only |
| file of `static/`, asked for by its digest | a year, unchanging | own origin only |

A view sets `Cache-Control` itself where it must be stricter; nothing loosens it.
"""

from __future__ import annotations

from flask import Flask, Response, g, request

from archive.web.request import context

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        # Two names for one place: browsers know the one or the other.
        "report-uri /csp-reports",
        "report-to policy",
    )
)
MEDIA_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
        "display-capture=(), browsing-topics=()"
    ),
}
REPORTS = 'policy="/csp-reports"'
HSTS = "max-age=31536000; includeSubDomains"


def install(app: Flask, *, secure: bool) -> None:
    """Put the headers on every answer of `app`; HSTS where it is reached by https."""

    every = [*ALWAYS.items(), ("Content-Security-Policy", PAGE_POLICY)]
    every.append(("Reporting-Endpoints", REPORTS))
    if secure:
        every.append(("Strict-Transport-Security", HSTS))

    @app.after_request
    def protect(response: Response) -> Response:
        # One look through what is there; each `setdefault` would take another.
        there = {name.lower() for name in response.headers.keys()}
        missing = [each for each in every if each[0].lower() not in there]
        response.headers.extend(missing)
        if request.endpoint != "static" or response.status_code >= 400:
            _keep_to_one_viewer(response)
        if g.get("clear_site_data"):
            response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        return response


def _keep_to_one_viewer(response: Response) -> None:
    response.vary.update(("Cookie", "Authorization", "Accept", "Accept-Language"))
    if "Cache-Control" not in response.headers:
        signed_in = context.viewer().account_id is not None
        response.headers["Cache-Control"] = (
            "private, no-store" if signed_in else "private, no-cache"
        )
