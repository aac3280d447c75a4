"""The Things Stack: a recorded uplink, and what it leaves out, simulates and doubts."""

from typing import Any

import pytest

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Reason
from domain.readings import Quality
from ingest.formats.times import of_text
from tests.ingest.lorawan_messages import (
    CHIRPSTACK_V4,
    TTS,
    TTS_TOPIC,
    WITH_WS302,
    decode,
    encoded,
    only,
    skipped,
    values,
)

DEVICE = "24e124126a229e1b"
IDS = TTS["end_device_ids"]


def tts(**uplink: Any) -> dict[str, Any]:
    """The recorded message with changes in its uplink; `...` leaves a field out."""
    changed = {name: value for name, value in {**TTS["uplink_message"], **uplink}.items() if value is not ...}
    return {**TTS, "uplink_message": changed}


def test_a_recorded_uplink_is_read_at_the_network_servers_time() -> None:
    decoded = only(decode(TTS, TTS_TOPIC))
    assert (decoded.device, values(decoded), decoded.sequence) == (DEVICE, {"temperature": 4.2}, 2289)
    assert decoded.measurements[0].at == of_text("2022-01-19T19:02:33.799830Z")
    assert "analog_in_1" in skipped(decoded)
    assert not decoded.rejects


def test_an_analogue_channel_is_mapped_in_the_dialect() -> None:
    dialect = Dialect(metrics={"analog_in_1": "laeq"})
    assert values(only(decode(TTS, TTS_TOPIC, dialects={DEVICE: dialect}))) == {"temperature": 4.2, "laeq": 59.04}


def test_the_eui_is_folded_as_other_networks_spell_it() -> None:
    elsewhere = {**CHIRPSTACK_V4, "deviceInfo": {"devEui": DEVICE}, "object": {"battery": 5}}
    assert only(decode(TTS, TTS_TOPIC)).device == only(decode(elsewhere)).device


def test_without_an_eui_the_device_goes_by_its_name_in_the_application() -> None:
    nameless = {**TTS, "end_device_ids": {name: value for name, value in IDS.items() if name != "dev_eui"}}
    assert only(decode(nameless, TTS_TOPIC)).device == "foo-bar-baz"


def test_a_minimal_webhook_has_its_device_from_the_topic_and_no_time() -> None:
    minimal = {"uplink_message": {"decoded_payload": {"temperature_1": 53.3}}}
    decoded = only(decode(minimal, "v3/my-app/devices/foo-bar-baz/up"))
    assert (decoded.device, decoded.identity, decoded.sequence) == ("foo-bar-baz", None, None)
    assert [(one.value, one.at) for one in decoded.measurements] == [(53.3, None)]
    with pytest.raises(Unusable, match="no device name"):
        decode(minimal)


def test_a_first_frame_without_counter_is_counter_0_but_zeros_of_the_decoder_stand() -> None:
    decoded = only(decode(tts(f_cnt=..., f_port=..., decoded_payload={"temperature": 0}), TTS_TOPIC))
    assert (decoded.sequence, values(decoded)) == (0, {"temperature": 0.0})


def test_the_identity_knows_the_session_so_that_a_rejoin_is_no_duplicate() -> None:
    first, again = tts(), {**tts(), "received_at": "2022-01-19T19:02:35Z"}
    rejoined = tts(session_key_id="AX5EAhuWcAKw05B5vIdPsB==")
    assert identity(first) == identity(again) != identity(rejoined)
    assert identity(tts(f_cnt=...)) != identity(tts(f_cnt=..., received_at="2022-01-20T00:00:00.1Z"))


def test_two_times_that_differ_by_nanoseconds_are_two() -> None:
    assert identity(tts(f_cnt=..., received_at="2022-01-19T19:02:34.007345025Z")) != identity(
        tts(f_cnt=..., received_at="2022-01-19T19:02:34.007345026Z")
    )


def identity(content: dict[str, Any]) -> str | None:
    return only(decode(content, "bridged/up")).identity


def test_a_simulated_uplink_is_history_and_uncertain() -> None:
    (measurement,) = only(decode({**TTS, "simulated": True}, TTS_TOPIC)).measurements
    assert (measurement.live, measurement.quality) == (False, Quality.UNCERTAIN)


