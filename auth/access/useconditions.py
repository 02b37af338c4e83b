"""Conditions of use that a machine can compare with what somebody says they will do.

The conditions are a closed table, `auth/data/use-conditions.json`: code, term, name and
meaning in four languages, and what kind of parameter goes with it. Terms `DUO:…` are
those of the GA4GH Data Use Ontology; `VIGIL:…` are this archive's own. A comparison
shows where purpose and condition disagree. It never decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from auth.access.purposes import StatedPurpose, Use
from auth.errors import FactsRefused

_FILE = Path(__file__).parent.parent / "data" / "use-conditions.json"
MOST_MONTHS = 120
LONGEST = 200
MOST_VALUES = 50
DAYS_OF_A_MONTH = 31


class Parameter(StrEnum):
    """What a condition names besides itself."""

    NONE = "none"
    MONTHS = "months"
    DATE = "date"
    TEXTS = "texts"
    COUNTRIES = "countries"
    ACCOUNTS = "accounts"


@dataclass(frozen=True)
class Term:
    """One condition of the table."""

    code: str
    term: str
    parameter: Parameter
    names: Mapping[str, str]
    meanings: Mapping[str, str]

    def name(self, language: str) -> str:
        return self.names.get(language, self.names["en"])

    def meaning(self, language: str) -> str:
        return self.meanings.get(language, self.meanings["en"])


@dataclass(frozen=True)
class Condition:
    """One condition of a collection; `values` are its parameters, as texts."""

    code: str
    values: tuple[str, ...] = ()


class Fit(StrEnum):
    """How a purpose stands to a condition that it does not plainly meet."""

    CONFLICT = "conflict"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Mismatch:
    """One condition that the stated purpose does not meet, or not plainly."""

    code: str
    fit: Fit


@cache
def terms() -> Mapping[str, Term]:
    """The closed table, by code, in its order."""
    raw = json.loads(_FILE.read_text(encoding="utf-8"))["conditions"]
    return MappingProxyType({each["code"]: _term(each) for each in raw})


def checked(given: Sequence[Condition]) -> tuple[Condition, ...]:
    """The conditions in the table's order, each with parameters that fit it.

    :raises FactsRefused: an unknown code, one that stands twice, a bad parameter
    """
    problems: dict[str, str] = {}
    for each in given:
        if each.code not in terms():
            problems[each.code] = f"{each.code} is not a condition of use."
        elif sum(other.code == each.code for other in given) > 1:
            problems[each.code] = f"{each.code} stands twice."
        elif fault := _fault(terms()[each.code].parameter, each.values):
            problems[each.code] = fault
    if problems:
        raise FactsRefused(problems)
    order = list(terms())
    return tuple(sorted(given, key=lambda each: order.index(each.code)))


def from_json(told: Sequence[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """What `as_json` gave."""
    return tuple(Condition(each["code"], tuple(each["values"])) for each in told)


def as_json(conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    """As they are kept with a collection, and given out."""
    return [
        {"code": each.code, "term": terms()[each.code].term, "values": [*each.values]}
        for each in conditions
    ]


def compare(
    conditions: Sequence[Condition],
    stated: StatedPurpose,
    account_id: str,
    today: date,
) -> tuple[Mismatch, ...]:
    """Where the purpose does not meet the conditions; empty where it meets them all."""
    found = (
        (each.code, _COMPARISONS[each.code](each, stated, account_id, today))
        for each in conditions
    )
    return tuple(Mismatch(code, fit) for code, fit in found if fit is not None)


# --- one comparison each; None where the condition is plainly met

Comparison = Callable[[Condition, StatedPurpose, str, date], Fit | None]


def _within_months(
    condition: Condition, stated: StatedPurpose, _account: str, today: date
) -> Fit | None:
    asked = (stated.until - today).days
    return Fit.CONFLICT if asked > int(condition.values[0]) * DAYS_OF_A_MONTH else None


def _is_named_user(
    condition: Condition, _stated: StatedPurpose, account: str, _today: date
) -> Fit | None:
    return None if account in condition.values else Fit.CONFLICT


def _is_named(fact: str) -> Comparison:
    def compared(
        condition: Condition, stated: StatedPurpose, _account: str, _today: date
    ) -> Fit | None:
        said = _plain(getattr(stated, fact))
        named = [_plain(value) for value in condition.values]
        if said in named:
            return None
        # "Yerevan State University, Faculty of History": a person must look.
        near = any(name in said or said in name for name in named)
        return Fit.UNCLEAR if near else Fit.CONFLICT

    return compared


def _in_named_country(
    condition: Condition, stated: StatedPurpose, _account: str, _today: date
) -> Fit | None:
    return None if stated.country in condition.values else Fit.CONFLICT


def _has_ethics_approval(
    _condition: Condition, stated: StatedPurpose, _account: str, _today: date
) -> Fit | None:
    return None if stated.ethics_approval else Fit.CONFLICT


def _without(use: Use) -> Comparison:
    def compared(
        _condition: Condition, stated: StatedPurpose, _account: str, _today: date
    ) -> Fit | None:
        return Fit.CONFLICT if use in stated.uses else None

    return compared


def _with(use: Use, *, otherwise: Fit) -> Comparison:
    def compared(
        _condition: Condition, stated: StatedPurpose, _account: str, _today: date
    ) -> Fit | None:
        return None if use in stated.uses else otherwise

    return compared


def _not_for_profit(
    _condition: Condition, stated: StatedPurpose, _account: str, _today: date
) -> Fit | None:
    return Fit.CONFLICT if stated.for_profit else None


def _publishes_later(
    condition: Condition, stated: StatedPurpose, _account: str, today: date
) -> Fit | None:
    over = today >= date.fromisoformat(condition.values[0])
    publishes = Use.PUBLISH_FINDINGS in stated.uses
    return Fit.UNCLEAR if publishes and not over else None


_COMPARISONS: Mapping[str, Comparison] = {
    "TS": _within_months,
    "US": _is_named_user,
    "PS": _is_named("project"),
    "IS": _is_named("institution"),
    "GS": _in_named_country,
    "IRB": _has_ethics_approval,
    "NCU": _without(Use.COMMERCIAL),
    "NPU": _not_for_profit,
    "PUB": _with(Use.PUBLISH_FINDINGS, otherwise=Fit.CONFLICT),
    "MOR": _publishes_later,
    "COL": _with(Use.COLLABORATE, otherwise=Fit.UNCLEAR),
    "RTN": _with(Use.RETURN_RESULTS, otherwise=Fit.UNCLEAR),
    "NRP": _without(Use.REPUBLISH),
    "NMT": _without(Use.TRAIN_MODELS),
    "NID": _without(Use.IDENTIFY_PEOPLE),
}


def _fault(parameter: Parameter, values: Sequence[str]) -> str | None:
    if parameter is Parameter.NONE:
        return "This condition takes no value." if values else None
    if not values:
        return "This condition needs a value."
    if len(values) > MOST_VALUES or any(len(value) > LONGEST for value in values):
        return f"Use at most {MOST_VALUES} values of {LONGEST} characters."
    return _FAULTS[parameter](values)


def _fault_of_months(values: Sequence[str]) -> str | None:
    word = values[0] if len(values) == 1 else ""
    fits = word.isascii() and word.isdigit() and 1 <= int(word) <= MOST_MONTHS
    return None if fits else f"Give a number of months from 1 to {MOST_MONTHS}."


def _fault_of_date(values: Sequence[str]) -> str | None:
    try:
        (word,) = values
        date.fromisoformat(word)
    except ValueError:
        return "Give one day, such as 2027-01-31."
    return None


def _fault_of_countries(values: Sequence[str]) -> str | None:
    fits = all(len(w) == 2 and w.isascii() and w.isupper() for w in values)
    return None if fits else "Write two capital letters for each country, such as AM."


def _no_fault(_values: Sequence[str]) -> str | None:
    return None


_FAULTS: Mapping[Parameter, Callable[[Sequence[str]], str | None]] = {
    Parameter.MONTHS: _fault_of_months,
    Parameter.DATE: _fault_of_date,
    Parameter.COUNTRIES: _fault_of_countries,
    Parameter.TEXTS: _no_fault,
    Parameter.ACCOUNTS: _no_fault,
}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _term(raw: Mapping[str, Any]) -> Term:
    return Term(
        code=raw["code"],
        term=raw["term"],
        parameter=Parameter(raw["parameter"]),
        names=raw["name"],
        meanings=raw["meaning"],
    )
