"""Our figures against those that two other packages gave for the same levels; outside.json says how they were made."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citybrain.noise.assessing import AssessedFile, AssessOptions, assess_file
from citybrain.noise.series import SeriesOptions
from rules.standards.noise.levels import exceeded, ldn, leq
from rules.standards.noise.validity import Validity

HERE = Path(__file__).parent
OUTSIDE = json.loads((HERE / "outside.json").read_text(encoding="utf-8"))
ACOUSTICS, NOISEMONITOR = OUTSIDE["acoustics"], OUTSIDE["noisemonitor"]
SAMPLE = HERE.parents[1] / "samples" / OUTSIDE["sample"]


@pytest.fixture(scope="module")
def sample() -> AssessedFile:
    options = AssessOptions(validity=Validity(), series=SeriesOptions(timezone="Asia/Shanghai"))
    return assess_file(SAMPLE, options, lambda _passed: None)


def levels_of(one: dict[str, Any]) -> np.ndarray:  # type: ignore[type-arg]  floats
    places = range(1, one["n"] + 1)
    return np.array([round(one["low"] + one["width"] * ((i * 0.6180339887498949) % 1.0) ** 2, 1) for i in places])


@pytest.mark.parametrize("one", ACOUSTICS["series"], ids=lambda one: str(one["n"]))
def test_leq_of_a_series_is_that_of_acoustics(one: dict[str, Any]) -> None:
    assert leq(levels_of(one)) == pytest.approx(one["leq"], abs=1e-6)


@pytest.mark.parametrize("one", NOISEMONITOR["series"], ids=lambda one: str(one["n"]))
def test_exceedance_levels_of_a_series_are_those_of_noisemonitor(one: dict[str, Any]) -> None:
    found = [exceeded(levels_of(one), percent) for percent in (10, 50, 90)]
    assert found == pytest.approx([one["L10"], one["L50"], one["L90"]], abs=0.0051)


def test_every_hour_of_the_street_has_the_leq_of_acoustics(sample: AssessedFile) -> None:
    hours = [judged.hour for judged in sample.points[0].assessment.hours]
    assert {f"{hour.begin:%Y-%m-%d %H}": round(hour.figures.leq, 6) for hour in hours} == pytest.approx(
        ACOUSTICS["hourly_leq"], abs=1e-6
    )


def test_every_hour_of_the_street_has_the_percentiles_of_noisemonitor(sample: AssessedFile) -> None:
    for judged in sample.points[0].assessment.hours:
        other = NOISEMONITOR["hours"][f"{judged.hour.begin:%Y-%m-%d %H}"]
        found = [judged.hour.figures.exceeded[percent] for percent in (10, 50, 90)]
        assert found == pytest.approx([other["L10"], other["L50"], other["L90"]], abs=0.0051)


def test_ld_ln_and_ldn_of_the_street_are_those_of_acoustics(sample: AssessedFile) -> None:
    days = {day.day.date.isoformat(): day.day for day in sample.points[0].assessment.days}
    for date, other in ACOUSTICS["days"].items():
        assert days[date].day.level == pytest.approx(other["ld"], abs=1e-6)
        assert days[date].night.level == (None if other["ln"] is None else pytest.approx(other["ln"], abs=1e-6))
        assert days[date].ldn == (None if other["ldn_16_8"] is None else pytest.approx(other["ldn_16_8"], abs=1e-6))


def test_the_american_ldn_of_15_and_9_hours_is_another_figure() -> None:
    other = ACOUSTICS["days"]["2025-03-21"]
    assert ldn(other["ld"], other["ln"]) == pytest.approx(other["ldn_16_8"], abs=1e-6)
    assert abs(other["ldn_default"] - other["ldn_16_8"]) > 0.1
