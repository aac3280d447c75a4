"""MQTT's keepalive: when to ask a silent broker whether it is there, and when it is not."""

_EARLY = 0.75
"""Part of the interval after which we ask: brokers count from their side of the network."""


class Vitality:
    """Times are real seconds (monotonic). An interval of 0 asks for nothing (MQTT 5, 3.1.2.10)."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self._spoke = self._heard = 0.0
        self._pinged: float | None = None

    def begin(self, now: float) -> None:
        self._spoke = self._heard = now

    def spoke(self, now: float) -> None:
        self._spoke = now

    def heard(self, now: float) -> None:
        self._heard = now
        self._pinged = None

    def pinged(self, now: float) -> None:
        self._pinged = now

    def wants_ping(self, now: float) -> bool:
        silence = now - min(self._spoke, self._heard)
        return self._pinged is None and 0 < self.interval_s * _EARLY <= silence

    def is_dead(self, now: float) -> bool:
        """Asked, and heard nothing at all since."""
        return self._pinged is not None and now - self._pinged > self.interval_s
