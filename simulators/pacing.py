"""Lets time pass until something is due on the city's clock, at whatever speed that clock runs."""

from collections.abc import Callable

from domain.instants import MICROS_PER_S
from domain.ports import Clock, StopAsked
from runtime import logs

_log = logs.get(__name__)
_LONGEST_S, _SHORTEST_S = 0.1, 0.001
_BEHIND_S, _CAUGHT_UP_S = 5.0, 1.0


class Pacer:
    """`idle` lets up to so many real seconds pass: the network's turn, or a test's `advance`."""

    def __init__(self, clock: Clock, *, idle: Callable[[float], None], stop: StopAsked) -> None:
        self._clock = clock
        self._idle = idle
        self._stop = stop
        self._began = (clock.micros(), clock.monotonic())
        self._is_behind = False

    def wait_until(self, at: int) -> bool:
        """Until the city's clock shows `at` (microseconds); False when asked to stop. Says when it falls behind."""
        while not self._stop():
            speed = self._speed()
            left_s = (at - self._clock.micros()) / MICROS_PER_S / speed
            if left_s <= 0:
                self._notice_lag(-left_s)
                return True
            self._idle(min(max(left_s, _SHORTEST_S), _LONGEST_S))
        return False

    def _speed(self) -> float:
        """City seconds in a real one, as seen so far; at first so many that no wait is too long."""
        city_s = (self._clock.micros() - self._began[0]) / MICROS_PER_S
        real_s = self._clock.monotonic() - self._began[1]
        return max(city_s / real_s, 1e-3) if real_s > 0.05 else 100.0

    def _notice_lag(self, lag_s: float) -> None:
        if not self._is_behind and lag_s > _BEHIND_S:
            self._is_behind = True
            _log.warning("simulation behind the clock", behind_s=round(lag_s, 1))
        elif self._is_behind and lag_s < _CAUGHT_UP_S:
            self._is_behind = False
            _log.info("simulation has caught up")
