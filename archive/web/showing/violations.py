"""Reports of browsers that a page's policy was broken: what of them is written down.

A report is sent by anybody, and says who read which page. Kept are three words of a
closed form, and nothing else of it:

    directive   one that our policy has, or `other`
    blocked     the origin of what was refused (scheme, host, port), a keyword, `other`
    enforced    whether the browser refused it, or only tells

Address, page, referrer, sample of the script, line and browser are dropped unread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LEGACY, CURRENT = "application/csp-report", "application/reports+json"
"""`report-uri` sends one report in the first form, `report-to` a list in the second."""
MOST = 20
"""Reports of one request that are looked at."""
OTHER = "other"
DIRECTIVES = frozenset(
    {
        "base-uri",
        "connect-src",
        "default-src",
        "font-src",
        "form-action",
        "frame-ancestors",
        "frame-src",
        "img-src",
        "manifest-src",
        "media-src",
        "object-src",
        "script-src",
        "script-src-attr",
        "script-src-elem",
        "style-src",
        "style-src-attr",
        "style-src-elem",
        "worker-src",
    }
)
KEYWORDS = frozenset(
    {"inline", "eval", "wasm-eval", "data", "blob", "self", "about", "filesystem"}
)
PORTED = frozenset({"http", "https", "ws", "wss"})
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


class Unreadable(Exception):
    """What was sent is no report of a browser."""


@dataclass(frozen=True)
class Violation:
    """What is kept of one report."""

    directive: str
    blocked: str
    enforced: bool


def read(media_type: str, body: bytes) -> list[Violation]:
    """Read the reports of one request; those of other kinds are passed over.

    :raises Unreadable: it is not in the form that the media type says
    """
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable from None
    found = _legacy(sent) if media_type == LEGACY else _current(sent)
    return [_violation(each) for each in found]


def _legacy(sent: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - any JSON
    report = sent.get("csp-report") if isinstance(sent, dict) else None
    if not isinstance(report, dict):
        raise Unreadable
    yield {
        "directive": report.get("effective-directive")
        or report.get("violated-directive"),
        "blocked": report.get("blocked-uri"),
        "disposition": report.get("disposition"),
    }


def _current(sent: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - any JSON
    if not isinstance(sent, list):
        raise Unreadable
    for report in sent[:MOST]:
        body = report.get("body") if isinstance(report, dict) else None
        if not isinstance(body, dict):
            raise Unreadable
        if report.get("type") == "csp-violation":
            yield {
                "directive": body.get("effectiveDirective"),
                "blocked": body.get("blockedURL"),
                "disposition": body.get("disposition"),
            }


def _violation(told: Mapping[str, Any]) -> Violation:
    directive = str(told["directive"]).partition(" ")[0]
    return Violation(
        directive if directive in DIRECTIVES else OTHER,
        _origin(told["blocked"]),
        told["disposition"] != "report",
    )


def _origin(blocked: Any) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(blocked, str):
        return OTHER
    if blocked in KEYWORDS:
        return blocked
    try:
        parts = urlsplit(blocked)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return OTHER
    host = parts.hostname or ""
    if parts.scheme in PORTED and _HOST.fullmatch(host):
        return f"{parts.scheme}://{host}{port}"
    return parts.scheme if parts.scheme in KEYWORDS else OTHER
