"""How long it takes from a reading's event time until its alert is recorded, where the reading itself caused it."""

import threading
from collections import deque

import numpy as np

from citybrain.engine.evaluation import Step
from domain.alerts import AlertMove

KEPT = 1024


class AlertLatencies:
    """Seconds of the city's clock over the newest alerts, until they stand as pending: hold times wait on purpose."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: deque[float] = deque(maxlen=KEPT)

    def note(self, step: Step) -> None:
        with self._lock:
            for alert, transition in step.moves:
                readings = transition.evidence.readings
                is_caused = (alert.rule, str(alert.target)) in step.by_reading
                if is_caused and readings and transition.move is AlertMove.OPEN:
                    newest = max(reading.at for reading in readings)
                    self._seconds.append((transition.recorded_at - newest).total_seconds())

    def quantiles(self) -> dict[str, float | None]:
        with self._lock:
            seconds = np.array(self._seconds)
        return {name: float(np.quantile(seconds, q)) if len(seconds) else None for name, q in QUANTILES.items()}


QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
