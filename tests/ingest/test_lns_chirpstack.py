"""ChirpStack 3 and 4: recorded uplinks, and every trap of their two JSON forms."""

import json
from typing import Any

import pytest

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.times import of_text
from tests.ingest.lorawan_messages import (
    CHIRPSTACK_V3,
    CHIRPSTACK_V3_ERROR,
    CHIRPSTACK_V4,
    V3_TOPIC,
    V4_TOPIC,
    WITH_TILT,
    WITH_WS302,
    decode,
    encoded,
    only,
    skipped,
    values,
)

DEVICE = "0101010101010101"


def v4(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**CHIRPSTACK_V4, **changes}.items() if value is not ...}


def v3(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**CHIRPSTACK_V3, **changes}.items() if value is not ...}


def test_an_uplink_without_object_and_codec_is_kept_as_undecoded() -> None:
    decoded = only(decode(v4(), V4_TOPIC))
    assert decoded.device == DEVICE
    assert [(one.reason, one.readings) for one in decoded.rejects] == [(Reason.NO_CODEC, 1)]
    assert "name one in its dialect" in decoded.rejects[0].detail


def test_the_codec_of_the_dialect_reads_the_bytes_at_the_networks_time() -> None:
    uplink = v4(data=encoded("017564055B053F02DA016A02"))
    decoded = only(decode(uplink, V4_TOPIC, dialects={DEVICE: WITH_WS302}))
    assert values(decoded) == {"battery": 100.0, "laeq": 47.4, "lamax": 61.8}
    assert {one.at for one in decoded.measurements} == {of_text("2022-07-18T09:34:15.775023Z")}
    assert skipped(decoded)["LAF"]


def test_the_codec_of_the_dialect_overrules_what_the_server_decoded() -> None:
    uplink = v4(data=encoded("017564"), object={"battery": 3})
    assert values(only(decode(uplink, V4_TOPIC, dialects={DEVICE: WITH_WS302}))) == {"battery": 100.0}


@pytest.mark.parametrize("empty", [{}, None, ...])
def test_an_empty_object_is_no_object(empty: object) -> None:
    decoded = only(decode(v4(object=empty, data=encoded("017564")), V4_TOPIC, dialects={DEVICE: WITH_WS302}))
    assert values(decoded) == {"battery": 100.0}


@pytest.mark.parametrize("nothing", ["", None, ...])
def test_an_uplink_without_any_payload_is_no_reading_and_no_fault(nothing: object) -> None:
    decoded = only(decode(v4(data=nothing), V4_TOPIC))
    assert (decoded.measurements, decoded.rejects) == ([], ())


def test_texts_numbers_and_nulls_stand_side_by_side_in_an_object() -> None:
    content = {"temperature": "13.25", "humidity": 61, "battery": None, "pm2_5": "NaN", "position": "normal"}
    decoded = only(decode(v4(object=content), V4_TOPIC))
    assert values(decoded) == {"temperature": 13.25, "humidity": 61.0}
    assert {"battery", "pm2_5", "position"} <= skipped(decoded).keys()
    assert not decoded.rejects


def test_one_bad_value_or_unknown_key_does_not_lose_its_neighbours() -> None:
    content = {"temperature": "warm", "humidity": 61, "temp_SOIL": "13.25", "list": [1, 2], "deep": {"er": {"x": 1}}}
    decoded = only(decode(v4(object=content), V4_TOPIC))
    assert values(decoded) == {"humidity": 61.0}
    details = {reject.detail.split(" ")[0].strip("':"): reject.reason for reject in decoded.rejects}
    assert details == {
        "temperature": Reason.BAD_NUMBER,
        "temp_SOIL": Reason.UNKNOWN_METRIC,
        "list": Reason.UNKNOWN_METRIC,
        "deep.er.x": Reason.UNKNOWN_METRIC,
    }


def test_a_nested_key_is_mapped_by_its_path_in_the_dialect() -> None:
    dialect = Dialect(metrics={"deep.er": "water_level"}, units={"deep.er": "cm"})
    decoded = only(decode(v4(object={"deep": {"er": 40}}), V4_TOPIC, dialects={DEVICE: dialect}))
    assert [(one.metric, one.value, one.unit) for one in decoded.measurements] == [("water_level", 40.0, "cm")]


