"""A small city under rules of every kind, and what signals may follow each other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.conditions import Signal, Transition
from domain.devices import Device, Registry
from domain.instants import to_micros
from rules.loading import RuleSet
from tests.rules.city import device, meter, registry_of, road, rules_of

_LEVEL: Mapping[str, Any] = {"metric": "laeq", "unit": "dB(A)", "compare": "<="}
RULES: Sequence[Mapping[str, Any]] = (
    {**_LEVEL, "id": "loud", "kind": "threshold", "limit": 60, "hold": "30s", "clear": "60s", "dead_band": 3},
    {**_LEVEL, "id": "zone", "kind": "threshold", "limit": {"table": "gb3096"}, "hold": "40s", "clear": "0s"},
    {**_LEVEL, "id": "ladder", "kind": "threshold", "levels": [{"severity": "white", "limit": 55}]},
    {**_LEVEL, "id": "ordered", "kind": "threshold", "limit": 60, "hold": "30s", "clear": "20s", "lateness": "45s"},
    {"id": "open", "kind": "state", "metric": "cover_open", "normal": 0, "hold": "10s", "clear": "10s"},
    {
        **_LEVEL,
        "id": "minute",
        "kind": "window",
        "aggregate": "energy_mean",
        "window": "1m",
        "coverage": 0.3,
        "limit": 60,
    },
    {**_LEVEL, "id": "slide", "kind": "window", "aggregate": "l50", "window": "2m", "every": "1m", "coverage": 0.2}
    | {"limit": 58, "lateness": "45s", "hold": "1m"},
    {"id": "jump", "kind": "change", "metric": "laeq", "unit": "dB(A)", "within": "40s", "limit": 10, "hold": "20s"},
    {"id": "stuck", "kind": "frozen", "metric": "laeq", "unit": "dB(A)", "window": "2m", "every": "1m", "readings": 2}
    | {"coverage": 0.3},
    {**_LEVEL, "id": "night", "kind": "schedule", "limit": 50, "when": {"hours": ["22:00-06:00"]}, "hold": "20s"}
    | {"clear": "5s"},
    {"id": "silent", "kind": "absence", "missed": 3},
    {"id": "silent-late", "kind": "absence", "missed": 2, "lateness": "45s"},
    {"id": "silent-long", "kind": "absence", "missed": 2, "hold": "30s", "clear": "90s", "lateness": "45s"},
    {"id": "lit", "kind": "ratio", "metric": "lamp_on", "target": 90, "hold": "20s", "clear": "20s"},
    {"id": "dark", "kind": "outage", "metric": "lamp_on", "share": 50, "at_least": 2, "together": "1m", "hold": "10s"},
    {"id": "obeys", "kind": "agreement", "metric": "lamp_on", "expected": {"metric": "lamp_command"}, "hold": "15s"},
    {"id": "masked", "kind": "guarded", "metric": "cover_open", "normal": 0, "hold": "10s", "clear": "10s"}
    | {"unless": {"metric": "work_permit", "of": "either", "equals": 1, "lasts": "2m"}},
    {"id": "both", "kind": "correlation", "of": [{"rule": "loud"}, {"metric": "cover_open", "normal": 0}]}
    | {"within": "30s", "where": {"same": "city"}, "hold": "10s", "clear": "10s", "min_known": 0.5},
    {"id": "loud-near", "kind": "correlation", "of": [{**_LEVEL, "limit": 60, "devices": 2}], "where": {"near": "1km"}}
    | {"lateness": "45s"},
    {"id": "astray", "kind": "drift", "metric": "laeq", "window": "2m", "within_km": 1, "neighbours": 2, "readings": 2}
    | {"tolerance": 5, "hold": "0s"},
    {"id": "aqi", "kind": "index", "compare": "<=", "limit": 60, "coverage": "1m"},
)
DEVICES: Sequence[Device] = (
    meter("A", "2", interval_s=20),
    meter("B", "2", interval_s=20),
    meter("D", "1", interval_s=7),
    device("C", "manhole_cover", interval_s=15),
    device("Q", "air_station", interval_s=60),
    device("K", "feeder_cabinet", interval_s=60),
    *(device(f"R-L{n}", "lamp", road="R", parent="K", interval_s=30) for n in range(4)),
)
METRICS: Mapping[str, Sequence[str]] = {
    "noise_meter": ("laeq", "laeq", "battery"),
    "manhole_cover": ("cover_open", "work_permit"),
    "air_station": ("pm2_5", "o3"),
    "feeder_cabinet": ("voltage",),
    "lamp": ("lamp_on", "lamp_command"),
}
VALUES: Mapping[str, Sequence[float]] = {
    "laeq": (40.0, 54.0, 58.0, 61.0, 61.0, 75.0),
    "pm2_5": (10.0, 80.0, 300.0),
    "o3": (20.0, 250.0),
    "voltage": (230.0,),
    "battery": (50.0,),
}
SWITCH: Sequence[float] = (0.0, 1.0)


def city_of(*devices: Device) -> Registry:
    return registry_of(*devices, roads=[road("R")])


def ruleset(directory: Path, entries: Sequence[Mapping[str, Any]] = RULES) -> RuleSet:
    return rules_of(directory, *entries)


class Order:
    """Holds the signals of every rule and target against what may follow what. Raises AssertionError."""

    def __init__(self, *, begun: bool = False) -> None:
        """`begun`: of targets that were not met yet it is not known what was told before."""
        self._begun = begun
        self._last: dict[tuple[str, str], Transition] = {}
        self._is_held: dict[tuple[str, str], bool] = {}
        self._is_open: dict[tuple[str, str], bool] = {}

    def follow(self, told: Sequence[Transition]) -> None:
        for change in told:
            self._take(change)

    def forget(self, rules: frozenset[str]) -> None:
        """These rules start afresh."""
        for key in [key for key in self._last if key[0] in rules]:
            del self._last[key], self._is_held[key], self._is_open[key]

    def _take(self, change: Transition) -> None:
        key = (change.rule, str(change.target))
        last, held, is_open = self._last.get(key), self._is_held.get(key, False), self._is_open.get(key, False)
        words = f"{key}: {change.signal} at {change.at} after {last}"
        assert change.since <= change.at, words
        if last is not None:
            assert to_micros(change.at) >= to_micros(last.at), words
        lost = last is not None and last.signal is Signal.LOST
        if last is not None or not self._begun:
            self._check(change, words, held=held, is_open=is_open, lost=lost)
        self._last[key] = change
        self._is_held[key] = change.signal is Signal.HELD or (held and change.signal is not Signal.CLEARED)
        self._is_open[key] = change.signal is not Signal.CLEARED

    @staticmethod
    def _check(change: Transition, words: str, *, held: bool, is_open: bool, lost: bool) -> None:
        match change.signal:
            case Signal.VIOLATED:
                assert not is_open or lost, words
            case Signal.HELD:
                assert is_open and not held and not lost, words
            case Signal.CLEARED:
                assert is_open, words
            case Signal.LOST:
                assert is_open and not lost, words
