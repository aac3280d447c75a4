"""The other half of the rules that follow from what real devices publish: from batches to devices of many names."""

from collections.abc import Sequence

import numpy as np
import pytest

from citybrain.engine.latest import LatestValues
from domain.devices import Dialect
from domain.instants import MICROS_PER_S
from domain.ledger import Tally
from domain.messages import Message, Reason
from domain.metrics import Averaging
from store.series.averaging import trend
from tests.ingest.fakes import NOW, NOW_MS, message, noise, pipeline_of
from tests.ingest.hj212_station import frame
from tests.ingest.lorawan_messages import CHIRPSTACK_V4, METER_TOPIC
from tests.ingest.sparkplug_edge import metric, said
from tests.ingest.voices import (
    AIRROHR,
    EUI,
    NOON_LOCAL,
    NOON_UTC,
    VOICES,
    ZIGBEE,
    Voice,
    airrohr,
    formats,
    hall,
    reasons,
    rows,
    settle,
    total,
    zigbee,
)

MINUTE = 60 * MICROS_PER_S
each_voice = pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)


# 8. Batches


GOOD_ENTITY = {"id": "NM-0001", "type": "AirQualityObserved", "dateObserved": NOON_UTC, "temperature": 20.5}


@pytest.mark.parametrize(
    ("content", "topic"),
    [
        ([7, noise(50)], "citybrain/v1/up/NM-0001"),
        ([{"v": {"laeq": 1}}, {"device": "NM-0001", **noise(50)}], "citybrain/v1/batch/gw"),
        ({"list": [7, {"sn": "TF-1", "ts": NOON_LOCAL, "st": "OK", "noise": {"leq": 50}}]}, "tingfeng/a/b/report"),
        (
            [{"bn": "NM-0001/", "n": "temperature", "u": "Cel", "v": "x"}, {"n": "temperature", "u": "Cel", "v": 5}],
            "senml",
        ),
        ({"subscriptionId": "5", "data": [7, GOOD_ENTITY]}, "ngsi"),
        (
            {
                "msgType": "up",
                "batch": [7, {"timestamp": "20261122200000000", "device_id": "NM-0001", "metrics": {"temperature": 5}}],
            },
            "edge",
        ),
        (
            frame("DataTime=20261122200000;LA-Rtd=50").replace(b"50", b"51")
            + frame("DataTime=20261122200000;LA-Rtd=50"),
            "hj212/x",
        ),
        (b"t|1|k#temperature|5", "/ul/key/NM-0001/attrs"),
        ({"esp8266id": 12, "sensordatavalues": [7, {"value_type": "temperature", "value": "5"}]}, AIRROHR),
    ],
    ids=["native", "native-batch", "mapping", "senml", "ngsi-v2", "edge-batch", "hj212", "iota-ul", "sensor-community"],
)
def test_rule_8_one_bad_element_does_not_lose_the_others(content: object, topic: str) -> None:
    tally = total(settle(message(content, topic=topic)))
    assert (tally.stored, tally.quarantined >= 1, tally.imbalance) == (1, True, 0)


# 9. Late and out of order


def test_rule_9_late_points_are_history_and_do_not_become_the_latest() -> None:
    pipeline = hall()
    latest = LatestValues(pipeline.layout)
    for minutes, laeq in ((0, 50.0), (-45, 60.0), (-1, 70.0)):
        batch = settle(message(noise(laeq, t=NOW_MS + minutes * 60_000)), pipeline=pipeline).readings
        assert batch.at.tolist() == [NOW + minutes * MINUTE]
        latest.update(batch)
    assert latest.of(pipeline.vocabulary.device_ordinal["NM-0001"], "laeq") == (NOW, 50.0)


def test_rule_9_one_message_may_hold_many_times_newest_first() -> None:
    backlog = [{"device": "NM-0001", **noise(50 + n, t=NOW_MS - n * 60_000)} for n in range(5)]
    batch = settle(message(backlog, topic="citybrain/v1/batch/gw")).readings
    assert batch.at.tolist() == [NOW - n * MINUTE for n in range(5)]


# 10. Units


