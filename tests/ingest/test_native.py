"""The native format, sentence by sentence of docs/wire.md."""

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Unusable
from domain.messages import Reason
from domain.readings import Quality
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.decoded import Decoded
from ingest.formats.depth import is_deeper
from tests.ingest.fakes import message

WIRE = Path(__file__).parents[2] / "docs" / "wire.md"
UP, BATCH = "citybrain/v1/up/NM-0001", "citybrain/v1/batch/gw-1"
FORMATS = Formats(FormatChoice())


def decode(payload: object, topic: str = UP) -> list[Decoded]:
    content = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    return list(FORMATS.decode(message(content, topic=topic)))


def reasons(payload: object, topic: str = UP) -> list[Reason]:
    """Of a message that is bad in whole or in part."""
    try:
        return [reject.reason for part in decode(payload, topic) for reject in part.rejects]
    except Unusable as exc:
        return [exc.reason]


def test_the_example_of_the_contract_is_read_as_it_says() -> None:
    page = WIRE.read_text(encoding="utf-8")
    match = re.search(r"```json\n(.+?)\n```", page, re.DOTALL)
    assert match
    (part,) = decode(match[1].encode())
    assert {m.metric: m.value for m in part.measurements} == {"laeq": 58.4, "lamax": 71.2, "battery": 87.0}
    assert {(m.device, m.at, m.span_s) for m in part.measurements} == {("NM-0001", 1_795_353_300_000_000, 60.0)}


def test_every_reason_of_quarantine_has_a_line_in_the_contract() -> None:
    page = WIRE.read_text(encoding="utf-8")
    assert [reason for reason in Reason if f"`{reason}`" not in page] == []


def test_milliseconds_and_text_mean_the_same_instant() -> None:
    text, number = decode({"v": {"a": 1}, "t": "2026-11-22T12:00:00Z"}), decode({"v": {"a": 1}, "t": 1795348800000})
    assert text[0].measurements[0].at == number[0].measurements[0].at


def test_envelope_reaches_the_measurement() -> None:
    (part,) = decode({"v": {"a": 1}, "q": "bad", "u": {"a": "kPa"}, "hist": True, "id": "x", "seq": 4, "sent": 5})
    (measurement,) = part.measurements
    assert (measurement.quality, measurement.unit, measurement.live) == (Quality.BAD, "kPa", False)
    assert (part.identity, part.sequence, part.sent) == ("x", 4, 5000)


def test_null_is_not_measured() -> None:
    assert [m.metric for m in decode({"v": {"a": None, "b": 2}})[0].measurements] == ["b"]


def test_without_t_there_is_no_event_time() -> None:
    assert decode({"v": {"a": 1}})[0].measurements[0].at is None


def test_unknown_fields_are_ignored() -> None:
    assert reasons({"v": {"a": 1}, "firmware": {"x": [1, 2]}}) == []


def test_empty_payload_says_nothing_on_any_topic() -> None:
    assert decode(b"", "somewhere/else") == []


@pytest.mark.parametrize("value", [b"true", b'"58.4"', b"1e400", b"[1]", b"{}", b"1" + b"0" * 400])
def test_value_that_is_no_number_loses_only_itself(value: bytes) -> None:
    (part,) = decode(b'{"v":{"a":' + value + b',"b":2}}')
    assert [m.metric for m in part.measurements] == ["b"]
    assert [reject.reason for reject in part.rejects] == [Reason.BAD_NUMBER]


@pytest.mark.parametrize("payload", [b"x", b"{", b'{"v":{"a":NaN}}', b'{"v":{"a":Infinity}}', b"\xff", b'{"v":{}}x'])
def test_what_is_not_json_is_told_as_such(payload: bytes) -> None:
    assert reasons(payload) == [Reason.NOT_JSON]


@pytest.mark.parametrize(
    "content",
    [
        [5],
        "text",
        {"t": 5},
        {"v": [1]},
        {"v": {"a": 1}, "span": -1},
        {"v": {"a": 1}, "span": "60"},
        {"v": {"a": 1}, "span": 1e99},
        {"v": {"a": 1}, "span": 366 * 86_400 + 1},
        {"v": {"a": 1}, "q": "fine"},
        {"v": {"a": 1}, "id": ""},
        {"v": {"a": 1}, "id": "x" * 65},
        {"v": {"a": 1}, "seq": -1},
        {"v": {"a": 1}, "hist": 1},
        {"v": {"a": 1}, "t": 1.5},
        {"v": {"a": 1}, "t": True},
    ],
)
def test_wrong_shape_is_told_as_such(content: object) -> None:
    assert reasons(content) == [Reason.WRONG_SHAPE]


@pytest.mark.parametrize(
    "t", ["2026-11-22T12:00:00", "yesterday", "20261122T120000Z", -1, 2**60, "2026-13-01T00:00:00Z"]
)
def test_event_time_that_means_nothing_certain_is_refused(t: object) -> None:
    assert reasons({"v": {"a": 1, "b": 2}, "t": t}) == [Reason.BAD_TIME]


def test_reject_stands_for_all_the_values_of_its_object() -> None:
    (part,) = decode({"v": {"a": 1, "b": 2, "c": None}, "t": "now"})
    assert part.rejects[0].readings == 2


