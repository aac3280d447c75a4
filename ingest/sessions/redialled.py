"""A persistent MQTT session over one connection after the other.

Everything happens inside `receive`, in the caller's thread: while nobody receives, the broker has to wait.
"""

from collections.abc import Callable, Mapping, Sequence
from time import sleep
from typing import Protocol

from domain.errors import Misconfigured, Temporary
from domain.messages import Message
from domain.ports import Clock
from ingest.sessions.feeds import subscriptions
from ingest.sessions.link import Link, Publication
from ingest.sessions.outage import OutageWords, Redialling
from ingest.settings import BrokerSettings, FeedSettings
from runtime import logs

_SHORTEST_ATTEMPT_S = 0.05
_LONGEST_PUMP_S = 0.5
"""Links look after their keepalive when they are pumped: no wait may keep them from it. Keepalive is 1 s at least."""
_DOUBTED_AFTER = 2
"""Unanswered connections in a row until the broker may be one that does not know our version of MQTT."""

_log = logs.get(__name__)


class Orders(Protocol):
    """What is to be published, by whoever wants it."""

    def take(self) -> Sequence[Publication]:
        """What is due now, each once; cheap to ask. Taken only while there is a connection."""


class RedialledSession:
    """Implements domain.ports.Session with links that `dial` makes; it is told the number of each. One thread."""

    def __init__(
        self,
        broker: BrokerSettings,
        feeds: Sequence[FeedSettings],
        clock: Clock,
        dial: Callable[[int], Link],
        *,
        burst: int = 5000,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        """`burst`: how many messages one `receive` hands over at most. `pause` waits while there is no connection."""
        self._broker = broker
        self._clock = clock
        self._dial = dial
        self._burst = burst
        self._pause = pause
        self._subscriptions = subscriptions(feeds)
        self._feeds = tuple(feed.id for feed in feeds)
        self._orders: Orders | None = None
        self._is_patient = False
        self._link: Link | None = None
        self._links = 0
        self._opened_at = 0.0
        self._was_open = self._has_subscribed = self._is_closed = self._version_refused = False
        self._redialling = Redialling(broker, clock, OutageWords(broker))

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        """See the port. A connection attempt takes what `wait_s` allows, at least 50 ms; but see `takes_its_time`."""
        deadline = self._clock.monotonic() + wait_s
        if self._link is None and not self._attempt(deadline):
            self._idle(deadline)
            return []
        messages: Sequence[Message] = []
        had_answer = self._was_open
        while (link := self._link) is not None and not messages:
            left = max(0.0, deadline - self._clock.monotonic())
            messages = link.pump(wait_s=min(left, _LONGEST_PUMP_S), most=self._burst)
            self._look_after(link)
            self._carry_out(link)
            if left <= 0 or (self._is_patient and self._was_open and not had_answer):
                break
        return messages

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """See the port."""
        if self._link is not None:
            self._link.acknowledge(messages)

    def is_connected(self) -> bool:
        return self._link is not None and self._link.state.is_open

    def connections(self) -> Mapping[str, bool]:
        """See the port."""
        return dict.fromkeys(self._feeds, self.is_connected())

    def close(self) -> None:
        """See the port. Closing twice is not an error; a closed session receives nothing more."""
        self._is_closed = True
        if self._link is not None:
            self._link.close()
            self._link = None

    def speaks_as(self, words: OutageWords) -> "RedialledSession":
        """Sessions that stand in for each other tell of an outage with one mouth."""
        self._redialling = Redialling(self._broker, self._clock, words)
        return self

    def takes_its_time(self) -> "RedialledSession":
        """For who has a thread to spare until there is a connection: an attempt may take all of `connect_timeout`, as
        over a slow line, and `receive` returns as soon as the broker has said yes.
        """
        self._is_patient = True
        return self

    def carries(self, orders: Orders | None) -> "RedialledSession":
        """What is to be said to the broker besides acknowledgements."""
        self._orders = orders
        return self

    def doubts_version(self) -> bool:
        """The broker refuses our version of MQTT, or keeps hanging up before a word."""
        return self._version_refused or self._redialling.unanswered >= _DOUBTED_AFTER

    def _attempt(self, deadline: float) -> bool:
        now = self._clock.monotonic()
        if self._is_closed or now < self._redialling.next_attempt:
            return False
        self._links += 1
        try:
            link = self._dial(self._links)
            most = self._broker.connect_timeout
            link.open(timeout_s=most if self._is_patient else min(most, max(_SHORTEST_ATTEMPT_S, deadline - now)))
        except (
            Temporary,
            Misconfigured,
        ) as exc:  # files of TLS are read anew each time: they may be exchanged just now
            self._redialling.not_reached(str(exc))
            return False
        self._link, self._opened_at, self._was_open = link, now, False
        return True

    def _look_after(self, link: Link) -> None:
        """What follows from the broker's answers."""
        state = link.state
        if state.is_open and not self._was_open:
            self._was_open = True
            self._greeted(link)
        # Only what the broker has confirmed lasts: the connection may be lost between our asking and its answer.
        self._has_subscribed |= state.is_subscribed
        if state.refused_topics:
            _log.error("broker refuses topics; grant this client the right to read them", topics=state.refused_topics)
            state.refused_topics = []
        if state.weak_topics:
            _log.error("broker grants QoS 0 only: it may lose messages; allow QoS 1", topics=state.weak_topics)
            state.weak_topics = []
        age_s = self._clock.monotonic() - self._opened_at
        if not self._was_open and age_s > self._broker.connect_timeout:
            link.close(because=f"no answer within {self._broker.connect_timeout:g} s")
        if state.is_over:
            self._link = None
            self._version_refused = state.refusal is not None and state.refusal.of_version
            self._redialling.ended(state, lived_s=age_s)

    def _carry_out(self, link: Link) -> None:
        if self._orders is not None and link.state.is_open and (publications := self._orders.take()):
            link.publish(publications)

    def _greeted(self, link: Link) -> None:
        present = link.state.session_present
        self._redialling.greeted(link.state)
        if self._has_subscribed and not present:
            _log.error(
                "broker has forgotten our session and what it held for us; give it persistence and a longer expiry",
                client_id=self._broker.client_id,
            )
        if not self._has_subscribed and link.state.kept_s is not None:
            _log.warning(
                "broker keeps our session for another time than session_expiry says: longer absences lose messages",
                kept_s=link.state.kept_s,
                session_expiry_s=self._broker.session_expiry,
            )
        if not (self._has_subscribed and present):
            link.subscribe(self._subscriptions)

    def _idle(self, deadline: float) -> None:
        now = self._clock.monotonic()
        attempt = deadline if self._is_closed else self._redialling.next_attempt
        self._pause(max(0.0, min(deadline, attempt) - now))
