"""X22: the closed table of conditions, and where a purpose does not meet them."""

from __future__ import annotations

from datetime import date

import pytest

from auth.access import useconditions
from auth.access.purposes import StatedPurpose, Use
from auth.access.useconditions import Condition, Fit, Mismatch, compare
from auth.errors import FactsRefused

TODAY = date(2026, 11, 22)
STATED = StatedPurpose(
    text="why",
    project="Churches of Shushi",
    institution="University of X",
    country="AM",
    until=date(2027, 5, 22),
    ethics_approval="ERB 7",
    uses=frozenset({Use.PUBLISH_FINDINGS, Use.COLLABORATE, Use.RETURN_RESULTS}),
)
MET = {
    "TS": ("6",),
    "US": ("a1",),
    "PS": ("churches of  shushi",),
    "IS": ("University of X",),
    "GS": ("DE", "AM"),
    "IRB": (),
    "NCU": (),
    "NPU": (),
    "PUB": (),
    "MOR": ("2026-11-01",),
    "COL": (),
    "RTN": (),
    "NRP": (),
    "NMT": (),
    "NID": (),
}
UNMET = {
    "TS": (("5",), {}, Fit.CONFLICT),
    "US": (("a2",), {}, Fit.CONFLICT),
    "PS": (("Wells",), {}, Fit.CONFLICT),
    "IS": (("University of X, Faculty of Law",), {}, Fit.UNCLEAR),
    "GS": (("DE",), {}, Fit.CONFLICT),
    "IRB": ((), {"ethics_approval": ""}, Fit.CONFLICT),
    "NCU": ((), {"uses": frozenset({Use.COMMERCIAL})}, Fit.CONFLICT),
    "NPU": ((), {"for_profit": True}, Fit.CONFLICT),
    "PUB": ((), {"uses": frozenset()}, Fit.CONFLICT),
    "MOR": (("2027-11-01",), {}, Fit.UNCLEAR),
    "COL": ((), {"uses": frozenset()}, Fit.UNCLEAR),
    "RTN": ((), {"uses": frozenset()}, Fit.UNCLEAR),
    "NRP": ((), {"uses": frozenset({Use.REPUBLISH})}, Fit.CONFLICT),
    "NMT": ((), {"uses": frozenset({Use.TRAIN_MODELS})}, Fit.CONFLICT),
    "NID": ((), {"uses": frozenset({Use.IDENTIFY_PEOPLE})}, Fit.CONFLICT),
}


def test_every_condition_is_said_in_four_languages():
    assert set(useconditions.terms()) == set(MET) == set(UNMET)
    for term in useconditions.terms().values():
        assert set(term.names) == set(term.meanings) == {"en", "hy", "az", "ru"}
        assert len(set(term.names.values())) == 4
        assert term.term.startswith(("DUO:", "VIGIL:"))


@pytest.mark.parametrize("code", MET)
def test_what_meets_a_condition_does_and_what_does_not_is_told(code):
    assert compare([Condition(code, MET[code])], STATED, "a1", TODAY) == ()
    values, changed, fit = UNMET[code]
    facts = {**STATED.__dict__, **changed}
    found = compare([Condition(code, values)], StatedPurpose(**facts), "a1", TODAY)
    assert found == (Mismatch(code, fit),)


@pytest.mark.parametrize(
    "wrong",
    [
        Condition("XX"),
        Condition("TS"),
        Condition("TS", ("0",)),
        Condition("TS", ("six",)),
        Condition("GS", ("Armenia",)),
        Condition("MOR", ("soon",)),
        Condition("NMT", ("x",)),
        Condition("IS", ("x" * 201,)),
    ],
)
def test_a_condition_with_a_bad_value_is_refused(wrong):
    with pytest.raises(FactsRefused) as refused:
        useconditions.checked([wrong])
    assert list(refused.value.fields) == [wrong.code]
