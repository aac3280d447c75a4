"""A scenario file: when the story begins, what the weather is, what happens and what goes wrong on the way."""

import re
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from config.loading import Strict, line_numbers, load, nearest_line, read_yaml
from domain.devices import Registry
from domain.errors import Misconfigured, Problem
from simulators.city import SHIPPED
from simulators.effects import KIND_HIT, EffectEntry
from simulators.faults import FaultEntry
from simulators.targets import TargetEntry

SCENARIOS = SHIPPED / "scenarios"


def _start(text: str) -> str:
    if text != "now" and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) is None:
        raise ValueError(f'{text!r} is not a time of day; write "20:30", with quotes, or now')
    return text


class BackgroundEntry(Strict):
    """What lies under the whole scenario. Concentrations are the mean of the day, far from any road."""

    pm2_5: Annotated[float, Field(ge=1, le=500)] = 38.0
    wind_speed: Annotated[float, Field(ge=0, le=40)] = 1.8
    rain: Annotated[float, Field(ge=0, le=100)] = 0.0
    warmer_by: Annotated[float, Field(ge=-30, le=30)] = 0.0


class Scenario(Strict):
    """`start` is the local time of the city's clock at which the story begins, today; `now` is whatever it is."""

    zh: str
    en: str
    start: Annotated[str, AfterValidator(_start)] = "now"
    background: BackgroundEntry = BackgroundEntry()
    effects: tuple[EffectEntry, ...] = ()
    faults: tuple[FaultEntry, ...] = ()

    def begin(self, now: datetime, timezone: str) -> datetime:
        """When the story begins on the city's clock, if it is started at `now`."""
        if self.start == "now":
            return now
        hour, minute = map(int, self.start.split(":"))
        zone = ZoneInfo(timezone)
        today = now.astimezone(zone).date()
        return datetime.combine(today, time(hour, minute), tzinfo=zone).astimezone(now.tzinfo)


def scenario_path(name: str) -> Path:
    """The file of a shipped scenario by its name, or the path itself where it names a file."""
    path = Path(name)
    return path if path.suffix in (".yaml", ".yml") else SCENARIOS / f"{name}.yaml"


def load_scenario(path: Path, registry: Registry) -> Scenario:
    """The file, with every target held against the city. Raises Misconfigured with all problems."""
    scenario = load(path, Scenario)
    faults = list(_target_faults(scenario, registry))
    if faults:
        lines = line_numbers(read_yaml(path)[0])
        raise Misconfigured(
            [
                Problem(
                    file=str(path),
                    line=nearest_line(lines, (section, number)),
                    message=f"{section}.{number}.target: {text}",
                )
                for section, number, text in faults
            ]
        )
    return scenario


def _target_faults(scenario: Scenario, registry: Registry) -> Iterator[tuple[str, int, str]]:
    for number, effect in enumerate(scenario.effects):
        kind = KIND_HIT[effect.effect]
        if kind is None:
            continue
        if effect.target.kind not in (None, kind):
            yield "effects", number, f"kind {effect.target.kind} is not hit by {effect.effect}; leave it out"
            continue
        for text in effect.target.model_copy(update={"kind": kind}).faults(registry):
            yield "effects", number, text
    for number, fault in enumerate(scenario.faults):
        if fault.target != TargetEntry():
            for text in fault.target.faults(registry):
                yield "faults", number, text
