"""The one place that asks the operating system for the time; virtual clocks serve tests, replays and the demo."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.instants import from_micros, to_micros
from domain.ports import Clock


class SystemClock:
    """Real time that never goes back: where the machine's clock is set back, ours goes on at half its pace until the
    machine has caught up. It must not stand still, or no hold time and no silence would ever end meanwhile.
    """

    def __init__(self, machine: Callable[[], int] = time.time_ns) -> None:
        """`machine` gives nanoseconds since the epoch: a number, because every message that comes in asks."""
        self._machine = machine
        self._reading = threading.Lock()
        self._latest = machine()
        self._read_at = time.monotonic_ns()

    def now(self) -> datetime:
        return from_micros(self.micros())

    def micros(self) -> int:
        with self._reading:
            read_at = time.monotonic_ns()
            slowed = self._latest + (read_at - self._read_at) // 2
            self._latest, self._read_at = max(slowed, self._machine()), read_at
            return self._latest // 1000

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Where a virtual time is fixed to the real one: at `real` it was `city`, and it runs `speed` times as fast."""

    real: datetime
    city: datetime
    speed: float = 1.0


class AnchoredClock:
    """The city's time of a demo or a replay: every process with the same anchor reads the same time."""

    def __init__(self, anchor: Anchor, real: Clock | None = None) -> None:
        self.anchor = anchor
        self._real = real or SystemClock()
        self._real_us, self._city_us = to_micros(anchor.real), to_micros(anchor.city)
        self._times, self._per = float(anchor.speed).as_integer_ratio()

    def now(self) -> datetime:
        return from_micros(self.micros())

    def micros(self) -> int:
        # exact, as a timedelta times a float is: a float would lose microseconds over weeks at a high speed
        passed, over = divmod((self._real.micros() - self._real_us) * self._times, self._per)
        return self._city_us + passed + (2 * over > self._per or (2 * over == self._per and passed % 2))

    def monotonic(self) -> float:
        return self._real.monotonic()


class ManualClock:
    """Time that moves only by `advance`; for tests and replays."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0

    def advance(self, by: timedelta) -> datetime:
        """Move on. Raises ValueError for a negative step."""
        if by < timedelta(0):
            raise ValueError(f"time does not go back: {by}")
        self._now += by
        self._elapsed += by.total_seconds()
        return self._now

    def now(self) -> datetime:
        return self._now

    def micros(self) -> int:
        return to_micros(self._now)

    def monotonic(self) -> float:
        return self._elapsed
