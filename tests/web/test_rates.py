"""How fast programs may go: one token, all tokens of an account, an address."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from archive.web.request import limits
from auth.limits import Allowance
from tests.web.conftest import TokenOf

PATH = "/api/v1/saved-searches"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few enough to be spent here."""
    window = limits.CHANGES.window
    monkeypatch.setattr(limits, "CHANGES", Allowance(3, window))
    monkeypatch.setattr(limits, "ALL_CHANGES", Allowance(5, window))


def change(client: FlaskClient, headers: dict[str, str]) -> int:
    """Something that is refused in the end, and counted before."""
    return client.post(PATH, json={"name": ""}, headers=headers).status_code


def test_a_token_that_goes_too_fast_leaves_the_others_their_share(
    visitor: FlaskClient, token: TokenOf
) -> None:
    wild, calm = token("researcher"), token("researcher")
    assert [change(visitor, wild) for _ in range(6)] == [422] * 3 + [429] * 3
    answer = visitor.post(PATH, json={"name": ""}, headers=wild)
    assert int(answer.headers["Retry-After"]) > 0
    # What was refused cost the account nothing: two are left of its five.
    assert [change(visitor, calm) for _ in range(3)] == [422, 422, 429]


def test_many_tokens_do_not_go_faster_than_their_account(
    visitor: FlaskClient, token: TokenOf
) -> None:
    tokens = [token("researcher") for _ in range(6)]
    assert [change(visitor, each) for each in tokens] == [422] * 5 + [429]
    assert change(visitor, token("other")) == 422


def test_who_shows_nothing_is_counted_by_address(visitor: FlaskClient) -> None:
    met = [change(visitor, {}) for _ in range(4)]
    assert met[-1] == 429 and 429 not in met[:-1]


def test_the_account_may_do_more_than_one_of_its_tokens_and_less_than_two() -> None:
    assert limits.UPLOADS.tries < limits.ALL_UPLOADS.tries <= 2 * limits.UPLOADS.tries
