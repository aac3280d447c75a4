"""The live picture of docs/internal-api.md: everything on the wall that changes, made from memory in milliseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from citybrain.edge.alert_json import Gazetteer, alert_json
from citybrain.engine.judging import RuleDesk
from citybrain.engine.latest import LatestValues
from citybrain.engine.open_alerts import OpenAlerts
from domain.alerts import Alert, AlertState
from domain.conditions import Severity
from domain.devices import Registry
from rules.figures import LampRoad, lamp_roads, limit_steps, offline_devices, violated_count

Json = dict[str, Any]

MOST_ALERTS = 200
ONLINE_TARGET = 99.0
"""Share of devices that report, in percent: what operators' contracts usually ask, not a standard's figure."""
LAMPS_TARGET = 98.0
NOISE_RULE = "noise-zone"
PM_RULE = "pm2_5-early-warning"
COVER_RULES = frozenset({"cover-open", "cover-tilt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a picture is taken of; only the evaluation's thread looks at it."""

    registry: Registry
    desk: RuleDesk
    latest: LatestValues
    alerts: OpenAlerts
    gazetteer: Gazetteer


class Photographer:
    """Takes pictures of one scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        registry, ordinal = scene.registry, scene.latest.vocabulary.device_ordinal
        self._roads = {road.id: road for road in registry.city.roads}
        self._ordinals = {kind: [ordinal[d.id] for d in registry.of_kind(kind)] for kind in registry.kinds}
        stations = registry.of_kind("air_station")
        self._air_validity_us = round(3_000_000 * max((d.interval_s for d in stations), default=60.0))

    def take(
        self,
        *,
        now: int,
        counter: int,
        feeds: Sequence[Json],
        trends_version: int,
        lighting: tuple[int, int] | None,
    ) -> Json:
        """`now` is the city's time in microseconds, `lighting` the stretch in which lamps have to be lit."""
        scene = self._scene
        roads = lamp_roads(scene.desk.program, scene.desk.state, now)
        offline = offline_devices(scene.desk.program, scene.desk.state, now)
        shown = scene.alerts.shown()
        return {
            "at": now // 1000,
            "counter": counter,
            "supervision": {severity.value: sum(a.severity is severity for a in shown) for severity in Severity},
            "indicators": self._indicators(now, roads, len(offline), shown),
            "alerts": [
                alert_json(alert, cards=scene.desk.program.cards, gazetteer=scene.gazetteer)
                for alert in shown[:MOST_ALERTS]
            ],
            "alerts_total": len(shown),
            "lamp_roads": [self._road(road) for road in roads],
            "feeds": list(feeds),
            "lighting": [moment // 1000 for moment in lighting] if lighting else None,
            "offline": offline,
            "trends_version": trends_version,
        }

    def _indicators(
        self, now: int, roads: Sequence[LampRoad], offline: int, shown: Sequence[Alert]
    ) -> Mapping[str, Json]:
        total = len(self._scene.registry)
        online = 100.0 * (total - offline) / total if total else None
        moved = {a.target.id for a in shown if a.rule in COVER_RULES and a.state is not AlertState.RETURNED}
        waiting = sum(a.state in (AlertState.ACTIVE, AlertState.RETURNED) for a in shown)
        return {
            "lamps_lit": self._lamps_lit(now, roads),
            "noise_over": self._noise_over(now),
            "pm2_5": self._pm2_5(now),
            "covers": self._covers(now, len(moved)),
            "online": _indicator(online, good=(online or 0) >= ONLINE_TARGET, target=ONLINE_TARGET, of=total),
            "unacknowledged": _indicator(waiting, good=waiting == 0, of=len(shown)),
        }

    def _lamps_lit(self, now: int, roads: Sequence[LampRoad]) -> Json:
        lit, due = sum(road.lit for road in roads), sum(road.due for road in roads)
        value = 100.0 * lit / due if due else None
        return _indicator(
            value,
            good=(value or 0) >= LAMPS_TARGET,
            target=LAMPS_TARGET,
            lit=lit,
            due=due,
            dark=sum(road.dark for road in roads),
            offline=sum(road.offline for road in roads),
            age_s=self._age(now, self._ordinals.get("lamp", [])),
        )

    def _covers(self, now: int, moved: int) -> Json:
        covers = self._ordinals.get("manhole_cover", [])
        age_s = self._age(now, covers)
        value = moved if moved or age_s is not None else None
        return _indicator(value, good=value == 0, of=len(covers), age_s=age_s)

    def _noise_over(self, now: int) -> Json:
        desk, meters = self._scene.desk, self._ordinals.get("noise_meter", [])
        over, known = (None, 0)
        if NOISE_RULE in desk.program.judges:
            over, known = violated_count(desk.program, desk.state, NOISE_RULE)
        age_s = self._age(now, meters)
        # what the rules remember from before a restart may have ended while nobody listened
        value = over if known and age_s is not None else None
        return _indicator(value, good=value == 0, of=len(meters), age_s=age_s)

    def _pm2_5(self, now: int) -> Json:
        desk, stations = self._scene.desk, self._ordinals.get("air_station", [])
        value = self._scene.latest.mean("pm2_5", devices=stations, since=now - self._air_validity_us)
        steps = limit_steps(desk.program, PM_RULE, None, now, now + 1) if PM_RULE in desk.program.judges else []
        limit = steps[0][2] if steps else None
        is_good = value is not None and limit is not None and value <= limit
        return _indicator(value, good=is_good, limit=limit, age_s=self._age(now, stations))

    def _age(self, now: int, devices: list[int]) -> float | None:
        """Seconds since any of the devices was heard; None if none ever was."""
        newest = self._scene.latest.newest(devices)
        return None if newest == 0 else round(max(0, now - newest) / 1_000_000, 1)

    def _road(self, lamps: LampRoad) -> Json:
        road = self._roads[lamps.id]
        return {
            **{"id": road.id, "zh": road.zh, "en": road.en, "grade": road.grade, "target": lamps.target},
            **{"lit": lamps.lit, "due": lamps.due, "dark": lamps.dark, "offline": lamps.offline, "rate": lamps.rate},
        }


def _indicator(value: float | None, *, good: bool, **figures: float | None) -> Json:
    """`good` is nobody's to say where nothing is known."""
    return {"value": value, "good": None if value is None else good, **figures}
