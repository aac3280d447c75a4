"""The open alerts in memory, as the wall shows them; the records stay the truth."""

from collections import deque
from collections.abc import Iterable

from domain.alerts import Alert, AlertState
from domain.conditions import Severity

RANK = {Severity.RED: 0, Severity.YELLOW: 1, Severity.WHITE: 2}


CLOSED_REMEMBERED = 1_000


class OpenAlerts:
    """Alerts that are not closed, by id. Moves and commands may arrive out of order: the highest sequence stands."""

    def __init__(self, alerts: Iterable[Alert] = ()) -> None:
        self._by_id = {alert.id: alert for alert in alerts if alert.state is not AlertState.CLOSED}
        self._closed: deque[str] = deque(maxlen=CLOSED_REMEMBERED)

    def take(self, alert: Alert) -> None:
        """One word on one alert; an older one than is known changes nothing."""
        known = self._by_id.get(alert.id)
        if alert.id in self._closed or (known is not None and known.sequence > alert.sequence):
            return
        if alert.state is AlertState.CLOSED:
            self._by_id.pop(alert.id, None)
            self._closed.append(alert.id)
        else:
            self._by_id[alert.id] = alert

    def shown(self) -> list[Alert]:
        """Those that people see (not pending): by colour, then newest first."""
        seen = [alert for alert in self._by_id.values() if alert.state is not AlertState.PENDING]
        return sorted(seen, key=lambda alert: (RANK[alert.severity], -alert.opened_at.timestamp(), alert.id))
