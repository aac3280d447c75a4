"""What the fuzzer has found, each as the smallest message that showed it."""

import time
from collections.abc import Sequence

import pytest

from domain.errors import Unusable
from domain.messages import Measurement, Message, Reason
from domain.names import why_no_name
from ingest.formats.bounds import LONGEST_DETAIL, REJECTS_SHOWN, bounded, shown
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.decoded import Decoded, Dialects, Reject
from ingest.formats.table import Format
from tests.fuzz.mutation import LARGEST
from tests.ingest.fakes import NOW, message, noise, pipeline_of
from tests.ingest.lorawan_messages import CHIRPSTACK_V4, V4_TOPIC
from tests.ingest.sparkplug_edge import metric, said
from tests.ingest.voices import VOICES, formats, reasons, settle, total

CROWDS = (b"1", b"{}", b"[]", b'""', b"null", b'{"v":{"":""}}', b'{"n":"a"}', b'{"t":1}', b'{"a":{"value":1}}')
"""Elements of an array that is as large as a message may be."""
SLOW_S = 2.0
"""CPU time; twice what the fuzzer allows, for a machine that others use too."""
UNKNOWN_METRIC = Reason.UNKNOWN_METRIC


@pytest.mark.parametrize("count", [-(2**63), -(10**18), 2**63, 10**300])
def test_a_time_beyond_64_bits_stops_nobody(count: int) -> None:
    odd = message([{"bn": "NM-0001/", "n": "temperature", "v": 1, "t": count}], topic="senml")
    settlement = settle(odd, message(noise()))
    assert total(settlement).stored == 1
    assert settlement.quarantined[0].reason in (Reason.BAD_TIME, Reason.FUTURE_TIME)


def test_an_absurd_time_that_a_decoder_lets_through_stops_nobody() -> None:
    def decode(sent: Message, dialects: Dialects) -> Sequence[Decoded]:
        times = (2**63, -(2**70), NOW)
        return [
            Decoded(
                device="NM-0001",
                measurements=[Measurement(device="NM-0001", metric="laeq", value=50.0, at=at) for at in times],
            )
        ]

    absurd = Format(name="absurd", topics=("absurd",), open=lambda: decode)
    pipeline = pipeline_of(formats=Formats(FormatChoice(table=(absurd,))))
    settlement = settle(message(b"x", topic="absurd"), pipeline=pipeline)
    assert reasons(settlement) == {Reason.FUTURE_TIME: 1, Reason.BAD_TIME: 1}
    assert total(settlement).stored == 1


@pytest.mark.parametrize("number", [256, 2**64 - 1])
def test_a_running_number_of_sparkplug_that_there_is_none_is_not_counted(number: int) -> None:
    (decoded,) = formats().decode(said("NDATA", [metric("laeq", double_value=50.0)], seq=number))
    assert decoded.sequence is None


@pytest.mark.parametrize("content", [{**CHIRPSTACK_V4, "fCnt": 10**30}, {**CHIRPSTACK_V4, "fCnt": 2**53 + 1}])
def test_a_counter_beyond_what_json_agrees_on_counts_as_left_out(content: dict[str, object]) -> None:
    (decoded,) = formats().decode(message({**content, "object": {"LAeq": 50}}, topic=V4_TOPIC))
    assert decoded.sequence == 0


@pytest.mark.parametrize("name", ["a\x85b", "a\u202eb", "a\u2066b", "a\u2028b", "a\ud800b", "a\x00b"])
def test_a_name_that_steers_a_screen_names_no_device(name: str) -> None:
    assert why_no_name(name)


@pytest.mark.parametrize(
    "odd",
    [
        message([{**noise(), "device": "\x00"}], topic="citybrain/v1/batch/gw"),
        message({"productKey": "a", "deviceName": "a\nb", "items": {"temperature": 0}}, topic="x"),
        message({"id": "1"}, topic="$sys/p/\u202e/thing/property/post"),
        message({"a": 1}, topic="$oc/devices/\u202e/sys/properties/report"),
    ],
    ids=["native-batch", "aliyun", "onenet", "huawei-iotda"],
)
def test_nothing_is_said_in_such_a_name(odd: Message) -> None:
    assert {part.device for part in formats().decode(odd)} == {""}


