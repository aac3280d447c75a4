"""Messages of our own through a broker, at QoS 1 and a persistent session: what is sent, and what comes back."""

import secrets
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessageInfo
from paho.mqtt.reasoncodes import ReasonCode

from domain.errors import Temporary
from domain.instants import MICROS_PER_S
from domain.ports import Clock, Session
from ingest.sessions.opening import open_session
from ingest.sessions.paho_connection import client_of
from ingest.sessions.reaching import knock, not_reached
from ingest.settings import BrokerSettings, FeedSettings, IngestSettings

BURST = 10_000
WINDOW = 500
PACED = 100
PACE_S = 0.01
ABSENT = 3_000
"""While nobody listens. Mosquitto keeps 1,000 of them by default, and has acknowledged them all."""
GREETING_S = 10.0
_NO_ANSWER = "the broker hangs up before it answers: wrong password, MQTT version, or TLS for this port"
DIAL_S = 1.0
"""A connection gets so long in one piece, as in the engine: TLS to a broker far away takes several turns."""
QUIET_S = 2.0
"""Nothing more is expected when nothing came for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """Counts of messages that the broker had acknowledged to us. Latencies in seconds, publish to receipt."""

    sent: int
    back: int
    twice: int
    absent_sent: int
    absent_back: int
    p50_s: float
    p99_s: float


def probe(broker: BrokerSettings, clock: Clock) -> Probes:
    """Takes some seconds. Raises Temporary when the broker cannot be reached, refuses us, or gives nothing back."""
    knock(broker)
    ours = broker.model_copy(update={"client_id": f"{broker.client_id[:50]}-doctor", "session_expiry": 60.0})
    topic = f"citybrain-doctor/{ours.client_id}"
    listening = IngestSettings(broker=ours, feeds=(FeedSettings(id="doctor", topics=(topic,)),))
    run = secrets.token_hex(4)
    with closing(_Speaker(ours, topic, run, clock)) as speaker:
        with closing(open_session(listening, clock)) as session:
            ear = _Ear(session, run, clock)
            ear.wait_for_greeting(speaker)
            for _ in range(PACED):
                speaker.say(1)
                ear.hear(wait_s=PACE_S)
            ear.hear_out(speaker.said)
            latencies = sorted(ear.latencies)
            for _ in range(BURST // WINDOW):
                speaker.say(WINDOW)
                ear.hear(wait_s=0.0)
            ear.hear_out(speaker.said)
        said_before, back, twice = speaker.said, len(ear.numbers), ear.twice
        for _ in range(ABSENT // WINDOW):
            speaker.say(WINDOW)
        with closing(open_session(listening, clock)) as session:
            later = _Ear(session, run, clock, after=said_before)
            later.hear_out(ABSENT)
    return Probes(
        sent=said_before,
        back=back,
        twice=twice,
        absent_sent=ABSENT,
        absent_back=len(later.numbers),
        p50_s=_quantile(latencies, 0.5),
        p99_s=_quantile(latencies, 0.99),
    )


class _Speaker:
    """Publishes numbered, stamped messages at QoS 1 and waits for the broker's answers."""

    def __init__(self, broker: BrokerSettings, topic: str, run: str, clock: Clock) -> None:
        """Raises Temporary when the broker does not let us in."""
        self._topic, self._run, self._clock = topic, run, clock
        self.said = 0
        self._why_not = ""
        may_be_older = broker.session == "auto" and broker.protocol == "5"
        for protocol in ("5", "3.1.1") if may_be_older else (broker.protocol,):
            name = f"{broker.client_id}-speaker"
            self._client = client_of(broker.model_copy(update={"client_id": name, "protocol": protocol}))
            self._client.on_connect = self._answered
            if self._is_greeted(broker):
                return
        raise Temporary(self._why_not or _NO_ANSWER)

    def say(self, count: int) -> None:
        """Returns when the broker has acknowledged all of them. Raises Temporary when it does not."""
        waiting = [self._publish() for _ in range(count)]
        for one in waiting:
            one.wait_for_publish(GREETING_S)
            if not one.is_published():
                raise Temporary(
                    f"the broker does not acknowledge {self._topic}; grant our account the right to write it"
                )

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self) -> MQTTMessageInfo:
        self.said += 1
        return self._client.publish(self._topic, f"{self._run} {self.said} {self._clock.micros()}", qos=1)

    def _answered(self, _client: Client, _: Any, _flags: ConnectFlags, code: ReasonCode, _props: Any) -> None:
        if code.is_failure:
            self._why_not = f"the broker refuses us ({code}); mend username, password or rights"

    def _is_greeted(self, broker: BrokerSettings) -> bool:
        try:
            self._client.connect(broker.host, broker.port, keepalive=30)
        except OSError as exc:
            self._why_not = str(not_reached(broker, exc))
            return False
        self._client.loop_start()
        give_up = self._clock.monotonic() + GREETING_S / 2
        while not self._client.is_connected() and self._clock.monotonic() < give_up:
            time.sleep(PACE_S)
        if not self._client.is_connected():
            self._client.loop_stop()
        return self._client.is_connected()


class _Ear:
    """Receives as the engine does; acknowledges at once, for there is nothing to make durable."""

    def __init__(self, session: Session, run: str, clock: Clock, *, after: int = 0) -> None:
        """Numbers up to `after` count for nothing: the broker repeats those whose acknowledgement did not reach it."""
        self._session, self._run, self._clock, self._after = session, run, clock, after
        self.numbers: set[int] = set()
        """Those that need not be waited for any more."""
        self._heard: set[int] = set()
        self.twice = 0
        self.latencies: list[float] = []

    def hear(self, *, wait_s: float) -> bool:
        """Whatever has come; whether anything has."""
        messages = self._session.receive(wait_s=wait_s if self._session.is_connected() else DIAL_S)
        now = self._clock.micros()
        for message in messages:
            run, number, sent = message.payload.decode().split()
            if run == self._run and int(number) > self._after:  # another run: an examination that was cut short
                self.twice += int(number) in self._heard
                self._heard.add(int(number))
                self.numbers.add(int(number))
                self.latencies.append((now - int(sent)) / MICROS_PER_S)
        self._session.acknowledge(messages)
        return bool(messages)

    def hear_out(self, count: int) -> None:
        """Until so many are there, or until nothing comes any more."""
        quiet_after = self._clock.monotonic() + GREETING_S
        while len(self.numbers) < count and self._clock.monotonic() < quiet_after:
            if self.hear(wait_s=0.1):
                quiet_after = self._clock.monotonic() + QUIET_S

    def wait_for_greeting(self, speaker: _Speaker) -> None:
        """Until a message has come back: then the subscription stands. Raises Temporary."""
        give_up = self._clock.monotonic() + GREETING_S
        while not self.numbers and self._clock.monotonic() < give_up:
            if self._session.is_connected():
                speaker.say(1)
            self.hear(wait_s=0.1)
        if not self.numbers:
            raise Temporary(
                "the broker takes our messages and gives none back; grant the right to read citybrain-doctor/#"
                if self._session.is_connected()
                else "the broker lets us publish, but not into a session of our own; see its log"
            )
        self.numbers = set(range(1, speaker.said + 1))  # those before the subscription were never meant for us


def _quantile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")
