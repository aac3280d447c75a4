"""Conversions: only what is certain."""

import pytest

from config.catalogue import load_catalogue
from domain.errors import Unusable
from domain.messages import Reason
from ingest.units import converted


@pytest.mark.parametrize(
    ("value", "given", "wanted", "expected"),
    [
        (0.05, "mg/m3", "µg/m³", 50.0),
        (1200, "ug/m3", "mg/m³", 1.2),
        (50, "μg/m³", "µg/m³", 50),
        (75_600, "ng/m³", "µg/m³", 75.6),
        (75_600, "ng/m3", "µg/m³", 75.6),
        (35, "ug/m^3", "µg/m³", 35),
        (1.2, "mg/m^3", "mg/m³", 1.2),
        (212, "°F", "°C", 100.0),
        (273.15, "K", "°C", 0.0),
        (101.325, "kPa", "hPa", 1013.25),
        (760, "mmHg", "hPa", 1013.25),
        (0.87, "1", "%", 87.0),
        (36, "km/h", "m/s", 10.0),
        (1500, "mA", "A", 1.5),
        (3.6, "MJ", "kWh", 1.0),
        (5000, "ppm", "%vol", 0.5),
        (58.4, "dBA", "dB(A)", 58.4),
        (500, "ppm", "%LEL", 1.0),
        (5, "%vol", "%LEL", 100.0),
    ],
)
def test_known_units_are_converted(value: float, given: str, wanted: str, expected: float) -> None:
    assert converted(value, given=given, wanted=wanted) == pytest.approx(expected, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(
    ("metric", "ppm", "milligrams"), [("h2s", 7.17, 10.0), ("co_gas", 17.46, 20.0), ("co_gas", 26.19, 30.0)]
)
def test_hydrogen_sulphide_of_10_milligrams_is_7_ppm_not_10(metric: str, ppm: float, milligrams: float) -> None:
    assert converted(ppm, given="ppm", wanted="mg/m³", metric=metric) == pytest.approx(milligrams, rel=1e-3)


def test_ppm_of_a_gas_in_ambient_air_is_refused() -> None:
    with pytest.raises(Unusable):
        converted(1.0, given="ppm", wanted="mg/m³", metric="co")


@pytest.mark.parametrize(("given", "wanted"), [("ppb", "µg/m³"), ("furlong", "m"), ("°C", "hPa"), ("dB", "dB(A)")])
def test_uncertain_or_senseless_units_are_refused(given: str, wanted: str) -> None:
    with pytest.raises(Unusable) as caught:
        converted(1.0, given=given, wanted=wanted)
    assert caught.value.reason is Reason.UNKNOWN_UNIT


def test_every_unit_of_the_catalogue_is_accepted_for_itself() -> None:
    catalogue, _ = load_catalogue()
    assert [metric.code for metric in catalogue if converted(7.0, given=metric.unit, wanted=metric.unit) != 7.0] == []
