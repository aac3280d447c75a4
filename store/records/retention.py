"""Removes what is past its time, oldest first, a portion at a time; the caller leaves others a pause in between."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, select

from domain.alerts import AlertState
from domain.outbox import DeliveryState
from store.records.tables import alert_transitions, alerts, audit, deliveries, ledger, outbox


class RetentionRecords:
    """Each method removes up to about `most` rows that belong to before that moment, and says how many it were.

    Fewer than `most`: nothing is left that is so old.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def forget_minutes(self, *, before: datetime, most: int) -> int:
        """Of the ledger, whole minutes: all feeds of a minute go together."""
        old = select(ledger.c.minute).where(ledger.c.minute < before).order_by(ledger.c.minute)
        last = self._connection.scalar(old.offset(most - 1).limit(1))
        beyond = ledger.c.minute < before if last is None else ledger.c.minute <= last
        return self._connection.execute(delete(ledger).where(beyond)).rowcount

    def forget_notices(self, *, before: datetime, most: int) -> int:
        """Those that nobody tries to deliver any more, with all their attempts. What still waits stays, however old."""
        old = self._oldest(outbox, outbox.c.created_at, before)
        done = old.where(outbox.c.state != DeliveryState.WAITING).limit(most)
        ids = self._connection.scalars(done).all()
        keys = select(outbox.c.key).where(outbox.c.id.in_(ids))
        self._connection.execute(delete(deliveries).where(deliveries.c.key.in_(keys)))
        self._connection.execute(delete(outbox).where(outbox.c.id.in_(ids)))
        return len(ids)

    def forget_audit(self, *, before: datetime, most: int) -> int:
        ids = self._connection.scalars(self._oldest(audit, audit.c.at, before).limit(most)).all()
        self._connection.execute(delete(audit).where(audit.c.id.in_(ids)))
        return len(ids)

    def forget_alerts(self, *, before: datetime, most: int) -> int:
        """Those that were closed before, with their whole history. An open one stays, however old."""
        closed = select(alerts.c.id).where(
            alerts.c.opened_at < before, alerts.c.closed_at < before, alerts.c.state == AlertState.CLOSED
        )
        ids = self._connection.scalars(closed.order_by(alerts.c.opened_at, alerts.c.id).limit(most)).all()
        self._connection.execute(delete(alert_transitions).where(alert_transitions.c.alert_id.in_(ids)))
        self._connection.execute(delete(alerts).where(alerts.c.id.in_(ids)))
        return len(ids)

    def _oldest(self, table: Table, moment: Column[Any], before: datetime) -> Any:
        """Numbers of the rows in front of the first that is young enough: they are in order of time, and no index but
        that of the numbers is needed.
        """
        young = self._connection.scalar(select(table.c.id).where(moment >= before).order_by(table.c.id).limit(1))
        old = select(table.c.id).order_by(table.c.id)
        return old if young is None else old.where(table.c.id < young)
