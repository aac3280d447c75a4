"""Where alerts come from: counted by district, road and target, with the names that people know."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from citybrain.edge.alert_json import Gazetteer
from domain.conditions import Target, TargetKind
from domain.devices import Registry
from domain.places import Named
from rules.history.episodes import Episode

TOP = 10

Json = dict[str, Any]


class Atlas:
    """Names of targets, and the district and road they belong to."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._gazetteer = Gazetteer(registry)
        self._districts = {district.id: district for district in registry.city.districts}
        self._roads = {road.id: road for road in registry.city.roads}
        self._district_of_road = _districts_of_roads(registry)

    def named(self, target: Target) -> Json:
        """`target`, `zh`, `en`."""
        spot = self._gazetteer.spot(target)
        return {"target": str(target), "zh": spot.zh, "en": spot.en}

    def loudest(self, episodes: Sequence[Episode]) -> Json:
        """The ten districts, roads and targets with the most alerts; what has no district or road counts in none."""
        districts, roads, targets = Counter[str](), Counter[str](), Counter[Target]()
        for episode in episodes:
            targets[episode.target] += 1
            if (road := self._road(episode.target)) is not None:
                roads[road] += 1
            if (district := self._district(episode.target)) is not None:
                districts[district] += 1
        return {
            "districts": _named(districts, self._districts),
            "roads": _named(roads, self._roads),
            "targets": [{**self.named(target), "alerts": count} for target, count in targets.most_common(TOP)],
        }

    def _road(self, target: Target) -> str | None:
        if target.kind is TargetKind.ROAD:
            return target.id
        device = self._registry.devices.get(target.id)
        return device.road if device is not None else None

    def _district(self, target: Target) -> str | None:
        if target.kind is TargetKind.ROAD:
            return self._district_of_road.get(target.id)
        device = self._registry.devices.get(target.id)
        return device.district if device is not None else None


def _named(counts: Counter[str], names: Mapping[str, Named]) -> list[Json]:
    return [
        {
            "id": identifier,
            "zh": names[identifier].zh if identifier in names else identifier,
            "en": names[identifier].en if identifier in names else identifier,
            "alerts": count,
        }
        for identifier, count in counts.most_common(TOP)
    ]


def _districts_of_roads(registry: Registry) -> dict[str, str]:
    """A road belongs to the district in which most of its devices stand."""
    seen: dict[str, Counter[str]] = {}
    for device in registry:
        if device.road is not None and device.district is not None:
            seen.setdefault(device.road, Counter())[device.district] += 1
    return {road: districts.most_common(1)[0][0] for road, districts in seen.items()}
