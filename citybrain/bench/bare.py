"""The baselines: sessions that acknowledge and do nothing else with what they get."""

import threading
import time
from collections.abc import Callable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from citybrain.bench.load import Load
from citybrain.bench.packets import Account
from citybrain.bench.publisher import Publisher
from domain.errors import Refused
from ingest.sessions.bulk import BulkSession
from ingest.settings import BrokerSettings, FeedSettings
from runtime.clock import SystemClock

TIMEOUT_S = 300.0
TOPICS = "citybrain/v1/#"
_CONNECTED_WITHIN_S = 10.0


def bare_bulk_rate(broker: BrokerSettings, account: Account, load: Load) -> float:
    """Messages per second that the bulk session hands over and answers. Raises Refused when some never come."""
    own = broker.model_copy(update={"client_id": "citybrain-bench-bare", "session_expiry": 0})
    session = BulkSession(own, [FeedSettings(topics=(TOPICS,))], SystemClock())
    with Publisher(account, load) as publisher:
        try:
            deadline = time.monotonic() + _CONNECTED_WITHIN_S
            while not session.is_connected() and time.monotonic() < deadline:
                session.receive(wait_s=0.2)
            session.receive(wait_s=0.2)
            publisher.begin()
            return _drain(session, load.messages)
        finally:
            session.close()


def _drain(session: BulkSession, expected: int) -> float:
    count, first, deadline = 0, 0.0, time.monotonic() + TIMEOUT_S
    while count < expected:
        messages = session.receive(wait_s=0.2)
        first = first or (time.monotonic() if messages else 0.0)
        session.acknowledge(messages)
        count += len(messages)
        if time.monotonic() > deadline:
            raise Refused(f"the bare session got {count} of {expected} messages")
    return expected / (time.monotonic() - first)


def bare_paho_rate(account: Account, load: Load, *, port_v5: int) -> float:
    """The same for a paho client with `manual_ack`, MQTT 5."""
    first, last = paho_run(account, load, port_v5=port_v5, manual_ack=True, take=lambda _: None)
    return load.messages / (last - first)


def paho_run(
    account: Account, load: Load, *, port_v5: int, manual_ack: bool, take: Callable[[mqtt.MQTTMessage], None]
) -> tuple[float, float]:
    """When the first message came and when `take` had returned from the last (monotonic). Raises Refused."""
    session = _PahoSession(expected=load.messages, manual_ack=manual_ack, take=take)
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id="citybrain-bench-paho", protocol=mqtt.MQTTv5, manual_ack=manual_ack
    )
    client.username_pw_set(account.username, account.password)
    client.on_message = session.on_message
    client.on_subscribe = session.on_subscribe
    client.on_connect = session.on_connect
    client.connect("127.0.0.1", port_v5)
    client.loop_start()
    try:
        session.ready.wait(_CONNECTED_WITHIN_S)
        with Publisher(account, load) as publisher:
            publisher.begin()
            if not session.complete.wait(TIMEOUT_S):
                raise Refused(f"the paho session got {session.count} of {load.messages} messages")
    finally:
        client.disconnect()
        client.loop_stop()
    return session.first, session.last


class _PahoSession:
    def __init__(self, *, expected: int, manual_ack: bool, take: Callable[[mqtt.MQTTMessage], None]) -> None:
        self.ready = threading.Event()
        self.complete = threading.Event()
        self.count = 0
        self.first = 0.0
        self.last = 0.0
        self._expected = expected
        self._manual_ack = manual_ack
        self._take = take

    def on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(TOPICS, qos=1)

    def on_subscribe(self, *_: object) -> None:
        self.ready.set()

    def on_message(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        self.first = self.first or time.monotonic()
        self._take(message)
        if self._manual_ack:
            client.ack(message.mid, message.qos)
        self.count += 1
        if self.count == self._expected:
            self.last = time.monotonic()
            self.complete.set()
