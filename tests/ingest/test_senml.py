"""SenML: the examples of RFC 8428 with their answers, its corner cases, and how cities use it."""

from pathlib import Path
from time import process_time
from typing import Any

import cbor2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import Dialect
from domain.errors import Unusable
from domain.instants import MICROS_PER_S
from domain.messages import Measurement, Reason
from domain.readings import Quality
from ingest.formats.senml_records import Resolved, resolve
from tests.ingest.heard import NOON, Ear, anything

SAMPLES = Path(__file__).parents[1] / "samples" / "senml"
RFC_NOW = 1.498780179e9
"""When the RFC resolved its examples."""

EAR = Ear("senml")
BT = 1_795_348_740
"""A minute before every message arrives, in seconds."""

LABELS = {"bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6}
LABELS |= {"n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4, "s": 5, "t": 6, "ut": 7, "vd": 8}
DIWISE: list[dict[str, object]] = [
    {"bn": "urn:oma:lwm2m:ext:3303", "bt": BT, "n": "0", "vs": "net:serva:iot:a81758fffe051d02"},
    {"n": "5700", "v": -4.5},
    {"u": "lat", "v": 62.36956},
    {"u": "lon", "v": 17.31984},
    {"n": "env", "vs": "air"},
]


def pack_of(name: str) -> Any:
    return msgspec.json.decode((SAMPLES / name).read_bytes())


def written(resolved: Resolved) -> list[dict[str, object]]:
    """As the RFC writes resolved records."""
    return [{"n": one.name, "u": one.unit, "t": one.time, one.kind: one.value} for one in resolved.records]


def in_cbor(pack: list[dict[str, Any]]) -> bytes:
    return cbor2.dumps([{LABELS.get(key, key): value for key, value in record.items()} for record in pack])


def record(**fields: object) -> dict[str, object]:
    return {"bn": "urn:dev:mac:1:", "bt": BT, "n": "temperature", "u": "Cel", **fields}


def only(content: object, ear: Ear = EAR) -> Measurement:
    [measurement] = ear.measurements(content)
    return measurement


@pytest.mark.parametrize("number", range(1, 7))
def test_the_examples_of_the_rfc_resolve_to_its_answers(number: int) -> None:
    resolved = resolve(pack_of(f"ex{number}.json"), now_s=RFC_NOW)
    assert written(resolved) == pack_of(f"ex{number}.resolved.json")
    assert resolved.rejects == []


@pytest.mark.parametrize("number", range(1, 7))
def test_what_is_resolved_resolves_to_itself(number: int) -> None:
    answers = pack_of(f"ex{number}.resolved.json")
    assert written(resolve(answers, now_s=0)) == answers


@pytest.mark.parametrize("number", range(1, 7))
def test_cbor_says_what_json_says(number: int) -> None:
    pack = pack_of(f"ex{number}.json")
    assert Ear().measurements(in_cbor(pack)) == Ear().measurements(pack) == EAR.measurements(pack)


def test_the_base_name_is_the_device_and_the_name_is_the_quantity() -> None:
    said = EAR.measurements(pack_of("ex6.json"))
    assert [(one.device, one.metric, one.value, one.unit) for one in said] == [
        ("2001:db8::2", "temperature", 25.2, "°C"),
        ("2001:db8::2", "humidity", 30.0, "%"),
        ("2001:db8::1", "temperature", 12.3, "°C"),
        ("2001:db8::1", "humidity", 67.0, "%"),
    ]


def test_without_a_name_the_unit_tells_the_quantity() -> None:
    said = EAR.measurements(pack_of("ex5.json"))
    assert {one.device for one in said} == {"urn:dev:ow:10e2073a01080063"}
    assert [(one.metric, one.value) for one in said if one.metric != "humidity"] == [("battery", 98.0)]
    assert EAR.skipped(pack_of("ex5.json")).keys() == {"[lat]", "[lon]"}


@pytest.mark.parametrize(
    ("base", "name", "device"),
    [
        ("gw-1/", "lamp-7/temperature", "gw-1/lamp-7"),
        ("urn:dev:os:1", ":temperature", "urn:dev:os:1"),
        (None, "urn:dev:os:1:temperature", "urn:dev:os:1"),
        ("urn:dev:os:1/", "3303/0/5700", "urn:dev:os:1"),
        ("urn:dev:os:1/3303/0/", "5700", "urn:dev:os:1"),
        ("24-E1-24-32-9E-09-00-21:", "temperature", "24e124329e090021"),
    ],
)
def test_a_device_is_what_stands_before_the_quantity(base: str | None, name: str, device: str) -> None:
    told = record(v=1, n=name, bn=base) if base else {"n": name, "u": "Cel", "t": BT, "v": 1}
    assert (only([told]).device, only([told]).metric) == (device, "temperature")


def test_the_form_of_diwise_names_its_device_in_record_0() -> None:
    measurement = only(DIWISE)
    assert (measurement.device, measurement.metric, measurement.value, measurement.unit, measurement.at) == (
        "net:serva:iot:a81758fffe051d02",
        "temperature",
        -4.5,
        "°C",
        BT * MICROS_PER_S,
    )
    assert EAR.reasons(DIWISE) == []
    assert EAR.skipped(DIWISE).keys() == {"3303/0", "[lat]", "[lon]", "3303/env"}


def test_the_form_of_diwise_without_record_0_is_nobodys() -> None:
    assert EAR.reasons([{"bn": "urn:oma:lwm2m:ext:3303", "n": "5700", "v": 1}]) == [Reason.WRONG_SHAPE]


def test_an_lwm2m_object_whose_unit_is_not_stated_needs_one() -> None:
    barometer = [{**DIWISE[0], "bn": "urn:oma:lwm2m:ext:3315"}, {"n": "5700", "v": 1013}]
    assert only(barometer).unit == "unstated (Pa or hPa)"
    barometer[1]["u"] = "hPa"
    assert (only(barometer).metric, only(barometer).unit) == ("pressure", "hPa")


@pytest.mark.parametrize(
    ("symbol", "unit"),
    [
        ("Cel", "°C"),
        ("%RH", "%"),
        ("%EL", "%"),
        ("/", "1"),
        ("C", "coulomb"),
        ("F", "farad"),
        ("hPa", "hPa"),
        ("V", "V"),
    ],
)
def test_units_are_those_of_the_rfc(symbol: str, unit: str) -> None:
    assert only([record(u=symbol, v=1)]).unit == unit


def test_decibels_of_an_a_weighted_level_are_a_weighted() -> None:
    assert only([record(n="laeq", u="dB", v=60)]).unit == "dB(A)"


def test_the_dialect_gives_a_unit_or_a_name_its_metric() -> None:
    ear = Ear("senml", dialects={"urn:dev:mac:1": Dialect(metrics={"[V]": "voltage", "spl": "laeq"})})
    assert ear.values([{"bn": "urn:dev:mac:1:", "u": "V", "v": 3.1}, {"n": "spl", "u": "dB(A)", "v": 60}]) == {
        "voltage": 3.1,
        "laeq": 60.0,
    }


@pytest.mark.parametrize(
    ("time", "at", "quality"),
    [
        ({"bt": BT}, BT * MICROS_PER_S, Quality.GOOD),
        ({"bt": BT, "t": -60}, (BT - 60) * MICROS_PER_S, Quality.GOOD),
        ({"t": BT + 0.5}, BT * MICROS_PER_S + 500_000, Quality.GOOD),
        ({}, None, Quality.GOOD),
        ({"t": -5}, NOON - 5 * MICROS_PER_S, Quality.UNCERTAIN),
        ({"bt": -10, "t": 3}, NOON - 7 * MICROS_PER_S, Quality.UNCERTAIN),
    ],
)
def test_small_times_count_from_now_and_are_uncertain(time: dict[str, float], at: int | None, quality: Quality) -> None:
    measurement = only([{"n": "x:temperature", "u": "Cel", "v": 1, **time}])
    assert (measurement.at, measurement.quality) == (at, quality)


def test_a_relative_time_of_a_retained_message_is_nobodys() -> None:
    assert EAR.measurements([{"n": "x:temperature", "v": 1, "t": -5}], retain=True)[0].at is None


def test_the_border_of_relative_times_is_two_to_the_28() -> None:
    records = resolve([{"n": "a", "v": 1, "t": 2**28 - 1}, {"n": "a", "v": 1, "t": 2**28}], now_s=1000).records
    assert [one.time for one in records] == [2**28 + 999, 2**28]


def test_base_fields_hold_until_they_are_replaced_and_may_come_alone() -> None:
    pack = [
        {"bn": "a:", "bt": BT, "bu": "Cel"},
        {"n": "temperature", "v": 1},
        {"bn": "b:", "bu": "K"},
        {"n": "temperature", "v": 274},
    ]
    said = EAR.measurements(pack)
    assert [(one.device, one.unit, one.at) for one in said] == [
        ("a", "°C", BT * MICROS_PER_S),
        ("b", "K", BT * MICROS_PER_S),
    ]


def test_the_base_value_is_added_and_stands_alone_where_v_is_left_out() -> None:
    pack = [{**record(v=0.5), "bv": 20}, {"n": "temperature", "t": 1}]
    assert [one.value for one in EAR.measurements(pack)] == [20.5, 20.0]


@pytest.mark.parametrize("version", [11, 99, "10", True, [10], None, 27])
def test_an_unknown_version_refuses_the_whole_pack(version: object) -> None:
    assert EAR.reasons([record(v=1), {"bver": version, "n": "temperature", "v": 1}]) == [Reason.WRONG_SHAPE]


@pytest.mark.parametrize("version", [5, 10, 26])
def test_known_versions_are_read(version: int) -> None:
    assert EAR.values([record(v=1, bver=version)]) == {"temperature": 1.0}


def test_a_field_that_must_be_understood_refuses_the_whole_pack_and_others_do_not() -> None:
    assert EAR.reasons([record(v=1), {"n": "a", "v": 1, "must_": 1}]) == [Reason.WRONG_SHAPE]
    assert EAR.values([record(v=1, may=1)]) == {"temperature": 1.0}


def test_of_an_array_of_packs_a_refused_one_loses_only_itself() -> None:
    packs = [[record(v=1)], [record(v=2, bver=99), {"n": "x", "v": 1}], 7, [record(v=3)]]
    parts = EAR.hear(packs)
    assert [one.value for part in parts for one in part.measurements] == [1.0, 3.0]
    assert [reject.readings for part in parts for reject in part.rejects] == [2, 1]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"v": "warm"}, Reason.BAD_NUMBER),
        ({"v": True}, Reason.BAD_NUMBER),
        ({"v": 1, "vs": "x"}, Reason.WRONG_SHAPE),
        ({"t": 1}, Reason.WRONG_SHAPE),
        ({"v": 1, "t": "now"}, Reason.WRONG_SHAPE),
        ({"v": 1, "n": 5}, Reason.WRONG_SHAPE),
        ({"v": 1, "n": "a#b"}, Reason.WRONG_SHAPE),
        ({"v": 1, "u": 5}, Reason.WRONG_SHAPE),
        ({"v": 1, "t": 4e8 - BT}, Reason.BAD_TIME),
        ({"vd": "!!"}, Reason.WRONG_SHAPE),
        ({"n": "radon", "v": 1}, Reason.UNKNOWN_METRIC),
        (7, Reason.WRONG_SHAPE),
    ],
)
def test_one_bad_record_loses_only_itself(bad: object, reason: Reason) -> None:
    filled = {"n": "temperature", **bad} if isinstance(bad, dict) else bad
    pack = [record(v=1), filled, {"n": "temperature", "t": 2, "v": 3}]
    assert [one.value for one in EAR.measurements(pack)] == [1.0, 3.0]
    assert EAR.reasons(pack) == [reason]


