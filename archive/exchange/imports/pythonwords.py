"""What `repr` wrote of plain values, read without running any of it.

Strings, numbers, lists, tuples, sets, dictionaries, None, and moments of `datetime`.
Everything else in the text makes it unreadable.
"""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

LETTERS = 1_000_000
_MOMENT = ("datetime.datetime", "datetime")
_ZONE = ("datetime.timezone", "timezone")
_SPAN = ("datetime.timedelta", "timedelta")
_UTC = ("datetime.timezone.utc", "datetime.UTC", "timezone.utc", "tzutc()")


def read(text: str) -> Any:  # noqa: ANN401 - plain values
    """The value; moments as ISO 8601.

    :raises ValueError: there is more in it than plain values, or it is too long
    """
    if len(text) > LETTERS:
        raise ValueError(f"more than {LETTERS:,} letters")
    try:
        return _value(ast.parse(text, mode="eval").body)
    except (
        SyntaxError,
        RecursionError,
        MemoryError,
        TypeError,
        OverflowError,
    ) as error:
        raise ValueError("this is no plain value") from error


def _value(node: ast.expr) -> Any:  # noqa: ANN401 - one a kind
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [_value(each) for each in node.elts]
    if isinstance(node, ast.Dict):
        keys = [_value(each) for each in node.keys if each is not None]
        return {str(k): _value(v) for k, v in zip(keys, node.values, strict=True)}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.Call) and ast.unparse(node.func) in _MOMENT:
        return _moment(node).isoformat()
    if isinstance(node, ast.Call) and ast.unparse(node) == "set()":
        return []
    raise ValueError("this is no plain value")


def _moment(node: ast.Call) -> datetime:
    numbers = [_number(each) for each in node.args]
    zone = next((k.value for k in node.keywords if k.arg == "tzinfo"), None)
    found = datetime(*numbers)  # type: ignore[arg-type] # noqa: DTZ001 - below
    return found if zone is None else found.replace(tzinfo=_zone(zone))


def _zone(node: ast.expr) -> timezone:
    if ast.unparse(node) in _UTC:
        return UTC
    if isinstance(node, ast.Call) and ast.unparse(node.func) in _ZONE:
        span = node.args[0]
        if isinstance(span, ast.Call) and ast.unparse(span.func) in _SPAN:
            told = {str(k.arg): _number(k.value) for k in span.keywords}
            return timezone(timedelta(**told))
    raise ValueError("this is no time zone that is known")


def _number(node: ast.expr) -> int:
    value = _value(node)
    if not isinstance(value, int):
        raise ValueError("this is no whole number")  # noqa: TRY004 - of the text
    return value
