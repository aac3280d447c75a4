"""Opens the way in that the settings ask for."""

from domain.ports import Clock, Session
from ingest.sessions.bulk import BulkSession
from ingest.sessions.paho import PahoSession
from ingest.sessions.version import VersionFindingSession
from ingest.settings import IngestSettings


def open_session(settings: IngestSettings, clock: Clock) -> Session:
    """The session of one engine; nothing is connected yet. docs/brokers.md says which is taken when."""
    broker, feeds, burst = settings.broker, settings.feeds, settings.batch_size
    if broker.session == "paho" or broker.protocol != "5" or broker.transport != "tcp":
        return PahoSession(broker, feeds, clock, burst=burst)
    bulk = BulkSession(broker, feeds, clock, burst=burst)
    if broker.session == "bulk":
        return bulk
    older = PahoSession(broker.model_copy(update={"protocol": "3.1.1"}), feeds, clock, burst=burst)
    return VersionFindingSession(bulk, older, broker)
