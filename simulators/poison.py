"""Payloads that nobody can use, one for each way in which devices of the field have been seen to fail."""

import json
from collections.abc import Callable, Mapping

from simulators.messages import BATCH, UP, encode

Fields = dict[str, object]
Poisoned = tuple[str, bytes]
"""Topic and payload."""


def poisoned(variant: int, device: str, fields: Fields) -> Poisoned:
    """The message of a device, spoilt in the way that `variant` (any number) names."""
    return _VARIANTS[variant % len(_VARIANTS)](device, fields)


def count() -> int:
    """How many ways there are."""
    return len(_VARIANTS)


def _cut_off(device: str, fields: Fields) -> Poisoned:
    payload = encode(fields)
    return f"{UP}/{device}", payload[: len(payload) * 2 // 3]


def _binary(device: str, fields: Fields) -> Poisoned:
    return f"{UP}/{device}", b"\x02\x00\x68" + bytes(len(fields)) + b"\xff\xfe\x16"


def _not_a_number(device: str, fields: Fields) -> Poisoned:
    first = next(iter(_values(fields)))
    payload = json.dumps({**fields, "v": {**_values(fields), first: float("nan")}}).encode()
    return f"{UP}/{device}", payload


def _number_as_text(device: str, fields: Fields) -> Poisoned:
    return f"{UP}/{device}", encode({**fields, "v": {metric: str(value) for metric, value in _values(fields).items()}})


def _wrong_shape(device: str, fields: Fields) -> Poisoned:
    return f"{UP}/{device}", encode({**fields, "v": list(_values(fields).values())})


def _unknown_metric(device: str, fields: Fields) -> Poisoned:
    return f"{UP}/{device}", encode({**fields, "v": {"sensor_7": 1.0}})


def _out_of_range(device: str, fields: Fields) -> Poisoned:
    return f"{UP}/{device}", encode({**fields, "v": dict.fromkeys(_values(fields), -9999.0)})


def _time_without_zone(device: str, fields: Fields) -> Poisoned:
    return f"{UP}/{device}", encode({**fields, "t": str(fields["t"])[:19]})


def _clock_never_set(device: str, fields: Fields) -> Poisoned:
    return f"{UP}/{device}", encode({**fields, "t": "1970-01-01T00:01:07Z"})


def _unknown_device(device: str, fields: Fields) -> Poisoned:
    return f"{UP}/SPARE-{device}", encode(fields)


def _other_device(device: str, fields: Fields) -> Poisoned:
    return f"{UP}/{device}", encode({**fields, "device": f"{device}-B"})


def _unknown_unit(device: str, fields: Fields) -> Poisoned:
    return f"{UP}/{device}", encode({**fields, "u": dict.fromkeys(_values(fields), "furlong")})


def _unknown_topic(device: str, fields: Fields) -> Poisoned:
    return f"citybrain/v1/state/{device}", encode(fields)


def _batch_without_device(device: str, fields: Fields) -> Poisoned:
    return f"{BATCH}/gateway-{device}", encode([fields])


_VARIANTS: tuple[Callable[[str, Fields], Poisoned], ...] = (
    _cut_off,
    _binary,
    _not_a_number,
    _number_as_text,
    _wrong_shape,
    _unknown_metric,
    _out_of_range,
    _time_without_zone,
    _clock_never_set,
    _unknown_device,
    _other_device,
    _unknown_unit,
    _unknown_topic,
    _batch_without_device,
)


def _values(fields: Fields) -> Mapping[str, float]:
    values = fields["v"]
    if not isinstance(values, dict):
        raise ValueError(f"report without values: {fields!r}")
    return values
