"""Slows down whoever tries passwords: after some failures in a row, a name from an address has to wait."""

from collections import OrderedDict
from dataclasses import dataclass

from dashboard.settings import LockoutSettings
from domain.ports import Clock

MOST_REMEMBERED = 10_000
"""Pairs of address and name; the one unused for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    until: float
    """Monotonic seconds before which nothing is tried."""


class Lockout:
    def __init__(self, settings: LockoutSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def wait_s(self, address: str, name: str) -> float:
        """How long the pair still has to wait; 0 when it may try."""
        failures = self._failures.get((address, name))
        return max(0.0, failures.until - self._clock.monotonic()) if failures else 0.0

    def failed(self, address: str, name: str) -> None:
        before = self._failures.pop((address, name), _Failures(0, 0.0))
        count = before.count + 1
        is_full = count >= self._settings.failures
        until = self._clock.monotonic() + self._settings.pause if is_full else 0.0
        self._failures[address, name] = _Failures(0 if is_full else count, until)
        while len(self._failures) > MOST_REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, address: str, name: str) -> None:
        self._failures.pop((address, name), None)
