"""The baseline: a bare paho-mqtt session that acknowledges by hand and does nothing else with what it gets."""

import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from citybrain.bench.publisher import Account, publish

TIMEOUT_S = 120.0


def bare_rate(account: Account, *, port_v5: int, messages: list[tuple[str, bytes]]) -> float:
    """Messages per second from the first to the last, MQTT 5, QoS 1. Raises TimeoutError when some never come."""
    session = _BareSession(expected=len(messages))
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id="citybrain-bench-bare", protocol=mqtt.MQTTv5, manual_ack=True
    )
    client.username_pw_set(account.username, account.password)
    client.on_message = session.on_message
    client.on_subscribe = session.on_subscribe
    client.on_connect = session.on_connect
    client.connect("127.0.0.1", port_v5)
    client.loop_start()
    try:
        session.ready.wait(10.0)
        publish(account, messages)
        if not session.complete.wait(TIMEOUT_S):
            raise TimeoutError(f"the bare session got {session.count} of {len(messages)} messages")
    finally:
        client.disconnect()
        client.loop_stop()
    return len(messages) / (session.last - session.first)


class _BareSession:
    def __init__(self, *, expected: int) -> None:
        self.ready = threading.Event()
        self.complete = threading.Event()
        self.count = 0
        self.first = 0.0
        self.last = 0.0
        self._expected = expected

    def on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe("citybrain/v1/#", qos=1)

    def on_subscribe(self, *_: object) -> None:
        self.ready.set()

    def on_message(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        client.ack(message.mid, message.qos)
        self.count += 1
        if self.count == 1:
            self.first = time.monotonic()
        if self.count == self._expected:
            self.last = time.monotonic()
            self.complete.set()
