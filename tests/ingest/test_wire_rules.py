"""The rules that follow from what real devices publish, through the whole intake, in many formats: numbers 1 to 7."""

import msgspec
import pytest

from citybrain.engine.latest import LatestValues
from domain.devices import Dialect
from domain.instants import MICROS_PER_S
from domain.ledger import Tally
from domain.messages import Message, Reason
from domain.readings import Quality
from ingest.formats.mapping import open_mapping
from ingest.formats.mapping_file import MappingFile
from tests.ingest.fakes import NOW, NOW_MS, message, noise
from tests.ingest.hj212_station import frame
from tests.ingest.lorawan_messages import CHIRPSTACK_V4, METER_TOPIC, TTS, TTS_TOPIC
from tests.ingest.sparkplug_edge import DOUBLE, metric, said
from tests.ingest.voices import (
    AIRROHR,
    DIALECT,
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


@each_voice
def test_rule_0_every_format_says_the_same_reading(voice: Voice) -> None:
    settlement = settle(voice.said())
    assert (rows(settlement), settlement.readings.at.tolist()) == ([("NM-0001", "temperature", 20.5)], [NOW])
    assert total(settlement) == Tally(received=1, stored=1)


# 1. Message identity


@each_voice
def test_rule_1_the_same_message_twice_is_one_point(voice: Voice) -> None:
    settlement = settle(voice.said(), voice.said(received=NOW + MICROS_PER_S))
    assert total(settlement) == Tally(received=2, stored=1, duplicate=1)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (message(noise(50, id="a")), message(noise(60, t=NOW_MS - 1, id="a"))),
        (
            said("DDATA", [metric("laeq", double_value=50.0)], seq=7),
            said("DDATA", [metric("laeq", double_value=60.0, timestamp=NOW_MS - 1)], seq=7),
        ),
        (
            message(
                {**CHIRPSTACK_V4, "time": NOON_UTC, "deviceInfo": {"devEui": EUI}, "object": {"LAeq": 50}},
                topic=METER_TOPIC,
            ),
            message(
                {
                    **CHIRPSTACK_V4,
                    "time": "2026-11-22T11:59:59Z",
                    "deviceInfo": {"devEui": EUI},
                    "object": {"LAeq": 60},
                },
                topic=METER_TOPIC,
            ),
        ),
    ],
    ids=["id", "bdSeq+seq", "deduplicationId"],
)
def test_rule_1_the_identity_of_the_format_counts_whatever_else_changed(first: Message, again: Message) -> None:
    settlement = settle(first, again)
    assert (settlement.readings.value.tolist(), total(settlement).duplicate) == ([50.0], 1)


# 2. Three times per point


def test_rule_2_measured_from_and_to_and_received_are_kept_apart() -> None:
    item = {"sn": "TF-1", "ts": "2026-11-22 19:58:00", "len": 60, "st": "OK", "met": {"t": 20.5}}
    settlement = settle(message({"list": [item]}, topic="tingfeng/a/b/report", received=NOW + MICROS_PER_S))
    batch = settlement.readings
    assert (batch.at.tolist(), batch.span.tolist(), batch.received.tolist()) == (
        [NOW - MINUTE],
        [60],
        [NOW + MICROS_PER_S],
    )


@pytest.mark.parametrize(
    ("content", "topic"),
    [
        ({"Time": "2026-11-22T19:00:00", "DS18B20": {"Temperature": 20.5}}, "tele/NM-0001/SENSOR"),
        ({"temperature": 20.5, "last_seen": "2026-11-22T19:00:00"}, ZIGBEE),
        ({"esp8266id": 12, "sensordatavalues": [{"value_type": "temperature", "value": "20.5"}]}, AIRROHR),
        (
            {
                "msgType": "up",
                "batch": [{"timestamp": "20261122190000000", "device_id": "NM-0001", "metrics": {"temperature": 20.5}}],
            },
            "edge",
        ),
    ],
    ids=["tasmota", "zigbee2mqtt", "sensor-community", "edge-batch"],
)
def test_rule_2_a_time_without_a_zone_is_that_of_receipt_and_marked(content: object, topic: str) -> None:
    batch = settle(message(content, topic=topic), dialect=Dialect()).readings
    assert (batch.at.tolist(), batch.quality.tolist()) == ([NOW], [Quality.UNCERTAIN])


def test_rule_2_a_time_without_a_zone_is_read_in_that_of_the_dialect() -> None:
    batch = settle(
        message({"Time": NOON_LOCAL, "DS18B20": {"Temperature": 20.5}}, topic="tele/NM-0001/SENSOR")
    ).readings
    assert (batch.at.tolist(), batch.quality.tolist()) == ([NOW], [Quality.GOOD])


