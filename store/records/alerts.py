"""Alerts and their history: the history only grows, the alert is its last line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select, tuple_, update

from domain.alerts import Alert, AlertMove, AlertState, AlertTransition
from domain.conditions import Target
from domain.errors import Refused
from domain.instants import from_micros, to_micros
from store.records.columns import columns_of
from store.records.errors import Conflict
from store.records.tables import OPEN, alert_transitions, alerts

# What every move needs is built once: in a flood of alarms building would take longer than carrying out.
_ONE = select(alerts).where(alerts.c.id == bindparam("one"))
_OPEN_ONE = select(alerts).where(OPEN, alerts.c.rule == bindparam("of_rule"), alerts.c.target == bindparam("on_target"))
_EPISODES = (
    select(func.count())
    .select_from(alerts)
    .where(
        alerts.c.rule == bindparam("of_rule"),
        alerts.c.target == bindparam("on_target"),
        alerts.c.opened_at == bindparam("began"),
    )
)
_BEGIN = insert(alerts)
_MOVE = update(alerts).where(alerts.c.id == bindparam("one"), alerts.c.sequence == bindparam("before"))
_APPEND = insert(alert_transitions)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPage:
    """A part of a list of alerts; `next` continues it, None when it is complete."""

    alerts: Sequence[Alert]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCounts:
    """`opened`: people were told; `resolved`: of those, back to normal. An alert that came back twice counts twice."""

    opened: int
    resolved: int


class AlertRecords:
    """The alerts as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, alert_id: str) -> Alert | None:
        return _alert(self._connection.execute(_ONE, {"one": alert_id}).first())

    def beginning_with(self, start: str, *, limit: int) -> Sequence[Alert]:
        """Those whose id begins so, for people who do not type all of it; in order of the id."""
        query = select(alerts).where(alerts.c.id.startswith(start, autoescape=True)).order_by(alerts.c.id).limit(limit)
        return [Alert(**row._mapping) for row in self._connection.execute(query)]

    def open_for(self, rule: str, target: Target) -> Alert | None:
        """The one alert of this rule on this target that is not closed."""
        return _alert(self._connection.execute(_OPEN_ONE, {"of_rule": rule, "on_target": target}).first())

    def episodes(self, rule: str, target: Target, *, opened_at: datetime) -> int:
        """How many alerts of this rule on this target began at that very event time."""
        mine = {"of_rule": rule, "on_target": target, "began": opened_at}
        return self._connection.scalar(_EPISODES, mine) or 0

    def save(self, alert: Alert, transition: AlertTransition) -> None:
        """Append the transition and let the alert be what it made of it.

        Raises Conflict when the rule already has an open alert on the target, or when another writer moved this
        alert first.
        """
        if transition.sequence == 1:
            self._connection.execute(_BEGIN, columns_of(alert))
        else:
            mine = {"one": alert.id, "before": transition.sequence - 1}
            moved = self._connection.execute(_MOVE, columns_of(alert) | mine)
            if moved.rowcount != 1:
                raise Conflict(
                    f"alert {alert.id} is not at move {transition.sequence - 1}; read it again before you move it"
                )
        self._connection.execute(_APPEND, columns_of(transition))

    def transitions(self, alert_id: str) -> Sequence[AlertTransition]:
        """The whole history, oldest first; [] for an alert that is not on file."""
        rows = self._connection.execute(
            select(alert_transitions)
            .where(alert_transitions.c.alert_id == alert_id)
            .order_by(alert_transitions.c.sequence)
        )
        return [AlertTransition(**row._mapping) for row in rows]

    def list(self, *, open_only: bool, limit: int, after: str | None = None) -> AlertPage:
        """Newest first by the time of opening. `after` is the `next` of the page before. Raises Refused for another."""
        place = (alerts.c.opened_at, alerts.c.id)
        query = select(alerts).order_by(*(column.desc() for column in place)).limit(limit + 1)
        if open_only:
            query = query.where(OPEN)
        if after is not None:
            query = query.where(tuple_(*place) < _place(after))
        found = [Alert(**row._mapping) for row in self._connection.execute(query)]
        more = len(found) > limit
        return AlertPage(alerts=found[:limit], next=_cursor(found[limit - 1]) if more else None)

    def every_open(self) -> Sequence[Alert]:
        """All alerts that are not closed, pending ones included."""
        return [Alert(**row._mapping) for row in self._connection.execute(select(alerts).where(OPEN))]

    def counts(self) -> AlertCounts:
        """Over all that is on file."""
        moves = alert_transitions.c.move
        returns = (AlertMove.RETURN, AlertMove.RETURN_AND_CLOSE)
        seen = or_(alert_transitions.c.from_state.is_(None), alert_transitions.c.from_state != AlertState.PENDING)
        number = select(func.count()).select_from(alert_transitions)
        return AlertCounts(
            opened=self._connection.scalar(number.where(moves == AlertMove.HOLD)) or 0,
            resolved=self._connection.scalar(number.where(moves.in_(returns), seen)) or 0,
        )


def _alert(row: Row[Any] | None) -> Alert | None:
    return Alert(**row._mapping) if row else None


def _cursor(alert: Alert) -> str:
    return f"{to_micros(alert.opened_at)}-{alert.id}"


def _place(cursor: str) -> tuple[datetime, str]:
    micros, _, alert_id = cursor.partition("-")
    if not (micros.isdecimal() and alert_id):
        raise Refused(f"{cursor!r} is not the end of a page; give back the `next` of the page before")
    return from_micros(int(micros)), alert_id
