"""How long to wait before trying again: longer each time, and never in step with others."""

import random


class Backoff:
    """Exponential from `first` to `longest` seconds, each wait shortened at random by up to half."""

    def __init__(self, *, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def next_wait(self) -> float:
        """Seconds until the next attempt, after one more failure."""
        wait = min(self._longest, self._first * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return wait * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
