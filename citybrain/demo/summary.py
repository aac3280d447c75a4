"""The closing JSON of a demo: what happened, as one object on one line."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from domain.errors import Refused, Temporary

Json = Mapping[str, Any]

POLL_S = 0.2


def drained_statistics(data: Path, *, within_s: float, still_s: float) -> Json | None:
    """The engine's figures once the store has everything and nothing new came for so long, or when the time is over;
    None if it does not answer.
    """
    address = EngineAddress.read(data)
    if address is None:
        return None
    deadline = time.monotonic() + within_s
    latest: Json | None = None
    still = 0
    with EngineClient(address) as engine:
        while still * POLL_S < still_s and time.monotonic() < deadline:
            try:
                found = engine.get("/internal/statistics")
            except (Temporary, Refused):
                return latest
            is_still = latest is not None and found["messages"] == latest["messages"]
            still = still + 1 if is_still and not found["series"]["behind_entries"] else 0
            latest = found
            time.sleep(POLL_S)
    return latest


def summary_of(statistics: Json | None, *, restarts: Mapping[str, int], ran_s: float) -> Json:
    """Counts of messages and readings by fate, alerts, notices, latencies in milliseconds."""
    if statistics is None:
        return {"error": "the engine did not answer at the end", "restarts": dict(restarts)}
    return {
        "ran_s": round(ran_s, 1),
        "messages": statistics["messages"],
        "readings": statistics["readings"],
        "balanced": not (statistics["messages"]["imbalance"] or statistics["readings"]["imbalance"]),
        "alerts": statistics["alerts"],
        "notices": statistics["notices"],
        "publish_to_stored_ms": _millis(statistics, "publish_to_stored_s"),
        "publish_to_alert_ms": _millis(statistics, "publish_to_alert_s"),
        "restarts": dict(restarts),
    }


def _millis(statistics: Json, figure: str) -> Mapping[str, float | None]:
    """City seconds as real milliseconds."""
    to_millis = 1000 / statistics["speed"]
    return {name: None if value is None else round(value * to_millis, 1) for name, value in statistics[figure].items()}
