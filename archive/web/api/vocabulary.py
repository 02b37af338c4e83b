"""The vocabulary of labels, in four languages."""

from __future__ import annotations

from flask import jsonify

from archive.records import vocabulary
from archive.records.vocabulary import Term
from archive.web.api.operations import Answer


def listing() -> Answer:
    """Every label and tier, with names and definitions."""
    terms = vocabulary.terms().values()
    answer = {
        "version": vocabulary.version(),
        "labels": [_term(term) for term in terms],
        "tiers": [
            {
                "tier": str(tier),
                "name": dict(text.names),
                "definition": dict(text.definitions),
            }
            for tier, text in sorted(vocabulary.tiers().items())
        ],
    }
    return jsonify(answer), 200


def _term(term: Term) -> dict[str, object]:
    return {
        "code": term.code,
        "kind": term.kind,
        "group": term.group,
        "lowest": None if term.lowest is None else str(term.lowest),
        "highest": None if term.highest is None else str(term.highest),
        "name": dict(term.names),
        "definition": dict(term.definitions),
    }
