"""OneNET, Aliyun, Huawei IoTDA and edge gateways: their reports, gateways' packs, pushes, and bad parts among good."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Message, Reason
from ingest.formats import aliyun, edge_batch, huawei, onenet
from ingest.formats.ctwing import open_ctwing
from ingest.formats.decoded import Decoded
from ingest.formats.times import of_text
from tests.ingest.fakes import NOW, pipeline_of
from tests.ingest.lorawan_messages import decode, message, only, skipped, values
from tests.ingest.test_lns_pipeline import EUI, city, json_values

MS = 1_524_448_722_123
PARAMS = {"Power": {"value": "on", "time": MS}, "WF": {"value": 23.6, "time": MS}}
MAPPED = Dialect(metrics={"Power": "lamp_on", "WF": "active_power"})
ONENET = "$sys/C6z4Zk012B/test01/thing/property/post"
ALIYUN = "/a1B2c3/lamp-7/thing/event/property/post"
HUAWEI = "$oc/devices/6109_lamp7/sys/properties/report"


def measured(decoded: Decoded) -> list[tuple[str, float, int | None]]:
    return sorted((one.metric, one.value, one.at) for one in decoded.measurements)


# OneNET and Aliyun: one thing model


@pytest.mark.parametrize("topic", [ONENET, "bridged/" + ONENET])
def test_a_report_of_onenet_is_read_with_the_time_of_each_value(topic: str) -> None:
    content = {
        "id": "123",
        "version": "1.0",
        "params": {"temperature": {"value": 21.5, "time": MS}, "WF": PARAMS["WF"]},
    }
    decoded = only(decode(content, topic, dialects={"test01": MAPPED}))
    assert decoded.device == "test01"
    assert measured(decoded) == [("active_power", 23.6, MS * 1000), ("temperature", 21.5, MS * 1000)]


def test_words_and_booleans_of_a_thing_model_are_numbers_only_where_the_table_says_so() -> None:
    content = {"params": {"lamp_on": {"value": True}, "cover_open": False, "temperature": True, "humidity": "wet"}}
    decoded = only(decode(content, ONENET))
    assert values(decoded) == {"lamp_on": 1.0, "cover_open": 0.0}
    assert {reject.reason for reject in decoded.rejects} == {Reason.BAD_NUMBER}


@pytest.mark.parametrize("topic", [ALIYUN, "/sys" + ALIYUN, "somewhere" + ALIYUN])
def test_a_report_of_aliyun_names_product_and_device(topic: str) -> None:
    content = {
        "id": "123",
        "params": {"CurrentTemperature": {"value": 21.5, "time": MS}},
        "method": "thing.event.property.post",
    }
    decoded = only(decode(content, topic))
    assert (decoded.device, measured(decoded)) == ("a1B2c3/lamp-7", [("temperature", 21.5, MS * 1000)])


@pytest.mark.parametrize("topic", [ALIYUN, ONENET])
def test_plain_params_have_no_time(topic: str) -> None:
    assert measured(only(decode({"params": {"temperature": 21.5}}, topic))) == [("temperature", 21.5, None)]


@pytest.mark.parametrize("bad", [0, "yesterday", True, {"a": 1}, 86_400])
def test_one_bad_time_does_not_lose_the_other_values(bad: object) -> None:
    content = {"params": {"temperature": {"value": 21.5, "time": bad}, "humidity": {"value": 60, "time": MS}}}
    decoded = only(decode(content, ALIYUN))
    assert values(decoded) == {"humidity": 60.0}
    assert [reject.reason for reject in decoded.rejects] == [Reason.BAD_TIME]


def test_the_push_of_aliyun_names_its_device_in_the_body() -> None:
    content = {
        "deviceType": "CustomCategory",
        "iotId": "4z819VQHk6VSLmmBJfrf00107e****",
        "productKey": "a1B2c3",
        "gmtCreate": 1_510_799_670_074,
        "deviceName": "lamp-7",
        "items": {"PM25": {"value": 35, "time": MS}},
    }
    decoded = only(decode(content))
    assert (decoded.device, measured(decoded)) == ("a1B2c3/lamp-7", [("pm2_5", 35.0, MS * 1000)])


PUSH = {
    "productId": "C6z4Zk012B",
    "deviceId": 1_343_759,
    "deviceName": "test01",
    "messageType": "notify",
    "notifyType": "property",
    "data": {"id": "1631522002438", "version": "1.0", "params": {"temperature": {"time": MS, "value": 1.11}}},
}


@pytest.mark.parametrize("content", [PUSH, {"msg": json.dumps(PUSH), "signature": "x", "nonce": "y", "time": 1}])
def test_the_push_of_onenet_is_read_also_when_it_is_wrapped_in_a_text(content: dict[str, Any]) -> None:
    decoded = only(decode(content))
    assert (decoded.device, measured(decoded)) == ("test01", [("temperature", 1.11, MS * 1000)])


@pytest.mark.parametrize(
    "changes", [{"notifyType": "event"}, {"messageType": "lifeCycle", "data": {"status": "online", "time": MS}}]
)
def test_events_and_life_cycles_of_onenet_are_no_readings(changes: dict[str, Any]) -> None:
    decoded = only(decode({**PUSH, **changes}))
    assert (decoded.measurements, decoded.rejects) == ((), ())
    assert skipped(decoded)


def identity(product: str, name: str) -> dict[str, str]:
    return {"productKey": product, "productID": product, "deviceName": name}


def test_a_pack_of_a_gateway_is_itself_and_its_sub_devices() -> None:
    params = {
        "properties": {"temperature": 30},
        "subDevices": [
            {"identity": identity("p", "one"), "properties": {"temperature": {"value": 21, "time": MS}}},
            {"identity": {}, "properties": {"temperature": 1}},
            {"identity": identity("p", "two"), "properties": {"temperature": 22}},
        ],
    }
    decoded = decode({"params": params}, "/sys/gw/gateway/thing/event/property/pack/post")
    assert [one.device for one in decoded] == ["gw/gateway", "p/one", "", "p/two"]
    assert [len(one.measurements) for one in decoded] == [1, 1, 0, 1]
    assert decoded[2].rejects[0].reason is Reason.WRONG_SHAPE


def test_a_pack_of_onenet_is_an_array() -> None:
    params = [{"identity": identity("p", name), "properties": {"temperature": 20}} for name in ("one", "two")]
    decoded = decode({"params": params}, "$sys/p/gateway/thing/pack/post")
    assert [(one.device, len(one.measurements)) for one in decoded] == [("one", 1), ("two", 1)]


@pytest.mark.parametrize(
    ("topic", "properties"),
    [
        (
            "$sys/p/gw/thing/history/post",
            {"temperature": [{"value": 20, "time": MS}, {"value": 21, "time": MS + 1000}]},
        ),
        (
            "/sys/p/gw/thing/event/property/history/post",
            [{"temperature": {"value": 20, "time": MS}}, {"temperature": {"value": 21, "time": MS + 1000}}],
        ),
    ],
)
def test_history_is_stored_and_never_judged(topic: str, properties: object) -> None:
    decoded = decode({"params": [{"identity": identity("p", "one"), "properties": properties}]}, topic)
    told = sorted((one.at, one.value, one.live) for part in decoded for one in part.measurements)
    assert told == [(MS * 1000, 20.0, False), ((MS + 1000) * 1000, 21.0, False)]


@pytest.mark.parametrize("params", [5, "x", [7], True])
def test_params_of_another_shape_are_refused_and_not_passed_over(params: object) -> None:
    for topic in (ALIYUN, ONENET):
        assert only(decode({"params": params}, topic)).rejects[0].reason is Reason.WRONG_SHAPE


def test_a_report_that_names_no_device_is_refused() -> None:
    decoded = only(decode({"params": {"temperature": 1}}, "x", name="onenet"))
    assert decoded.rejects[0].reason is Reason.WRONG_SHAPE


def test_a_report_that_a_cloud_repeats_is_stored_once() -> None:
    registry = city()
    content = {"id": "1", "params": {"LAeq": {"value": 58, "time": NOW // 1000}}}
    again = {"id": "2", "params": {"LAeq": {"value": 58, "time": NOW // 1000}}}
    topic = f"$sys/p/{EUI.upper()}/thing/property/post"
    settlement = pipeline_of(registry).settle([message(one, topic, received=NOW) for one in (content, again)], NOW)
    assert [one.device for one in settlement.readings.rows()] == ["NM-0001"]


# Huawei


def service(name: str = "lamp", time: object = "20151212T121212Z", **properties: object) -> dict[str, Any]:
    return {"service_id": name, "properties": properties, "event_time": time}


@pytest.mark.parametrize("time", ["20151212T121212Z", "2015-12-12T12:12:12.000Z"])
def test_both_spellings_of_huaweis_time_are_utc(time: str) -> None:
    decoded = only(decode({"services": [service(time=time, temperature=21)]}, HUAWEI))
    assert decoded.device == "6109_lamp7"
    assert measured(decoded) == [("temperature", 21.0, of_text("2015-12-12T12:12:12Z"))]


@pytest.mark.parametrize("time", [None, "", "12.12.2015", 7])
def test_a_missing_or_wrong_time_is_that_of_receipt(time: object) -> None:
    assert measured(only(decode({"services": [service(time=time, temperature=21)]}, HUAWEI))) == [
        ("temperature", 21.0, None)
    ]


def test_a_bridged_report_is_known_by_its_looks_and_one_bad_service_does_not_lose_the_others() -> None:
    services = [service(temperature=21), 7, {"service_id": "x"}, service("air", humidity=60)]
    decoded = only(decode({"services": services}, "huawei/devices/6109_lamp7/report"))
    assert values(decoded) == {"temperature": 21.0, "humidity": 60.0}
    assert [reject.reason for reject in decoded.rejects] == [Reason.WRONG_SHAPE] * 2


def test_two_services_with_one_property_are_told_apart_by_the_dialect() -> None:
    services = [service("inside", temperature=40), service("outside", temperature=21)]
    undecided = only(decode({"services": services}, HUAWEI))
    assert not undecided.measurements
    assert "inside.temperature, outside.temperature" in undecided.rejects[0].detail
    dialect = Dialect(metrics={"outside.temperature": "temperature"})
    assert values(only(decode({"services": services}, HUAWEI, dialects={"6109_lamp7": dialect}))) == {
        "temperature": 21.0
    }


def test_a_gateway_of_huawei_speaks_for_its_sub_devices() -> None:
    devices = [
        {"device_id": "one", "services": [service(temperature=20)]},
        {"services": [service(temperature=99)]},
        {"device_id": "two", "services": [service(temperature=21)]},
    ]
    decoded = decode({"devices": devices}, "$oc/devices/gw/sys/gateway/sub_devices/properties/report")
    assert [(one.device, len(one.measurements)) for one in decoded] == [("one", 1), ("", 0), ("two", 1)]


def test_the_push_of_huawei_names_its_device_in_a_header() -> None:
    content = {
        "resource": "device.property",
        "event": "report",
        "event_time": "20151212T121212Z",
        "notify_data": {"header": {"device_id": "d8"}, "body": {"services": [service(temperature=20)]}},
    }
    decoded = only(decode(content))
    assert (decoded.device, values(decoded)) == ("d8", {"temperature": 20.0})


# edge gateways


def entry(**changes: object) -> dict[str, object]:
    whole = {"timestamp": "20250619145824881", "device_id": "AHU34", "metrics": {"temperature": "21.5"}, **changes}
    return {name: value for name, value in whole.items() if value is not ...}


def test_the_local_time_of_an_edge_gateway_needs_the_zone_of_the_dialect() -> None:
    batch = {"msgType": "up", "batch": [entry()]}
    assert measured(only(decode(batch))) == [("temperature", 21.5, None)]
    decoded = only(decode(batch, dialects={"AHU34": Dialect(timezone="Asia/Shanghai")}))
    assert measured(decoded) == [("temperature", 21.5, of_text("2025-06-19T06:58:24.881Z"))]
    assert decoded.identity == only(decode(batch)).identity is not None


def test_one_bad_entry_of_a_batch_does_not_lose_the_others() -> None:
    bad = [entry(device_id=...), entry(timestamp="20251319145824881"), 7, entry(metrics=5)]
    decoded = decode({"msgType": "up", "batch": [entry(), *bad, entry(timestamp=1_750_316_304_881)]})
    assert [len(one.measurements) for one in decoded] == [1, 0, 0, 0, 0, 1]
    assert decoded[-1].measurements[0].at == 1_750_316_304_881_000
    assert [one.rejects[0].reason for one in decoded if one.rejects] == [
        Reason.WRONG_SHAPE,
        Reason.BAD_TIME,
        Reason.WRONG_SHAPE,
        Reason.WRONG_SHAPE,
    ]


def test_a_batch_that_is_none_is_refused() -> None:
    with pytest.raises(Unusable, match="batch is an array"):
        decode({"msgType": "up", "batch": 7})


# all of them

WORDS = sorted(
    {
        "params", "items", "data", "msg", "value", "time", "identity", "deviceName", "productKey", "properties",
        "subDevices", "services", "service_id", "event_time", "devices", "notify_data", "header", "body", "batch",
        "metrics", "device_id",
        "timestamp", "msgType", "messageType", "payload", "APPdata", "serviceData", "eventContent", "deviceId", "IMEI",
        "notifyType", "temperature", "angle_x", "angle_y", "angle_z", "threshold_x",
    }
)  # fmt: skip
shaped = st.recursive(
    json_values
    | st.sampled_from(["dataReport", "eventReport", "notify", "20151212T121212Z", "20250619145824881", "{}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=8),
    max_leaves=30,
)
DECODERS = {
    "onenet": (onenet.decode, ONENET, {}),
    "aliyun": (aliyun.decode, ALIYUN, {}),
    "huawei": (huawei.decode, HUAWEI, {}),
    "edge": (edge_batch.decode, "x", {"msgType": "up"}),
    "ctwing": (open_ctwing(), "x", {"deviceId": "d", "messageType": "dataReport"}),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", DECODERS)
@settings(max_examples=40)
@given(content=shaped, fields=st.dictionaries(st.sampled_from(WORDS), shaped, max_size=8))
def test_any_json_raises_nothing_but_unusable(name: str, content: object, fields: dict[str, object]) -> None:
    decode_one, topic, named = DECODERS[name]
    dialect = Dialect(timezone="Asia/Shanghai", installed=(0.0, 0.0, 90.0))
    for whole in (content, {**fields, **named}):
        try:
            decode_one(
                Message(feed="f", topic=topic, payload=msgspec.json.encode(whole), received=NOW), lambda _: dialect
            )
        except Unusable as problem:
            assert problem.detail