# 3. Epochs


COUNTED = MappingFile.model_validate(
    {
        **{"name": "epoch", "topics": ["epoch/{device}"], "device": "{device}", "time": {"path": "$.t"}},
        "values": [{"path": "$.v", "metric": "laeq"}],
    }
)


@pytest.mark.parametrize("count", [NOW_MS // 1000, NOW_MS, NOW, NOW * 1000, NOW_MS / 1000, str(NOW_MS)])
def test_rule_3_the_unit_of_an_epoch_shows_in_its_size(count: object) -> None:
    sent = message({"t": count, "v": 50}, topic="epoch/NM-0001")
    [decoded] = open_mapping(COUNTED)(sent, lambda _: DIALECT)
    assert [one.at for one in decoded.measurements] == [NOW]


@pytest.mark.parametrize("t", [0, 1, 946_684_800_000, "1970-01-01T00:00:10Z", "2000-01-01T08:00:00+08:00"])
def test_rule_3_a_clock_that_was_never_set_is_refused(t: object) -> None:
    assert reasons(settle(message(noise(t=t)))) == {Reason.BAD_TIME: 1}


@pytest.mark.parametrize(
    ("ahead_s", "reason"),
    [(0.4, None), (299, None), (301, Reason.FUTURE_TIME), (10 * 366 * 86_400, Reason.FUTURE_TIME)],
)
def test_rule_3_clocks_may_be_ahead_by_less_than_five_minutes(ahead_s: float, reason: Reason | None) -> None:
    settlement = settle(message(noise(t=NOW_MS + round(ahead_s * 1000))))
    assert reasons(settlement) == ({} if reason is None else {reason: 1})


# 4. Retained


@each_voice
def test_rule_4_what_is_retained_is_state_at_its_own_time_and_no_news(voice: Voice) -> None:
    settlement = settle(voice.said(retain=True, received=NOW + 60 * MINUTE))
    if voice.name == "sparkplug-b":  # its specification has nothing retained
        assert reasons(settlement) == {Reason.WRONG_SHAPE: 1}
    else:
        assert (settlement.readings.at.tolist(), settlement.readings.live.tolist()) == ([NOW], [False])


@pytest.mark.parametrize(
    "sent", [message(noise(t=None)), message({"temperature": 5}, topic=ZIGBEE), airrohr(temperature="5")]
)
def test_rule_4_what_is_retained_without_a_time_has_an_unknown_age(sent: Message) -> None:
    assert reasons(settle(msgspec.structs.replace(sent, retain=True))) == {Reason.BAD_TIME: 1}


# 5. Numbers


@pytest.mark.parametrize(("text", "value"), [("12.3", 12.3), ("-0.5", -0.5), ("1.3e1", 13), (" 7 ", 7)])
def test_rule_5_numbers_in_text_follow_a_strict_grammar(text: str, value: float) -> None:
    assert rows(settle(airrohr(temperature=text))) == [("NM-0001", "temperature", value)]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "", "-", "null", "N/A", "undefined", None])
def test_rule_5_words_for_no_value_are_no_reading(text: object) -> None:
    for sent in (airrohr(temperature=text), zigbee(temperature=text)):
        assert (total(settle(sent)), reasons(settle(sent))) == (Tally(), {})


@pytest.mark.parametrize("text", ["12,3", "1_0", "0x1F", "1e400", "１２", True, False, [1]])
def test_rule_5_what_only_looks_like_a_number_is_refused(text: object) -> None:
    for sent in (airrohr(temperature=text), zigbee(temperature=text)):
        assert reasons(settle(sent)) == {Reason.BAD_NUMBER: 1}


def test_rule_5_a_decimal_comma_is_read_where_the_dialect_says_so() -> None:
    assert rows(settle(airrohr(temperature="12,3"), dialect=Dialect(decimal_comma=True))) == [
        ("NM-0001", "temperature", 12.3)
    ]


