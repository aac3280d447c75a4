"""Opens the way in that the settings ask for."""

from domain.ports import Clock, Session
from ingest.sessions.paho import PahoSession
from ingest.settings import IngestSettings


def open_session(settings: IngestSettings, clock: Clock) -> Session:
    """The session of one engine; nothing is connected yet. Raises Misconfigured for unreadable certificates."""
    return PahoSession(settings.broker, settings.feeds, clock, burst=settings.batch_size)
