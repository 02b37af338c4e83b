"""The blueprint of contributing, and what its pages share.

The reference stands in no address: addresses are kept by browsers and by proxies. It
is sent in the body of each form, and each page here is the answer to one.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint

from archive.intake import Incoming
from archive.web.request import fields, uploads
from archive.web.showing import contributed
from auth.errors import AuthError, FactsRefused

bp = Blueprint("contributing", __name__, url_prefix="/contribute")
UNPROCESSABLE = 422


@bp.app_context_processor
def words() -> dict[str, object]:
    """The names of a contribution's states, for every page that shows one."""
    return {"contribution_states": contributed.STATES}


def complain(given: fields.Form, refused: AuthError, otherwise: str) -> None:
    """Put each sentence beside its field, and what fits none beside `otherwise`."""
    told = refused.fields if isinstance(refused, FactsRefused) else {}
    for name, sentence in told.items():
        fields.complain(given[name if name in given else otherwise], sentence)
    if not told:
        fields.complain(given[otherwise], refused)


def files() -> Iterator[Incoming]:
    """The files of this request, one after the other, as they arrive."""
    for file in uploads.submission().files():
        yield Incoming(file, file.filename)
