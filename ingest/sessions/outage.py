"""An outage is told once, not once per attempt."""

from domain.ports import Clock
from ingest.backoff import Backoff
from ingest.sessions.link import LinkState
from ingest.settings import BrokerSettings
from runtime import logs

_PROVEN_AFTER_S = 5.0
"""A connection that lived this long was a good one: the next loss starts with short waits again."""

_log = logs.get(__name__)


class OutageWords:
    """Says a thing once until something else happens."""

    def __init__(self, broker: BrokerSettings) -> None:
        self._where = {"host": broker.host, "port": broker.port}
        self._last = ""

    def say(self, event: str, *, reason: str) -> None:
        if event != self._last:
            self._last = event
            _log.error(event, **self._where, reason=reason)

    def over(self, *, resumed: bool) -> None:
        self._last = ""
        _log.info("broker connected", **self._where, resumed=resumed)


class Redialling:
    """When the next attempt may be made, and what is said about the last. Times are real seconds (monotonic)."""

    def __init__(self, broker: BrokerSettings, clock: Clock, words: OutageWords) -> None:
        self._clock = clock
        self._words = words
        self._refused_s = broker.retry_refused
        self._backoff = Backoff(first=broker.retry_first, longest=broker.retry_longest)
        self.next_attempt = float("-inf")
        self.unanswered = 0
        """Connections in a row that the broker ended before it said anything."""

    def not_reached(self, reason: str) -> None:
        self._words.say("broker not reached", reason=reason)
        self._later(self._backoff.next_wait())

    def greeted(self, state: LinkState) -> None:
        self.unanswered = 0
        self._words.over(resumed=state.session_present)

    def ended(self, state: LinkState, *, lived_s: float) -> None:
        """A connection is over. Its unacknowledged messages will come again."""
        if state.refusal is not None:
            self._refused(state)
            return
        if state.is_accepted:
            self.unanswered = 0
            self._words.say("broker lost", reason=state.ended_because)
            if lived_s >= _PROVEN_AFTER_S:
                self._backoff.reset()
        else:
            self.unanswered += 1
            self._words.say(
                "broker hangs up before it answers: wrong password, MQTT version, or TLS for this port",
                reason=state.ended_because,
            )
        self._later(self._backoff.next_wait())

    def _refused(self, state: LinkState) -> None:
        assert state.refusal is not None
        if state.refusal.of_version:
            self._words.say("broker refuses this version of MQTT", reason=state.refusal.words)
            self._later(self._refused_s)
        elif state.refusal.passes:
            self._words.say("broker is not ready for us", reason=state.refusal.words)
            self._later(self._backoff.next_wait())
        else:
            self._words.say("broker refuses us; mend username, password or rights", reason=state.refusal.words)
            self._later(self._refused_s)

    def _later(self, wait_s: float) -> None:
        self.next_attempt = self._clock.monotonic() + wait_s
