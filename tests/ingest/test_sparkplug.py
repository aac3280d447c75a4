"""Sparkplug B: births, aliases, counters, deaths, and numbers that are not what they look like."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Message, Reason
from domain.readings import Quality
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.decoded import Decoded
from ingest.formats.sparkplug_births import Birth, EdgeNodes
from tests.ingest.fakes import NOW, NOW_MS, message
from tests.ingest.sparkplug_edge import (
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT8,
    INT16,
    INT32,
    INT64,
    STRING,
    UINT8,
    UINT64,
    metric,
    node_birth,
    payload,
    said,
)

DEVICE, NODE = "city/edge/NM-1", "city/edge"
LAEQ = metric("laeq", alias=7, datatype=DOUBLE, double_value=50.0)


def formats(dialect: Dialect | None = None) -> Formats:
    return Formats(FormatChoice(dialects={DEVICE: dialect} if dialect else {}))


def decode(*messages: Message, dialect: Dialect | None = None) -> Sequence[Decoded]:
    """What the last of them says to one who has heard them all."""
    decoder = formats(dialect)
    return [decoder.decode(one) for one in messages][-1]


def first(*messages: Message, dialect: Dialect | None = None) -> Decoded:
    return decode(*messages, dialect=dialect)[0]


def values(decoded: Decoded) -> dict[str, float]:
    return {m.metric: m.value for m in decoded.measurements}


def one(**fields: object) -> Decoded:
    """What a birth with this single metric called laeq says."""
    return first(said("DBIRTH", [metric("laeq", **fields)]))


def test_a_birth_gives_names_values_and_its_own_times() -> None:
    old = {**LAEQ, "timestamp": NOW_MS - 3_600_000}
    decoded = first(node_birth(), said("DBIRTH", [old], seq=1))
    [measurement] = decoded.measurements
    assert (decoded.device, measurement.metric, measurement.value) == (DEVICE, "laeq", 50.0)
    assert measurement.at == NOW - 3_600_000_000


def test_data_speaks_in_aliases_after_its_birth() -> None:
    decoded = first(
        node_birth(), said("DBIRTH", [LAEQ], seq=1), said("DDATA", [metric(alias=7, double_value=61.5)], seq=2)
    )
    assert (values(decoded), decoded.measurements[0].at) == ({"laeq": 61.5}, NOW)


def test_an_edge_node_speaks_for_itself_too() -> None:
    birth = node_birth(metrics=[metric("temperature", alias=0, datatype=FLOAT, float_value=20.5)])
    decoded = first(birth, said("NDATA", [metric(alias=0, float_value=21.5)], seq=1))
    assert (decoded.device, values(decoded)) == (NODE, {"temperature": 21.5})


def test_an_alias_before_its_birth_asks_for_a_rebirth() -> None:
    [reject] = first(said("DDATA", [metric(alias=7, double_value=61.5)], seq=2)).rejects
    assert (reject.reason, "Node Control/Rebirth" in reject.detail) == (Reason.UNKNOWN_METRIC, True)


def test_data_with_names_needs_no_birth() -> None:
    assert values(first(said("DDATA", [metric("laeq", double_value=61.5)], seq=2))) == {"laeq": 61.5}


def test_a_new_birth_of_the_node_ends_the_aliases_of_its_devices() -> None:
    data = said("DDATA", [metric(alias=7, double_value=61.5)], seq=1)
    decoded = first(node_birth(), said("DBIRTH", [LAEQ], seq=1), node_birth(bd_seq=1, received=NOW + 1), data)
    assert [reject.reason for reject in decoded.rejects] == [Reason.UNKNOWN_METRIC]


def test_a_message_driven_again_is_not_read_with_aliases_of_a_later_birth() -> None:
    born = said("DBIRTH", [metric("lamax", alias=7, datatype=DOUBLE, double_value=70.0)], received=NOW)
    decoded = first(born, said("DDATA", [metric(alias=7, double_value=50.0)], seq=9, received=NOW - 60_000_000))
    assert (values(decoded), "before the birth in force" in decoded.rejects[0].detail) == ({}, True)


def test_a_birth_driven_again_does_not_take_the_place_of_a_later_one() -> None:
    later = said("DBIRTH", [LAEQ], received=NOW)
    again = said("DBIRTH", [metric("lamax", alias=7, datatype=DOUBLE, double_value=70.0)], received=NOW - 1)
    data = said("DDATA", [metric(alias=7, double_value=55.0)], seq=1, received=NOW + 1)
    assert values(first(later, again)) == {"lamax": 70.0}
    assert values(first(later, again, data)) == {"laeq": 55.0}


@pytest.mark.parametrize("kind", ["NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH"])
def test_what_is_retained_is_not_used(kind: str) -> None:
    with pytest.raises(Unusable) as caught:
        decode(said(kind, [LAEQ], retain=True))
    assert (caught.value.reason, "without retain" in caught.value.detail) == (Reason.WRONG_SHAPE, True)


def test_deaths_store_nothing_and_say_that_all_is_stale() -> None:
    heard = (node_birth(bd_seq=3), said("DBIRTH", [LAEQ], seq=1))
    death = said("NDEATH", [metric("bdSeq", datatype=UINT64, long_value=3)], seq=None)
    parts = decode(*heard, death)
    assert {part.device: [one.why for one in part.skipped] for part in parts} == {
        NODE: ["all 1 metrics are stale until the next birth"],
        DEVICE: ["all 1 metrics are stale until the next birth"],
    }
    assert [part.measurements for part in parts] == [(), ()]
    assert first(*heard, death, said("DDATA", [metric(alias=7, double_value=1.0)], seq=2)).rejects


def test_the_death_of_a_device_ends_its_aliases_alone() -> None:
    birth = node_birth(metrics=[metric("temperature", alias=0, datatype=FLOAT, float_value=20.5)])
    heard = (birth, said("DBIRTH", [LAEQ], seq=1), said("DDEATH", seq=2))
    assert first(*heard, said("DDATA", [metric(alias=7, double_value=1.0)], seq=3)).rejects
    assert values(first(*heard, said("NDATA", [metric(alias=0, float_value=1.0)], seq=3))) == {"temperature": 1.0}


def test_the_death_of_an_earlier_session_ends_nothing() -> None:
    late = said("NDEATH", [metric("bdSeq", datatype=UINT64, long_value=2)], seq=None)
    data = said("DDATA", [metric(alias=7, double_value=61.5)], seq=2)
    assert values(first(node_birth(bd_seq=3), said("DBIRTH", [LAEQ], seq=1), late, data)) == {"laeq": 61.5}


@pytest.mark.parametrize(
    ("datatype", "field", "sent", "meant"),
    [
        (INT32, "int_value", 4294967288, -8),
        (INT32, "int_value", 8, 8),
        (INT8, "int_value", 4294967295, -1),
        (INT8, "int_value", 255, -1),
        (INT16, "int_value", 65526, -10),
        (INT64, "long_value", 2**64 - 5, -5),
        (UINT8, "int_value", 255, 255),
        (UINT64, "long_value", 2**33, 2**33),
        (STRING, "string_value", "12.5", 12.5),
    ],
)
def test_whole_numbers_mean_what_their_data_type_says(datatype: int, field: str, sent: object, meant: float) -> None:
    assert values(one(datatype=datatype, **{field: sent})) == {"laeq": meant}


@given(st.integers(-(2**31), 2**31 - 1))
def test_every_int32_comes_back(number: int) -> None:
    assert values(one(datatype=INT32, int_value=number & 0xFFFFFFFF)) == {"laeq": number}


def test_a_whole_number_without_a_data_type_has_no_sign_and_is_refused() -> None:
    [reject] = first(said("DDATA", [metric("laeq", int_value=4294967288)], seq=1)).rejects
    assert (reject.reason, "data type" in reject.detail) == (Reason.BAD_NUMBER, True)


def test_data_without_a_type_takes_that_of_the_birth() -> None:
    birth = said("DBIRTH", [metric("temperature", alias=1, datatype=INT32, int_value=5)])
    assert values(first(birth, said("DDATA", [metric(alias=1, int_value=4294967288)], seq=1))) == {"temperature": -8}
    assert values(first(birth, said("DDATA", [metric("temperature", int_value=4294967288)], seq=1))) == {
        "temperature": -8
    }


def test_a_float_has_32_bits() -> None:
    assert values(one(datatype=FLOAT, float_value=12.1))["laeq"] == pytest.approx(12.100000381, abs=1e-9)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_float_that_is_no_number_is_refused(value: float) -> None:
    assert [reject.reason for reject in one(datatype=FLOAT, float_value=value).rejects] == [Reason.BAD_NUMBER]


@pytest.mark.parametrize(
    "fields",
    [
        {"is_null": True},
        {"datatype": DOUBLE, "double_value": 5.0, "is_transient": True},
        {"datatype": DATE, "long_value": 5},
        {"datatype": 22, "bytes_value": b"xx"},
    ],
)
def test_what_is_no_measurement_is_left_out_with_a_word(fields: dict[str, object]) -> None:
    decoded = one(**fields)
    assert (decoded.measurements, decoded.rejects, [skip.field for skip in decoded.skipped]) == ([], (), ["laeq"])


def test_history_is_not_live() -> None:
    decoded = one(datatype=DOUBLE, double_value=5.0, is_historical=True, timestamp=NOW_MS - 1000)
    assert [(m.live, m.at) for m in decoded.measurements] == [(False, NOW - 1_000_000)]


@pytest.mark.parametrize(
    ("code", "quality"), [(192, Quality.GOOD), (0, Quality.BAD), (500, Quality.UNCERTAIN), (77, Quality.UNCERTAIN)]
)
def test_the_property_quality_becomes_the_quality(code: int, quality: Quality) -> None:
    decoded = one(datatype=DOUBLE, double_value=5.0, properties={"Quality": code})
    assert [m.quality for m in decoded.measurements] == [quality]


def test_the_unit_of_a_metric_is_a_property() -> None:
    decoded = one(datatype=DOUBLE, double_value=5.0, properties={"engUnit": "dBA"})
    assert [m.unit for m in decoded.measurements] == ["dBA"]


def test_names_of_the_installation_get_their_meaning_in_the_dialect() -> None:
    lid = metric("Lid/Open", datatype=BOOLEAN, boolean_value=True)
    assert [reject.reason for reject in first(said("DBIRTH", [lid])).rejects] == [Reason.UNKNOWN_METRIC]
    dialect = Dialect(metrics={"Lid/Open": "cover_open"})
    assert values(first(said("DBIRTH", [lid]), dialect=dialect)) == {"cover_open": 1.0}


def test_the_counter_belongs_to_the_node_and_goes_on_over_its_wrap() -> None:
    decoder = formats()
    heard = [node_birth(), *(said("DDATA", [], seq=number % 256) for number in range(1, 600))]
    numbers = [part.sequence for one in heard for part in decoder.decode(one) if part.sequence is not None]
    assert numbers == list(range(600))


def test_a_gap_is_told_and_asks_for_a_rebirth() -> None:
    decoded = first(node_birth(), said("NDATA", [], seq=200), said("NDATA", [], seq=3))
    assert [(skip.field, skip.why[:10]) for skip in decoded.skipped] == [("seq", "58 message")]
    assert decoded.sequence == 259


def test_a_message_that_was_overtaken_is_no_gap() -> None:
    decoded = first(node_birth(), said("NDATA", [], seq=5), said("NDATA", [], seq=4))
    assert (decoded.skipped, decoded.sequence) == ((), 4)


def test_the_same_message_again_has_the_same_identity_and_another_has_not() -> None:
    names = [
        first(node_birth(), said("NDATA", [], seq=seq, timestamp=time)).identity
        for seq, time in ((1, NOW_MS), (1, NOW_MS), (2, NOW_MS), (1, NOW_MS + 1))
    ]
    assert (names[0] == names[1], len(set(names))) == (True, 3)


@pytest.mark.parametrize("topic", ["spBv1.0/STATE/host", "spBv1.0/city/NCMD/edge", "spBv1.0/city/DCMD/edge/NM-1"])
def test_states_of_hosts_and_commands_are_no_readings(topic: str) -> None:
    assert formats().decode(message(b'{"online":true,"timestamp":5}', topic=topic, retain=True)) == []


@pytest.mark.parametrize(
    "topic",
    ["spBv1.0/city/NDATA", "spBv1.0/city/NDATA/edge/NM-1", "spBv1.0/city/DDATA/edge", "spBv1.0/city/XDATA/edge"],
)
def test_other_topics_are_unknown(topic: str) -> None:
    with pytest.raises(Unusable) as caught:
        formats().decode(message(payload([LAEQ]), topic=topic))
    assert caught.value.reason is Reason.UNKNOWN_TOPIC


def test_behind_a_bridge_the_namespace_stands_further_down() -> None:
    [decoded, _] = formats().decode(message(payload([LAEQ]), topic="site-a/spBv1.0/city/DBIRTH/edge/NM-1"))
    assert decoded.device == DEVICE


def test_a_eui_is_folded_within_its_name() -> None:
    topic = "spBv1.0/city/DBIRTH/edge/70-B3-D5-54-60-00-02-E7"
    assert formats().decode(message(payload([LAEQ]), topic=topic))[0].device == "city/edge/70b3d554600002e7"


def test_a_name_that_is_no_text_loses_only_itself() -> None:
    good = payload([LAEQ], seq=None, timestamp=NOW_MS)
    decoded = formats().decode(message(good + b"\x12\x03\x0a\x01\xff", topic="spBv1.0/city/DBIRTH/edge/NM-1"))[0]
    assert (values(decoded), [reject.reason for reject in decoded.rejects]) == ({"laeq": 50.0}, [Reason.WRONG_SHAPE])


def test_seconds_and_nanoseconds_are_no_milliseconds() -> None:
    decoded = one(datatype=DOUBLE, double_value=5.0, timestamp=NOW * 1000)
    assert [reject.reason for reject in decoded.rejects] == [Reason.BAD_TIME]


def test_json_is_no_payload() -> None:
    with pytest.raises(Unusable) as caught:
        formats().decode(message(b'{"metrics":[]}', topic="spBv1.0/city/NDATA/edge"))
    assert caught.value.reason is Reason.WRONG_SHAPE


def test_too_many_metrics_are_refused_together() -> None:
    with pytest.raises(Unusable) as caught:
        formats().decode(message(b"\x12\x00" * 10_001, topic="spBv1.0/city/NDATA/edge"))
    assert caught.value.reason is Reason.TOO_MANY_POINTS


def birth_of(count: int) -> Birth:
    birth = Birth(NOW)
    for number in range(count):
        birth.announce(f"m{number}", DOUBLE, number)
    return birth


def test_the_memory_of_births_is_bounded_by_nodes_and_by_metrics() -> None:
    nodes = EdgeNodes(most_nodes=10, most_metrics=50)
    for number in range(100):
        nodes.born(f"g/{number}", "", birth_of(1))
    assert (len(nodes), nodes.metrics) == (10, 10)
    nodes.born("g/99", "d", birth_of(48))
    assert (len(nodes) < 5, nodes.metrics <= 50) == (True, True)
    assert nodes.died("g/99", "") and nodes.node("g/99").births == {}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "d", "e"]), st.integers(0, 6), st.booleans())))
def test_what_is_counted_is_what_is_remembered(steps: list[tuple[str, str, int, bool]]) -> None:
    nodes = EdgeNodes(most_nodes=2, most_metrics=15)
    for name, device, count, is_birth in steps:
        if is_birth:
            nodes.born(name, device, birth_of(count))
        else:
            nodes.died(name, device)
        kept = [birth for name in list(nodes._nodes) for birth in nodes._nodes[name].births.values()]
        assert nodes.metrics == sum(len(birth.by_name) for birth in kept)


@given(st.binary(max_size=300), st.sampled_from(["NBIRTH", "NDATA", "NDEATH"]))
def test_any_bytes_are_read_or_refused_but_never_raise_otherwise(content: bytes, kind: str) -> None:
    decoder = formats()
    for _ in range(2):
        try:
            decoder.decode(message(content, topic=f"spBv1.0/city/{kind}/edge"))
        except Unusable as exc:
            assert exc.detail
