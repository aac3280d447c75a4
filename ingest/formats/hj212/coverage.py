"""Stations say one quantity several times: now (2011), as a mean of minutes, of the hour, of the day. Once is enough.

The finest stands: a mean is left out where finer readings of the same factor cover most of its interval. And an
instantaneous level (LA) is left out where the station sends the equivalent level (Leq).
"""

from collections import OrderedDict
from dataclasses import dataclass

from domain.instants import MICROS_PER_S
from ingest.formats.telling import Moment

MOST_SERIES = 200_000
_COVERED = 0.75
"""Of the interval: what GB 3095 asks of a valid mean."""
_GAP = 15 * 60 * MICROS_PER_S
"""Readings further apart than this and than twice their own span leave a hole."""
_BETTER = {"la": "leq"}
_BETTER_FOR = 25 * 3600 * MICROS_PER_S
"""A station that sent the better quantity within this time is one that sends it."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """From the start of the first to the end of the latest of readings without a hole, microseconds."""

    begin: int
    end: int


class Coverage:
    """Remembers of every factor of every station the latest run of good readings of each span. Bounded."""

    def __init__(self, *, most: int = MOST_SERIES) -> None:
        self._runs: OrderedDict[tuple[str, str], dict[float, _Run]] = OrderedDict()
        self._most = most

    def __len__(self) -> int:
        return len(self._runs)

    def why_not(self, device: str, code: str, moment: Moment) -> str | None:
        """Why a value need not be told; None: tell it."""
        if moment.at is None:
            return None
        name = code.casefold()
        better = _BETTER.get(name)
        if better and any(
            abs(moment.at - run.end) < _BETTER_FOR for run in self._runs.get((device, better), {}).values()
        ):
            return "this station sends the equivalent level, Leq"
        begin = moment.at - round(moment.span_s * MICROS_PER_S)
        for span_s, run in self._runs.get((device, name), {}).items():
            overlap = min(run.end, moment.at) - max(run.begin, begin)
            if span_s < moment.span_s and overlap >= _COVERED * (moment.at - begin):
                return "finer readings of the same factor cover this interval"
        return None

    def told(self, device: str, code: str, moment: Moment) -> None:
        """A good value was told."""
        if moment.at is None:
            return
        span = round(moment.span_s * MICROS_PER_S)
        runs = self._runs.setdefault((device, code.casefold()), {})
        run = runs.get(moment.span_s)
        gap = max(_GAP, 2 * span)
        if run is None or moment.at - run.end > gap:
            runs[moment.span_s] = _Run(begin=moment.at - span, end=moment.at)
        elif run.begin - moment.at <= gap:
            run.begin, run.end = min(run.begin, moment.at - span), max(run.end, moment.at)
        self._runs.move_to_end((device, code.casefold()))
        if len(self._runs) > self._most:
            self._runs.popitem(last=False)
