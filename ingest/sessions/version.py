"""MQTT 5 with brokers that speak it, MQTT 3.1.1 with those that do not: found out once, at the first connection."""

from collections.abc import Callable, Mapping, Sequence

from domain.messages import Message
from ingest.sessions.outage import OutageWords
from ingest.sessions.redialled import RedialledSession
from ingest.settings import BrokerSettings
from runtime import logs

_log = logs.get(__name__)


class VersionFindingSession:
    """Implements domain.ports.Session with one of two: whichever the broker greets first stays for good.

    Brokers that know MQTT 3 alone refuse the version or just hang up, as some do over a wrong password. So until one of
    the two is greeted, each hang-up that is repeated makes the other one try.
    """

    def __init__(self, newer: RedialledSession, older: Callable[[], RedialledSession], broker: BrokerSettings) -> None:
        """`older` is made when it is wanted, which is seldom."""
        words = OutageWords(broker)
        self._tried = newer.speaks_as(words)
        self._other: Callable[[], RedialledSession] | None = lambda: older().speaks_as(words)
        self._newer = newer
        self._broker = broker

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        """See the port."""
        messages = self._tried.receive(wait_s=wait_s)
        if self._other is not None:
            self._choose(self._other)
        return messages

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """See the port. Messages come from the session that stays: the other was never greeted."""
        self._tried.acknowledge(messages)

    def is_connected(self) -> bool:
        return self._tried.is_connected()

    def connections(self) -> Mapping[str, bool]:
        """See the port."""
        return self._tried.connections()

    def close(self) -> None:
        """See the port."""
        self._tried.close()

    def _choose(self, other: Callable[[], RedialledSession]) -> None:
        if self._tried.is_connected():
            self._other = None
            if self._tried is not self._newer:
                _log.warning(
                    "broker does not speak MQTT 5; going on in MQTT 3.1.1, which is slower",
                    host=self._broker.host,
                    port=self._broker.port,
                )
        elif self._tried.doubts_version():
            given_up, self._tried = self._tried, other()
            self._other = lambda: given_up
