"""Tells what a network server or a cloud has decoded: named values, in which one metric may appear under several names.

No metric is said twice of one moment: the second would silently be taken for a duplicate of the first.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats import inclination
from ingest.formats.inclination import ANGLES, THRESHOLDS
from ingest.formats.numbers import number
from ingest.formats.telling import Moment, Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One value. A dialect knows it by `code`, its full name on the wire; nested names are joined by dots."""

    code: str
    value: object
    known_as: str
    """Its name in the table of codes: the same, or without a channel or a service."""
    unit: str | None = None
    moment: Moment | None = None
    """None: that of the message."""
    is_preferred: bool = False
    """Speaks before others of the same metric."""


def flattened(content: object, *, below: str = "") -> Iterator[tuple[str, object]]:
    """The leaves of nested objects, with their names joined by dots."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield from flattened(value, below=f"{below}.{name}" if below else str(name))
    else:
        yield below, content


def tell(telling: Telling, properties: Iterable[Property]) -> None:
    """Say each of them, moment by moment. Never raises."""
    moments: dict[Moment | None, list[Property]] = {}
    for one in properties:
        moments.setdefault(one.moment, []).append(one)
    for together in moments.values():
        _tell_moment(telling, _inclined(telling, together))


def _tell_moment(telling: Telling, properties: Sequence[Property]) -> None:
    claims: dict[str, list[Property]] = {}
    for one in properties:
        metric = _metric(telling, one)
        if one.value is None:
            telling.skip(one.code, "null")
        elif metric is None:
            _say(telling, one)
        else:
            claims.setdefault(metric, []).append(one)
    for metric, claimants in claims.items():
        _settle(telling, metric, claimants)


def _settle(telling: Telling, metric: str, claimants: list[Property]) -> None:
    best = min(_rank(telling.dialect, one) for one in claimants)
    chosen = [one for one in claimants if _rank(telling.dialect, one) == best]
    if any(one.value != chosen[0].value or one.unit != chosen[0].unit for one in chosen):
        codes = ", ".join(one.code[:40] for one in chosen[:8])
        detail = f"{codes} would all be {metric}; name the one that is meant in the device's dialect"
        telling.reject(Reason.UNKNOWN_METRIC, detail, readings=len(chosen))
    else:
        _say(telling, chosen[0])
        chosen = chosen[:1]
    for one in claimants:
        if not any(one is other for other in chosen):
            telling.skip(one.code, f"{chosen[0].code[:40]} says {metric}")


def _rank(dialect: Dialect, one: Property) -> int:
    if one.code in dialect.metrics:
        return 0
    return 1 if one.is_preferred else 2


def _metric(telling: Telling, one: Property) -> str | None:
    named = telling.dialect.metrics.get(one.code)
    usual = telling.codes.get(one.known_as.casefold())
    return named if named is not None else usual.metric if usual is not None else None


def _say(telling: Telling, one: Property) -> None:
    usual = telling.codes.get(one.known_as.casefold())
    if one.code in telling.dialect.metrics:
        telling.say(one.code, one.value, unit=one.unit, moment=one.moment)
    elif usual is not None and usual.ignored_because is not None:
        telling.skip(one.code, usual.ignored_because)
    else:
        unit = telling.dialect.units.get(one.code, one.unit)
        telling.say(one.known_as, one.value, unit=unit, moment=one.moment)


def _inclined(telling: Telling, properties: list[Property]) -> list[Property]:
    """Angles become `tilt`, thresholds become one `threshold`; unless the dialect has a meaning of its own for them."""
    if any(one.code in telling.dialect.metrics for one in properties if one.known_as in (*ANGLES, *THRESHOLDS)):
        return properties
    thresholds = {one.known_as: one for one in properties if one.known_as in THRESHOLDS}
    angles = {one.known_as: one for one in properties if one.known_as in ANGLES}
    rest = [one for one in properties if one.known_as not in THRESHOLDS]
    if thresholds:
        word = inclination.opened({name: one.value for name, one in thresholds.items()})
        first = next(iter(thresholds.values()))
        rest.append(Property(code="threshold", known_as="threshold", value=word, moment=first.moment))
    if len(angles) == len(ANGLES) and not any(one.known_as == "tilt" for one in rest):
        try:
            value = _tilt(telling.dialect, angles)
        except Unusable as problem:
            telling.reject(problem.reason, problem.detail)
        else:
            moment = angles[ANGLES[0]].moment
            rest.append(Property(code="tilt", known_as="tilt", value=value, moment=moment))
        rest = [one for one in rest if one.known_as not in ANGLES]
    return rest


def _tilt(dialect: Dialect, angles: dict[str, Property]) -> float | None:
    x, y, z = (number(angles[name].value, decimal_comma=dialect.decimal_comma) for name in ANGLES)
    return None if x is None or y is None or z is None else inclination.tilt((x, y, z), dialect.installed)
