"""An administrator's or a file's words, made fit to be kept, or refused.

What is given is laid over what was there: texts language by language, an empty one
takes a translation away. Every refusal is a sentence and names its member.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from archive.records.document import tidy
from archive.records.errors import FieldError
from archive.records.vocabulary.mapping import CONTENT_WARNINGS
from archive.records.vocabulary.terms import (
    LANGUAGES,
    NOTHING_GRAPHIC,
    TEXTS,
    TIER,
    TOLD,
    UNREAD,
)
from auth.scope import IDENTIFIED
from auth.viewer import Tier

NAME_LIMIT = 120
TEXT_LIMIT = 1_000
CODE_LIMIT = 60
TIERS = tuple(str(tier) for tier in Tier if tier < Tier.X)
TIER_TEXTS = ("name", "definition")
NEEDED = frozenset({NOTHING_GRAPHIC, TOLD, UNREAD, *IDENTIFIED})
"""Labels that the archive's own rules speak of; they cannot be retired."""
_CODE = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")
_QUALIFICATION = {"instrument", "article", "checked"}
Known = Mapping[str, Mapping[str, Any]]


def checked(
    code: str, given: Mapping[str, Any], before: Mapping[str, Any], known: Known
) -> dict[str, Any]:
    """The whole document of a label or tier after such an edit.

    `before` is empty for a new label; `known` are all that are there already.

    :raises FieldError: a member cannot be taken as it is
    """
    if not before:
        before = _begun(code, given, known)
    is_tier = before["kind"] == TIER
    texts = TIER_TEXTS if is_tier else TEXTS
    after = dict(before)
    for name, value in given.items():
        if name in texts:
            after[name] = _texts(name, value, before.get(name, {}))
        elif name in _MEMBERS and not is_tier:
            after[name] = _MEMBERS[name](value)
        elif value != before.get(name):
            raise FieldError(name, f"{name!r} is not something that can be changed.")
    _check_english(after)
    if not is_tier:
        _fit_together(code, after, known)
    return {name: value for name, value in after.items() if value}


def _check_english(after: Mapping[str, Any]) -> None:
    for name in TIER_TEXTS:
        if not after.get(name, {}).get("en"):
            message = "Write it in English at least: it stands in for the others."
            raise FieldError(f"{name}.en", message)


def _begun(code: str, given: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """What a new label begins with: its kind, and its family out of its code."""
    if _CODE.fullmatch(code) is None or len(code) > CODE_LIMIT:
        raise FieldError(
            "code",
            "A code is a family and a word in small Latin letters, such as "
            "harm.burning.",
        )
    groups = {str(each["group"]) for each in known.values() if "group" in each}
    group = code.partition(".")[0]
    if group not in groups:
        families = ", ".join(sorted(groups))
        raise FieldError("code", f"{group!r} is not a family; there are {families}.")
    kind = given.get("kind", "tag")
    if kind not in ("tag", "flag"):
        raise FieldError("kind", "A label is a tag or a flag.")
    return {"kind": kind, "group": group}


def _texts(name: str, value: object, before: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise FieldError(name, f"Give {name} as a text for each language.")
    after = dict(before)
    for language, text in value.items():
        if language not in LANGUAGES:
            languages = ", ".join(LANGUAGES)
            message = f"{language!r} is not a language of the words; {languages} are."
            raise FieldError(name, message)
        if text is not None and not isinstance(text, str):
            raise FieldError(f"{name}.{language}", "Give a text here.")
        limit = NAME_LIMIT if name == "name" else TEXT_LIMIT
        clean = " ".join(tidy(f"{name}.{language}", text or "", limit).split())
        after[language] = clean
    return {language: after[language] for language in LANGUAGES if after.get(language)}


def _tier(name: str) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        if value in (None, ""):
            return None
        if value not in TIERS:
            raise FieldError(name, f"{value!r} is not a tier from G0 to G5.")
        return str(value)

    return read


def _retired(value: object) -> bool:
    if not isinstance(value, bool):
        raise FieldError("retired", "Say true or false.")
    return value


def _raises(value: object) -> int:
    if value not in (0, 1) or isinstance(value, bool):
        raise FieldError("raises", "A label raises the others by 0 or by 1.")
    return int(str(value))


def _codes(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise FieldError("with", "Give the codes of flags as a list.")
    return list(dict.fromkeys(value))


def _iptc(value: object) -> list[str]:
    if not isinstance(value, list):
        raise FieldError("iptc", "Give the codes of IPTC content warnings as a list.")
    for each in value:
        if each not in CONTENT_WARNINGS:
            known = ", ".join(CONTENT_WARNINGS)
            message = f"{each!r} is not a content warning of the IPTC; {known} are."
            raise FieldError("iptc", message)
    return [each for each in CONTENT_WARNINGS if each in value]


def _qualifications(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > 20:
        raise FieldError("qualifications", "Give at most 20 provisions as a list.")
    return [_qualification(each) for each in value]


def _qualification(value: object) -> dict[str, Any]:
    """One provision that such acts have been brought under."""
    name = "qualifications"
    if not isinstance(value, Mapping) or not set(value) <= _QUALIFICATION:
        raise FieldError(name, "A provision has an instrument and an article.")
    told = [value.get("instrument"), value.get("article")]
    if not all(isinstance(each, str) and each.strip() for each in told):
        raise FieldError(name, "A provision has an instrument and an article.")
    instrument, article = (tidy(name, str(each), NAME_LIMIT) for each in told)
    is_checked = value.get("checked", False)
    if not isinstance(is_checked, bool):
        raise FieldError(name, "Say true or false of whether it was read.")
    return {"instrument": instrument, "article": article, "checked": is_checked}


_MEMBERS: dict[str, Callable[[object], Any]] = {
    "lowest": _tier("lowest"),
    "highest": _tier("highest"),
    "told": _tier("told"),
    "retired": _retired,
    "raises": _raises,
    "with": _codes,
    "iptc": _iptc,
    "qualifications": _qualifications,
}
"""Everything of a label that is no text, with what makes it fit."""


def _fit_together(code: str, after: Mapping[str, Any], known: Known) -> None:
    lowest, highest, told = (after.get(name) for name in ("lowest", "highest", "told"))
    if after["kind"] == "flag" or after.get("raises"):
        if lowest or highest or told:
            raise FieldError("lowest", "Only a tag that raises nothing has tiers.")
    else:
        _check_range(lowest, highest, told)
    if code == NOTHING_GRAPHIC and (lowest, highest) != ("G0", "G0"):
        raise FieldError("lowest", f"{code} says that nothing is graphic: it is G0.")
    if after.get("retired") and code in NEEDED:
        message = f"{code} is part of the archive's own rules and stays in use."
        raise FieldError("retired", message)
    flags = {each for each, held in known.items() if held["kind"] == "flag"}
    if strange := sorted(set(after.get("with", ())) - flags):
        raise FieldError("with", f"{strange[0]!r} is not a flag of the vocabulary.")


def _check_range(lowest: str | None, highest: str | None, told: str | None) -> None:
    if not lowest or not highest:
        raise FieldError("lowest", "Say from which tier to which such material is.")
    if TIERS.index(lowest) > TIERS.index(highest):
        raise FieldError("lowest", "The lowest tier is above the highest.")
    if told and TIERS.index(told) > TIERS.index(lowest):
        message = "Where it is only told, the lowest tier cannot be higher than else."
        raise FieldError("told", message)
