"""What is given to the index: one document for each record, plain values only."""

import datetime as dt
import enum
from dataclasses import dataclass


class Audience(enum.StrEnum):
    """Who may know that a document exists; a scope names those it may read."""

    PUBLIC = "public"
    VETTED = "vetted"
    STAFF = "staff"


LONGEST_ID = 32
TIERS = ("G0", "G1", "G2", "G3", "G4", "G5", "X")


@dataclass(frozen=True)
class Text:
    """Title and description in one language (``en``, ``hy``, ``az``, ``ru`` …).

    Where a document's titles are guarded, the body of a guarded text is, too.
    """

    lang: str
    title: str
    body: str
    guarded: bool = False


@dataclass(frozen=True)
class Place:
    """A place name, with degrees north and east when they are known."""

    name: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class Document:
    """One record as the search knows it.

    ``guarded`` titles are searched and shown only where the scope says so.
    ``tier`` is 0 to 6, the place of ``G0`` … ``G5``, ``X``. ``event_from`` or
    ``event_to`` alone leaves that interval open on the other side.

    :raises ValueError: the id is empty, longer than 32 ASCII letters or not ASCII,
        or the tier is out of range
    """

    id: str
    audience: str
    texts: tuple[Text, ...]
    guarded: bool = False
    labels: tuple[str, ...] = ()
    tier: int = 5
    kinds: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    event_from: dt.date | None = None
    event_to: dt.date | None = None
    collection: str | None = None
    verification: str | None = None
    stance: str | None = None
    platform: str | None = None
    deposited_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        Audience(self.audience)
        if not self.id.isascii() or not 0 < len(self.id) <= LONGEST_ID:
            raise ValueError("A document's id has 1 to 32 ASCII characters")
        if self.tier not in range(len(TIERS)):
            raise ValueError("A document's tier is 0 to 6")
