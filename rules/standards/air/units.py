"""Concentrations in other units: ppb and ppm at 25 °C by the factors of the table, exact."""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from rules.standards.air.indices import as_fraction

_SPELLINGS = {
    "µg/m³": "µg/m³",
    "ug/m3": "µg/m³",
    "mg/m³": "mg/m³",
    "mg/m3": "mg/m³",
    "ppb": "ppb",
    "ppm": "ppm",
}
UNITS = ("µg/m³", "mg/m³", "ppb", "ppm")
_AMOUNT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?)\s*(.*?)\s*")
_PER_MILLI = 1000


def unit_of(text: str) -> str:
    """The unit by one of its spellings: ug/m3, μg/m³ with either letter mu. Raises ValueError."""
    plain = text.strip().lower().replace("μ", "µ").replace("µg/m3", "µg/m³").replace("^", "")
    try:
        return _SPELLINGS[plain]
    except KeyError as exc:
        raise ValueError(f"{text!r} is no unit of a concentration; write one of {', '.join(UNITS)}") from exc


def amount(text: str) -> tuple[Fraction, str | None]:
    """A number, and the unit behind it if there is one: `60ppb`, `1.2mg/m3`, `61`. Raises ValueError."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a concentration; write a number such as 61, or 60ppb")
    unit = found[2]
    if unit.startswith((",", "，")):
        raise ValueError(f"{text!r}: write the decimal point as a point, and no separator of thousands: 61.5, 1200")
    if unit[:1].isdecimal():
        raise ValueError(f"{text!r} is too large for a concentration; write a number such as 61, or 60ppb")
    return as_fraction(found[1]), unit_of(unit) if unit else None


def converted(value: Fraction, *, pollutant: str, unit: str, into: str, per_ppb: Mapping[str, Decimal]) -> Fraction:
    """The same amount of gas in another unit. Raises ValueError where the two do not measure the same."""
    return value * factor(pollutant, unit=unit, into=into, per_ppb=per_ppb)


def factor(pollutant: str, *, unit: str, into: str, per_ppb: Mapping[str, Decimal]) -> Fraction:
    """What a number in `unit` is multiplied by. 1 ppb = `per_ppb` µg/m³ (1 ppm of CO = so many mg/m³), at 25 °C."""
    if unit == into:
        return Fraction(1)
    return _in_micrograms(pollutant, unit, per_ppb) / _in_micrograms(pollutant, into, per_ppb)


def _in_micrograms(pollutant: str, unit: str, per_ppb: Mapping[str, Decimal]) -> Fraction:
    """How many µg/m³ one of `unit` is."""
    match unit:
        case "µg/m³":
            return Fraction(1)
        case "mg/m³":
            return Fraction(_PER_MILLI)
        case "ppb" | "ppm" if pollutant in per_ppb:
            # the factor of a gas is the same from ppb to µg/m³ as from ppm to mg/m³
            return Fraction(per_ppb[pollutant]) * (1 if unit == "ppb" else _PER_MILLI)
        case "ppb" | "ppm":
            raise ValueError(f"{pollutant} is no gas: {unit} says nothing; give µg/m³")
        case _:
            raise ValueError(f"{unit!r} is no unit of a concentration; write one of {', '.join(UNITS)}")
