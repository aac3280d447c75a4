"""The simulators against real brokers: what they publish arrives, whatever happens to the connection."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from runtime.clock import SystemClock
from simulators.capture import CaptureReport, capture
from simulators.messages import Outgoing
from simulators.publisher import Publisher
from simulators.replay import open_recording, replay
from simulators.running import SimulationReport, run
from simulators.settings import BrokerAddress, SimulationSettings
from tests.ingest.brokers import PASSWORD, USERNAME, BrokerProcess, embedded_broker, mosquitto

__all__ = ["embedded_broker", "mosquitto"]
pytestmark = pytest.mark.service
WITHIN_S = 60.0
"""What has to come comes at once, but not while the machine is busy elsewhere."""


def address(broker: BrokerProcess, *, protocol: str = "5", client_id: str = "sim", **more: object) -> BrokerAddress:
    port = broker.port_v5 if protocol == "5" else broker.port_v4
    return BrokerAddress.model_validate(
        {
            "port": port,
            "protocol": protocol,
            "client_id": client_id,
            "username": USERNAME,
            "password": PASSWORD,
            "retry_first": "100ms",
            "retry_longest": "300ms",
            **more,
        }
    )


@dataclass(slots=True)
class Listener:
    """An independent subscriber."""

    topics: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    is_listening: threading.Event = field(default_factory=threading.Event)


@contextmanager
def listening(broker: BrokerProcess, *, protocol: str) -> Iterator[Listener]:
    heard = Listener()
    version = MQTTProtocolVersion.MQTTv5 if protocol == "5" else MQTTProtocolVersion.MQTTv311
    client = Client(CallbackAPIVersion.VERSION2, client_id="listener", protocol=version)
    client.username_pw_set(USERNAME, PASSWORD)
    client.on_connect = lambda c, *_: c.subscribe("citybrain/#", 1)
    client.on_subscribe = lambda *_: heard.is_listening.set()

    def note(_: Client, __: object, message: object) -> None:
        heard.topics.append(message.topic)  # type: ignore[attr-defined]  # paho's MQTTMessage
        heard.payloads.append(message.payload)  # type: ignore[attr-defined]  # paho's MQTTMessage

    client.on_message = note
    client.connect("127.0.0.1", broker.port_v5 if protocol == "5" else broker.port_v4, 60)
    client.loop_start()
    assert heard.is_listening.wait(WITHIN_S)
    yield heard
    client.disconnect()
    client.loop_stop()


def await_until(condition: Callable[[], bool]) -> None:
    give_up = monotonic() + WITHIN_S
    while not condition():
        assert monotonic() < give_up, "it does not come to pass"
        sleep(0.02)


def simulate(
    broker: BrokerProcess, *, until: Callable[[], bool], protocol: str = "5", scenario: str = "demo"
) -> SimulationReport:
    end = monotonic() + WITHIN_S
    settings = SimulationSettings(broker=address(broker, protocol=protocol), history=3600.0, scenario=scenario)
    return run(settings, SystemClock(), lambda: until() or monotonic() > end)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_subscriber_of_the_embedded_broker_gets_everything(embedded_broker: BrokerProcess, protocol: str) -> None:
    with listening(embedded_broker, protocol=protocol) as heard:
        report = simulate(embedded_broker, until=lambda: len(heard.topics) > 100, protocol=protocol)
        await_until(lambda: len(heard.topics) >= report.published)
    assert report.published == report.acknowledged + report.unanswered == len(heard.topics)
    assert report.history == 4 and report.published > 100 and report.acknowledged > 0


def test_live_messages_carry_the_time_of_their_hand_over(mosquitto: BrokerProcess) -> None:
    with listening(mosquitto, protocol="5") as heard:
        report = simulate(mosquitto, until=lambda: of_lamps(heard.topics) > 50, scenario="calm")  # without poison
        await_until(lambda: len(heard.topics) >= report.published)
    live = [json.loads(p) for t, p in zip(heard.topics, heard.payloads, strict=True) if "/up/LP-" in t]
    lags = [entry["sent"] / 1000 - datetime.fromisoformat(entry["t"]).timestamp() for entry in live]
    assert live and min(lags) > -0.01
    assert sorted(lags)[len(lags) // 2] < WITHIN_S


def of_lamps(topics: list[str]) -> int:
    return sum("/up/LP-" in topic for topic in topics)


def test_asked_to_stop_it_ends_though_there_is_always_more_to_say(mosquitto: BrokerProcess) -> None:
    asked: list[float] = []
    with listening(mosquitto, protocol="5") as heard:
        simulate(mosquitto, until=lambda: len(heard.topics) > 50 and not asked.append(monotonic()))
    assert monotonic() - asked[0] < WITHIN_S


def test_without_a_broker_it_ends_when_asked_too(mosquitto: BrokerProcess) -> None:
    mosquitto.stop()
    end = monotonic() + 1
    publisher = Publisher(address(mosquitto), clock=SystemClock(), stop=lambda: monotonic() > end)
    assert not publisher.publish(Outgoing(at=0, topic="citybrain/v1/up/X", payload=b"{}"))
    assert monotonic() - end < WITHIN_S


def test_what_the_broker_has_not_acknowledged_is_sent_again_after_an_outage(mosquitto: BrokerProcess) -> None:
    publisher = Publisher(address(mosquitto, in_flight=20), clock=SystemClock(), stop=lambda: False)
    repair = threading.Timer(0.8, mosquitto.start)
    with listening(mosquitto, protocol="5") as before:
        for number in range(1500):
            if number == 400:
                mosquitto.stop()
                repair.start()
            payload = b'{"v":{"battery":1},"id":"%d"}' % number
            assert publisher.publish(Outgoing(at=0, topic="citybrain/v1/up/MC-001", payload=payload))
        repair.join()
        assert publisher.settle(within_s=WITHIN_S)
        await_until(lambda: len({json.loads(p)["id"] for p in before.payloads}) > 100)
    publisher.close()
    assert publisher.acknowledged == publisher.published == 1500
    assert publisher.reconnects >= 1


def test_a_capture_can_be_replayed_and_arrives_as_it_was(mosquitto: BrokerProcess, tmp_path: Path) -> None:
    file, done, reports = tmp_path / "traffic.ndjson", threading.Event(), list[CaptureReport]()

    def record() -> None:
        recorder = address(mosquitto, client_id="recorder")
        reports.append(capture(recorder, file, clock=SystemClock(), stop=done.is_set))

    recording = threading.Thread(target=record, daemon=True)
    recording.start()
    with listening(mosquitto, protocol="5") as original:
        await_until(lambda: "recorder 1 citybrain/v1/#" in mosquitto.log.read_text())  # what the broker says of it
        report = simulate(mosquitto, until=lambda: len(original.topics) > 100, scenario="calm")
        await_until(lambda: len(original.topics) >= report.published)
    await_until(lambda: _lines(file) >= report.published)
    done.set()
    recording.join()
    assert reports[0].messages == report.published == _lines(file)
    with listening(mosquitto, protocol="5") as again:
        publisher = Publisher(address(mosquitto), clock=SystemClock(), stop=lambda: False)
        played = replay(open_recording(file), publisher=publisher, clock=None, stop=lambda: False)
        publisher.close()
        await_until(lambda: len(again.topics) >= played.published)
    assert played.acknowledged == played.published == report.published
    assert Counter(again.payloads) == Counter(original.payloads)


def _lines(file: Path) -> int:
    return len(file.read_bytes().splitlines())
