"""One meter's levels as CSV: a column of local times, a column of LEQ in dB(A); a stamp is the end of its interval."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from domain.errors import Refused
from simulators.messages import UP, Outgoing, encode, report
from simulators.recordings import tables
from simulators.recordings.localtime import LocalTimes, parse_stamp
from simulators.recordings.recording import RecordedDevice, RecordingOptions, Skipped

_LEVELS = {"leq": "laeq", "laeq": "laeq", "lamax": "lamax", "l10": "la10", "l50": "la50", "l90": "la90"}
"""Beginnings of column names, without blanks and underscores, and the metric of each."""


@dataclass(slots=True)
class NoiseCsv:
    """Raises Refused when the columns are not there."""

    path: Path
    options: RecordingOptions
    skipped: Skipped = field(default_factory=Skipped)
    _time_column: int = field(init=False)
    _levels: dict[int, str] = field(init=False)
    _span_s: float = field(init=False)

    def __post_init__(self) -> None:
        names = tables.header(self.path)
        self._time_column = next(
            (i for i, name in enumerate(names) if "time" in name.lower() or "date" in name.lower()), -1
        )
        self._levels = {i: metric for i, name in enumerate(names) if (metric := _metric(name)) is not None}
        if self._time_column < 0 or "laeq" not in self._levels.values():
            raise Refused(f"{self.path} has the columns {', '.join(names)}; a time column and one named LEQ are needed")
        self._span_s = self._usual_step()

    def messages(self) -> Iterator[Outgoing]:
        zone, device = ZoneInfo(self.options.timezone), self.devices()[0].id
        self.skipped = Skipped()
        for at_s, values in self._measured(self.skipped):
            fields = report(at_ms=round(at_s * 1000), zone=zone, values=values, span_s=self._span_s)
            yield Outgoing(at=round(at_s * 1e6), topic=f"{UP}/{device}", payload=encode(fields))

    def devices(self) -> tuple[RecordedDevice, ...]:
        return (
            RecordedDevice(
                id=self.options.device or "NOISE-1",
                kind="noise_meter",
                zh="回放噪声点",
                en="Replayed noise meter",
                interval_s=self._span_s,
                zone=self.options.zone,
            ),
        )

    def _measured(self, skipped: Skipped) -> Iterator[tuple[float, dict[str, float]]]:
        times = LocalTimes(self.options.timezone)
        for line, row in tables.rows(self.path):
            try:
                at_s = times.epoch_s(parse_stamp(row[self._time_column]))
                cells = {metric: tables.number(row[column]) for column, metric in self._levels.items()}
            except (ValueError, IndexError) as exc:
                skipped.note(line, str(exc))
                continue
            values = {metric: round(value, 3) for metric, value in cells.items() if value is not None}
            if values:
                yield at_s, values
            else:
                skipped.note(line, "no value")

    def _usual_step(self) -> float:
        """Seconds between two rows, as most of the first have it."""
        times = [at_s for at_s, _ in islice(self._measured(Skipped()), 500)]
        steps = [later - earlier for earlier, later in pairwise(times) if later > earlier]
        if not times:
            raise Refused(f"{self.path} has no row with a time and a level")
        return median(steps) if steps else 60.0


def _metric(name: str) -> str | None:
    squeezed = name.lower().replace(" ", "").replace("_", "")
    return next((metric for begin, metric in _LEVELS.items() if squeezed.startswith(begin)), None)