def test_a_station_whose_name_is_too_long_with_its_chip_is_refused() -> None:
    with pytest.raises(Unusable) as caught:
        formats().decode(message({"esp8266id": "1" * 200, "sensordatavalues": []}, topic="bridge/7"))
    assert caught.value.reason is Reason.WRONG_SHAPE


def test_what_a_stranger_wrote_reaches_the_quarantine_as_plain_words() -> None:
    (entry,) = settle(message(noise() | {"v": {"a\x1b[2J\u202eb": 1}})).quarantined
    assert entry.detail.isprintable()
    assert "a\\x1b[2J\\u202eb" in entry.detail


def test_a_long_sentence_is_cut() -> None:
    assert len(shown("x" * 1000)) == len(shown("\x00" * 1000)) == LONGEST_DETAIL
    assert shown("short") == "short"


def test_equal_rejects_become_one_and_lose_no_reading() -> None:
    rejects = (Reject(reason=UNKNOWN_METRIC, detail="the same", readings=2),) * 500
    (part,) = bounded([Decoded(device="a", measurements=(), rejects=rejects)], values=10_000)
    assert part.rejects == (Reject(reason=UNKNOWN_METRIC, detail="the same", readings=1000),)


def test_many_different_rejects_are_few_and_lose_no_reading() -> None:
    rejects = tuple(Reject(reason=UNKNOWN_METRIC, detail=f"number {number}") for number in range(5000))
    (part,) = bounded([Decoded(device="a", measurements=(), rejects=rejects)], values=10_000)
    assert len(part.rejects) <= REJECTS_SHOWN
    assert sum(reject.readings for reject in part.rejects) == 5000


@pytest.mark.parametrize("readings", [[1] * 11, [11]])
def test_what_could_not_be_read_counts_as_values_too(readings: list[int]) -> None:
    rejects = tuple(Reject(reason=UNKNOWN_METRIC, detail=f"{n}", readings=one) for n, one in enumerate(readings))
    (part,) = bounded([Decoded(device="a", measurements=(), rejects=rejects)], values=10)
    assert [(reject.reason, reject.readings) for reject in part.rejects] == [(Reason.TOO_MANY_POINTS, 11)]


def test_parts_without_a_value_count_too() -> None:
    (part,) = bounded([Decoded(device="a", measurements=())] * 11, values=10)
    assert [reject.reason for reject in part.rejects] == [Reason.TOO_MANY_POINTS]


@pytest.mark.parametrize("element", CROWDS)
def test_a_crowd_of_elements_is_refused_before_each_is_looked_at(element: bytes) -> None:
    crowd = b"[" + b",".join([element] * (LARGEST // (len(element) + 1) - 1)) + b"]"
    begun = time.process_time()
    for voice in VOICES:
        try:
            decoded = formats().decode(message(crowd, topic=voice.topic))
        except Unusable as problem:
            assert problem.detail
        else:
            assert sum(len(part.measurements) for part in decoded) <= 10_000
    assert (time.process_time() - begun) / len(VOICES) < SLOW_S


def test_a_crowd_of_groups_of_ultralight_is_refused_before_each_is_read() -> None:
    with pytest.raises(Unusable) as caught:
        formats().decode(message(b"5#" * (LARGEST // 2), topic="/ul/key/NM-0001/attrs"))
    assert caught.value.reason is Reason.TOO_MANY_POINTS


@pytest.mark.parametrize(
    "topic", ["citybrain/v1/up/NM-0001", "citybrain/v1/batch/gw", "v1.1/Datastreams(5)/Observations"]
)
def test_a_number_that_no_computer_can_hold(topic: str) -> None:
    """The native format judges value by value; in any other JSON the message is refused as a whole."""
    content = b'[{"device":"NM-0001","result":1,"v":{"laeq":1e400,"lamax":50}}]'
    if topic.startswith("citybrain"):
        (part,) = formats().decode(message(content, topic=topic))
        assert ([one.metric for one in part.measurements], part.rejects[0].reason) == (["lamax"], Reason.BAD_NUMBER)
    else:
        with pytest.raises(Unusable) as caught:
            formats().decode(message(content, topic=topic))
        assert caught.value.reason is Reason.NOT_JSON
