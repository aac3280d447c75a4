"""A persistent MQTT session that hands messages over and acknowledges them only when told.

Everything happens inside `receive`, in the caller's thread: while nobody receives, the broker has to wait.
"""

from collections.abc import Callable, Sequence
from time import sleep

from paho.mqtt.client import MQTTMessage

from domain.errors import Temporary
from domain.messages import Message
from domain.ports import Clock
from ingest.backoff import Backoff
from ingest.sessions.paho_connection import Connection
from ingest.settings import BrokerSettings, FeedSettings
from ingest.topics import TopicFilter
from runtime import logs

FORMER_FEED = "former"
"""Messages of subscriptions that the broker still holds for us, but that no feed of the settings asks for any more."""

_SHORTEST_ATTEMPT_S = 0.05
_PROVEN_AFTER_S = 5.0
"""A connection that lived this long was a good one: the next loss starts with short waits again."""
_REMEMBERED_TOPICS = 100_000

_log = logs.get(__name__)


class PahoSession:
    """Implements domain.ports.Session with paho-mqtt. One thread at a time."""

    def __init__(
        self,
        broker: BrokerSettings,
        feeds: Sequence[FeedSettings],
        clock: Clock,
        *,
        burst: int = 5000,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        """`burst`: how many messages one `receive` hands over at most. `pause` waits while there is no connection."""
        self._pause = pause
        self._broker = broker
        self._clock = clock
        self._burst = burst
        self._filters = [(TopicFilter(topic), feed.id) for feed in feeds for topic in feed.topics]
        self._subscriptions = tuple(
            f"$share/{feed.share}/{topic}" if feed.share else topic for feed in feeds for topic in feed.topics
        )
        self._feed_of: dict[str, str] = {}
        self._backoff = Backoff(first=broker.retry_first, longest=broker.retry_longest)
        self._connection: Connection | None = None
        self._generation = 0
        self._opened_at = 0.0
        self._next_attempt = float("-inf")
        self._was_open = self._has_subscribed = self._is_closed = False
        self._last_words = ""

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        """See the port. A connection attempt takes what `wait_s` allows, at least 50 ms."""
        deadline = self._clock.monotonic() + wait_s
        if self._connection is None and not self._attempt(deadline):
            self._idle(deadline)
            return []
        messages: list[Message] = []
        while self._connection is not None and not messages:
            left = max(0.0, deadline - self._clock.monotonic())
            self._connection.pump(wait_s=left, most=self._burst)
            self._look_after(self._connection)
            messages = self._taken(self._connection)
            if self._connection.is_over:
                self._lost(self._connection)
            if left <= 0:
                break
        return messages

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """See the port."""
        connection = self._connection
        if connection is not None:
            current = [m.token & 0xFFFF for m in messages if m.qos and m.token >> 16 == self._generation]
            connection.acknowledge(current)

    def is_connected(self) -> bool:
        return self._connection is not None and self._connection.is_open

    def close(self) -> None:
        """See the port. Closing twice is not an error; a closed session receives nothing more."""
        self._is_closed = True
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _attempt(self, deadline: float) -> bool:
        now = self._clock.monotonic()
        if self._is_closed or now < self._next_attempt:
            return False
        connection = Connection(self._broker)
        self._generation += 1
        try:
            timeout_s = min(self._broker.connect_timeout, max(_SHORTEST_ATTEMPT_S, deadline - now))
            connection.open(timeout_s=timeout_s)
        except Temporary as exc:
            self._say("broker not reached", reason=str(exc))
            self._next_attempt = self._clock.monotonic() + self._backoff.next_wait()
            return False
        self._connection, self._opened_at, self._was_open = connection, now, False
        return True

    def _look_after(self, connection: Connection) -> None:
        """What follows from the broker's answers."""
        if connection.is_open and not self._was_open:
            self._was_open = True
            self._greeted(connection)
        if connection.refused_topics:
            _log.error(
                "broker refuses topics; grant this client the right to read them", topics=connection.refused_topics
            )
            connection.refused_topics = []
        if not connection.is_open and self._clock.monotonic() - self._opened_at > self._broker.connect_timeout:
            connection.close(because=f"no answer within {self._broker.connect_timeout:g} s")

    def _greeted(self, connection: Connection) -> None:
        _log.info(
            "broker connected", host=self._broker.host, port=self._broker.port, resumed=connection.session_present
        )
        self._last_words = ""
        if self._has_subscribed and not connection.session_present:
            _log.error(
                "broker has forgotten our session and what it held for us; give it persistence and a longer expiry",
                client_id=self._broker.client_id,
            )
        if not (self._has_subscribed and connection.session_present):
            connection.subscribe(self._subscriptions)
            self._has_subscribed = True

    def _taken(self, connection: Connection) -> list[Message]:
        arrived, connection.arrived = connection.arrived, []
        received = self._clock.micros() if arrived else 0
        return [self._message(one, received) for one in arrived]

    def _message(self, arrived: MQTTMessage, received: int) -> Message:
        try:
            topic = arrived.topic
        except UnicodeDecodeError:
            topic = "(topic is not UTF-8)"
        return Message(
            feed=self._feed_of.get(topic) or self._find_feed(topic),
            topic=topic,
            payload=bytes(arrived.payload),
            received=received,
            qos=arrived.qos,
            retain=arrived.retain,
            redelivered=arrived.dup,
            token=self._generation << 16 | arrived.mid,
        )

    def _find_feed(self, topic: str) -> str:
        feed = next((feed for topic_filter, feed in self._filters if topic_filter.matches(topic)), FORMER_FEED)
        if len(self._feed_of) >= _REMEMBERED_TOPICS:
            self._feed_of.clear()
        self._feed_of[topic] = feed
        return feed

    def _lost(self, connection: Connection) -> None:
        """The connection is over: plan the next. Its unacknowledged messages will come again."""
        self._connection = None
        now = self._clock.monotonic()
        if connection.refusal is not None:
            self._say("broker refuses us; mend username, password or rights", reason=connection.refusal.words)
            self._next_attempt = now + self._broker.retry_refused
            return
        if self._was_open:
            self._say("broker lost", reason=connection.ended_because)
            if now - self._opened_at >= _PROVEN_AFTER_S:
                self._backoff.reset()
        else:
            self._say(
                "broker hangs up before it answers: wrong password, or wrong MQTT version or TLS for this port",
                reason=connection.ended_because,
            )
        self._next_attempt = now + self._backoff.next_wait()

    def _say(self, event: str, *, reason: str) -> None:
        """Once until something else happens: an outage is one event, not one per attempt."""
        if event != self._last_words:
            self._last_words = event
            _log.error(event, host=self._broker.host, port=self._broker.port, reason=reason)

    def _idle(self, deadline: float) -> None:
        now = self._clock.monotonic()
        attempt = deadline if self._is_closed else self._next_attempt
        self._pause(max(0.0, min(deadline, attempt) - now))
