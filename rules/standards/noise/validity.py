"""What counts, and how much of it has to be there: settings, for the standard's own figures were not verified."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from config.durations import Seconds
from config.loading import Strict, load
from rules.standards.noise.shipped import FOLDER

SHIPPED_VALIDITY = FOLDER / "validity.yaml"
_NOISE_OF_FLOATS = 6
"""Decimals of a dB beyond which a level is arithmetic, not sound: 16 hours at 60 dB(A) must not come to 60 + 7e-15."""


class Rounding(StrEnum):
    """What becomes of a level before it is judged. Published exports carry both; which one counts is not verified."""

    NONE = "none"
    INTEGER = "integer"


class Validity(Strict):
    """As config/standards/noise/validity.yaml explains; that file's values are the defaults."""

    source: str = "HJ 906-2017"
    minutes_of_hour: Annotated[float, Field(ge=0, le=60)] = 45.0
    hours_of_day: Annotated[int, Field(ge=1, le=16)] = 12
    hours_of_night: Annotated[int, Field(ge=1, le=8)] = 6
    rounding: Rounding = Rounding.NONE
    wind_from: Annotated[float, Field(gt=0)] = 5.0
    rain_above: Annotated[float, Field(ge=0)] = 0.0
    weather_margin: Seconds = 0.0
    weather_words: tuple[str, ...] = (
        "雨",
        "雪",
        "雷",
        "雹",
        "rain",
        "drizzle",
        "snow",
        "sleet",
        "hail",
        "thunder",
        "storm",
    )
    normal_flags: tuple[str, ...] = ("N", "normal", "good", "ok", "valid", "正常", "有效")
    placeholders: tuple[float, ...] = (0.0, -99.0, -999.0, -9999.0)
    lowest: float = 10.0
    highest: float = 150.0

    def is_normal(self, flag: str) -> bool:
        """An empty mark is none."""
        return not flag or flag.casefold() in {known.casefold() for known in self.normal_flags}

    def is_bad_weather(self, words: str) -> bool:
        return any(word in words.casefold() for word in self.weather_words)

    def judged(self, level: float) -> float:
        """The level as it is held against a limit: to the nearest even dB at a half (GB/T 8170), or as it is."""
        exact = round(level, _NOISE_OF_FLOATS)
        return float(np.rint(exact)) if self.rounding is Rounding.INTEGER else exact


def load_validity(file: Path) -> Validity:
    """Raises Misconfigured with every problem of the file."""
    return load(file, Validity)
