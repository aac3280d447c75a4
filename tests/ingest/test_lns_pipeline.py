"""Uplinks on their whole way through the pipeline: aliases, duplicates, quarantine; and arbitrary JSON."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.devices import Dialect, Registry
from domain.errors import Unusable
from domain.instants import iso
from domain.messages import Message, Reason
from domain.settlements import Settlement
from ingest.formats import chirpstack, netmore, ttn_v2, tts
from tests.ingest.fakes import NOON, NOW, pipeline_of, small_city
from tests.ingest.lorawan_messages import CHIRPSTACK_V4, METER_TOPIC, NETMORE, TTS, TTS_TOPIC, message

EUI = "24e124126a229e1b"
AT_NOON = iso(NOON)


def city(dialect: Dialect | None = None) -> Registry:
    """The small city; its first meter goes by an EUI, in a spelling of its own."""
    registry = small_city()
    meter = replace(registry.devices["NM-0001"], aliases=("24-E1-24-12-6A-22-9E-1B",))
    if dialect is not None:
        meter = replace(meter, dialect=dialect)
    return replace(registry, devices={**registry.devices, "NM-0001": meter})


def settle(*contents: tuple[object, str], registry: Registry | None = None) -> Settlement:
    messages: Sequence[Message] = [message(content, topic, received=NOW) for content, topic in contents]
    return pipeline_of(registry or city()).settle(messages, NOW)


def v4(**changes: Any) -> dict[str, Any]:
    fields = {"time": AT_NOON, "deviceInfo": {"devEui": EUI}, "object": {"LAeq": 58.4}}
    return {**CHIRPSTACK_V4, **fields, **changes}


def of_tts(**changes: Any) -> dict[str, Any]:
    uplink = {**TTS["uplink_message"], "received_at": AT_NOON, "decoded_payload": {"LAeq": 58.4}}
    return {**TTS, "uplink_message": uplink, **changes}


def test_one_device_through_two_networks_is_one_device_under_its_id() -> None:
    settlement = settle(
        (v4(), METER_TOPIC),
        (of_tts(uplink_message={**of_tts()["uplink_message"], "received_at": iso(NOON.replace(second=1))}), TTS_TOPIC),
    )
    assert [(one.device, one.metric, one.value) for one in settlement.readings.rows()] == [
        ("NM-0001", "laeq", 58.4)
    ] * 2


def test_an_uplink_that_the_broker_sends_again_is_stored_once() -> None:
    again = v4(time=iso(NOON.replace(second=1)))  # another subscriber of a shared group: the same deduplicationId
    settlement = settle((v4(), METER_TOPIC), (v4(), METER_TOPIC), (again, METER_TOPIC))
    assert len(settlement.readings) == 1
    assert settlement.ledger[0].messages.duplicate == 2


def test_a_simulated_uplink_is_stored_but_never_judged() -> None:
    (reading,) = (batch := settle((of_tts(simulated=True), TTS_TOPIC)).readings).rows()
    assert (batch.live.tolist(), reading.quality.name) == ([False], "UNCERTAIN")


def test_an_undecoded_uplink_is_in_quarantine_with_its_bytes_once_however_often_it_comes() -> None:
    undecoded = v4(object=None)
    settlement = settle((undecoded, METER_TOPIC), (undecoded, METER_TOPIC))
    (entry,) = settlement.quarantined
    assert (entry.reason, entry.payload) == (Reason.NO_CODEC, message(undecoded).payload)


def test_an_undecoded_uplink_is_stored_when_it_is_driven_again_with_a_codec() -> None:
    undecoded = v4(object=None, data="AXVkBVsFPwLaAWoC")
    assert settle((undecoded, METER_TOPIC)).quarantined
    mended = settle((undecoded, METER_TOPIC), registry=city(Dialect(codec="milesight-ws302")))
    assert {one.metric: one.value for one in mended.readings.rows()} == {"battery": 100.0, "laeq": 47.4, "lamax": 61.8}


def test_a_network_time_a_little_ahead_of_us_is_accepted() -> None:
    assert len(settle((v4(time=iso(NOON.replace(microsecond=400_000))), METER_TOPIC)).readings) == 1


def test_an_uplink_without_any_time_is_stored_as_uncertain_at_its_receipt() -> None:
    (reading,) = settle((v4(time=None), METER_TOPIC)).readings.rows()
    assert (reading.at, reading.quality.name) == (NOON, "UNCERTAIN")


def test_every_value_is_accounted_for() -> None:
    mixed = v4(object={"LAeq": 58.4, "temp_SOIL": 3, "battery": "x", "rain": None})
    line = settle((mixed, METER_TOPIC), ([NETMORE, 7], "operator/push"), (b"\n$0a6a", METER_TOPIC)).ledger[0]
    assert (line.messages.imbalance, line.readings.imbalance) == (0, 0)
    assert (line.readings.stored, line.readings.quarantined) == (1, 5)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = sorted(
    {
        "deviceInfo", "devEui", "devEUI", "applicationID", "deduplicationId", "time", "data", "object", "objectJSON",
        "rxInfo", "rssi", "snr", "loRaSNR", "fCnt", "fPort", "devAddr", "batteryLevel", "margin", "error", "type",
        "end_device_ids", "dev_eui", "device_id", "uplink_message", "decoded_payload", "normalized_payload",
        "frm_payload", "received_at", "rx_metadata", "f_cnt", "session_key_id", "simulated", "join_accept",
        "payload", "Payload", "timestamp", "messageType", "temperature_1", "angle_x", "angle_y", "angle_z", "history",
        "threshold_x", "publishedAt", "payload_raw", "payload_fields", "metadata", "gateways", "counter",
    }
)  # fmt: skip
TEXTS = ("0101010101010101", "2022-07-18T09:34:15Z", "qg==", "017564", "foo", '{"temperature": 1}', "", "1e400")
shaped = st.recursive(
    json_values | st.sampled_from(TEXTS) | st.integers(0, 300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=8),
    max_leaves=30,
)
DECODERS = {
    "chirpstack": (chirpstack.decode, {"deviceInfo": {"devEui": EUI}}),
    "chirpstack-v3": (chirpstack.decode_v3, {"devEUI": EUI}),
    "tts": (tts.decode, {"end_device_ids": {"dev_eui": EUI}}),
    "ttn-v2": (ttn_v2.decode, {"dev_id": "d"}),
    "netmore": (netmore.decode, {"devEui": EUI}),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", DECODERS)
@settings(max_examples=40)
@given(
    topic=st.sampled_from([METER_TOPIC, "x"]),
    content=shaped,
    fields=st.dictionaries(st.sampled_from(NAMES), shaped, max_size=8),
)
def test_any_json_raises_nothing_but_unusable(
    name: str, topic: str, content: object, fields: dict[str, object]
) -> None:
    decode, named = DECODERS[name]
    tilting = Dialect(codec=None, installed=(0.0, 0.0, 90.0), metrics={"temperature_1": "temperature"})
    for whole in (content, {**fields, **named}, [{**fields, **named}]):
        try:
            decode(Message(feed="f", topic=topic, payload=msgspec.json.encode(whole), received=NOW), lambda _: tilting)
        except Unusable as problem:
            assert problem.detail
