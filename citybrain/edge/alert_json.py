"""Alerts as docs/internal-api.md spells them; the same for the wall, the web pages and the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.alerts import Alert, AlertTransition
from domain.conditions import Evidence, RuleCard, Target, TargetKind
from domain.devices import Device, Registry
from domain.instants import to_micros
from domain.places import GRADES, NOISE_ZONES, Named, Place


def millis(moment: datetime | None) -> int | None:
    """Milliseconds since 1970 UTC; None stays None."""
    return None if moment is None else to_micros(moment) // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """What a target is called and where it stands on the map; without a place for feeds and the city."""

    zh: str
    en: str
    kind: str
    place: Place | None = None


class Gazetteer:
    """Finds the spot of any target."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._roads = {road.id: road for road in registry.city.roads}
        self._lamps: dict[str, list[Device]] = {}
        for device in registry.of_kind("lamp"):
            self._lamps.setdefault(device.road or "", []).append(device)
        self._in_district: dict[str, list[Device]] = {}
        for device in registry:
            self._in_district.setdefault(device.district or "", []).append(device)

    def spot(self, target: Target) -> Spot:
        """Never fails: a target that the registry no longer knows is called by its id."""
        match target.kind:
            case TargetKind.DEVICE:
                device = self._registry.devices.get(target.id)
                if device is not None:
                    return Spot(zh=device.zh, en=device.en, kind=device.kind, place=device.place)
            case TargetKind.ROAD:
                road = self._roads.get(target.id)
                if road is not None:
                    lamps = self._lamps.get(road.id, [])
                    middle = lamps[len(lamps) // 2].place if lamps else None
                    return Spot(zh=road.zh, en=road.en, kind="road", place=middle)
            case TargetKind.DISTRICT | TargetKind.GRADE | TargetKind.ZONE | TargetKind.CELL:
                return self._stretch(target)
            case TargetKind.CITY:
                city = self._registry.city
                return Spot(zh=city.zh, en=city.en, kind="city", place=city.centre)
            case TargetKind.FEED:
                pass
        return Spot(zh=target.id, en=target.id, kind=target.kind.value)

    def _stretch(self, target: Target) -> Spot:
        """A district stands where the middle one of its devices stands, the others nowhere on the map."""
        known: Mapping[TargetKind, Sequence[Named]] = {
            TargetKind.GRADE: GRADES,
            TargetKind.ZONE: NOISE_ZONES,
            TargetKind.DISTRICT: self._registry.city.districts,
        }
        named = next((named for named in known.get(target.kind, ()) if named.id == target.id), None)
        inside = self._in_district.get(target.id, []) if target.kind is TargetKind.DISTRICT else []
        middle = inside[len(inside) // 2].place if inside else None
        zh, en = (named.zh, named.en) if named else (target.id, target.id)
        return Spot(zh=zh, en=en, kind=target.kind.value, place=middle)


def alert_json(alert: Alert, *, cards: Mapping[str, RuleCard], gazetteer: Gazetteer) -> dict[str, Any]:
    """One alert; a rule that is no longer loaded lends its id as title."""
    spot = gazetteer.spot(alert.target)
    card = cards.get(alert.rule)
    evidence = alert.evidence
    return {
        "id": alert.id,
        "rule": alert.rule,
        "state": alert.state,
        "condition": alert.condition,
        "severity": alert.severity,
        "target": str(alert.target),
        "kind": spot.kind,
        "lon": spot.place.lon if spot.place else None,
        "lat": spot.place.lat if spot.place else None,
        "place_zh": spot.zh,
        "place_en": spot.en,
        "title_zh": card.zh if card else alert.rule,
        "title_en": card.en if card else alert.rule,
        **_checkable(evidence),
        "opened_at": millis(alert.opened_at),
        "active_at": millis(alert.active_at),
        "changed_at": millis(alert.changed_at),
        "acknowledged_at": millis(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by,
        "returned_at": millis(alert.returned_at),
        "closed_at": millis(alert.closed_at),
    }


def transition_json(transition: AlertTransition) -> dict[str, Any]:
    """One line of an alert's history."""
    return {
        "sequence": transition.sequence,
        "move": transition.move,
        "from": transition.from_state,
        "to": transition.to_state,
        "at": millis(transition.at),
        "recorded_at": millis(transition.recorded_at),
        "actor": transition.actor,
        "note": transition.note,
    }


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """Evidence with its readings, for the page that explains an alert."""
    return {
        **_checkable(evidence),
        "readings": [
            {"device": r.device, "metric": r.metric, "at": millis(r.at), "value": r.value, "span_s": r.span_s}
            for r in evidence.readings
        ],
    }


def _checkable(evidence: Evidence) -> dict[str, Any]:
    """The numbers that a person can check."""
    return {
        "value": evidence.value,
        "limit": evidence.limit,
        "comparison": evidence.comparison,
        "unit": evidence.unit,
        "clause_zh": evidence.clause.zh,
        "clause_en": evidence.clause.en,
        "figures": dict(evidence.figures),
    }
