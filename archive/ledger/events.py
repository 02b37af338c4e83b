"""The closed list of what the ledger can say.

The first group, PREMIS event types and the archive's own words beside them, is said of
material, and anybody may read it in a record's history; the second of material, too,
and tells of other material or of moderators at work; the third of links and of words
that not everybody may know of; the fourth of people and access; the last of the archive
itself.
"""

from __future__ import annotations

PREMIS = frozenset(
    {
        "capture",
        "accession",
        "ingestion",
        "message digest calculation",
        "fixity check",
        "virus check",
        "replication",
        "encryption",
        "decryption",
        "displaying",
        "dissemination",
        "exporting",
        "deaccession",
        "deletion",
    }
)
"""Types of events of the Library of Congress's vocabulary, in its own words."""
MATERIAL = PREMIS | frozenset(
    {
        "deletion asked for",
        "deletion confirmed",
        "deletion withdrawn",
        "derivation",
        "labelling",
        "redaction drawn",
        "redaction confirmed",
        "redaction withdrawn",
        "description",
        "publication",
        "withdrawal reversed",
        "assessment",
        "official statement",
        "account accepted",
    }
)
INWARD = frozenset(
    {
        "quarantined",
        "quarantine ended",
        "labels inherited",
        "label adopted",
        "label withdrawn",
        "adopted label dismissed",
        "twin found",
        "twin judged",
        "opinion given",
        "opinion withdrawn",
        "labels reopened",
        "labelling in bulk",
        "labelling in bulk undone",
        "report received",
        "report taken up",
        "report decided",
        "report appealed",
        "appeal decided",
        "contribution received",
        "contribution added to",
        "contribution taken up",
        "contribution asked about",
        "contribution answered",
        "contribution accepted",
        "contribution declined",
        "contribution withdrawn",
    }
)
SAID = frozenset(
    {
        "official stance",
        "account given",
        "entity described",
        "relation",
        "qualification",
    }
)
ACCESS = frozenset(
    {
        "consent",
        "consent withdrawn",
        "consent ended",
        "grant",
        "grant revoked",
        "access requested",
        "access request answered",
        "access request withdrawn",
        "access request taken up",
        "access request returned",
        "access request declined",
        "access request approved",
        "embargo set",
        "embargo lifted",
        "embargo ended",
        "emergency asked for",
        "emergency withdrawn",
        "emergency confirmed",
        "emergency ended",
        "emergency reviewed",
        "access refused",
        "export given",
        "mark read",
        "exposure rung",
        "account created",
        "application submitted",
        "application confirmed",
        "application held back",
        "application stage passed",
        "application decided",
        "application remark",
        "reference asked for",
        "reference given",
        "evidence added",
        "evidence opened",
        "evidence removed",
        "deny rule made",
        "deny rule lifted",
        "access lapsed",
        "vetting recorded",
        "vetting expired",
        "role changed",
        "second person asked for",
        "second person confirmed",
        "second person withdrawn",
        "administrator made",
        "account suspended",
        "account reinstated",
        "account closed",
        "account expired",
        "invitation made",
        "invitation used",
        "password changed",
        "password reset",
        "signed in",
        "sign-in failed",
        "signed out",
        "session ended",
        "proved again",
        "address change asked for",
        "address changed",
        "passkey refused",
        "institution linked",
        "institution unlinked",
        "second factor added",
        "second factor removed",
        "recovery codes made",
        "terms signed",
        "induction passed",
        "induction failed",
        "token made",
        "token revoked",
        "details changed",
        "visa issued",
        "visa revoked",
        "visa presented",
        "visa checked",
    }
)
HOUSE = frozenset(
    {
        "archive created",
        "recovery changed",
        "unlock changed",
        "keys backed up",
        "keys recovered",
        "key rotation",
        "verification",
        "upkeep asked for",
        "job retried",
        "job cancelled",
        "collection created",
        "collection changed",
        "ledger exported",
        "checkpoint",
        "settings changed",
        "terms published",
        "mode changed",
        "retention",
        "gazetteer changed",
        "feed subscribed",
        "feed unsubscribed",
        "vocabulary changed",
        "alarm raised",
        "alarm looked at",
        "honey record laid",
        "honey record lifted",
    }
)
EVENTS = MATERIAL | INWARD | SAID | ACCESS | HOUSE


class UnknownEvent(ValueError):
    """A word that is not on the ledger's list."""