def test_after_a_bad_base_field_the_rest_of_the_pack_means_nothing() -> None:
    parts = EAR.hear([record(v=1), {"bt": "x", "v": 2}, {"n": "temperature", "v": 3}])
    assert [one.value for part in parts for one in part.measurements] == [1.0]
    assert [reject.readings for part in parts for reject in part.rejects] == [2]


def test_texts_bytes_and_sums_are_no_readings_but_shown() -> None:
    pack = [record(n="label", vs="a"), {"n": "raw", "vd": "AQI-_w"}, {"n": "total", "s": 5}]
    assert (EAR.measurements(pack), EAR.reasons(pack)) == ([], [])
    assert EAR.skipped(pack).keys() == {"label", "raw", "total"}


def test_booleans_are_states_where_the_table_says_so() -> None:
    assert EAR.values([record(n="cover_open", u="/", vb=True)]) == {"cover_open": 1.0}
    assert EAR.reasons([record(n="temperature", vb=True)]) == [Reason.BAD_NUMBER]


def test_decimal_fractions_of_cbor_are_numbers() -> None:
    assert only(b"\x81\xa3\x00\x6dx:temperature\x01\x63Cel\x02\xc4\x82\x20\x18\xe7").value == pytest.approx(23.1)


@pytest.mark.parametrize("tag", [0, 1, 2, 3, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 258, 260, 261, 1004, 43000])
@pytest.mark.parametrize("inner", ["2013-03-21", 1, b"\x01", [1, 2], {"a": 1}])
def test_tags_that_make_objects_are_refused(tag: int, inner: object) -> None:
    payload = b"\x81\xa2\x00\x61n\x02" + cbor2.dumps(cbor2.CBORTag(tag, inner))
    assert EAR.reasons(payload) == [Reason.WRONG_SHAPE]


