"""Conversions to the catalogue's units. Only what is physically certain: ppb to µg/m³ of ambient air needs a
temperature, so it is not here."""

import math
from collections.abc import Callable

from domain.errors import Unusable
from domain.messages import Reason

Convert = Callable[[float], float]

_SPELLINGS = {
    "ug/m3": "µg/m³",
    "μg/m³": "µg/m³",  # Greek mu instead of the micro sign
    "μg/m3": "µg/m³",
    "µg/m3": "µg/m³",
    "ug/m^3": "µg/m³",
    "µg/m^3": "µg/m³",
    "mg/m3": "mg/m³",
    "mg/m^3": "mg/m³",
    "ng/m3": "ng/m³",
    "%lel": "%LEL",
    "LEL": "%LEL",
    "vol%": "%vol",
    "%VOL": "%vol",
    "C": "°C",
    "degC": "°C",
    "℃": "°C",
    "F": "°F",
    "degF": "°F",
    "℉": "°F",
    "deg": "°",
    "mbar": "hPa",
    "dBA": "dB(A)",
    "dB(a)": "dB(A)",
    "kmh": "km/h",
    "kn": "kt",
    "%RH": "%",
    "%rh": "%",
    "": "1",
}


def _times(factor: float) -> Convert:
    return lambda value: value * factor


_CONVERSIONS: dict[tuple[str, str], Convert] = {
    ("mg/m³", "µg/m³"): _times(1000),
    ("µg/m³", "mg/m³"): _times(0.001),
    ("ng/m³", "µg/m³"): _times(0.001),  # the unit that HJ 212-2017 prints for particles
    ("°F", "°C"): lambda value: (value - 32) / 1.8,
    ("K", "°C"): lambda value: value - 273.15,
    ("Pa", "hPa"): _times(0.01),
    ("kPa", "hPa"): _times(10),
    ("bar", "hPa"): _times(1000),
    ("mmHg", "hPa"): _times(1.333224),  # 101325/760 Pa
    ("1", "%"): _times(100),
    ("%", "1"): _times(0.01),
    ("km/h", "m/s"): _times(1 / 3.6),
    ("kt", "m/s"): _times(1852 / 3600),
    ("mV", "V"): _times(0.001),
    ("kV", "V"): _times(1000),
    ("mA", "A"): _times(0.001),
    ("A", "mA"): _times(1000),
    ("kW", "W"): _times(1000),
    ("mW", "W"): _times(0.001),
    ("Wh", "kWh"): _times(0.001),
    ("MWh", "kWh"): _times(1000),
    ("MJ", "kWh"): _times(1 / 3.6),
    ("mm", "m"): _times(0.001),
    ("cm", "m"): _times(0.01),
    ("rad", "°"): math.degrees,
    ("mm/min", "mm/h"): _times(60),
    ("ppm", "%vol"): _times(0.0001),  # parts by volume
    # only methane is stored in %LEL: its lower explosive limit is 5 % by volume, so 1 %LEL is 500 ppm
    ("ppm", "%LEL"): _times(1 / 500),
    ("%vol", "%LEL"): _times(20),
}

_MOLAR_L = 24.45
"""Litres of one mole of any gas at 25 °C and 1013.25 hPa."""
_OF_METRIC: dict[tuple[str, str, str], Convert] = {
    ("h2s", "ppm", "mg/m³"): _times(34.08 / _MOLAR_L),
    ("co_gas", "ppm", "mg/m³"): _times(28.01 / _MOLAR_L),
}
"""Gases in wells, whose limits at work are given at 25 °C (10 mg/m³ of H2S is 7.2 ppm); not those of ambient air."""


def converted(value: float, *, given: str, wanted: str, metric: str = "") -> float:
    """`value` in the unit `wanted`; some conversions are known for one metric only.

    Raises Unusable(UNKNOWN_UNIT) where no certain conversion is known.
    """
    source, target = _SPELLINGS.get(given, given), _SPELLINGS.get(wanted, wanted)
    if source == target:
        return value
    convert = _CONVERSIONS.get((source, target)) or _OF_METRIC.get((metric, source, target))
    if convert is None:
        raise Unusable(Reason.UNKNOWN_UNIT, f"{given[:40]!r} cannot be turned into {wanted}; send {wanted}")
    return convert(value)


def is_convertible(*, given: str, wanted: str, metric: str = "") -> bool:
    """Whether `converted` knows the way, whatever the value."""
    try:
        converted(1.0, given=given, wanted=wanted, metric=metric)
    except Unusable:
        return False
    return True