def test_the_cayenne_decoder_nests_by_channel() -> None:
    content = {
        "temperatureSensor": {"2": 27.2},
        "humiditySensor": {"3": 50.5},
        "gpsLocation": {"1": {"latitude": 52.4}},
    }
    decoded = only(decode(v4(object=content), V4_TOPIC))
    assert values(decoded) == {"temperature": 27.2, "humidity": 50.5}
    assert not decoded.rejects


def test_two_channels_of_one_quantity_are_not_guessed_at_but_the_dialect_may_choose() -> None:
    content = {"temperatureSensor": {"1": 27.2, "2": 4.0}}
    decoded = only(decode(v4(object=content), V4_TOPIC))
    assert not decoded.measurements
    assert [(reject.reason, reject.readings) for reject in decoded.rejects] == [(Reason.UNKNOWN_METRIC, 2)]
    dialect = Dialect(metrics={"temperatureSensor.2": "temperature"})
    chosen = only(decode(v4(object=content), V4_TOPIC, dialects={DEVICE: dialect}))
    assert values(chosen) == {"temperature": 4.0}
    assert "temperatureSensor.1" in skipped(chosen)
    assert not chosen.rejects


def test_two_names_that_say_the_same_are_one_reading() -> None:
    content = {"humidity": 50, "relative_humidity": 50}
    assert values(only(decode(v4(object=content), V4_TOPIC))) == {"humidity": 50.0}


@pytest.mark.parametrize(("key", "value"), [("temperature", 3276.7), ("temperature", -327.68), ("battery", 255)])
def test_the_end_of_a_sensors_range_is_no_value(key: str, value: float) -> None:
    decoded = only(decode(v4(object={key: value}), V4_TOPIC))
    assert (list(decoded.measurements), decoded.rejects) == ([], ())
    assert "no value" in skipped(decoded)[key]


def test_a_wrapped_object_is_unwrapped_and_history_has_its_own_times_and_is_not_live() -> None:
    content = {
        "data": {
            "temperature": 21.5,
            "history": [{"temperature": 9}, {"timestamp": 1_658_130_000, "temperature": 20.0}],
        },
        "warnings": [],
    }
    decoded = only(decode(v4(object=content), V4_TOPIC))
    assert [(one.value, one.at, one.live) for one in decoded.measurements] == [
        (21.5, of_text("2022-07-18T09:34:15.775023Z"), True),
        (20.0, 1_658_130_000_000_000, False),
    ]
    assert [reject.reason for reject in decoded.rejects] == [Reason.BAD_TIME]


@pytest.mark.parametrize("absent", [None, ...])
def test_missing_and_null_fields_are_alike(absent: object) -> None:
    decoded = only(decode(v4(time=absent, rxInfo=absent, fCnt=absent, dr=absent, object={"battery": 3}), V4_TOPIC))
    assert [(one.value, one.at) for one in decoded.measurements] == [(3.0, None)]
    null_time = {**CHIRPSTACK_V4["rxInfo"][0], "time": None, "snr": None}
    assert values(only(decode(v4(object={"battery": 3}, rxInfo=[null_time]), V4_TOPIC))) == {"battery": 3.0}


def test_the_identity_is_the_servers_own() -> None:
    assert only(decode(v4(), V4_TOPIC)).identity == CHIRPSTACK_V4["deduplicationId"]


def test_without_a_deduplication_id_address_counter_and_bytes_make_the_identity() -> None:
    first = v4(deduplicationId=..., fCnt=7)
    again = v4(deduplicationId=..., fCnt=7, time="2022-07-18T09:34:16.1+00:00")
    assert identity(first) == identity(again) is not None
    for other in (v4(deduplicationId=..., fCnt=8), v4(deduplicationId=..., fCnt=7, data="qw==")):
        assert identity(other) != identity(first)


def identity(content: dict[str, Any], topic: str = V4_TOPIC) -> str | None:
    return only(decode(content, topic)).identity


@pytest.mark.parametrize("counter", [0, ...])
def test_a_counter_that_starts_again_after_a_rejoin_is_no_duplicate(counter: object) -> None:
    before = v4(deduplicationId=..., fCnt=counter)
    after = v4(deduplicationId=..., fCnt=counter, time="2022-07-19T00:00:00Z")
    assert identity(before) != identity(after)
    assert identity(v4(deduplicationId=..., fCnt=5)) != identity(v4(deduplicationId=..., fCnt=5, devAddr="01a2b3c4"))