@pytest.mark.parametrize(
    "payload",
    [
        b"\x81" * 1000,
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x81\xbb\x00\x00\xff\xff\xff\xff\xff\xff",
        b"\x81\xa1\x00\x5b\x00\x00\x00\xff\xff\xff\xff\xff",
        b"\x81\xa1\x00\x62\xff\xff",
        b"\x9f\xa1",
        b"\x81\xa2\x00\x63a:b\x02\x01\x00",
        b"\x81\xa2\x00\x63a:b\x02\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\xa1\x00\x61n",
        b"\x01",
    ],
)
def test_cbor_that_is_too_deep_too_long_or_broken_is_refused_without_harm(payload: bytes) -> None:
    assert EAR.reasons(payload) == [Reason.WRONG_SHAPE]


@pytest.mark.parametrize(("levels", "is_read"), [(6, True), (7, False)])
def test_cbor_is_read_eight_levels_deep_and_no_deeper(levels: int, is_read: bool) -> None:
    extension: object = 1
    for _ in range(levels):
        extension = [extension]
    payload = cbor2.dumps([{0: "x:temperature", 2: 1, "may": extension}])
    assert EAR.reasons(payload) == ([] if is_read else [Reason.WRONG_SHAPE])


def test_a_huge_decimal_and_a_nan_of_cbor_are_no_numbers() -> None:
    for value in (b"\xc4\x82\x1a\x3b\x9a\xca\x00\x01", b"\xf9\x7e\x00", b"\xf9\x7c\x00"):
        assert EAR.reasons(b"\x81\xa2\x00\x6dx:temperature\x02" + value) == [Reason.BAD_NUMBER]


