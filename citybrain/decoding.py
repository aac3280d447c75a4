"""Explains one payload after the other: what would be stored, what would not, and why."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from config.suggestions import closest
from domain.devices import Device, DeviceKind, Registry
from domain.errors import Unusable
from domain.instants import MICROS_PER_S, from_micros, iso
from domain.messages import Measurement, Message, Reason
from domain.metrics import Catalogue, Metric
from domain.names import folded
from ingest.formats.choosing import Formats
from ingest.formats.decoded import Decoded, Reject
from ingest.units import converted
from ingest.validation import CLOCKLESS_BEFORE, described

Row = Mapping[str, Any]
LONGEST_KEY = 80
MOST_REMARKS = 100
_BYTE = re.compile(r"\(byte (\d+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """Says what comes of a message, value by value, as rows: each has either `metric`, `reason` or `field`."""

    formats: Formats
    catalogue: Catalogue
    devices: Mapping[str, Device] = field(default_factory=dict)
    """By every name on the wire, folded."""
    kinds: Mapping[str, DeviceKind] = field(default_factory=dict)
    named: AbstractSet[str] = frozenset()
    """Names that are known besides."""
    future_skew_s: float
    late_horizon_s: float

    def explain(self, message: Message) -> Sequence[Row]:
        """[] for a message that is no reading at all. Never raises for what the message says."""
        try:
            parts = self.formats.decode(message)
        except Unusable as problem:
            return [{"format": self.formats.format_of(message), **_refused(problem, message.payload)}]
        name = self.formats.format_of(message)
        rows = [{"format": name, **row} for part in parts for row in self._rows(part, message)]
        return [*rows, *({"format": name, **row} for row in _repeated(message.payload))]

    def _rows(self, part: Decoded, message: Message) -> Iterator[Row]:
        for measurement in part.measurements:
            yield self._measurement(measurement, part, message)
        for reject in part.rejects:
            yield _reject(part.device, reject)
        for skipped in part.skipped:
            yield {"device": part.device, "field": skipped.field, "why": skipped.why}

    def _measurement(self, measurement: Measurement, part: Decoded, message: Message) -> Row:
        metric = self.catalogue.by_code.get(measurement.metric)
        stored = None if metric is None else _stored(measurement, metric)
        at = measurement.at
        refused = self._why_refused(measurement, stored, message.received)
        return {
            "device": measurement.device,
            "known": measurement.device in self.devices or measurement.device in self.named,
            "metric": measurement.metric,
            "unit": measurement.unit,
            "unit_stored": None if metric is None else metric.unit,
            "start": None if at is None else _time(at - round(measurement.span_s * MICROS_PER_S)),
            "end": None if at is None else _time(at),
            "value": measurement.value,
            "value_stored": stored,
            "quality": measurement.quality.name.lower(),
            "live": measurement.live,
            "identity": part.identity,
            "sequence": part.sequence,
            "refused": refused,
            "detail": None if refused is None else described(refused, measurement, message),
            "hint": self._hint(measurement, refused, message.received),
        }

    def _hint(self, measurement: Measurement, refused: Reason | None, received: int) -> str | None:
        """What the quarantine does not say: which metric was meant, and that the same would be late by now."""
        if refused is Reason.UNKNOWN_METRIC:
            known = self._may_report(measurement.device)
            meant = closest(measurement.metric.casefold(), known)
            return None if meant is None else f"did you mean {meant}? Capitals count"
        if refused is None and measurement.at is not None:
            age_s = (received - measurement.at) / MICROS_PER_S
            if age_s > self.late_horizon_s:
                horizon = f"ingest.late_horizon, {self.late_horizon_s / 3600.0:g} h"
                return f"{age_s / 3600.0:.0f} h old: if it came now it would be refused as late ({horizon})"
        return None

    def _why_refused(self, measurement: Measurement, stored: float | None, received: int) -> Reason | None:
        """The reason for which the quarantine would have it, apart from an unknown device."""
        at = received if measurement.at is None else measurement.at
        if measurement.metric not in self._may_report(measurement.device):
            return Reason.UNKNOWN_METRIC
        if stored is None:
            return Reason.UNKNOWN_UNIT
        metric = self.catalogue[measurement.metric]
        if at < CLOCKLESS_BEFORE:
            return Reason.BAD_TIME
        if at > received + self.future_skew_s * MICROS_PER_S:
            return Reason.FUTURE_TIME
        return None if metric.low <= stored <= metric.high else Reason.OUT_OF_RANGE

    def _may_report(self, name: str) -> Sequence[str]:
        """All metrics for a device whose kind nobody knows."""
        device = self.devices.get(name)
        return self.catalogue.codes if device is None else self.kinds[device.kind].metrics


def by_every_name(registry: Registry) -> dict[str, Device]:
    """Ids and aliases → device; an id is never overruled by another's alias."""
    aliases = {folded(alias): device for device in registry for alias in device.aliases}
    return aliases | {folded(device.id): device for device in registry}


def _stored(measurement: Measurement, metric: Metric) -> float | None:
    given = measurement.unit or metric.unit
    try:
        return converted(measurement.value, given=given, wanted=metric.unit, metric=metric.code)
    except Unusable:
        return None


def _refused(problem: Unusable, payload: bytes) -> Row:
    row = _reject(None, Reject(reason=problem.reason, detail=problem.detail))
    offset = _offset(problem, payload)
    return row if offset is None else {**row, "offset": offset}


def _reject(device: str | None, reject: Reject) -> dict[str, Any]:
    return {
        "device": device or None,
        "reason": reject.reason.value,
        "detail": reject.detail,
        "readings": reject.readings,
    }


def _offset(problem: Unusable, payload: bytes) -> int | None:
    """The byte at which a text stops being JSON, where the parser says so."""
    if problem.reason is not Reason.NOT_JSON:
        return None
    place = _BYTE.search(problem.detail)
    if place is not None:
        return int(place[1])
    return len(payload) if "truncated" in problem.detail else None


def _repeated(payload: bytes) -> Sequence[Row]:
    """Keys that stand more than once in one object of a JSON text: all but the last are lost without a trace."""
    found: Counter[str] = Counter()

    def note(pairs: list[tuple[str, Any]]) -> None:
        counts = Counter(key for key, _ in pairs)
        found.update({key: count - 1 for key, count in counts.items() if count > 1})

    try:
        json.loads(payload.decode("utf-8-sig"), object_pairs_hook=note)
    except (ValueError, RecursionError):
        return []  # no JSON, or none that anybody reads
    why = "stands more than once in one object: the last one counts, {} before it not"
    return [
        {"device": None, "field": key[:LONGEST_KEY], "why": why.format(count)}
        for key, count in found.most_common(MOST_REMARKS)
    ]


def _time(micros: int) -> str | None:
    try:
        return iso(from_micros(micros))
    except OverflowError:
        return None
