"""An independent publisher: raw paho in a thread of its own, QoS 1, that comes back by itself when the broker does."""

import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Self

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.ingest.brokers import PASSWORD, USERNAME, BrokerProcess
from tests.ingest.running import wait_for

WINDOW = 200


class Publisher:
    """Use as a context: leaving it waits for nothing. `answered` counts the broker's PUBACKs."""

    def __init__(self, broker: BrokerProcess, *, client_id: str = "independent") -> None:
        self.sent = 0
        self.answered = 0
        self._lock = threading.Lock()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.username_pw_set(USERNAME, PASSWORD)
        self._client.max_inflight_messages_set(WINDOW)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = self._count
        self._client.connect("127.0.0.1", broker.port_v4)

    def __enter__(self) -> Self:
        self._client.loop_start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Hand over; the thread does the rest."""
        for topic, payload in messages:
            self._client.publish(topic, payload, qos=1)
            self.sent += 1

    def say(self, device: str, content: Mapping[str, Any]) -> None:
        """One message of one device, answered by the broker when this returns."""
        self.send([(f"citybrain/v1/up/{device}", json.dumps(content).encode())])
        self.settle()

    def settle(self, *, within_s: float = 60.0) -> None:
        """Until the broker has answered everything."""
        wait_for(lambda: self.answered >= self.sent, "the broker's answers", within_s=within_s)

    def _count(self, *_: object) -> None:
        with self._lock:
            self.answered += 1
