"""Which moves of an alert are told on which routes."""

from collections.abc import Sequence

from domain.alerts import Alert, AlertState, AlertTransition
from domain.outbox import Notice
from notify.settings import RouteSettings
from notify.texts import NoticeWriter


class NoticePlanner:
    """A `domain.ports.Planner`: one notice for each route that carries this move of an alert of this colour."""

    def __init__(self, *, routes: Sequence[RouteSettings], writer: NoticeWriter) -> None:
        self._routes = routes
        self._writer = writer

    def __call__(self, alert: Alert, transition: AlertTransition) -> Sequence[Notice]:
        return [self._notice(route, alert, transition) for route in self._routes if _carries(route, alert, transition)]

    def _notice(self, route: RouteSettings, alert: Alert, transition: AlertTransition) -> Notice:
        return Notice(
            key=f"{alert.id}:{transition.sequence}:{route.id}",
            alert_id=alert.id,
            sequence=transition.sequence,
            route=route.id,
            title=self._writer.title(alert, transition, route.language),
            body=self._writer.body(alert, transition, route.language),
            created_at=transition.recorded_at,
        )


def _carries(route: RouteSettings, alert: Alert, transition: AlertTransition) -> bool:
    if transition.from_state is AlertState.PENDING and transition.to_state is AlertState.CLOSED:
        return False  # nobody was told that it began, so nobody is told that it ended
    return alert.severity in route.severities and transition.move in route.moves
