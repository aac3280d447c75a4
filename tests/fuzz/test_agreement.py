"""Topic and payload name the same device, in every format where both name one: nobody speaks for others."""

from typing import Any

import msgspec
import pytest

from domain.errors import Unusable
from domain.messages import Message, Reason
from tests.ingest import lorawan_messages as lorawan
from tests.ingest.fakes import message, noise
from tests.ingest.test_clouds import ALIYUN, HUAWEI, ONENET
from tests.ingest.test_sensorthings import TOPIC
from tests.ingest.voices import formats

V4 = {**lorawan.CHIRPSTACK_V4, "object": {"LAeq": 58.4}}
VALUES = {"temperature": {"value": 5, "time": 1_524_448_722_123}}
REPORT = {"services": [{"service_id": "a", "properties": {"temperature": 5}}]}

AGREEING = {
    "native": ({**noise(), "device": "NM-0001"}, "citybrain/v1/up/NM-0001", "NM-0001"),
    "chirpstack-v4": (V4, lorawan.V4_TOPIC, "0101010101010101"),
    "chirpstack-v3": (lorawan.CHIRPSTACK_V3, lorawan.V3_TOPIC, "24e124329e090021"),
    "tts-v3": (lorawan.TTS, lorawan.TTS_TOPIC, "foo-bar-baz"),
    "aliyun": ({"productKey": "a1B2c3", "deviceName": "lamp-7", "items": VALUES}, ALIYUN, "lamp-7"),
    "onenet": ({"deviceName": "test01", "id": "1", "params": VALUES}, ONENET, "test01"),
    "huawei-iotda": ({"device_id": "6109_lamp7", **REPORT}, HUAWEI, "6109_lamp7"),
    "sensorthings": ({"result": 5, "Datastream": {"@iot.id": 5}}, TOPIC, "(5)"),
}
"""Format → payload, topic, and the name in the topic."""
OTHERS = {"sensorthings": "(6)"}
each_format = pytest.mark.parametrize("name", AGREEING)


def reasons(sent: Message) -> set[Reason]:
    try:
        return {reject.reason for part in formats().decode(sent) for reject in part.rejects}
    except Unusable as problem:
        return {problem.reason}


def sent(name: str, topic: str) -> Message:
    return message(AGREEING[name][0], topic=topic)


def other(name: str) -> str:
    """The topic of another device."""
    _, topic, own = AGREEING[name]
    return topic.replace(own, OTHERS.get(name, own[:-1] + ("2" if own[-1] != "2" else "3")))


@each_format
def test_the_same_name_in_both_is_read(name: str) -> None:
    assert Reason.DEVICE_MISMATCH not in reasons(sent(name, AGREEING[name][1]))
    assert any(part.measurements for part in formats().decode(sent(name, AGREEING[name][1])))


@each_format
def test_another_name_in_the_topic_is_refused(name: str) -> None:
    assert reasons(sent(name, other(name))) == {Reason.DEVICE_MISMATCH}
    assert not any(part.measurements for part in read(sent(name, other(name))))


def read(one: Message) -> Any:
    try:
        return formats().decode(one)
    except Unusable:
        return []


def test_two_spellings_of_one_eui_agree() -> None:
    assert (
        reasons(sent("chirpstack-v4", lorawan.V4_TOPIC.replace("0101010101010101", "01-01-01-01-01-01-01-01"))) == set()
    )


def test_a_product_of_somebody_else_is_no_agreement() -> None:
    assert reasons(sent("aliyun", ALIYUN.replace("a1B2c3", "other"))) == {Reason.DEVICE_MISMATCH}


@pytest.mark.parametrize("topic", ["bridge/7", "site/devices/other/up"])
@pytest.mark.parametrize("name", ["chirpstack-v4", "chirpstack-v3", "tts-v3", "aliyun", "huawei-iotda"])
def test_a_topic_that_names_nobody_is_no_contradiction(name: str, topic: str) -> None:
    assert Reason.DEVICE_MISMATCH not in reasons(sent(name, topic))


def test_a_gateway_speaks_for_its_own_devices() -> None:
    below = {"device_id": "lamp-8", "services": REPORT["services"]}
    content = msgspec.json.encode({"devices": [below]})
    topic = HUAWEI.replace("sys/properties", "sys/gateway/sub_devices/properties")
    assert reasons(message(content, topic=topic)) == set()
