"""Column types that every table of the archive may use."""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, TypeVar

from sqlalchemy import Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from auth.viewer import Tier

E = TypeVar("E", bound=StrEnum)


class TierNumber(TypeDecorator[Tier]):
    """A tier, kept as its number so that the database can compare."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Tier | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Tier | None:
        return None if value is None else Tier(value)


class Word(TypeDecorator[E], Generic[E]):
    """A member of a closed list of words, kept as the word."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[E]) -> None:
        self.words = words
        super().__init__()

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.words(value)
