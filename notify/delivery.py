"""Empties the outbox: at least once, in order for each alert, with a ledger of every try.

Between the hand-over and its mark the process may die; then the notice goes out again with the same key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import Refused, Temporary
from domain.outbox import Notice, Outcome
from domain.ports import Channel, Clock
from notify.settings import NotifySettings
from runtime import logs
from store.records.records import Records

AT_ONCE = 100
"""Notices of one route in one run; the rest are due in the next."""

log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one run came to."""

    sent: int = 0
    retried: int = 0
    failed: int = 0

    def __add__(self, other: "Delivered") -> "Delivered":
        return Delivered(
            sent=self.sent + other.sent, retried=self.retried + other.retried, failed=self.failed + other.failed
        )


class Deliverer:
    """Hands notices to channels. Runs of different routes may go on at the same time; of one route, one at a time."""

    def __init__(
        self, records: Records, *, channels: Mapping[str, Channel], clock: Clock, settings: NotifySettings
    ) -> None:
        self._records = records
        self._channels = channels
        self._clock = clock
        self._settings = settings
        self._unmarked: dict[str, tuple[Notice, datetime]] = {}
        """Handed over, and when, but the records did not take it yet: to be marked, never to be sent again."""

    @property
    def routes(self) -> tuple[str, ...]:
        return tuple(self._channels)

    def run_once(self, now: datetime) -> Delivered:
        """Try everything that is due at `now`, route by route. Raises Temporary when the records are away."""
        done = self._give_up_unknown_routes()
        for route in self._channels:
            done += self.run_route(route, now)
        return done

    def run_route(self, route: str, now: datetime) -> Delivered:
        """Try what is due on one route. The first failure that may pass ends the run: the receiver is probably away,
        and every further try would cost a time-out in which nothing else is sent."""
        self._mark_handed_over(route)
        with self._records.snapshot() as books:
            due = books.outbox.due(now, limit=AT_ONCE, route=route)
        done = Delivered()
        for notice in due:
            if notice.key in self._unmarked:
                continue
            outcome = self._try(notice)
            done += _counted(outcome)
            if outcome is Outcome.RETRY:
                break
        return done

    def _try(self, notice: Notice) -> Outcome:
        try:
            self._channels[notice.route].deliver(notice)
        except Temporary as exc:
            return self._retry(notice, str(exc), hint_s=exc.retry_after_s)
        except Refused as exc:
            return self._fail(notice, str(exc))
        except Exception as exc:
            log.exception("channel broke", route=notice.route, key=notice.key)
            return self._retry(notice, f"{type(exc).__name__}: {exc}")
        self._unmarked[notice.key] = (notice, self._clock.now())
        self._mark_handed_over(notice.route)
        if notice.attempts:
            log.info("notice sent after failures", route=notice.route, key=notice.key, tries=notice.attempts + 1)
        return Outcome.SENT

    def _mark_handed_over(self, route: str) -> None:
        """While the disk is full nothing can be marked: people are told all the same, and only once."""
        for notice, at in [entry for entry in self._unmarked.values() if entry[0].route == route]:
            try:
                with self._records.transaction() as books:
                    books.outbox.mark_sent(notice, at=at)
            except Temporary as exc:
                log.warning("notice sent, but not marked yet", route=route, key=notice.key, error=str(exc))
                return
            del self._unmarked[notice.key]

    def _retry(self, notice: Notice, error: str, *, hint_s: float | None = None) -> Outcome:
        tries = notice.attempts + 1
        if tries >= self._settings.tries:
            return self._fail(notice, error)
        now = self._clock.now()
        wait_s = max(hint_s or 0.0, back_off_s(tries, self._settings))
        with self._records.transaction() as books:
            books.outbox.mark_retry(notice, at=now, next_try_at=now + timedelta(seconds=wait_s), error=error)
        log.warning("notice not sent, will retry", route=notice.route, key=notice.key, wait_s=wait_s, error=error)
        return Outcome.RETRY

    def _fail(self, notice: Notice, error: str) -> Outcome:
        with self._records.transaction() as books:
            books.outbox.mark_failed(notice, at=self._clock.now(), error=error)
        log.error("notice given up", route=notice.route, key=notice.key, tries=notice.attempts + 1, error=error)
        return Outcome.FAILED

    def _give_up_unknown_routes(self) -> Delivered:
        """A route may have left the settings with notices waiting: nobody would ever try them again."""
        done = Delivered()
        with self._records.snapshot() as books:
            gone = [route for route in books.outbox.waiting_routes() if route not in self._channels]
            left = [notice for route in gone for notice in books.outbox.waiting(route)]
        for notice in left:
            done += _counted(self._fail(notice, f"route {notice.route} is no longer in the settings"))
        return done


def back_off_s(tries: int, settings: NotifySettings) -> float:
    """Seconds until the next try after so many failed ones: doubled each time, up to the longest."""
    doublings = min(tries - 1, 60)  # beyond that the number itself overflows long after it has lost its meaning
    return min(settings.longest_retry, settings.first_retry * 2.0**doublings)


def _counted(outcome: Outcome) -> Delivered:
    match outcome:
        case Outcome.SENT:
            return Delivered(sent=1)
        case Outcome.RETRY:
            return Delivered(retried=1)
        case Outcome.FAILED:
            return Delivered(failed=1)