def test_warnings_of_the_decoder_make_its_values_uncertain() -> None:
    (measurement,) = only(decode(tts(decoded_payload_warnings=["sensor error"]), TTS_TOPIC)).measurements
    assert (measurement.live, measurement.quality) == (True, Quality.UNCERTAIN)
    assert only(decode(tts(decoded_payload_warnings=[]), TTS_TOPIC)).measurements[0].quality is Quality.GOOD


def test_normalized_values_go_before_those_of_the_decoder() -> None:
    normalized = [{"air": {"temperature": 20.5, "relativeHumidity": 55}, "battery": 3.1}]
    uplink = tts(normalized_payload=normalized, decoded_payload={"temperature": 68.9, "pm10": 12})
    decoded = only(decode(uplink, TTS_TOPIC))
    assert values(decoded) == {"temperature": 20.5, "humidity": 55.0, "pm10": 12.0}
    assert {"temperature", "normalized_payload.battery"} <= skipped(decoded).keys()
    assert not decoded.rejects


def test_a_normalized_measurement_may_have_its_own_time() -> None:
    normalized = [
        {"time": "2022-01-19T18:00:00Z", "air": {"temperature": 20.5}},
        {"wind": {"speed": 3}},
        {"time": "noon", "air": {"relativeHumidity": 60}},
    ]
    decoded = only(decode(tts(normalized_payload=normalized, decoded_payload=...), TTS_TOPIC))
    assert sorted((one.metric, one.at) for one in decoded.measurements) == [
        ("humidity", None),
        ("temperature", of_text("2022-01-19T18:00:00Z")),
        ("wind_speed", of_text("2022-01-19T19:02:33.799830Z")),
    ]


def test_a_normalized_uplink_of_its_own_is_read() -> None:
    content = {"end_device_ids": IDS, "uplink_normalized": {"normalized_payload": {"air": {"temperature": 20.5}}}}
    assert values(only(decode(content, TTS_TOPIC.replace("/up", "/up/normalized")))) == {"temperature": 20.5}


def test_the_counter_of_the_concentrator_is_never_a_time() -> None:
    bare = tts(received_at=...)
    del bare["received_at"]
    assert only(decode(bare, TTS_TOPIC)).measurements[0].at is None


def test_a_decoder_that_failed_leaves_bytes_for_a_codec_or_the_quarantine() -> None:
    failed = tts(decoded_payload=..., frm_payload=encoded("017564"))
    assert [reject.reason for reject in only(decode(failed, TTS_TOPIC)).rejects] == [Reason.NO_CODEC]
    assert values(only(decode(failed, TTS_TOPIC, dialects={DEVICE: WITH_WS302}))) == {"battery": 100.0}


@pytest.mark.parametrize("event", ["join_accept", "downlink_queued", "location_solved"])
def test_other_events_are_no_readings(event: str) -> None:
    decoded = only(decode({"end_device_ids": IDS, event: {"x": 1}}, TTS_TOPIC.replace("/up", "/x")))
    assert (decoded.measurements, decoded.rejects) == ((), ())
    assert event in skipped(decoded)


def test_what_is_no_event_of_the_things_stack_is_refused() -> None:
    with pytest.raises(Unusable, match="no uplink_message"):
        decode({"end_device_ids": IDS, "news": 1}, TTS_TOPIC)


V2 = {
    "app_id": "my-app",
    "dev_id": "foo-bar-baz",
    "hardware_serial": "24E124126A229E1B",
    "port": 1,
    "counter": 5,
    "payload_raw": "AWcAKg==",
    "payload_fields": {"temperature_1": 4.2},
    "metadata": {
        "time": "2019-06-02T20:13:07.123456789Z",
        "airtime": 46_336_000,
        "gateways": [{"gtw_id": "a", "timestamp": 2_463_457_000, "time": "", "rssi": -57, "snr": 8.5}],
    },
}
"""An uplink of The Things Network 2, after its published data format."""


def test_an_old_export_of_version_2_is_read_under_the_same_device() -> None:
    decoded = only(decode(V2, "my-app/devices/foo-bar-baz/up"))
    assert (decoded.device, values(decoded), decoded.sequence) == (DEVICE, {"temperature": 4.2}, 5)
    assert decoded.measurements[0].at == of_text("2019-06-02T20:13:07.123456Z")


def test_uplinks_of_version_2_are_told_apart_by_their_time() -> None:
    later = {**V2, "metadata": {**V2["metadata"], "time": "2019-06-02T20:23:07Z"}}
    assert identity(V2) != identity(later)