@pytest.mark.parametrize(
    "sent",
    [
        message({"Time": NOON_LOCAL, "BME280": {"Temperature": 68}, "TempUnit": "F"}, topic="tele/NM-0001/SENSOR"),
        message({**noise(), "v": {"temperature": 68}, "u": {"temperature": "°F"}}),
        message([{"bn": "NM-0001/", "n": "temperature", "u": "K", "v": 293.15}], topic="senml"),
        said("DDATA", [metric("temperature", double_value=68.0, properties={"engUnit": "degF"})]),
    ],
    ids=["tasmota", "native", "senml", "sparkplug-b"],
)
def test_rule_10_units_travel_with_the_message(sent: Message) -> None:
    assert settle(sent).readings.value.tolist() == [pytest.approx(20.0)]


def test_rule_10_units_travel_with_the_code() -> None:
    [part] = formats().decode(airrohr(BME280_pressure="100613.25"))
    assert [(one.metric, one.unit) for one in part.measurements] == [("pressure", "Pa")]


def test_rule_10_the_dialect_of_one_device_overrules_the_unit_of_its_format() -> None:
    sent = zigbee(temperature=68)
    assert settle(sent).readings.value.tolist() == [68]
    assert settle(sent, dialect=Dialect(units={"temperature": "°F"})).readings.value.tolist() == [pytest.approx(20.0)]


def test_rule_10_a_unit_that_nobody_knows_is_never_guessed() -> None:
    assert reasons(settle(message({**noise(), "v": {"temperature": 20}, "u": {"temperature": "°Ré"}}))) == {
        Reason.UNKNOWN_UNIT: 1
    }
    dust = message(frame("DataTime=20261122200000;a34004-Rtd=35.0"), topic="hj212/x")
    assert reasons(settle(dust)) == {Reason.UNKNOWN_UNIT: 1}


# 11. Averages


def averaged(averaging: Averaging, values: Sequence[float]) -> float:
    at = np.arange(len(values), dtype=np.int64) * MICROS_PER_S
    devices = np.zeros(len(values), dtype=np.intp)
    [point] = trend(averaging, device=devices, at=at, value=np.array(values), bucket_us=3600 * MICROS_PER_S)
    return point.value


def test_rule_11_levels_average_by_energy_angles_by_vector_counters_by_difference_and_states_not_at_all() -> None:
    assert averaged(Averaging.ENERGY, [50, 60]) == pytest.approx(57.4036, abs=1e-4)  # 10 lg((10^5 + 10^6) / 2)
    assert averaged(Averaging.VECTOR, [350, 10]) % 360 == pytest.approx(0, abs=1e-9)
    assert averaged(Averaging.COUNTER, [100, 105, 2, 4]) == pytest.approx(5 + 2 + 2)  # set back to zero in between
    assert averaged(Averaging.LAST, [0, 1, 1, 0]) == 0


# 12. What nobody knows


def test_rule_12_an_unknown_topic_is_kept_with_its_bytes_and_its_reason() -> None:
    sent = message(b'{"temperature":5}', topic="nobody/knows/this")
    [entry] = settle(sent).quarantined
    assert (entry.reason, entry.payload, entry.topic) == (Reason.UNKNOWN_TOPIC, sent.payload, sent.topic)


def test_rule_12_a_message_that_nobody_can_read_does_not_stop_its_neighbours() -> None:
    settlement = settle(message(b"\x00\xff" * 50, topic="x/y"), message(noise(50)), message(b"{", topic=ZIGBEE))
    assert (rows(settlement), total(settlement).quarantined) == ([("NM-0001", "laeq", 50.0)], 2)


@pytest.mark.parametrize("topic", [voice.topic for voice in VOICES], ids=[voice.name for voice in VOICES])
def test_rule_12_limits_hold_in_every_format(topic: str) -> None:
    assert reasons(settle(message(b"[" + b" " * 262_144 + b"]", topic=topic))) == {Reason.TOO_LARGE: 1}
    deep = settle(message(b'{"list":' + b"[" * 40 + b"]" * 40 + b"}", topic=topic))
    assert (len(deep.readings), len(deep.quarantined)) == (0, 1)