def test_a_counter_that_an_older_server_left_out_is_0() -> None:
    assert only(decode(v4(fCnt=...), V4_TOPIC)).sequence == 0
    assert only(decode(v4(fCnt=99), V4_TOPIC)).sequence == 99


def test_the_radio_is_kept_only_where_the_dialect_asks_for_it_and_is_that_of_the_best_gateway() -> None:
    heard = [{"rssi": -110, "snr": 9.0}, {"rssi": -36, "snr": 10.5}, {"rssi": None}]
    uplink = v4(object={"battery": 3}, rxInfo=heard)
    assert values(only(decode(uplink, V4_TOPIC))) == {"battery": 3.0}
    dialect = Dialect(metrics={"radio.rssi": "rssi", "radio.snr": "snr"})
    wanted = only(decode(uplink, V4_TOPIC, dialects={DEVICE: dialect}))
    assert values(wanted) == {"battery": 3.0, "rssi": -36.0, "snr": 10.5}


STATUS = {name: CHIRPSTACK_V4[name] for name in ("deduplicationId", "time", "deviceInfo")}


def test_a_status_event_is_a_battery_reading() -> None:
    topic = V4_TOPIC.replace("/up", "/status")
    decoded = only(decode({**STATUS, "margin": 10, "batteryLevel": 88.3}, topic))
    assert values(decoded) == {"battery": 88.3}
    assert decoded.measurements[0].at == of_text(STATUS["time"])


@pytest.mark.parametrize(
    "flags", [{"externalPowerSource": True, "batteryLevel": 0}, {"batteryLevelUnavailable": True}, {}]
)
def test_a_status_event_without_a_battery_is_no_reading(flags: dict[str, object]) -> None:
    decoded = only(decode({**STATUS, "margin": 10, **flags}, V4_TOPIC.replace("/up", "/status")))
    assert (decoded.measurements, decoded.rejects) == ((), ())


@pytest.mark.parametrize("event", ["join", "ack", "txack", "log", "location", "integration"])
def test_events_that_measure_nothing_are_no_readings_wherever_they_come(event: str) -> None:
    fields = {
        "join": {"devAddr": "00189440"},
        "ack": {"acknowledged": True, "fCntDown": 4},
        "txack": {"downlinkId": 5, "gatewayId": "0016c001f153a14c"},
        "log": {"level": "ERROR", "code": "UPLINK_CODEC", "description": "exception"},
        "location": {"location": {"latitude": 1.0}},
        "integration": {"integrationName": "loracloud", "eventType": "x"},
    }
    for topic in (V4_TOPIC.replace("/up", f"/{event}"), "bridged/elsewhere"):
        decoded = only(decode({**STATUS, **fields[event]}, topic))
        assert (decoded.measurements, decoded.rejects) == ((), ())
        assert event in skipped(decoded)


@pytest.mark.parametrize("payload", [b"\n$0a6a2c6e", b"\x12\x0b\x08\x87", b"[1]"])
def test_the_protobuf_marshaler_is_told_by_its_first_byte(payload: bytes) -> None:
    with pytest.raises(Unusable, match="switch the integration to JSON") as caught:
        decode(payload, V4_TOPIC)
    assert caught.value.reason is Reason.NOT_JSON


@pytest.mark.parametrize("info", [..., {}, {"devEui": "not-an-eui"}, {"devEui": 7}])
def test_a_message_that_names_no_device_is_refused(info: object) -> None:
    with pytest.raises(Unusable) as caught:
        decode(v4(deviceInfo=info), V4_TOPIC, name="chirpstack-v4")
    assert caught.value.reason is Reason.WRONG_SHAPE


def test_data_that_is_no_base64_is_refused() -> None:
    with pytest.raises(Unusable, match="no base64"):
        decode(v4(data="%%%"), V4_TOPIC)


def test_a_recorded_uplink_of_version_3_is_read() -> None:
    decoded = only(decode(CHIRPSTACK_V3, V3_TOPIC))
    assert decoded.device == "24e124329e090021"
    assert values(decoded) == {"battery": 87.0, "temperature": 5.6}
    assert [reject.detail.split(" ")[0] for reject in decoded.rejects] == ["'distance'"]
    assert "position" in skipped(decoded)


