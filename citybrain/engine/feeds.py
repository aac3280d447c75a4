"""Feed health on the wall: is it connected, how much comes, what becomes of it, how far the store is behind."""

from typing import Any

from citybrain.engine.building import Parts
from citybrain.engine.totals import FeedTotals

Json = dict[str, Any]


def feed_rows(parts: Parts) -> list[Json]:
    """One row for each feed; counts are messages since the records began."""
    figures = parts.statistics.figures(monotonic=parts.clock.monotonic())
    pump = parts.pump.status()
    rows = []
    for feed, now in figures.feeds.items():
        messages = parts.totals.feeds.get(feed, FeedTotals()).messages
        rows.append(
            {
                "id": feed,
                "connected": now.connected,
                "per_s": round(now.per_s, 1),
                "last_message": None if now.last_message is None else now.last_message // 1000,
                "received": messages.received,
                "stored": messages.stored,
                "duplicate": messages.duplicate,
                "quarantined": messages.quarantined,
                "late": messages.late,
                "imbalance": messages.imbalance,
                "missing": now.missing,
                "journal_problem": figures.journal_problem or parts.evaluation.problem,
                "store_behind_s": round(pump.behind_s, 1),
                "store_ok": pump.ok,
            }
        )
    return rows
