"""The IoT Agents' Ultralight 2.0 and JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import Dialect
from domain.instants import MICROS_PER_S
from domain.messages import Reason
from ingest.formats.times import of_text
from tests.ingest.heard import NOON, Ear, anything

UL, JSON = "/ul/key/NM-7/attrs", "/json/key/NM-7/attrs"
SHORT = {"NM-7": Dialect(metrics={"t": "temperature", "n": "laeq"})}
EAR = Ear(dialects=SHORT)
PLAIN_EAR = Ear()
MINUTE_AGO = NOON - 60 * MICROS_PER_S


def test_pairs_are_read_by_the_dialect_and_by_plain_names() -> None:
    assert EAR.values(b"t|15|humidity|40.5", topic=UL) == {"temperature": 15.0, "humidity": 40.5}


def test_a_letter_means_nothing_without_a_dialect_and_is_not_lost() -> None:
    assert PLAIN_EAR.reasons(b"t|15|k|abc", topic=UL) == [Reason.UNKNOWN_METRIC, Reason.UNKNOWN_METRIC]


@pytest.mark.parametrize(
    "topic", [UL, UL[1:], "/key/NM-7/attrs", "/ul/key/NM-7/attrs/t", "/key/NM-7/attrs/t", "ul/key/NM-7/attrs/t"]
)
def test_every_topic_names_the_device(topic: str) -> None:
    payload = b"15" if topic.endswith("/t") else b"t|15"
    [part] = EAR.hear(payload, topic=topic)
    assert (part.device, [one.value for one in part.measurements]) == ("NM-7", [15.0])


def test_groups_are_several_measurements() -> None:
    parts = EAR.hear(b"t|10#t|20", topic=UL)
    assert [one.value for part in parts for one in part.measurements] == [10.0, 20.0]


@pytest.mark.parametrize("payload", [b"2026-11-22T11:59:00Z|n|60|t|3", b"TimeInstant|2026-11-22T11:59:00Z|n|60|t|3"])
def test_a_time_holds_for_its_group_only(payload: bytes) -> None:
    said = EAR.measurements(payload + b"#t|4", topic=UL)
    assert [one.at for one in said] == [MINUTE_AGO, MINUTE_AGO, None]


def test_a_time_without_a_zone_is_of_the_dialect_or_nobodys() -> None:
    assert EAR.measurements(b"2026-11-22T11:59:00|t|3", topic=UL)[0].at is None
    berlin = Ear(dialects={"NM-7": Dialect(metrics={"t": "temperature"}, timezone="Europe/Berlin")})
    assert berlin.measurements(b"2026-11-22T12:59:00|t|3", topic=UL)[0].at == MINUTE_AGO


def test_a_group_of_odd_fields_loses_only_itself() -> None:
    assert EAR.values(b"t|10|n#t|20", topic=UL) == {"temperature": 20.0}
    assert EAR.reasons(b"t|10|n#t|20", topic=UL) == [Reason.WRONG_SHAPE]


def test_a_bad_time_stands_for_the_values_of_its_group() -> None:
    [part] = EAR.hear(b"2026-13-01T00:00:00Z|t|1|n|2", topic=UL)
    assert [(one.reason, one.readings) for one in part.rejects] == [(Reason.BAD_TIME, 2)]


def test_one_bad_value_loses_only_itself() -> None:
    assert EAR.values(b"t|warm|n|60", topic=UL) == {"laeq": 60.0}
    assert EAR.reasons(b"t|warm|n|60", topic=UL) == [Reason.BAD_NUMBER]


def test_a_name_that_comes_twice_in_a_group_is_said_twice() -> None:
    assert [one.value for one in EAR.measurements(b"t|1|t|2", topic=UL)] == [1.0, 2.0]


@pytest.mark.parametrize("tail", ["cmd", "cmdexe", "configuration/commands"])
@pytest.mark.parametrize("start", ["/ul/key/NM-7/", "/json/key/NM-7/"])
def test_commands_and_their_answers_are_no_readings(start: str, tail: str) -> None:
    assert EAR.hear(b"NM-7@ping|done", topic=start + tail) == []


@pytest.mark.parametrize("topic", ["/key/NM-7/cmd", "/key/NM-7/cmdexe"])
def test_commands_without_a_protocol_are_no_readings(topic: str) -> None:
    assert EAR.hear(b"NM-7@ping|done", topic=topic) == []


def test_json_is_an_object_or_an_array_of_them_each_with_its_time() -> None:
    content = [{"TimeInstant": "2026-11-22T11:59:00Z", "t": 3}, {"t": "4.5", "humidity": None}]
    said = EAR.measurements(content, topic=JSON)
    assert [(one.value, one.at) for one in said] == [(3.0, MINUTE_AGO), (4.5, None)]
    assert EAR.values(content[0], topic=JSON) == {"temperature": 3.0}


@pytest.mark.parametrize(
    ("payload", "topic"), [(b"21.5", JSON + "/t"), (b'"21.5"', JSON + "/t"), (b'"21.5"', "/key/NM-7/attrs/t")]
)
def test_a_single_attribute_in_json(payload: bytes, topic: str) -> None:
    assert EAR.values(payload, topic=topic) == {"temperature": 21.5}


def test_the_payload_tells_where_the_topic_names_no_protocol() -> None:
    assert EAR.values(b'{"t": 3}', topic="/key/NM-7/attrs") == {"temperature": 3.0}
    assert EAR.values(b"t|3", topic="/key/NM-7/attrs") == {"temperature": 3.0}


def test_one_bad_object_does_not_lose_the_others() -> None:
    content = [{"t": 1}, 7, {"t": {"a": 1}}, {"t": 2, "TimeInstant": []}, {"t": 4}]
    assert [one.value for one in EAR.measurements(content, topic=JSON)] == [1.0, 4.0]
    assert EAR.reasons(content, topic=JSON) == [Reason.WRONG_SHAPE, Reason.BAD_NUMBER, Reason.BAD_TIME]


def test_states_of_plain_names() -> None:
    assert EAR.values({"lamp_on": True, "cover_open": False}, topic=JSON) == {"lamp_on": 1.0, "cover_open": 0.0}
    assert EAR.reasons({"t": True}, topic=JSON) == [Reason.BAD_NUMBER]


def test_a_fixed_format_on_a_topic_of_another_shape_is_told_as_such() -> None:
    assert Ear("iota-ul").reasons(b"t|1", topic="a/b") == [Reason.UNKNOWN_TOPIC]


def test_text_that_is_no_utf8_is_told_as_such() -> None:
    assert EAR.reasons(b"t|\xff", topic=UL) == [Reason.WRONG_SHAPE]


def test_an_epoch_is_a_time_too() -> None:
    assert EAR.measurements({"t": 1, "TimeInstant": 1_795_348_740_000}, topic=JSON)[0].at == MINUTE_AGO
    assert of_text("2026-11-22T11:59:00Z") == MINUTE_AGO


objects = st.dictionaries(st.sampled_from(["t", "n", "TimeInstant", "humidity", "x", ""]), anything)
topics = st.sampled_from([JSON, JSON + "/t", "/key/NM-7/attrs", UL, UL + "/t"])


@given(objects | anything | st.lists(objects | anything, max_size=4), topics)
def test_any_json_is_read_or_refused_but_never_raises_otherwise(content: object, topic: str) -> None:
    EAR.reasons(content, topic=topic)


@given(st.text(alphabet="tn|#.-0123456789TZ:é", max_size=60) | st.text(max_size=30), topics)
def test_any_text_is_read_or_refused_but_never_raises_otherwise(text: str, topic: str) -> None:
    EAR.reasons(text.encode(errors="surrogatepass"), topic=topic)


@given(st.lists(st.tuples(st.sampled_from("tn"), st.floats(-50, 50)), min_size=1, max_size=5))
def test_what_is_written_as_pairs_is_heard(said: list[tuple[str, float]]) -> None:
    text = "|".join(f"{name}|{value!r}" for name, value in said)
    assert [one.value for one in EAR.measurements(text.encode(), topic=UL)] == [value for _, value in said]
