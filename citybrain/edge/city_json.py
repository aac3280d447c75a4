"""What does not change while the engine runs, as docs/internal-api.md spells it under City."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.conditions import RuleCard
from domain.devices import Device, Registry
from domain.metrics import Catalogue, Metric
from domain.places import Named

EMPTY_MAP: Mapping[str, Any] = {"type": "FeatureCollection", "features": []}


def city_json(
    registry: Registry,
    cards: Mapping[str, RuleCard],
    *,
    catalogue: Catalogue,
    map_file: Path | None,
    demo: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Raises OSError or ValueError when the map cannot be read."""
    city = registry.city
    return {
        **{"zh": city.zh, "en": city.en, "timezone": city.timezone},
        "lon": city.centre.lon,
        "lat": city.centre.lat,
        "demo": demo,
        "districts": [_named(district) for district in city.districts],
        "roads": [{**_named(road), "grade": road.grade} for road in city.roads],
        "departments": [_named(department) for department in city.departments],
        "kinds": [{"code": kind.code, "zh": kind.zh, "en": kind.en} for kind in registry.kinds.values()],
        "metrics": [_metric(metric) for metric in catalogue],
        "devices": [_device(device) for device in registry],
        "rules": [_rule(card) for card in cards.values()],
        "map": json.loads(map_file.read_text(encoding="utf-8")) if map_file else EMPTY_MAP,
    }


def _named(named: Named) -> dict[str, str]:
    return {"id": named.id, "zh": named.zh, "en": named.en}


def _metric(metric: Metric) -> dict[str, str]:
    return {"code": metric.code, "zh": metric.zh, "en": metric.en, "unit": metric.unit}


def _device(device: Device) -> dict[str, Any]:
    return {
        **{"id": device.id, "kind": device.kind, "zh": device.zh, "en": device.en},
        **{"lon": device.place.lon, "lat": device.place.lat},
        **{"district": device.district, "road": device.road, "zone": device.zone},
    }


def _rule(card: RuleCard) -> dict[str, Any]:
    return {
        **{"id": card.id, "zh": card.zh, "en": card.en, "severity": card.severity, "kind": card.kind},
        **{"unit": card.unit, "clause_zh": card.clause.zh, "clause_en": card.clause.en},
    }
