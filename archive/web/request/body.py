"""JSON bodies: an object of known fields, each of the right shape, or one sentence.

    fields = body.fields(known=frozenset({"purpose", "minutes"}))
    minutes = fields.number("minutes", 30)

A member that nobody knows is refused rather than passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from flask import request
from werkzeug.exceptions import HTTPException

Word = TypeVar("Word", bound=Enum)


class BodyError(Exception):
    """What was sent has not the form asked for; `field` names the part, if one."""

    def __init__(
        self, message: str, *, field: str | None = None, status: int = 422
    ) -> None:
        super().__init__(message)
        self.field = field
        self.status = status


class Fields(dict[str, Any]):
    """The members of a JSON object, or of a form, by name."""

    def text(self, name: str, default: str = "") -> str:
        """:raises BodyError: it is there, and not a text"""
        value = self.get(name, default)
        if not isinstance(value, str):
            raise BodyError(f"{name} must be a text.", field=name)
        return value

    def texts(self, name: str) -> list[str]:
        """:raises BodyError: it is there, and not a list of texts"""
        value = self.get(name, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise BodyError(f"{name} must be a list of texts.", field=name)
        return value

    def flag(self, name: str) -> bool:
        """:raises BodyError: it is there, and neither true nor false"""
        value = self.get(name, False)
        if not isinstance(value, bool):
            raise BodyError(f"{name} must be true or false.", field=name)
        return value

    def number(self, name: str, default: int) -> int:
        """:raises BodyError: it is there, and not a whole number"""
        value = self.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise BodyError(f"{name} must be a whole number.", field=name)
        return value

    def word(self, name: str, words: type[Word], default: Word) -> Word:
        """:raises BodyError: it is there, and not one of the words"""
        value = self.get(name, default)
        try:
            return words(value)
        except ValueError:
            known = ", ".join(str(word.value) for word in words)
            raise BodyError(f"{name} must be one of: {known}.", field=name) from None

    def moment(self, name: str, default: datetime | None) -> datetime | None:
        """A date or a time in ISO 8601, in UTC where it does not say; null is none.

        :raises BodyError: it is there, and not such a time
        """
        value = self.get(name, default)
        if value is None or isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise BodyError(f"{name} must be a date or time.", field=name) from None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def table(self, name: str) -> Mapping[str, Any]:
        """:raises BodyError: it is there, and not an object"""
        value = self.get(name, {})
        if not isinstance(value, dict):
            raise BodyError(f"{name} must be an object.", field=name)
        return value

    def rows(self, name: str) -> list[Mapping[str, Any]]:
        """:raises BodyError: it is there, and not a list of objects"""
        value = self.get(name, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise BodyError(f"{name} must be a list of objects.", field=name)
        return value


def fields(*, known: frozenset[str], needed: bool = True) -> Fields:
    """The JSON object that was sent, with no members but the known ones.

    :raises BodyError: it is not JSON, not an object, or says something unknown
    """
    if not needed and not request.content_length:
        return Fields()
    if request.mimetype != "application/json":
        raise BodyError("Send application/json.", status=415)
    try:
        sent = request.get_json()
    except HTTPException as error:
        if error.code == 413:
            raise
        raise BodyError("The body is not well-formed JSON.", status=400) from None
    except RecursionError:
        raise BodyError("The body is nested too deeply.", status=400) from None
    if not isinstance(sent, dict):
        raise BodyError("The body must be a JSON object.", status=400)
    check_known(sent, known)
    return Fields(sent)


def check_known(sent: Mapping[str, Any], known: frozenset[str]) -> None:
    """:raises BodyError: a member that this address does not know"""
    for name in sent:
        if name not in known:
            raise BodyError(f"{name} is not a field of this.", field=name)
