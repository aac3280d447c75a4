"""What has to be told, and what became of each try to tell it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, exists, func, insert, or_, select, text, update

from domain.outbox import DeliveryAttempt, DeliveryState, Notice, Outcome
from store.records.columns import columns_of
from store.records.tables import WAITING, deliveries, outbox
from store.records.upserts import upsert_in

NOTICE = tuple(column for column in outbox.c if column.name != "id")


class OutboxRecords:
    """The outbox as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, notice: Notice) -> None:
        """Put it in. A key that is there already changes nothing: that fact has its notice."""
        self._connection.execute(_adding(self._connection.dialect.name), columns_of(notice))

    def get(self, key: str) -> Notice | None:
        row = self._connection.execute(select(*NOTICE).where(outbox.c.key == key)).first()
        return Notice(**row._mapping) if row else None

    def due(self, now: datetime, *, limit: int, route: str) -> Sequence[Notice]:
        """What `route` should try now, oldest first.

        A notice waits while an earlier one about the same alert waits: "back to normal" never overtakes "raised".
        """
        earlier = outbox.alias("earlier")
        blocked = exists().where(
            earlier.c.route == outbox.c.route,
            earlier.c.alert_id == outbox.c.alert_id,
            earlier.c.id < outbox.c.id,
            text("earlier.state = 'waiting'"),
        )
        is_due = or_(outbox.c.next_try_at.is_(None), outbox.c.next_try_at <= now)
        query = select(*NOTICE).where(
            outbox.c.state == DeliveryState.WAITING, outbox.c.route == route, is_due, ~blocked
        )
        return [Notice(**row._mapping) for row in self._connection.execute(query.order_by(outbox.c.id).limit(limit))]

    def waiting_routes(self) -> Sequence[str]:
        """Routes that have something waiting, due or not; in order of their names."""
        query = select(outbox.c.route).where(WAITING).distinct().order_by(outbox.c.route)
        return self._connection.scalars(query).all()

    def waiting(self, route: str) -> Sequence[Notice]:
        """Everything that waits on one route, due or not, oldest first."""
        query = select(*NOTICE).where(WAITING, outbox.c.route == route).order_by(outbox.c.id)
        return [Notice(**row._mapping) for row in self._connection.execute(query)]

    def list(self, *, limit: int, state: DeliveryState | None = None) -> Sequence[Notice]:
        """Newest first."""
        query = select(*NOTICE).order_by(outbox.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(outbox.c.state == state)
        return [Notice(**row._mapping) for row in self._connection.execute(query)]

    def counts(self) -> Mapping[DeliveryState, int]:
        """How many notices are in each state; every state has its number."""
        rows = self._connection.execute(select(outbox.c.state, func.count().label("number")).group_by(outbox.c.state))
        return dict.fromkeys(DeliveryState, 0) | {row.state: row.number for row in rows}

    def mark_sent(self, notice: Notice, *, at: datetime) -> None:
        """The receiver took it."""
        self._mark(notice, state=DeliveryState.SENT, sent_at=at, next_try_at=None, error="")
        self._note(notice, at, Outcome.SENT, "")

    def mark_retry(self, notice: Notice, *, at: datetime, next_try_at: datetime, error: str) -> None:
        """It did not work; it is due again at `next_try_at`."""
        self._mark(notice, state=DeliveryState.WAITING, next_try_at=next_try_at, error=error)
        self._note(notice, at, Outcome.RETRY, error)

    def mark_failed(self, notice: Notice, *, at: datetime, error: str) -> None:
        """Given up: it stays here to be seen."""
        self._mark(notice, state=DeliveryState.FAILED, next_try_at=None, error=error)
        self._note(notice, at, Outcome.FAILED, error)

    def attempts(self, key: str) -> Sequence[DeliveryAttempt]:
        """Every try of one notice, oldest first."""
        query = select(*(column for column in deliveries.c if column.name != "id")).where(deliveries.c.key == key)
        rows = self._connection.execute(query.order_by(deliveries.c.id))
        return [DeliveryAttempt(**row._mapping) for row in rows]

    def _mark(self, notice: Notice, **changes: Any) -> None:
        changed = update(outbox).where(outbox.c.key == notice.key).values(attempts=outbox.c.attempts + 1, **changes)
        self._connection.execute(changed)

    def _note(self, notice: Notice, at: datetime, outcome: Outcome, error: str) -> None:
        attempt = DeliveryAttempt(key=notice.key, at=at, route=notice.route, outcome=outcome, error=error)
        self._connection.execute(insert(deliveries).values(columns_of(attempt)))


@cache
def _adding(dialect: str) -> Executable:
    return upsert_in(dialect, outbox).on_conflict_do_nothing(index_elements=["key"])