def test_version_3_has_the_earliest_time_of_the_gateways_that_know_one() -> None:
    silent, never_set = {"rssi": -104}, {"rssi": -90, "time": "1970-01-01T00:00:10Z"}
    later = {"rssi": -99, "time": "2025-04-10T11:44:02.5Z"}
    heard = [silent, never_set, later, CHIRPSTACK_V3["rxInfo"][0], {"time": "no time", "rssi": -1}]
    decoded = only(decode(v3(rxInfo=heard), V3_TOPIC))
    assert decoded.measurements[0].at == of_text("2025-04-10T11:44:01.912259Z")


def test_version_3_without_a_gateways_time_has_that_of_publishing_or_none() -> None:
    silent = v3(rxInfo=[{"rssi": -104}], publishedAt="2025-04-10T11:44:03Z")
    assert only(decode(silent, V3_TOPIC)).measurements[0].at == of_text("2025-04-10T11:44:03Z")
    assert only(decode(v3(rxInfo=[]), V3_TOPIC)).measurements[0].at is None


def test_version_3_may_spell_the_eui_in_base64_and_the_object_in_a_text() -> None:
    uplink = v3(devEUI="JOEkMp4JACE=", object=..., objectJSON=json.dumps({"temperature": 5.6}))
    decoded = only(decode(uplink, V3_TOPIC))
    assert (decoded.device, values(decoded)) == ("24e124329e090021", {"temperature": 5.6})


@pytest.mark.parametrize("broken", ["{", "[1]", "[" * 100])
def test_an_object_in_a_text_that_is_no_object_is_refused(broken: str) -> None:
    with pytest.raises(Unusable, match="objectJSON"):
        decode(v3(object=..., objectJSON=broken), V3_TOPIC)


@pytest.mark.parametrize("topic", [V3_TOPIC.replace("/up", "/error"), "bridged/elsewhere", V3_TOPIC])
def test_an_error_event_of_version_3_is_told_as_a_remark_and_not_as_an_uplink(topic: str) -> None:
    decoded = only(decode(CHIRPSTACK_V3_ERROR, topic))
    assert (decoded.measurements, decoded.rejects, decoded.sequence) == ((), (), None)
    assert "frame-counter did not increment" in skipped(decoded)["error"]


def test_the_topics_of_the_oldest_version_3_are_known() -> None:
    assert values(only(decode(CHIRPSTACK_V3, "application/102/device/24e124329e090021/rx")))["battery"] == 87.0


def test_uplinks_of_version_3_without_address_and_counter_are_told_apart_by_their_time() -> None:
    later = v3(rxInfo=[{**CHIRPSTACK_V3["rxInfo"][0], "time": "2025-04-10T11:54:01Z"}])
    assert identity(v3(), V3_TOPIC) != identity(later, V3_TOPIC)
    assert identity(v3(rxInfo=[]), V3_TOPIC) is None


TILTED = "03CF" + "9411" + "0000" + "9411"  # 45.00, 0, 45.00


def test_the_tilt_is_measured_from_the_installed_position() -> None:
    uplink = v4(data=encoded(TILTED + "00" + "017562"))
    assert values(only(decode(uplink, V4_TOPIC, dialects={DEVICE: WITH_TILT}))) == {
        "tilt": 45.0,
        "cover_open": 0.0,
        "battery": 98.0,
    }


def test_angles_without_the_installed_position_are_kept_back_with_advice() -> None:
    uplink = v4(data=encoded(TILTED + "01"))
    decoded = only(decode(uplink, V4_TOPIC, dialects={DEVICE: Dialect(codec="milesight-em310-tilt")}))
    assert values(decoded) == {"cover_open": 1.0}
    assert [reject.reason for reject in decoded.rejects] == [Reason.UNKNOWN_METRIC]
    assert "installed: [x, y, z]" in decoded.rejects[0].detail


def test_angles_that_the_server_decoded_say_the_same() -> None:
    content = {"angle_x": 45, "angle_y": 0, "angle_z": "45", "threshold_x": "normal", "threshold_y": "trigger"}
    dialect = Dialect(installed=(0.0, 0.0, 90.0))
    assert values(only(decode(v4(object=content), V4_TOPIC, dialects={DEVICE: dialect}))) == {
        "tilt": 45.0,
        "cover_open": 1.0,
    }


def test_a_dialect_may_give_an_angle_its_own_meaning() -> None:
    dialect = Dialect(metrics={"angle_x": "tilt"}, installed=(0.0, 0.0, 90.0))
    content = {"angle_x": 3, "angle_y": 0, "angle_z": 87}
    assert values(only(decode(v4(object=content), V4_TOPIC, dialects={DEVICE: dialect}))) == {"tilt": 3.0}
