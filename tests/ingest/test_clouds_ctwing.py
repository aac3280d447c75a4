"""CTWing: bytes and named values, its other messages, and retries that carry a new time."""

import base64
from typing import Any

import pytest

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Reason
from domain.settlements import Settlement
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.cloud import _REMEMBERED, RETRY_WINDOW_S, Retries
from tests.ingest.fakes import NOW, NOW_MS, pipeline_of
from tests.ingest.lorawan_messages import WITH_TILT, decode, encoded, message, only, skipped, values
from tests.ingest.test_lns_pipeline import EUI, city

DEVICE = "40edca19b0124480864366de4621de99"
BYTES: dict[str, Any] = {
    "upPacketSN": -1,
    "upDataSN": -1,
    "topic": "v1/up/ad",
    "timestamp": 1_650_554_828_842,
    "tenantId": "2000034243",
    "serviceId": "",
    "protocol": "lwm2m",
    "productId": "15114816",
    "payload": {"APPdata": base64.b64encode(bytes.fromhex("03CF0000000028230001755A")).decode()},
    "messageType": "dataReport",
    "deviceType": "",
    "deviceId": DEVICE,
    "assocAssetId": "",
    "IMSI": "undefined",
    "IMEI": "862592051651472",
}
"""The envelope of a recorded push of an NB-IoT manhole cover; the bytes are those of a sensor that has a codec."""

PARSED = {
    **BYTES,
    "topic": "v1/up/ad19prof",
    "payload": {"serviceId": 1, "serviceData": {"Alarm_Status": 1, "Battery_Level": 86, "CSQ": 21, "RSRP": 114}},
}


def test_the_bytes_are_read_by_the_codec_of_the_dialect() -> None:
    decoded = only(decode(BYTES, dialects={DEVICE: WITH_TILT}))
    assert (decoded.device, values(decoded)) == (DEVICE, {"tilt": 0.0, "cover_open": 0.0, "battery": 90.0})
    assert {one.at for one in decoded.measurements} == {1_650_554_828_842_000}


def test_a_vendors_bytes_without_a_codec_are_kept_as_undecoded() -> None:
    vendors = {**BYTES, "payload": {"APPdata": "AQFWMS4w"}}
    assert [reject.reason for reject in only(decode(vendors)).rejects] == [Reason.NO_CODEC]


def test_named_values_mean_what_the_dialect_says_and_nothing_is_guessed_of_a_battery() -> None:
    assert not only(decode(PARSED)).measurements
    dialect = Dialect(metrics={"Alarm_Status": "cover_open", "Battery_Level": "battery"})
    decoded = only(decode(PARSED, dialects={DEVICE: dialect}))
    assert values(decoded) == {"cover_open": 1.0, "battery": 86.0}
    assert {"CSQ", "RSRP"} == skipped(decoded).keys()
    assert not decoded.rejects


def test_a_battery_in_volts_is_named_so_and_never_taken_for_percent() -> None:
    dialect = Dialect(metrics={"Battery_Level": "battery"}, units={"Battery_Level": "V"})
    decoded = only(decode(PARSED, dialects={DEVICE: dialect}))
    assert [(one.metric, one.unit) for one in decoded.measurements] == [("battery", "V")]


@pytest.mark.parametrize("kind", ["deviceOnlineOfflineReport", "commandResponse", "eventReport"])
def test_other_messages_on_the_same_way_are_no_readings(kind: str) -> None:
    decoded = only(decode({**BYTES, "messageType": kind, "eventContent": {"lid": 1}, "eventType": 1}))
    assert (decoded.measurements, decoded.rejects, list(skipped(decoded))) == ((), (), [kind])


def test_an_event_is_a_reading_where_the_dialect_knows_its_field() -> None:
    event = {**BYTES, "messageType": "eventReport", "eventContent": {"lid": 1, "csq": 3}}
    assert values(only(decode(event, dialects={DEVICE: Dialect(metrics={"lid": "cover_open"})}))) == {"cover_open": 1.0}


def test_a_device_without_an_id_goes_by_its_imei_and_undefined_is_no_name() -> None:
    assert only(decode({**BYTES, "deviceId": "undefined"})).device == "862592051651472"
    with pytest.raises(Unusable, match="no device name"):
        decode({**BYTES, "deviceId": None, "IMEI": "undefined"})


@pytest.mark.parametrize(
    "changes",
    [
        {"messageType": "news"},
        {"messageType": 7},
        {"timestamp": 0},
        {"payload": {"APPdata": "%"}},
        {"payload": {"serviceData": "{"}},
        {"payload": "no json"},
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(changes: dict[str, object]) -> None:
    with pytest.raises(Unusable) as caught:
        decode({**BYTES, **changes})
    assert caught.value.detail


def settle(*contents: dict[str, Any]) -> Settlement:
    registry = city(Dialect(metrics={"n": "laeq"}))
    messages = [message({**PARSED, "deviceId": EUI, **content}, received=NOW) for content in contents]
    return pipeline_of(registry).settle(messages, NOW)


def payload(level: float) -> dict[str, Any]:
    return {"serviceData": {"n": level}}


def test_a_retry_with_a_new_time_is_stored_once_and_a_repeated_report_later_is_news() -> None:
    settlement = settle(
        {"timestamp": NOW_MS - 600_000, "payload": payload(61)},
        {"timestamp": NOW_MS - 595_000, "payload": payload(61)},
        {"timestamp": NOW_MS - 540_000, "payload": payload(61)},
        {"timestamp": NOW_MS - 530_000, "payload": payload(62)},
        {"timestamp": NOW_MS, "payload": payload(61)},
    )
    assert sorted(one.value for one in settlement.readings.rows()) == [61.0, 61.0, 62.0]
    assert settlement.ledger[0].messages.duplicate == 2


def test_a_cover_that_opens_closes_and_opens_was_open_twice() -> None:
    times = [NOW_MS - 200_000, NOW_MS - 140_000, NOW_MS - 80_000, NOW_MS - 75_000]
    settlement = settle(
        *({"timestamp": at, "payload": payload(level)} for at, level in zip(times, [61, 40, 61, 61], strict=True))
    )
    assert [one.value for one in settlement.readings.rows()] == [61.0, 40.0, 61.0]
    assert settlement.ledger[0].messages.duplicate == 1


def test_a_retry_is_known_wherever_the_window_begins_and_the_memory_is_bounded() -> None:
    for start in range(0, RETRY_WINDOW_S, 37):
        retries, at = Retries(), (1_790_000_000 + start) * 1_000_000
        first = retries.identity("d", "x", at)
        assert retries.identity("d", "x", at + 60_000_000) == first
        assert retries.identity("d", "x", at + (RETRY_WINDOW_S + 1) * 1_000_000) != first
        assert retries.identity("e", "x", None) is None
    for number in range(_REMEMBERED + 100):
        retries.identity(str(number), "x", 1_790_000_000_000_000)
    assert len(retries) == _REMEMBERED


def test_each_pipeline_remembers_for_itself() -> None:
    one, other = Formats(FormatChoice()), Formats(FormatChoice())
    assert one.decode(message(BYTES))[0].identity == other.decode(message(BYTES))[0].identity


def test_a_codec_of_the_table_is_asked_for_the_port_that_ctwing_does_not_have() -> None:
    tilted = {**BYTES, "payload": {"APPdata": encoded("03CF94110000941101")}}
    assert values(only(decode(tilted, dialects={DEVICE: WITH_TILT}))) == {"tilt": 45.0, "cover_open": 1.0}
