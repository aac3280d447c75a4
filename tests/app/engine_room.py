"""The engine's real parts on a real journal and real records, driven by hand on a clock that stands still."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from citybrain.edge.stream import PictureStream
from citybrain.engine.building import Parts, build
from citybrain.engine.desk import Desk
from citybrain.engine.evaluation import Step
from citybrain.engine.latencies import AlertLatencies
from domain.alerts import Alert, AlertTransition
from domain.instants import to_micros
from domain.ledger import LedgerLine, Tally
from domain.messages import Quarantined, Reason
from domain.readings import ReadingBatch, batch_of
from domain.settlements import Settlement
from runtime.clock import ManualClock
from tests.app.installation import Site

NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
"""12:00 of the city: by day."""

Row = tuple[str, str, float]
"""Device, metric, value."""


def never() -> bool:
    """Nobody asks to stop."""
    return False


class EngineRoom:
    """`crash` and `reopen` leave nothing behind but what is on the disk."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.clock = ManualClock(NOON)
        self.installation = site.installation()
        self.parts = self._build()

    def _build(self) -> Parts:
        self.stream = PictureStream()
        parts = build(self.installation, self.clock)
        self.desk = Desk(parts, stream=self.stream, latencies=AlertLatencies())
        return parts

    def at(self, seconds: float) -> int:
        """Microseconds of noon and so many seconds."""
        return to_micros(NOON + timedelta(seconds=seconds))

    def batch(self, rows: Sequence[Row], *, at: float, **columns: Any) -> ReadingBatch:
        vocabulary = self.parts.latest.vocabulary
        return batch_of(
            vocabulary,
            device=[vocabulary.device_ordinal[device] for device, _, _ in rows],
            metric=[vocabulary.metric_ordinal[metric] for _, metric, _ in rows],
            at=[self.at(at)] * len(rows),
            value=[value for _, _, value in rows],
            **columns,
        )

    def settle(self, rows: Sequence[Row] = (), *, at: float, quarantined: int = 0) -> int:
        """Append what one micro-batch came to `at` so many seconds after noon; returns its place in the journal."""
        moment = self.at(at)
        bad = [
            Quarantined(feed="city", topic="t", payload=b"{", received=moment, reason=Reason.NOT_JSON, detail="cut off")
        ] * quarantined
        messages = Tally(received=len(rows) + quarantined, stored=len(rows), quarantined=quarantined)
        minute = (NOON + timedelta(seconds=at)).replace(second=0, microsecond=0)
        line = LedgerLine(feed="city", minute=minute, messages=messages, readings=messages)
        settlement = Settlement(
            now=moment,
            readings=self.batch(rows, at=at),
            quarantined=tuple(bad),
            ledger=(line,) if rows or quarantined else (),
        )
        return self.parts.journal.append(settlement)

    def step(self, stop: Callable[[], bool] = never) -> Step:
        return self.parts.evaluation.step(stop)

    def judge(self, rows: Sequence[Row] = (), *, at: float) -> Step:
        """Settle and step, with the clock at that time."""
        self.clock.advance(timedelta(microseconds=max(0, self.at(at) - self.clock.micros())))
        self.settle(rows, at=at)
        return self.step()

    def crash(self) -> None:
        """Lose everything that is not on the disk and start again, as a process that was killed would."""
        self.parts.close()
        self.parts = self._build()
        self.parts.evaluation.restore()

    def history(self) -> list[tuple[Alert, list[AlertTransition]]]:
        """All alerts with all their moves, as the records hold them."""
        with self.parts.records.snapshot() as books:
            alerts = books.alerts.list(open_only=False, limit=1000).alerts
            return [(alert, list(books.alerts.transitions(alert.id))) for alert in alerts]

    def ledger(self) -> Tally:
        """All messages of the ledger."""
        with self.parts.records.snapshot() as books:
            return sum((messages for messages, _ in books.ledger.totals().values()), Tally())

    def close(self) -> None:
        self.parts.close()
