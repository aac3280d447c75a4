"""An independent publisher: plain paho with its own thread, QoS 1, done when the broker has answered every message."""

from collections.abc import Iterable

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.settings import BrokerSettings

WINDOW = 200


def publish(broker: BrokerSettings, messages: Iterable[tuple[str, bytes]], *, client_id: str = "publisher") -> int:
    """Publish all and wait for every PUBACK. How many."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=MQTTProtocolVersion.MQTTv5 if broker.protocol == "5" else MQTTProtocolVersion.MQTTv311,
    )
    client.username_pw_set(broker.username, broker.secret())
    client.max_inflight_messages_set(WINDOW)
    client.connect(broker.host, broker.port)
    client.loop_start()
    infos = [client.publish(topic, payload, qos=1) for topic, payload in messages]
    for info in infos:
        info.wait_for_publish(60)
    assert all(info.is_published() for info in infos), "the broker did not take everything"
    client.disconnect()
    client.loop_stop()
    return len(infos)
