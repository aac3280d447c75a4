"""A session for high rates: MQTT 5 over TCP or TLS, thousands of messages and their acknowledgements at a time."""

from collections.abc import Callable, Sequence
from time import sleep

from domain.ports import Clock
from ingest.sessions.bulk_connection import BulkConnection
from ingest.sessions.bulk_incoming import Care
from ingest.sessions.feeds import FeedOfTopic
from ingest.sessions.redialled import RedialledSession
from ingest.settings import BrokerSettings, FeedSettings


class BulkSession(RedialledSession):
    """Implements domain.ports.Session on the codec `mqtt5`. One thread at a time."""

    def __init__(
        self,
        broker: BrokerSettings,
        feeds: Sequence[FeedSettings],
        clock: Clock,
        *,
        burst: int = 5000,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        known, care = FeedOfTopic(feeds), Care(clock.monotonic)
        super().__init__(
            broker,
            feeds,
            clock,
            lambda number: BulkConnection(broker, known, clock, number, care),
            burst=burst,
            pause=pause,
        )