@pytest.mark.parametrize("literal", [b"1e400", b"-1e400", b"NaN", b"Infinity", b"-Infinity"])
@pytest.mark.parametrize(
    ("text", "topic"),
    [
        (b'{"v":{"temperature":#}}', "citybrain/v1/up/NM-0001"),
        (b'{"temperature":#}', ZIGBEE),
        (b'{"Time":"2026-11-22T20:00:00","DS18B20":{"Temperature":#}}', "tele/NM-0001/SENSOR"),
        (b'{"list":[{"sn":"TF-1","st":"OK","met":{"t":#}}]}', "tingfeng/a/b/report"),
        (b'[{"bn":"NM-0001/","n":"temperature","u":"Cel","v":#}]', "senml"),
        (b'{"temperature":#}', "/json/key/NM-0001/attrs"),
        (b'{"result":#}', "v1.1/Datastreams(5)/Observations"),
    ],
    ids=["native", "zigbee2mqtt", "tasmota", "mapping", "senml", "iota-json", "sensorthings"],
)
def test_rule_5_what_overflows_or_is_no_json_is_never_infinite(literal: bytes, text: bytes, topic: str) -> None:
    settlement = settle(message(text.replace(b"#", literal), topic=topic))
    assert (len(settlement.readings), total(settlement).quarantined) == (0, 1)
    assert set(reasons(settlement)) <= {Reason.BAD_NUMBER, Reason.NOT_JSON}


# 6. Sentinels


@pytest.mark.parametrize(
    ("sent", "dialect"),
    [
        (airrohr(DNMS_noise_LAeq="-1.00"), DIALECT),
        (message(frame("DataTime=20261122200000;a01001-Rtd=-999.000,a01001-Flag=B"), topic="hj212/x"), DIALECT),
        (zigbee(temperature=-200), Dialect(missing=frozenset({-200.0}))),
        (
            message(
                {**CHIRPSTACK_V4, "time": NOON_UTC, "deviceInfo": {"devEui": EUI}, "object": {"temperature": 65535}},
                topic=METER_TOPIC,
            ),
            Dialect(missing=frozenset({65535.0})),
        ),
        (message({"list": [{"sn": "TF-1", "st": "OK", "noise": {"leq": -1}}]}, topic="tingfeng/a/b/report"), DIALECT),
    ],
    ids=["DNMS", "HJ 212", "dialect", "LoRa", "mapping"],
)
def test_rule_6_a_sentinel_is_no_reading_and_says_why(sent: Message, dialect: Dialect) -> None:
    settlement = settle(sent, dialect=dialect)
    assert (len(settlement.readings), settlement.quarantined) == (0, ())
    parts = formats(dialect).decode(sent)
    assert "no value" in " ".join(one.why for part in parts for one in part.skipped)


# 7. Quality


@pytest.mark.parametrize(
    ("sent", "quality"),
    [
        (message(noise(50, q="bad")), Quality.BAD),
        (said("DDATA", [metric("laeq", datatype=DOUBLE, double_value=50.0, properties={"Quality": 0})]), Quality.BAD),
        (
            said("DDATA", [metric("laeq", datatype=DOUBLE, double_value=50.0, properties={"Quality": 500})]),
            Quality.UNCERTAIN,
        ),
        (
            said("DDATA", [metric("laeq", datatype=DOUBLE, double_value=50.0, properties={"Quality": 192})]),
            Quality.GOOD,
        ),
        (message(frame("DataTime=20261122200000;LA-Rtd=50,LA-Flag=N"), topic="hj212/x"), Quality.GOOD),
    ],
)
def test_rule_7_quality_is_kept_beside_the_value(sent: Message, quality: Quality) -> None:
    assert settle(sent).readings.quality.tolist() == [quality]


@pytest.mark.parametrize("flag", "FDCT")
def test_rule_7_a_flag_of_hj_212_is_never_good(flag: str) -> None:
    batch = settle(message(frame(f"DataTime=20261122200000;LA-Rtd=50,LA-Flag={flag}"), topic="hj212/x")).readings
    assert all(quality != Quality.GOOD for quality in batch.quality.tolist())


def test_rule_7_warnings_of_the_things_stack_make_values_uncertain() -> None:
    uplink = {
        **TTS["uplink_message"],
        **{"received_at": NOON_UTC, "decoded_payload": {"temperature": 5}, "decoded_payload_warnings": ["low battery"]},
    }
    batch = settle(message({**TTS, "uplink_message": uplink}, topic=TTS_TOPIC)).readings
    assert batch.quality.tolist() == [Quality.UNCERTAIN]


def test_rule_7_only_what_is_good_and_live_becomes_the_latest_value() -> None:
    pipeline = hall()
    latest = LatestValues(pipeline.layout)
    for q, laeq in (("good", 50.0), ("uncertain", 60.0), ("bad", 70.0)):
        latest.update(settle(message(noise(laeq, q=q, t=NOW_MS + round(laeq))), pipeline=pipeline).readings)
    assert latest.of(pipeline.vocabulary.device_ordinal["NM-0001"], "laeq") == (NOW + 50_000, 50.0)
