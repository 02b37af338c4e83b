"""The terms one signs: a code of conduct and the conditions of data use, by version.

Texts are data: `data/terms/<part>-<version>.<language>.md`. The highest version for
which every part exists in English is the current one. A signature keeps the version,
the language read, and the digest of the text that was shown.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.errors import NotPossible
from auth.identifiers import new_id
from auth.tables import Account, TermsSignature

LANGUAGES = ("en", "hy", "az", "ru")
FALLBACK = "en"
PARTS = ("conduct", "data-use")
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


@cache
def current_version() -> int:
    """The version everybody is asked to sign now."""
    found = [
        {int(m[1]) for path in _FOLDER.iterdir() if (m := _name(part, path.name))}
        for part in PARTS
    ]
    return max(set.intersection(*found))


@cache
def text(language: str, version: int | None = None) -> Terms:
    """The texts in a language, in English where that one is missing.

    :raises NotPossible: no such version
    """
    number = current_version() if version is None else version
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
    if version != current_version():
        raise NotPossible("The terms have changed; read and sign the current ones.")
    shown = text(language)
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


def _name(part: str, file_name: str) -> re.Match[str] | None:
    return re.fullmatch(rf"{part}-(\d+)\.{FALLBACK}\.md", file_name)


def _path(part: str, version: int, language: str) -> Path:
    return _FOLDER / f"{part}-{version}.{language}.md"


def _read(part: str, version: int, language: str) -> str:
    path = _path(part, version, language)
    if not path.is_file():
        raise NotPossible(f"There is no version {version} of the terms.")
    return path.read_text(encoding="utf-8")
