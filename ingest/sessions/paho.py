"""A session on paho-mqtt: MQTT 5 or 3.1.1, over TCP, TLS or websockets."""

from collections.abc import Callable, Sequence
from time import sleep

from domain.ports import Clock
from ingest.sessions.feeds import FeedOfTopic
from ingest.sessions.paho_connection import PahoConnection
from ingest.sessions.redialled import RedialledSession
from ingest.settings import BrokerSettings, FeedSettings


class PahoSession(RedialledSession):
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
        known = FeedOfTopic(feeds)
        super().__init__(
            broker, feeds, clock, lambda number: PahoConnection(broker, known, clock, number), burst=burst, pause=pause
        )
