"""Lets go of records that are past their time, in portions, so that the writer of alerts never waits long."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import sleep

from domain.ports import Clock
from runtime import logs
from store.records.records import Books, Records
from store.records.settings import RecordsSettings

PORTION = 500
"""Rows in one transaction: a few milliseconds."""
MOST_PORTIONS = 200
"""Of one kind in one run; the rest goes with the next run."""
REST_S = 0.1
"""Between two portions: SQLite gives its lock to whoever asks first, and who waits for it asks at growing intervals."""

Portion = Callable[[Books, datetime], int]

_log = logs.get(__name__)


class OldRecords:
    """What the settings keep for a time only: ledger, delivered notices, and where they say so alerts and audit."""

    def __init__(
        self, records: Records, settings: RecordsSettings, clock: Clock, *, pause: Callable[[float], None] = sleep
    ) -> None:
        self._records = records
        self._settings = settings
        self._clock = clock
        self._pause = pause

    def forget(self) -> None:
        """One run over all kinds. Raises what a transaction raises; what is gone by then stays gone."""
        now = self._clock.now()
        for name, keep_s, portion in self._kinds():
            gone = self._all_before(now - timedelta(seconds=keep_s), portion)
            if gone:
                _log.info("old records removed", kind=name, rows=gone)

    def _kinds(self) -> Iterator[tuple[str, float, Portion]]:
        """Notices before the alerts that they are about."""
        keep = self._settings
        yield "ledger", keep.ledger_keep, lambda books, old: books.retention.forget_minutes(before=old, most=PORTION)
        yield "notices", keep.notices_keep, lambda books, old: books.retention.forget_notices(before=old, most=PORTION)
        if keep.alerts_keep is not None:
            yield "alerts", keep.alerts_keep, lambda books, old: books.retention.forget_alerts(before=old, most=PORTION)
        if keep.audit_keep is not None:
            yield "audit", keep.audit_keep, lambda books, old: books.retention.forget_audit(before=old, most=PORTION)

    def _all_before(self, moment: datetime, portion: Portion) -> int:
        gone = 0
        for _ in range(MOST_PORTIONS):
            with self._records.transaction() as books:
                count = portion(books, moment)
            gone += count
            if count < PORTION:
                break
            self._pause(REST_S)
        return gone
