"""The codes of other people's vocabularies that labels and tiers are mapped to.

IPTC: Content Warning NewsCodes, http://cv.iptc.org/newscodes/contentwarning/ as of its
release of 2023-03-30; a code `cwarn:death` is the address ending in `death`.
atproto: the global label values of the AT Protocol's label specification.
"""

from __future__ import annotations

from collections.abc import Iterable

from archive.records.vocabulary.terms import Vocabulary
from auth.viewer import Tier

CONTENT_WARNINGS = (
    "cwarn:death",
    "cwarn:drugUse",
    "cwarn:fantasyViolence",
    "cwarn:flashingLights",
    "cwarn:language",
    "cwarn:nudity",
    "cwarn:PII",
    "cwarn:sexuality",
    "cwarn:suffering",
    "cwarn:violence",
)
GRAPHIC = "graphic-media"
MEMBERS_ONLY = "!no-unauthenticated"
GRAPHIC_FROM = Tier.G3


def content_warnings(words: Vocabulary, codes: Iterable[str]) -> list[str]:
    """The IPTC codes that these labels stand for, each once, in the IPTC's order.

    A code that the vocabulary does not have stands for none.
    """
    held = {
        warning
        for code in codes
        if code in words.terms
        for warning in words.terms[code].iptc
    }
    return [warning for warning in CONTENT_WARNINGS if warning in held]


def atproto(tier: Tier) -> list[str]:
    """The atproto label values of something of this tier.

    No original can be opened without signing in, so each carries `!no-unauthenticated`:
    a mirror of the labels hides the item from strangers as the archive does.
    """
    graphic = [GRAPHIC] if tier >= GRAPHIC_FROM else []
    return [*graphic, MEMBERS_ONLY]
