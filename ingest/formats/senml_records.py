"""Resolves SenML records (RFC 8428): base fields are worked in, relative times become absolute."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.decoded import Reject

RELATIVE_BELOW = 2**28
"""Seconds. A smaller time counts from now (RFC 8428 section 4.5.3)."""

_VERSIONS = frozenset({*range(11), 26})
"""Up to 10, RFC 8428; 26 is 10 with the secondary units of RFC 8798 (RFC 9100)."""

_BASE_NUMBERS = ("bt", "bv", "bs")
_BASE_TEXTS = ("bn", "bu")
_VALUES = ("v", "vs", "vb", "vd")
_BASE = frozenset({"bver", *_BASE_NUMBERS, *_BASE_TEXTS})
_LONGEST_NAME = 1000
"""Far beyond any name that is accepted: a long base name must not be looked through once for each of its records."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One resolved record. `base` is the part of `name` that came from the base name."""

    name: str
    base: str
    unit: str | None
    time: float
    """Seconds since the epoch."""
    is_relative: bool
    """Whether the wire counted from now, so that nobody knows better than the time of receipt."""
    kind: str
    """v, vs, vb, vd, or s for a record that has only a sum."""
    value: Any

    @property
    def own_name(self) -> str:
        """What the record itself calls the quantity, without the base name."""
        return self.name[len(self.base) :]


@dataclass(slots=True, kw_only=True)
class Resolved:
    """What came of a pack: one bad record does not lose the others."""

    records: list[Record] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


def resolve(pack: Sequence[object], *, now_s: float) -> Resolved:
    """`now_s`: the time of receipt, which relative times count from. Raises Unusable when the RFC has the whole pack
    refused: an unknown version, or a field that has to be understood and is not.
    """
    _refuse_unknown(pack)
    resolved, base = Resolved(), dict[str, Any]()
    for place, raw in enumerate(pack):
        if not isinstance(raw, dict):
            resolved.rejects.append(_reject(place, f"{str(raw)[:60]!r} is no record"))
            continue
        try:
            base.update(_base_of(raw))
        except Unusable as problem:  # nobody knows what the rest would have been relative to
            resolved.rejects.append(_reject(place, problem.detail, readings=len(pack) - place))
            break
        try:
            if any(key not in _BASE for key in raw):
                resolved.records.append(_record(raw, base, now_s))
        except Unusable as problem:
            resolved.rejects.append(_reject(place, problem.detail, reason=problem.reason))
    return resolved


def _refuse_unknown(pack: Sequence[object]) -> None:
    for raw in pack:
        if not isinstance(raw, dict):
            continue
        version = raw.get("bver", 10)
        if not isinstance(version, int | float) or isinstance(version, bool) or version not in _VERSIONS:
            raise Unusable(Reason.WRONG_SHAPE, f"bver {str(version)[:40]} is unknown here; send version 10")
        strange = next((key for key in raw if isinstance(key, str) and key.endswith("_")), None)
        if strange is not None:
            raise Unusable(Reason.WRONG_SHAPE, f"{strange[:60]!r} has to be understood and is not; send RFC 8428")


def _base_of(raw: Mapping[Any, Any]) -> dict[str, Any]:
    numbers = {key: _number(raw, key) for key in _BASE_NUMBERS if key in raw}
    return {**numbers, **{key: _text(raw, key) for key in _BASE_TEXTS if key in raw}}


def _record(raw: Mapping[Any, Any], base: Mapping[str, Any], now_s: float) -> Record:
    start = base.get("bn", "")
    name = start + (_text(raw, "n") if "n" in raw else "")
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise Unusable(Reason.WRONG_SHAPE, f"{name[:60]!r} is no name of RFC 8428 (A-Z a-z 0-9 - : . / _), or too long")
    time = (_number(raw, "t") if "t" in raw else 0.0) + base.get("bt", 0.0)
    kind, value = _value(raw, base)
    is_relative = time < RELATIVE_BELOW
    return Record(
        name=name,
        base=start,
        unit=_text(raw, "u") if "u" in raw else base.get("bu"),
        time=now_s + time if is_relative else time,
        is_relative=is_relative,
        kind=kind,
        value=value,
    )


def _value(raw: Mapping[Any, Any], base: Mapping[str, Any]) -> tuple[str, Any]:
    kinds = [kind for kind in _VALUES if kind in raw]
    if len(kinds) > 1:
        raise Unusable(Reason.WRONG_SHAPE, f"{' and '.join(kinds)} in one record; a record has one value")
    if kinds == ["v"] and raw["v"] is not None:
        number = _number(raw, "v", reason=Reason.BAD_NUMBER)
        return "v", number + base["bv"] if "bv" in base else number
    if kinds:
        return kinds[0], raw[kinds[0]]
    if "s" in raw or "bs" in base:
        return "s", (_number(raw, "s") if "s" in raw else 0.0) + base.get("bs", 0.0)
    if "bv" in base:  # a value that is left out counts as 0
        return "v", base["bv"]
    raise Unusable(Reason.WRONG_SHAPE, "a record without v, vs, vb, vd or s")


def _number(raw: Mapping[Any, Any], key: str, *, reason: Reason = Reason.WRONG_SHAPE) -> Any:
    value = raw[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e300:
        raise Unusable(reason, f"{key} {str(value)[:60]!r} is no number")
    return value


def _text(raw: Mapping[Any, Any], key: str) -> str:
    value = raw[key]
    if not isinstance(value, str):
        raise Unusable(Reason.WRONG_SHAPE, f"{key} {str(value)[:60]!r} is no text")
    return value


def _reject(place: int, detail: str, *, reason: Reason = Reason.WRONG_SHAPE, readings: int = 1) -> Reject:
    return Reject(reason=reason, detail=f"record {place}: {detail}", readings=readings)
