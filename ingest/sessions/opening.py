"""Opens the way in that the settings ask for."""

from domain.ports import Clock, Session
from ingest.sessions.bulk import BulkSession
from ingest.sessions.hj212_listener import Hj212Listener
from ingest.sessions.joined import Bell, JoinedSession
from ingest.sessions.redialled import Orders, RedialledSession
from ingest.sessions.version import VersionFindingSession
from ingest.settings import BrokerSettings, IngestSettings


def open_session(settings: IngestSettings, clock: Clock, orders: Orders | None = None) -> Session:
    """The session of one engine: the broker, and the listeners if there are any; nothing is connected yet. It publishes
    what `orders` says, and nothing without.
    """
    bell, burst = Bell(), settings.batch_size
    listeners = [Hj212Listener(one, clock, burst=burst, ring=bell.ring) for one in settings.listeners]
    return JoinedSession(open_broker_session(settings, clock, orders, is_patient=True), listeners, clock, bell)


def open_broker_session(
    settings: IngestSettings, clock: Clock, orders: Orders | None, *, is_patient: bool = False
) -> Session:
    """The broker alone. docs/brokers.md says which client is taken when. `is_patient`: see RedialledSession.

    Raises Misconfigured for a certificate or a password file that cannot be read.
    """
    broker, feeds, burst = settings.broker, settings.feeds, settings.batch_size
    broker.secret()
    if broker.tls is not None:
        broker.tls.context()

    def ready(session: RedialledSession) -> RedialledSession:
        return session.carries(orders).takes_its_time() if is_patient else session.carries(orders)

    def paho(reached: BrokerSettings) -> RedialledSession:
        from ingest.sessions.paho import PahoSession  # 5 MB that most engines never need

        return ready(PahoSession(reached, feeds, clock, burst=burst))

    if broker.session == "paho" or broker.protocol != "5" or broker.transport != "tcp":
        return paho(broker)
    bulk = ready(BulkSession(broker, feeds, clock, burst=burst))
    if broker.session == "bulk":
        return bulk
    return VersionFindingSession(bulk, lambda: paho(broker.model_copy(update={"protocol": "3.1.1"})), broker)