def test_auto_leaves_other_arrays_alone() -> None:
    assert Ear().reasons([{"x": 1}]) == [Reason.UNKNOWN_TOPIC]
    assert Ear().reasons(cbor2.dumps([{"x": 1}])) == [Reason.UNKNOWN_TOPIC]


fields = st.sampled_from([*LABELS, "x", "must_"])
records = st.dictionaries(fields, anything | st.floats(-1e10, 1e10) | st.sampled_from(["Cel", "a:temperature"]))


@pytest.mark.thorough
@given(st.lists(records | anything, max_size=4) | anything | st.lists(st.lists(records, max_size=3), max_size=3))
def test_any_json_is_read_or_refused_but_never_raises_otherwise(content: object) -> None:
    EAR.reasons(content)


@given(st.lists(records, max_size=4))
def test_any_cbor_is_read_or_refused_but_never_raises_otherwise(pack: list[dict[str, Any]]) -> None:
    EAR.reasons(in_cbor(pack))


@given(st.binary(max_size=60), st.sampled_from([b"", b"\x81\xa2\x00\x63a:b\x02", b"\x9f\xbf"]))
def test_any_bytes_are_read_or_refused_but_never_raise_otherwise(tail: bytes, head: bytes) -> None:
    EAR.reasons(head + tail or b"\x80")


@given(
    st.lists(
        st.tuples(st.sampled_from(["temperature", "humidity"]), st.floats(-50, 50), st.integers(-3600, 0)), min_size=1
    )
)
def test_base_fields_say_what_full_records_say(said: list[tuple[str, float, int]]) -> None:
    """The short form against its slow twin, records written out one by one."""
    short = [{"bn": "d:", "bt": BT, "n": said[0][0], "t": said[0][2], "v": said[0][1]}]
    short += [{"n": name, "t": time, "v": value} for name, value, time in said[1:]]
    full = [{"n": f"d:{name}", "t": BT + time, "v": value} for name, value, time in said]
    assert written(resolve(short, now_s=0)) == written(resolve(full, now_s=0))
    assert EAR.measurements(short) == EAR.measurements(full)


def test_a_pack_is_an_array() -> None:
    with pytest.raises(Unusable):
        EAR.hear(record(v=1))


def test_a_long_base_name_is_not_looked_through_for_every_record() -> None:
    pack = [{"bn": "a" * 100_000 + "/", "n": "laeq", "v": 1}, *[{"n": "laeq", "v": 1}] * 2000]
    begun = process_time()
    resolved = resolve(pack, now_s=RFC_NOW)
    assert process_time() - begun < 0.5, "it took 6 s once"
    assert (len(resolved.records), len(resolved.rejects)) == (0, 2001)