@pytest.mark.parametrize(
    ("content", "topic"),
    [
        ({"t": NOW_MS, "v": {f"m{number}": 1 for number in range(10_001)}}, "citybrain/v1/up/NM-0001"),
        ({"list": [{"sn": "", "noise": {"leq": 1, "max": 2}}] * 5_001}, "tingfeng/a/b/report"),
        ([{"n": "temperature", "v": 1}] * 10_001, "senml"),
        (b"\x12\x00" * 10_001, "spBv1.0/city/NDATA/edge"),
    ],
    ids=["native", "mapping", "senml", "sparkplug-b"],
)
def test_rule_12_more_than_ten_thousand_values_are_refused(content: object, topic: str) -> None:
    settlement = settle(message(content, topic=topic))
    assert (len(settlement.readings), len(settlement.quarantined)) == (0, 1)


# 13. Names


@pytest.mark.parametrize("spelling", ["24-E1-24-12-6A-22-9E-1B", "24:e1:24:12:6a:22:9e:1b", "24E124126A229E1B", EUI])
@pytest.mark.parametrize("network", ["chirpstack", "zigbee2mqtt", "mapping"])
def test_rule_13_one_eui_has_one_spelling_in_every_format(spelling: str, network: str) -> None:
    uplink = {**CHIRPSTACK_V4, "time": NOON_UTC, "deviceInfo": {"devEui": spelling}, "object": {"temperature": 20.5}}
    sent = {
        "chirpstack": message(uplink, topic=METER_TOPIC),
        "zigbee2mqtt": message({"temperature": 20.5, "last_seen": NOON_UTC}, topic=f"zigbee2mqtt/{spelling}"),
        "mapping": message(
            {"list": [{"sn": spelling, "ts": NOON_LOCAL, "st": "OK", "met": {"t": 20.5}}]}, topic="tingfeng/a/b/report"
        ),
    }[network]
    assert rows(settle(sent)) == [("NM-0001", "temperature", 20.5)]


def test_rule_13_a_eui_in_base64_is_the_same_one() -> None:
    uplink = {
        **{"applicationID": "102", "devEUI": "JOEkEmoinhs=", "publishedAt": NOON_UTC},
        **{"rxInfo": [], "object": {"temperature": 20.5}, "fCnt": 5, "data": "AQ=="},
    }
    assert rows(settle(message(uplink, topic=f"application/102/device/{EUI}/event/up"))) == [
        ("NM-0001", "temperature", 20.5)
    ]


@pytest.mark.parametrize("topic", ["/ul/key/NM-0001/attrs", "/key/NM-0001/attrs", "ul/key/NM-0001/attrs"])
def test_rule_13_a_topic_may_begin_with_a_slash(topic: str) -> None:
    assert rows(settle(message(b"temperature|20.5", topic=topic))) == [("NM-0001", "temperature", 20.5)]


@pytest.mark.parametrize("name", ["NM+0001", "NM#0001", "NM\x010001", "x" * 300])
def test_rule_13_a_wildcard_in_a_name_is_refused(name: str) -> None:
    for sent in (
        message({"temperature": 5}, topic=f"zigbee2mqtt/{name}"),
        message({"list": [{"sn": name, "st": "OK", "met": {"t": 5}}]}, topic="tingfeng/a/b/report"),
        message({"Time": NOON_LOCAL, "DS18B20": {"Temperature": 5}}, topic=f"tele/{name}/SENSOR"),
    ):
        assert reasons(settle(sent)) == {Reason.WRONG_SHAPE: 1}


# 14. Empty payloads


@each_voice
def test_rule_14_an_empty_payload_clears_a_retained_message_and_is_no_reading(voice: Voice) -> None:
    settlement = settle(Voice(voice.name, b"", voice.topic).said(retain=True))
    assert (total(settlement), settlement.quarantined) == (Tally(), ())


# 15. One device, many routes


def test_rule_15_all_routes_of_one_device_lead_to_one_reading_of_one_device() -> None:
    settlement = settle(*(voice.said() for voice in VOICES))
    assert rows(settlement) == [("NM-0001", "temperature", 20.5)]
    assert total(settlement) == Tally(received=len(VOICES), stored=1, duplicate=len(VOICES) - 1)


def test_rule_15_without_the_alias_a_second_route_is_an_unknown_device() -> None:
    voice = next(voice for voice in VOICES if voice.name == "chirpstack")
    settlement = pipeline_of().settle([voice.said()], NOW)
    assert reasons(settlement) == {Reason.UNKNOWN_DEVICE: 1}
