"""Units by every spelling, gases at 25 °C, and tables that are refused when they do not hold together."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.errors import Misconfigured
from rules.standards.air.editions import FOLDER, SHIPPED_EDITIONS, load_editions
from rules.standards.air.units import amount, converted, unit_of
from tests.standards.air.places import ambient


def convert(value: str, pollutant: str, unit: str, into: str) -> float:
    return float(converted(Fraction(value), pollutant=pollutant, unit=unit, into=into, per_ppb=ambient().per_ppb))


@pytest.mark.parametrize(("pollutant", "factor"), [("so2", "2.62"), ("no2", "1.88"), ("o3", "1.96")])
def test_a_ppb_of_gas_is_so_many_micrograms_at_25_degrees(pollutant: str, factor: str) -> None:
    assert convert("1", pollutant, "ppb", "µg/m³") == float(factor)
    assert convert(factor, pollutant, "µg/m³", "ppb") == 1


def test_a_ppm_of_carbon_monoxide_is_1_145_mg() -> None:
    assert convert("1", "co", "ppm", "mg/m³") == 1.145
    assert convert("1", "co", "ppb", "µg/m³") == 1.145
    assert convert("500", "co", "µg/m³", "mg/m³") == 0.5


def test_particles_have_no_ppb() -> None:
    with pytest.raises(ValueError, match="pm10 is no gas"):
        convert("1", "pm10", "ppb", "µg/m³")


@pytest.mark.parametrize("spelled", ["µg/m³", "μg/m³", "ug/m3", "μg/m3", "µG/M3", "ug/m^3"])
def test_micrograms_are_known_by_every_spelling(spelled: str) -> None:
    assert unit_of(spelled) == "µg/m³"


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("61", Fraction(61), None),
        ("60ppb", Fraction(60), "ppb"),
        ("1.2 mg/m3", Fraction(6, 5), "mg/m³"),
        (".5", Fraction(1, 2), None),
    ],
)
def test_an_amount_is_a_number_and_perhaps_a_unit(text: str, value: Fraction, unit: str | None) -> None:
    assert amount(text) == (value, unit)


@pytest.mark.parametrize("text", ["", "abc", "1,2", "5 furlongs", "1e999", "nan"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|decimal point|too large"):
        amount(text)


def bent(tmp_path: Path, **changes: Any) -> Path:
    content = yaml.safe_load((FOLDER / "hj633-2026.yaml").read_text(encoding="utf-8"))
    content["indicators"] |= changes.pop("indicators", {})
    path = tmp_path / "bent.yaml"
    path.write_text(yaml.safe_dump({**content, **changes}, allow_unicode=True), encoding="utf-8")
    return path


GOOD: dict[str, Any] = {"pollutant": "co", "mean": "24h", "unit": "mg/m³", "step": 0.1, "beyond": 500}


@pytest.mark.parametrize(
    ("indicator", "message"),
    [
        ({**GOOD, "table": [0, 2, 4, 14, 24, 36, 60, 48]}, "breakpoints must rise"),
        ({**GOOD, "table": [0, 2, 4]}, "as long as index"),
        ({**GOOD, "table": [0, 2.05, 4, 14, 24, 36, 48, 60]}, "between two steps"),
        ({**GOOD, "table": [0, 2, 4, 14, 24, 36, 48, 60], "beyond": "co_2h"}, "no indicator here"),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(
    tmp_path: Path, indicator: dict[str, Any], message: str
) -> None:
    with pytest.raises(Misconfigured, match=message):
        load_editions([bent(tmp_path, indicators={"co_24h": indicator})])


def test_an_edition_must_name_its_source_and_date(tmp_path: Path) -> None:
    for name in SHIPPED_EDITIONS:
        content = yaml.safe_load(name.read_text(encoding="utf-8"))
        assert content["source"]
        assert content["valid_from"]
    with pytest.raises(Misconfigured, match="source"):
        load_editions([bent(tmp_path, source=None)])
