"""Makes the transitions of rules that are judged together; the reading behind several of them is made once."""

from collections.abc import Sequence

from domain.conditions import Signal, Target, Transition
from domain.instants import from_micros
from domain.readings import Reading
from rules.columns import Sightings
from rules.series.measured import MeasuredRule


class Telling:
    """For a batch or a tick: call it with a target, a signal, at and since; `told` is what came of it."""

    __slots__ = ("_judges", "_readings", "_sightings", "told")

    def __init__(self, judges: Sequence[MeasuredRule], sightings: Sightings) -> None:
        self._judges = judges
        self._sightings = sightings
        self._readings: dict[int, tuple[int, Reading, Target]] = {}
        self.told: list[Transition] = []

    def __call__(self, target: int, signal: Signal, at: int, since: int) -> None:
        series, rule = divmod(target, len(self._judges))
        judge = self._judges[rule]
        seen_at, reading, whom = self._readings.get(series) or self._look(series)
        moment = reading.at if at == seen_at else from_micros(at)
        self.told.append(
            Transition(
                rule=judge.card.id,
                target=whom,
                signal=signal,
                at=moment,
                since=moment if since == at else from_micros(since),
                evidence=judge.evidence(series, reading, seen_at),
            )
        )

    def turn_over(self) -> None:
        """There are new sightings."""
        self._readings.clear()

    def _look(self, series: int) -> tuple[int, Reading, Target]:
        """The newest reading, its time in µs before it, and the target that all rules share."""
        judge, sightings = self._judges[0], self._sightings
        at, whom = int(sightings.at[series]), judge.targets[series]
        reading = Reading(
            device=whom.id,
            metric=judge.metric,
            at=from_micros(at),
            value=float(sightings.value[series]),
            span_s=float(sightings.span[series]),
        )
        self._readings[series] = at, reading, whom
        return at, reading, whom
