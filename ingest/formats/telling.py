"""Collects what one device says at one moment, code by code, into a Decoded."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.codes import Meaning
from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Measurement, Reason
from domain.readings import Quality
from ingest.formats.decoded import Decoded, Reject, Skipped
from ingest.formats.numbers import number

_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When it was measured, and how good what is said about it is."""

    at: int | None
    """End of the measurement, microseconds since the epoch; None where the wire gives none."""
    span_s: float = 0.0
    quality: Quality = Quality.GOOD
    live: bool = True


@dataclass(slots=True, kw_only=True)
class Telling:
    """Filled by a decoder with `say`, closed with `decoded`. `codes` are in lower case (config.codes)."""

    device: str
    codes: Mapping[str, Meaning]
    dialect: Dialect
    moment: Moment
    identity: str | None = None
    sequence: int | None = None
    sent: int | None = None
    _measurements: list[Measurement] = field(default_factory=list)
    _rejects: list[Reject] = field(default_factory=list)
    _skipped: list[Skipped] = field(default_factory=list)

    def say(self, code: str, value: object, *, unit: str | None = None, moment: Moment | None = None) -> None:
        """One code with its value as it stood on the wire. `unit`: what the message itself says the unit is.

        A null or "no value" is no reading; an unknown code or an unreadable value becomes a reject. Never raises.
        """
        meaning = self._meaning(code)
        if meaning is None:
            self.reject(Reason.UNKNOWN_METRIC, f"{code[:_SHOWN]!r} has no meaning here; add it to the device's dialect")
        elif meaning.metric is None:
            self.skip(code, meaning.ignored_because or "nobody measures it")
        else:
            self._say(code, value, meaning, unit, moment or self.moment)

    def reject(self, reason: Reason, detail: str, *, readings: int = 1) -> None:
        self._rejects.append(Reject(reason=reason, detail=detail, readings=readings))

    def skip(self, code: str, why: str) -> None:
        self._skipped.append(Skipped(field=code[:_SHOWN], why=why))

    def decoded(self) -> Decoded:
        return Decoded(
            device=self.device,
            measurements=self._measurements,
            rejects=tuple(self._rejects),
            skipped=tuple(self._skipped),
            identity=self.identity,
            sequence=self.sequence,
            sent=self.sent,
        )

    def _meaning(self, code: str) -> Meaning | None:
        """The dialect's word stands. The table adds what it knows of a code that it leaves out otherwise, its unit, and
        of a code that is called as the metric, its words for states.
        """
        usual = self.codes.get(code.casefold())
        metric = self.dialect.metrics.get(code)
        if metric is None or (usual is not None and metric == usual.metric):
            return usual
        named = self.codes.get(metric)
        return Meaning(
            metric=metric,
            unit=usual.unit if usual is not None and usual.metric is None else None,
            states=named.states if named is not None and named.metric == metric else {},
        )

    def _say(self, code: str, value: object, meaning: Meaning, unit: str | None, moment: Moment) -> None:
        try:
            figure = self._figure(value, meaning)
        except Unusable as problem:
            self.reject(problem.reason, f"{code[:_SHOWN]}: {problem.detail}")
            return
        if figure is None:
            self.skip(code, "no value")
        elif figure in meaning.missing or figure in self.dialect.missing:
            self.skip(code, f"{figure:g} stands for no value")
        else:
            self._measurements.append(
                Measurement(
                    device=self.device,
                    metric=meaning.metric or "",
                    value=figure,
                    at=moment.at,
                    unit=self.dialect.units.get(code, unit or meaning.unit),
                    span_s=moment.span_s,
                    quality=moment.quality,
                    live=moment.live,
                )
            )

    def _figure(self, value: object, meaning: Meaning) -> float | None:
        word = str(value).strip().casefold() if isinstance(value, str | bool) else None
        if word is not None and word in meaning.states:
            return meaning.states[word]
        return number(value, decimal_comma=self.dialect.decimal_comma)
