"""The vocabulary of labels, in four languages."""

from __future__ import annotations

from flask import jsonify

from archive.records.vocabulary import TEXTS, Term
from archive.web.api.operations import Answer
from archive.web.request import context


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