def test_wrong_shape_stands_for_the_values_that_can_be_counted() -> None:
    (part,) = decode({"v": {"a": 1, "b": 2, "c": None}, "span": -1})
    assert part.rejects[0].readings == 2


def test_one_bad_object_does_not_lose_the_others() -> None:
    parts = decode([{"v": {"a": 1}}, 7, {"v": {"a": "x"}}, {"v": {"b": 2}}])
    assert [len(part.measurements) for part in parts] == [1, 0, 0, 1]


def test_one_object_that_is_not_utf8_does_not_lose_the_others() -> None:
    parts = decode(b'[{"v":{"a":1}},{"v":{"\xff":1}}]')
    assert [[reject.reason for reject in part.rejects] for part in parts] == [[], [Reason.NOT_JSON]]


def test_up_may_name_its_own_device_again() -> None:
    assert reasons({"v": {"a": 1}, "device": "NM-0001"}) == []


def test_up_may_not_name_another_device() -> None:
    assert reasons({"v": {"a": 1}, "device": "NM-0002"}) == [Reason.DEVICE_MISMATCH]


def test_batch_speaks_for_many() -> None:
    parts = decode([{"device": "a", "v": {"x": 1}}, {"device": "b", "v": {"x": 2}}], BATCH)
    assert [part.measurements[0].device for part in parts] == ["a", "b"]


def test_object_of_a_batch_without_device_is_refused_alone() -> None:
    assert reasons([{"device": "a", "v": {"x": 1}}, {"v": {"x": 2}}], BATCH) == [Reason.WRONG_SHAPE]


def test_batch_is_an_array() -> None:
    assert reasons({"device": "a", "v": {"x": 1}}, BATCH) == [Reason.WRONG_SHAPE]


@pytest.mark.parametrize(
    "topic",
    ["citybrain/v1/up", "citybrain/v1/up/a/b", "citybrain/v1/up/a b", "citybrain/v1/up/" + "x" * 65, "other/up/a"],
)
def test_other_topics_are_unknown(topic: str) -> None:
    assert reasons({"v": {"a": 1}}, topic) == [Reason.UNKNOWN_TOPIC]


def test_too_large_is_refused_before_it_is_read() -> None:
    assert reasons(b"[" + b" " * 262144 + b"]") == [Reason.TOO_LARGE]


def test_too_many_values_are_refused_together() -> None:
    parts = decode({"v": {f"m{number}": 1 for number in range(10_001)}})
    assert [(reject.reason, reject.readings) for part in parts for reject in part.rejects] == [
        (Reason.TOO_MANY_POINTS, 10_001)
    ]


def test_depth_of_32_is_read_and_of_33_is_not() -> None:
    def nested(levels: int) -> bytes:
        return b'{"v":{"a":1},"x":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    assert (reasons(nested(32)), reasons(nested(33))) == ([], [Reason.WRONG_SHAPE])


@pytest.mark.parametrize(
    "payload", [b"[" * 100_000, b'{"v":' * 40_000, b'{"v":{},"x":' + b"[" * 9000 + b"]" * 9000 + b"}"]
)
def test_bracket_bombs_are_refused_without_harm(payload: bytes) -> None:
    assert reasons(payload) in ([Reason.WRONG_SHAPE], [Reason.NOT_JSON])


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=40,
)


def depth_of(content: object) -> int:
    match content:
        case list():
            return 1 + max(map(depth_of, content), default=0)
        case dict():
            return 1 + max(map(depth_of, content.values()), default=0)
        case _:
            return 0


@given(json_values, st.integers(0, 6))
def test_depth_is_that_of_the_slow_twin(content: object, limit: int) -> None:
    assert is_deeper(msgspec.json.encode(content), limit) == (depth_of(content) > limit)


objects = st.fixed_dictionaries(
    {},
    optional={
        "v": st.dictionaries(st.sampled_from(["laeq", "lamax", "x"]), json_values, max_size=3),
        "t": st.integers(-5, 2**70)
        | st.text(max_size=30)
        | st.none()
        | st.floats(allow_nan=False, allow_infinity=False),
        "span": json_values,
        "q": json_values,
        "u": json_values,
        "id": json_values,
        "device": json_values,
    },
)


@given(st.lists(objects | json_values, max_size=4) | objects | json_values, st.sampled_from([UP, BATCH]))
def test_any_json_is_read_or_refused_but_never_raises_otherwise(content: object, topic: str) -> None:
    reasons(content, topic)


@given(st.binary(max_size=200), st.sampled_from([UP, BATCH]))
def test_any_bytes_are_read_or_refused_but_never_raise_otherwise(payload: bytes, topic: str) -> None:
    reasons(payload, topic)


@pytest.mark.thorough
@given(st.lists(objects, min_size=1, max_size=4))
def test_an_array_says_what_its_objects_say_one_by_one(contents: list[object]) -> None:
    together = [(len(part.measurements), len(part.rejects)) for part in decode(contents)]
    alone = [(len(part.measurements), len(part.rejects)) for content in contents for part in decode(content)]
    assert together == alone
