"""How late every series runs: a feed that is an hour late as a whole is judged by a clock that is an hour behind.

The lag of a reading is how long after its event time we got it. A series' own clock runs behind by the smaller of the
lags of its two newest readings, and only while the lag does not melt away: a backlog that comes in one go after an
outage is not a slow feed, and an alert that it makes is told at once.
"""

from dataclasses import dataclass

import numpy as np

from rules.columns import Index, Ints
from rules.core.rounds import rounds

UNHEARD = -(2**62)
"""Event time before the first reading: differences to it do not overflow."""
NO_LAG_YET = 2**60
"""Lag before the first reading: larger than every lag, and smaller than half of the step from UNHEARD."""


FEED_COLUMNS = ("at", "lag", "delay")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Feed:
    """Newest event time of one metric for every device of the program, its lag, and the delay of its clock, in µs."""

    at: Ints
    lag: Ints
    delay: Ints

    @classmethod
    def unheard(cls, devices: int) -> "Feed":
        return cls(
            at=np.full(devices, UNHEARD, dtype=np.int64),
            lag=np.full(devices, NO_LAG_YET, dtype=np.int64),
            delay=np.zeros(devices, dtype=np.int64),
        )

    def hear(self, device: Index, at: Ints, lag: Ints, *, slack: int, once: bool) -> Ints:
        """Take note of readings in the order of their arrival; the delay of each one's series after it.

        `slack`: by how much readings of one series may be out of step with each other.
        """
        if once:
            return self._hear(device, at, lag, slack)
        delay = np.empty_like(at)
        for turn in rounds(device, np.arange(len(device), dtype=np.int64)):
            delay[turn] = self._hear(device[turn], at[turn], lag[turn], slack)
        return delay

    def delay_within(self, devices: Index, *, since: int) -> int | None:
        """The smallest delay of those devices that were heard after `since`; None when none of them was."""
        heard = self.at[devices] + self.lag[devices] > since
        return int(self.delay[devices][heard].min()) if heard.any() else None

    def _hear(self, device: Index, at: Ints, lag: Ints, slack: int) -> Ints:
        before, was = self.at[device], self.lag[device]
        steady = was - lag <= (at - before) // 2 + slack
        delay = np.where(steady, np.minimum(was, lag), 0)
        newer = at > before
        if not newer.all():
            delay = np.where(newer, delay, self.delay[device])
            lag = np.where(newer, lag, was)
            at = np.maximum(at, before)
        self.at[device], self.lag[device], self.delay[device] = at, lag, delay
        return delay
