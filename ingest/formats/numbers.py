"""Numbers as devices write them: by a strict grammar, never by good will."""

import math
import re

from domain.errors import Unusable
from domain.messages import Reason

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?\d+(?:,\d*)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_ABSENT = frozenset({"", "-", "--", "nan", "null", "none", "n/a", "na", "undefined", "inf", "-inf", "+inf"}) | {
    f"{sign}infinity" for sign in ("", "-", "+")
}
_LONGEST = 64


def number(value: object, *, decimal_comma: bool = False) -> float | None:
    """The finite number, or None where the device says that it has none. Raises Unusable(BAD_NUMBER).

    Booleans are not numbers; text must be ASCII digits as in `12.3`, `-0.5`, `1.3e9`.
    """
    match value:
        case None:
            return None
        case bool():
            raise _bad(value)
        case int() | float():
            return _finite(value)
        case str():
            return _from_text(value.strip(), decimal_comma=decimal_comma)
        case _:
            raise _bad(value)


def _from_text(text: str, *, decimal_comma: bool) -> float | None:
    if text.casefold() in _ABSENT:
        return None
    grammar = _WITH_COMMA if decimal_comma and "," in text else _NUMBER
    if len(text) > _LONGEST or not grammar.fullmatch(text):
        raise _bad(text)
    return _finite(float(text.replace(",", ".")))


def _finite(value: float) -> float:
    try:
        converted = float(value)
    except OverflowError:
        converted = math.inf
    if not math.isfinite(converted):
        raise _bad(value)
    return converted


def _bad(value: object) -> Unusable:
    return Unusable(Reason.BAD_NUMBER, f"{str(value)[:60]!r} is no number; write digits such as 12.3")
