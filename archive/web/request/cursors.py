"""Lists walked through without a gap, whatever is written meanwhile.

    GET /api/v1/records?cursor=            the first page, and in `Link` the next
    GET /api/v1/records?cursor=g8d…        what comes after, in the same order

By page number a list slips: what is added or taken away moves the rest. A walk goes on
after the last that was given, in an order that nothing changes, so what is there all
the while is given once. A cursor tells its bearer nothing. It opens for whom it was
given to, for the list and the filters that it was given for; what may be known of is
decided anew for each page.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request, url_for
from werkzeug.exceptions import BadRequest

from archive.vault.errors import VaultError
from archive.web.request import context

CURSOR, PER_PAGE = "cursor", "per_page"
USUAL, MOST = 50, 500
LONGEST = 2000
Each = TypeVar("Each")
Told = Mapping[str, Any]
Key = tuple[str | int, ...]


@dataclass(frozen=True)
class Walk:
    """One page of a walk: what comes after this key, so many at most."""

    after: Key | None
    per_page: int


def asked(most: int = MOST) -> Walk | None:
    """The walk that is asked for, or None where it is no walk.

    :raises BadRequest: the cursor or the number cannot be read
    """
    text = request.args.get(CURSOR)
    if text is None:
        return None
    return Walk(_opened(text) if text else None, per_page(most))


def begun(most: int = MOST) -> Walk:
    """The walk of a list that is given in no other way.

    :raises BadRequest: the cursor or the number cannot be read
    """
    return asked(most) or Walk(None, per_page(most))


def per_page(most: int = MOST) -> int:
    """How many are asked for.

    :raises BadRequest: it is no number from 1 to `most`
    """
    text = request.args.get(PER_PAGE) or str(min(USUAL, most))
    if text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most:
        return int(text)
    raise BadRequest(f"`{PER_PAGE}` must be a whole number from 1 to {most}.")


def page(
    walk: Walk, items: Iterable[Each], key: Callable[[Each], Key]
) -> tuple[list[Each], dict[str, str]]:
    """Of everything there is one page, by a key that never changes; and its header."""
    keyed = sorted(((key(each), each) for each in items), key=lambda pair: pair[0])
    rest = [pair for pair in keyed if walk.after is None or pair[0] > walk.after]
    shown = rest[: walk.per_page]
    last = shown[-1][0] if len(rest) > len(shown) else None
    return [each for _key, each in shown], links(last)


def part(
    items: Sequence[Told], name: str = "id"
) -> tuple[Sequence[Told], dict[str, str]]:
    """All of a list or, in a walk, the page of it; by the member that names an item."""
    walk = asked()
    if walk is None:
        return items, {}
    return page(walk, items, lambda item: (str(item[name]),))


def cut(
    walk: Walk, found: Sequence[Each], key: Callable[[Each], Key]
) -> tuple[list[Each], dict[str, str]]:
    """One page of what was read in order after the key, one more than fits; and its
    header."""
    shown = list(found[: walk.per_page])
    return shown, links(key(shown[-1]) if len(found) > len(shown) else None)


def links(last: Key | None) -> dict[str, str]:
    """The header that leads to what comes after this key; none where nothing does."""
    if last is None:
        return {}
    args = [(k, v) for k, v in request.args.items(multi=True) if k != CURSOR]
    query = urlencode([*args, (CURSOR, _sealed(last))])
    here = url_for(request.endpoint or "", **(request.view_args or {}))
    return {"Link": f'<{here}?{query}>; rel="next"'}


def _sealed(key: Key) -> str:
    told = json.dumps(key).encode()
    sealed = context.site().sealing.seal(told, _purpose())
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _opened(text: str) -> Key:
    padded = text[:LONGEST] + "=" * (-len(text[:LONGEST]) % 4)
    try:
        sealed = base64.b64decode(padded, b"-_", validate=True)
        told = json.loads(context.site().sealing.open(sealed, _purpose()))
    except (ValueError, binascii.Error, VaultError):
        raise BadRequest(
            "This cursor leads nowhere; begin with an empty one."
        ) from None
    return tuple(told)


def _purpose() -> str:
    """What a cursor is sealed for: the list, its filters, and whoever asks."""
    args = [p for p in request.args.items(multi=True) if p[0] not in (CURSOR, PER_PAGE)]
    about = json.dumps([request.path, sorted(args), context.viewer().account_id])
    return f"cursor/v1:{hashlib.sha256(about.encode()).hexdigest()}"
