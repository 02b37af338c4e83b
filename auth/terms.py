"""The terms one signs: a code of conduct and the conditions of data use, by version.

The first texts are data: `data/terms/<part>-<version>.<language>.md`. An administrator
publishes later ones, which are kept in the database; the highest version is the current
one. What a language lacks is shown in English. A signature keeps the version, the
language read, and the digest of the text that was shown. Whoever signed an earlier
version is asked again before the next original.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.errors import NotPossible
from auth.identifiers import new_id
from auth.tables import Account, TermsSignature, TermsText

LANGUAGES = ("en", "hy", "az", "ru")
FALLBACK = "en"
PARTS = ("conduct", "data-use")
LONGEST = 40_000
_FOLDER = Path(__file__).parent / "data" / "terms"


@dataclass(frozen=True)
class Terms:
    """One version in one language; both texts are Markdown."""

    version: int
    language: str
    conduct: str
    data_use: str

    @property
    def text_hash(self) -> str:
        """SHA-256, in hex, of exactly what is shown."""
        shown = f"{self.conduct}\n{self.data_use}"
        return hashlib.sha256(shown.encode()).hexdigest()


def current_version(s: Session | None = None) -> int:
    """The version everybody is asked to sign now; without a session, the first."""
    published = None if s is None else s.scalar(select(func.max(TermsText.version)))
    return published or first_version()


def standing(s: Session, signed: int | None) -> int:
    """What a signature counts for: its version while that is current, else 0."""
    return signed if signed is not None and signed >= current_version(s) else 0


@cache
def first_version() -> int:
    """The version that comes with the program."""
    found = [
        {int(m[1]) for path in _FOLDER.iterdir() if (m := _name(part, path.name))}
        for part in PARTS
    ]
    return max(set.intersection(*found))


def current(s: Session, language: str) -> Terms:
    """The texts everybody is asked to sign now, in English where one is missing."""
    version = current_version(s)
    if version == first_version():
        return text(language)
    rows = select(TermsText).where(TermsText.version == version)
    kept = {(row.part, row.language): row.text for row in s.scalars(rows)}
    complete = all((part, language) in kept for part in PARTS)
    known = language if complete else FALLBACK
    conduct, data_use = (kept[part, known] for part in PARTS)
    return Terms(version, known, conduct, data_use)


def publish(
    s: Session, texts: Mapping[tuple[str, str], str], by: str, now: datetime
) -> int:
    """Publish a new version, from the texts by (part, language); return its number.

    :raises NotPossible: a part lacks English, a language a part, a text is too long, or
        nothing differs from the current version
    """
    given = {key: words.strip() for key, words in texts.items() if words.strip()}
    _require_whole(given)
    if all(_in_force(s, *key) == words for key, words in given.items()):
        raise NotPossible("These are the texts in force; change something first.")
    version = current_version(s) + 1
    for (part, language), words in given.items():
        s.add(
            TermsText(
                version=version,
                part=part,
                language=language,
                text=words,
                published_by=by,
                published_at=now,
            )
        )
    s.flush()
    return version


@cache
def text(language: str, version: int | None = None) -> Terms:
    """The program's own texts in a language, in English where that one is missing.

    :raises NotPossible: no such version
    """
    number = first_version() if version is None else version
    offered = language in LANGUAGES
    complete = offered and all(_path(p, number, language).is_file() for p in PARTS)
    known = language if complete else FALLBACK
    conduct, data_use = (_read(part, number, known) for part in PARTS)
    return Terms(number, known, conduct, data_use)


def sign(
    s: Session,
    account: Account,
    version: int,
    now: datetime,
    *,
    language: str = FALLBACK,
) -> TermsSignature:
    """Record that somebody signed the current version.

    :raises NotPossible: another version than the current one was shown
    """
    if version != current_version(s):
        raise NotPossible("The terms have changed; read and sign the current ones.")
    shown = current(s, language)
    signature = TermsSignature(
        id=new_id(),
        account_id=account.id,
        version=version,
        language=shown.language,
        text_hash=shown.text_hash,
        signed_at=now,
    )
    s.add(signature)
    account.terms_version = version
    account.terms_signed_at = now
    s.flush()
    return signature


def history(s: Session, account_id: str) -> list[TermsSignature]:
    """What somebody signed, newest first."""
    own = select(TermsSignature).where(TermsSignature.account_id == account_id)
    newest = own.order_by(TermsSignature.signed_at.desc(), TermsSignature.id)
    return list(s.scalars(newest))


def _require_whole(given: Mapping[tuple[str, str], str]) -> None:
    for part, language in given:
        if part not in PARTS or language not in LANGUAGES:
            raise NotPossible("The terms have two parts, in four languages.")
    if any(len(words) > LONGEST for words in given.values()):
        raise NotPossible(f"Use at most {LONGEST} characters.")
    for language in {FALLBACK, *(language for _part, language in given)}:
        if not all((part, language) in given for part in PARTS):
            raise NotPossible("Give both parts in English, and in each language used.")


def _in_force(s: Session, part: str, language: str) -> str | None:
    """The text in force, or None where the language falls back to English."""
    shown = current(s, language)
    if shown.language != language:
        return None
    return (shown.conduct if part == PARTS[0] else shown.data_use).strip()


def _name(part: str, file_name: str) -> re.Match[str] | None:
    return re.fullmatch(rf"{part}-(\d+)\.{FALLBACK}\.md", file_name)


def _path(part: str, version: int, language: str) -> Path:
    return _FOLDER / f"{part}-{version}.{language}.md"


def _read(part: str, version: int, language: str) -> str:
    path = _path(part, version, language)
    if not path.is_file():
        raise NotPossible(f"There is no version {version} of the terms.")
    return path.read_text(encoding="utf-8")
