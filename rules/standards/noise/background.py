"""What the background takes off a measured source, and whether the source is steady."""

from datetime import date
from pathlib import Path
from typing import Literal

from config.loading import Strict, load
from domain.errors import Refused
from rules.core.comparing import Floats
from rules.standards.noise.shipped import FOLDER

SHIPPED_CORRECTION = FOLDER / "correction.yaml"


class Step(Strict):
    """`subtract` dB are taken off from a rounded difference of `at_least` dB on."""

    at_least: int
    subtract: int


class Correction(Strict):
    """One edition. `steady_swing`: dB(A) by which the levels of a steady source differ at most."""

    source: str
    valid_from: date
    confidence: Literal["S", "F", "U"]
    steps: tuple[Step, ...]
    steady_swing: float

    def source_alone(self, measured: float, background: float) -> float | None:
        """The level without the background; None when the two are too close to tell them apart: measure again.

        The difference is rounded to a whole dB(A), half to even, before the table is asked: 2.4 is 2 and too close,
        3.5 is 4 and takes 2 dB off.
        """
        difference = round(round(measured - background, 6))
        off = [step.subtract for step in self.steps if step.at_least <= difference]
        return measured - off[-1] if off else None

    def is_steady(self, levels: Floats) -> bool:
        """Whether the levels swing by 3 dB(A) or less while they are measured."""
        return round(float(levels.max() - levels.min()), 6) <= self.steady_swing


class Corrections(Strict):
    """All editions, in order of `valid_from`."""

    editions: tuple[Correction, ...]

    def in_force(self, on: date) -> Correction:
        """Raises Refused before the first edition."""
        known = [edition for edition in self.editions if edition.valid_from <= on]
        if not known:
            raise Refused(f"no table of background corrections was in force on {on}; the first is of later date")
        return known[-1]


def load_corrections(file: Path = SHIPPED_CORRECTION) -> Corrections:
    """Raises Misconfigured with every problem of the file."""
    return load(file, Corrections)
