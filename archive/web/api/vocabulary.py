"""The vocabulary of labels, in four languages: read by all, changed by few."""

from __future__ import annotations

from flask import jsonify
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from archive import wording
from archive.records import vocabulary
from archive.records.errors import UnknownLabel
from archive.records.vocabulary import (
    TEXTS,
    Edit,
    Term,
    Version,
    Vocabulary,
    mapping,
)
from archive.web.api.operations import Answer
from archive.web.request import body, context
from archive.web.request.body import Fields
from archive.web.showing.represent import iso

ABOUT = frozenset({"revision", "reason"})
MEMBERS = frozenset(
    {
        *TEXTS,
        "kind",
        "group",
        "lowest",
        "highest",
        "told",
        "raises",
        "with",
        "retired",
        "iptc",
        "qualifications",
    }
)
KNOWN = ABOUT | MEMBERS


def listing() -> Answer:
    """Every label and tier, with all that is said of them."""
    words = context.vocabulary()
    answer = {
        "version": words.edition,
        "revision": words.revision,
        "labels": [term_json(term) for term in words.terms.values()],
        "tiers": [
            {
                "tier": str(tier),
                "name": dict(text.names),
                "definition": dict(text.definitions),
                "atproto": mapping.atproto(tier),
                "revision": text.revision,
            }
            for tier, text in sorted(words.tiers.items())
        ],
    }
    return jsonify(answer), 200


def term_json(term: Term) -> dict[str, object]:
    """One label; a text that nobody wrote is an empty object."""
    return {
        "code": term.code,
        "kind": term.kind,
        "group": term.group,
        "lowest": None if term.lowest is None else str(term.lowest),
        "highest": None if term.highest is None else str(term.highest),
        **{what: dict(term.texts.get(what, {})) for what in TEXTS},
        "retired": term.is_retired,
        "iptc": list(term.iptc),
        "qualifications": [
            {
                "instrument": each.instrument,
                "article": each.article,
                "checked": each.checked,
            }
            for each in term.qualifications
        ],
        "revision": term.revision,
    }


def change(code: str) -> Answer:
    """Keep another version of a label or tier, or add a label with `revision` 0."""
    sent = body.fields(known=KNOWN)
    edit = Edit(code, {n: v for n, v in sent.items() if n not in ABOUT}, _read(sent))
    with context.write_session() as s:
        done = wording.change(
            context.site(),
            s,
            edit,
            by=context.viewer().account_id or "",
            now=context.now(),
            reason=sent.text("reason"),
        )
        words = vocabulary.of(s)
        below = _below(s, words, code)
    is_new = done is not None and not done.before
    answer = {
        "code": code,
        "revision": vocabulary.revision_of(words, code),
        "changed": [] if done is None else list(done.fields),
        "below": below,
    }
    return jsonify(answer), 201 if is_new else 200


def versions(code: str) -> Answer:
    """Every version of a label or tier, newest first.

    :raises NotFound: there is none of that code
    """
    with context.read_session() as s:
        try:
            held = vocabulary.history(s, code)
        except UnknownLabel:
            raise NotFound from None
    return jsonify({"versions": [_version(each) for each in held]}), 200


def _read(sent: Fields) -> int | None:
    return sent.number("revision", 0) if "revision" in sent else None


def _below(s: Session, words: Vocabulary, code: str) -> list[str]:
    """The records that carry the label below its lowest tier."""
    if code not in words.terms:
        return []
    return list(wording.carried(s, code, words.terms[code].lowest).below)


def _version(each: Version) -> dict[str, object]:
    return {
        "revision": each.revision,
        "author": each.author,
        "reason": each.reason,
        "at": iso(each.at),
        "origin": each.origin.value,
        "changed": list(each.fields),
        "words": dict(each.document),
    }
