"""When the attributes of an NGSI entity were measured.

Both NGSI standards read a time without a zone as UTC, but publishers write their local time that way; so it is taken
as UTC and marked uncertain until the device's dialect names its zone.
"""

from collections.abc import Mapping

from domain.errors import Unusable
from domain.instants import MICROS_PER_S
from domain.messages import Reason
from domain.readings import Quality
from ingest.formats.fiware_attributes import Attribute
from ingest.formats.telling import Moment
from ingest.formats.times import of_epoch, of_text

_INTERVAL = ("dateObservedFrom", "dateObservedTo")
_INSTANTS = ("dateObserved", "observationDateTime", "TimeInstant", "observedAt")
_AS_STANDARD = "UTC"


class EntityTime:
    """The time of one entity, and with it that of each of its attributes."""

    def __init__(self, attributes: Mapping[str, Attribute], *, zone: str | None, quality: Quality) -> None:
        """`quality`: the best that a reading of this entity can be."""
        self._zone = zone
        self._quality = quality
        self._moment: Moment | None = None
        self._problem: Unusable | None = None
        try:
            self._moment = self._of_entity(attributes)
        except Unusable as problem:
            self._problem = problem

    def of(self, attribute: Attribute) -> Moment:
        """An attribute's own time counts, unless it lies in the interval that the entity gives.

        Raises Unusable(BAD_TIME).
        """
        if attribute.at is None:
            if self._moment is None:
                raise self._problem or Unusable(Reason.BAD_TIME, "no time")
            return self._moment
        own = self._instant(attribute.at)
        return self._moment if self._moment is not None and _covers(self._moment, own) else own

    def _of_entity(self, attributes: Mapping[str, Attribute]) -> Moment:
        start, end = (_value(attributes, name) for name in _INTERVAL)
        if end is not None:
            return self._instant(end) if start is None else self._interval(start, end)
        for name in _INSTANTS:
            if (found := _value(attributes, name)) is not None:
                start, _, end = str(found).partition("/")
                return self._interval(start, end) if end else self._instant(found)
        return Moment(at=None, quality=self._quality)

    def _interval(self, start: object, end: object) -> Moment:
        since, until = self._instant(start), self._instant(end)
        span = (until.at or 0) - (since.at or 0)
        if span < 0:
            raise Unusable(Reason.BAD_TIME, f"the interval {start!s:.40} to {end!s:.40} ends before it begins")
        return Moment(at=until.at, span_s=span / MICROS_PER_S, quality=max(since.quality, until.quality))

    def _instant(self, raw: object) -> Moment:
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            return Moment(at=of_epoch(raw), quality=self._quality)
        if not isinstance(raw, str):
            raise Unusable(Reason.BAD_TIME, f"{raw!s:.60} is no time; write 2026-11-22T21:15:00Z")
        at = of_text(raw, self._zone)
        if at is not None:
            return Moment(at=at, quality=self._quality)
        return Moment(at=of_text(raw, _AS_STANDARD), quality=max(self._quality, Quality.UNCERTAIN))


def _covers(whole: Moment, own: Moment) -> bool:
    """Whether `whole` is an interval, and the instant lies in it."""
    if whole.at is None or own.at is None or not whole.span_s:
        return False
    return whole.at - whole.span_s * MICROS_PER_S <= own.at <= whole.at


def _value(attributes: Mapping[str, Attribute], name: str) -> object:
    return attributes[name].value if name in attributes else None
