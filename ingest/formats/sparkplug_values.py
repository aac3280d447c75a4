"""What a Sparkplug metric carries, by its data type: signed numbers, words, and what is no single value."""

from typing import Any

from domain.errors import Unusable
from domain.messages import Reason
from domain.readings import Quality

_SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
_BOOLEAN, _DATE = 11, 13
_OTHERS = {
    _DATE: "a date is no measurement",
    16: "a data set is no single value",
    17: "bytes are no single value",
    18: "a file is no single value",
    19: "a template is no single value",
} | dict.fromkeys(range(22, 35), "an array is no single value")
_GOOD, _BAD, _STALE = 192, 0, 500
_QUALITIES = {_GOOD: Quality.GOOD, _BAD: Quality.BAD, _STALE: Quality.UNCERTAIN}


def why_no_value(metric: Any, datatype: int) -> str | None:
    """Why this metric is no reading, or None when it may be one."""
    if metric.is_null:
        return "null"
    if metric.is_transient:
        return "transient: not to be stored"
    return _OTHERS.get(datatype)


def value_of(metric: Any, datatype: int) -> object:
    """The value as its data type means it: signed integers travel as two's complement. Raises Unusable."""
    for field in ("double_value", "float_value", "boolean_value", "string_value"):
        if metric.HasField(field):
            return getattr(metric, field)
    for field in ("int_value", "long_value"):
        if metric.HasField(field):
            return _integer(getattr(metric, field), datatype)
    raise Unusable(Reason.WRONG_SHAPE, "the metric has no value; send one, or is_null")


def _integer(value: int, datatype: int) -> object:
    if datatype == 0:
        detail = f"{value} has no data type, so its sign is unknown; ask the edge node for a rebirth"
        raise Unusable(Reason.BAD_NUMBER, detail)
    if datatype == _BOOLEAN:
        return bool(value)
    bits = _SIGNED_BITS.get(datatype)
    if bits is None:
        return value
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def properties_of(metric: Any) -> dict[str, object]:
    """Name → number or text, of the properties that have one."""
    found: dict[str, object] = {}
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        field = next((name for name in ("int_value", "long_value", "string_value") if value.HasField(name)), None)
        if field is not None and not value.is_null:
            found[key] = getattr(value, field)
    return found


def quality_of(code: object) -> Quality:
    """Of the property `Quality`: 192 good, 0 bad, 500 stale; good where there is none."""
    if code is None:
        return Quality.GOOD
    return _QUALITIES.get(code, Quality.UNCERTAIN) if isinstance(code, int) else Quality.UNCERTAIN
