"""What codes are called on the pages, in the reader's language.

Closed lists of the records, the policy and the ledger, each with its words; tests hold
every table complete against the list it speaks for.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _

from auth.conditions import Condition
from search.engine import Tie


class Meaning(NamedTuple):
    """A name and one sentence; both lazy, in the language of the answer."""

    name: Any
    meaning: Any


VERIFICATIONS: dict[str, Meaning] = {
    "not-reviewed": Meaning(
        _("not reviewed"), _("Nobody has examined yet whether it is what it seems.")
    ),
    "under-review": Meaning(_("under review"), _("It is being examined.")),
    "authentic": Meaning(
        _("authentic; place and date confirmed"),
        _("It is genuine, and where and when it was made is established."),
    ),
    "authentic-open": Meaning(
        _("authentic; place or date open"),
        _("It is genuine; where or when it was made is not settled."),
    ),
    "out-of-context": Meaning(
        _("authentic but out of context"),
        _("It is genuine, but not of what it was said to show."),
    ),
    "edited": Meaning(
        _("edited or cropped"), _("Something was cut, added or changed in it.")
    ),
    "staged": Meaning(
        _("staged or fabricated"), _("It was acted, or made by other means.")
    ),
    "unverifiable": Meaning(
        _("cannot be verified"), _("It was examined, and the question stays open.")
    ),
}

STANCES: dict[str, Meaning] = {
    "silent": Meaning(_("silent"), _("No authority is known to have spoken of it.")),
    "confirms": Meaning(_("confirms"), _("An authority has said that it is genuine.")),
    "denies": Meaning(_("denies"), _("An authority has denied what it shows.")),
    "calls-fake": Meaning(
        _("calls it fake"), _("An authority has said that it is not genuine.")
    ),
}

KINDS: dict[str, Any] = {
    "image": _("pictures"),
    "video": _("videos"),
    "audio": _("sound recordings"),
    "document": _("documents"),
}

STATEMENTS = _("official statements")
"""A kind that searches know beside those of media: records of another sort."""

TIERS: dict[str, Any] = {
    "G0": _("not graphic"),
    "G1": _("contextual"),
    "G2": _("distressing"),
    "G3": _("graphic"),
    "G4": _("severe"),
    "G5": _("extreme"),
    "X": _("not held"),
}

FACETS: dict[str, Any] = {
    "collection": _("Collection"),
    "kind": _("Kind of media"),
    "tier": _("Severity"),
    "label": _("Label"),
    "place": _("Place"),
    "year": _("Year of the event"),
    "language": _("Language"),
    "verification": _("Verification"),
    "stance": _("Official stance"),
    "platform": _("Where it was found"),
}

SORTS: dict[str, Any] = {
    "relevance": _("best fit first"),
    "event_date": _("oldest event first"),
    "-event_date": _("newest event first"),
    "deposited": _("newest in the archive first"),
}

TIES: dict[Tie, Any] = {
    Tie.PLACE: _("the same place"),
    Tie.DATE: _("near in time"),
    Tie.WORDS: _("similar words"),
    Tie.LABEL: _("a label in common"),
    Tie.COLLECTION: _("the same collection"),
}

PURPOSES: dict[str, Any] = {
    "research": _("research"),
    "legal": _("legal proceedings or their preparation"),
    "investigation": _("investigation or verification"),
    "journalism": _("journalism"),
    "identification": _("finding or identifying a person"),
    "archiving": _("care of the archive"),
}

CONDITIONS: dict[Condition, Any] = {
    Condition.KNOWN: _("A record you may know of"),
    Condition.OPEN: _("Originals that may be opened at all"),
    Condition.MAINTENANCE: _("No maintenance under way"),
    Condition.SHOWING: _("An archive that is not closed"),
    Condition.CHANGES: _("An archive that takes changes"),
    Condition.SIGNED_IN: _("Being signed in"),
    Condition.ACCOUNT: _("An account that is approved and in order"),
    Condition.ROLE: _("A role that includes opening originals"),
    Condition.VETTING: _("Current vetting"),
    Condition.TERMS: _("The current terms, signed"),
    Condition.INDUCTION: _("The induction, passed"),
    Condition.SECOND_FACTOR: _("A second factor, where it is asked for"),
    Condition.SECONDED: _("Confirmation by a second person, where it takes two"),
    Condition.PROVED: _("Having proved lately that it is you, for the gravest"),
    Condition.ACCESS: _("A grant, where this record needs one"),
    Condition.EMBARGO: _("No embargo"),
    Condition.LABELLED: _("Labels that say what can be seen"),
    Condition.CONSENT: _("Consent to what it shows"),
    Condition.IDENTITY: _("A purpose of its own, where somebody can be recognised"),
    Condition.EXPOSURE: _("Room within today's limit of originals"),
}

CUSTODY: dict[str, Any] = {
    "capture": _("captured at its source"),
    "accession": _("taken into the archive"),
    "ingestion": _("file received"),
    "message digest calculation": _("digest calculated"),
    "fixity check": _("fixity checked"),
    "virus check": _("checked for viruses"),
    "replication": _("copied to another store"),
    "encryption": _("encrypted"),
    "deaccession": _("withdrawn"),
    "withdrawal reversed": _("withdrawal reversed"),
    "deletion": _("deleted"),
    "deletion asked for": _("deletion asked for"),
    "deletion withdrawn": _("deletion no longer asked for"),
    "deletion confirmed": _("deletion confirmed by a second person"),
    "derivation": _("blurred preview made"),
    "redaction drawn": _("parts marked to be removed from a copy"),
    "redaction confirmed": _("redacted copy confirmed"),
    "redaction withdrawn": _("redacted copy withdrawn"),
}
"""What was done to the material, for anybody to read; who opened it is not in here."""
CHANGES: dict[str, Any] = {
    "labelling": _("labelled"),
    "description": _("description changed"),
    "publication": _("published"),
    "assessment": _("finding written down"),
    "official statement": _("described as an official statement"),
    "account accepted": _("account let out"),
}
"""How what is written of it changed, that anybody may read."""
CLOSENESS = {
    "same": _("the same file"),
    "sure": _("almost surely the same"),
    "similar": _("similar"),
}
"""How near two files are; no number is told to anybody."""


OPENINGS: dict[str, Any] = {
    "displaying": _("original opened"),
    "exporting": _("package for a court given"),
}
"""What the vetted read besides: on which day and how often, never by whom."""
