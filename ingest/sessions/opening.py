"""Opens the way in that the settings ask for."""

from domain.ports import Clock, Session
from ingest.sessions.bulk import BulkSession
from ingest.sessions.hj212_listener import Hj212Listener
from ingest.sessions.joined import Bell, JoinedSession
from ingest.sessions.paho import PahoSession
from ingest.sessions.redialled import Orders
from ingest.sessions.version import VersionFindingSession
from ingest.settings import IngestSettings


def open_session(settings: IngestSettings, clock: Clock, orders: Orders | None = None) -> Session:
    """The session of one engine: the broker, with the listeners beside it; nothing is connected yet. It publishes what
    `orders` says, and nothing without.
    """
    if not settings.listeners:
        return open_broker_session(settings, clock, orders)
    bell, burst = Bell(), settings.batch_size
    listeners = [Hj212Listener(one, clock, burst=burst, ring=bell.ring) for one in settings.listeners]
    return JoinedSession(open_broker_session(settings, clock, orders), listeners, clock, bell)


def open_broker_session(settings: IngestSettings, clock: Clock, orders: Orders | None) -> Session:
    """The broker alone. docs/brokers.md says which client is taken when.

    Raises Misconfigured for a certificate or a password file that cannot be read.
    """
    broker, feeds, burst = settings.broker, settings.feeds, settings.batch_size
    broker.secret()
    if broker.tls is not None:
        broker.tls.context()
    if broker.session == "paho" or broker.protocol != "5" or broker.transport != "tcp":
        return PahoSession(broker, feeds, clock, burst=burst).carries(orders)
    bulk = BulkSession(broker, feeds, clock, burst=burst).carries(orders)
    if broker.session == "bulk":
        return bulk
    older = PahoSession(broker.model_copy(update={"protocol": "3.1.1"}), feeds, clock, burst=burst).carries(orders)
    return VersionFindingSession(bulk, older, broker)
