"""Plain messages are read in columns; whatever arrives, that says the same as reading them one by one."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.devices import Registry
from domain.messages import Message
from domain.settlements import Settlement
from ingest.formats import native
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.table import FORMATS, Format
from ingest.pipeline import Pipeline
from ingest.plain import PlainReader
from ingest.rows import names_of
from ingest.settings import LimitSettings
from tests.ingest.fakes import METERS, NOW, NOW_MS, message, missing, noise, pipeline_of, small_city

MINUTE, HOUR_MS = 60_000_000, 3_600_000
ODD = "NM.7"
"""An alias."""


LIMITS = LimitSettings(values=4, payload_bytes=400)


def disguised(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """The native decoder, but nobody can tell: nothing that goes here is plain."""
    return native.decode_up(message, dialects)


PLAIN = FormatChoice(limits=LIMITS)
DISGUISED = FormatChoice(
    table=(Format(name="up", topics=("citybrain/v1/up/+",), open=lambda: disguised), *FORMATS), limits=LIMITS
)


def one_by_one() -> Pipeline:
    return pipeline_of(city(), formats=Formats(DISGUISED))


def side_by_side() -> Pipeline:
    return pipeline_of(city(), formats=Formats(PLAIN))


def city() -> Registry:
    """The small city with a device that has an alias."""
    known = small_city()
    meter = replace(known.devices["NM-0001"], id="NM-7", aliases=(ODD,))
    return replace(known, devices={**known.devices, meter.id: meter})


def plain_owners(*payloads: object, choice: FormatChoice = PLAIN) -> list[int]:
    reader = PlainReader(Formats(choice), names_of(city(), side_by_side().vocabulary))
    return reader.read([message(payload) for payload in payloads]).owner.tolist()


def told(settlement: Settlement) -> tuple[object, ...]:
    readings = settlement.readings
    return (
        list(readings.rows()),
        readings.received.tolist(),
        readings.live.tolist(),
        settlement.quarantined,
        settlement.ledger,
        sorted(settlement.identities),
    )


devices = st.sampled_from([*METERS[:3], "NM-9999", "MC-1", ODD, "bad name", ""])
times = st.sampled_from(
    [
        *(NOW_MS, NOW_MS - 1000, NOW_MS - 30 * HOUR_MS, NOW_MS + 10**7, 0, -1, 2**53 + 1, 10**30, None, "now"),
        *("2026-11-22T12:00:00Z", "2026-11-22T20:00:00+08:00", "2026-11-22T12:00:00.123456789Z", "2026-11-22T12:00:00"),
    ]
)
values = st.dictionaries(
    st.sampled_from(["laeq", "lamax", "tilt", "nothing", "battery", ""]),
    st.sampled_from([50, 50.0, 60.5, 999.0, -0.0, None, "x", True, 10**400]),
    max_size=5,
)
objects = st.fixed_dictionaries(
    {"v": values},
    optional={
        "t": times,
        "id": st.sampled_from(["a", "b", None, ""]),
        "device": devices | st.none(),
        "seq": st.integers(0, 9) | st.none(),
        "sent": st.sampled_from([NOW_MS, None, -5]),
        "u": st.sampled_from([{"laeq": "sone"}, {}, None, {"laeq": "dBA"}]),
        "span": st.sampled_from([60, 0.5, None, -1]),
        "q": st.sampled_from(["good", "bad", "uncertain", None, "best"]),
        "hist": st.booleans() | st.none(),
        "more": st.sampled_from([[1, [2]], {"v": {}}, "{" * 40, [[]] * 40]),
    },
)


def written(content: object) -> bytes:
    return json.dumps(content).encode()


def cut(payload: bytes, at: int) -> bytes:
    return payload[:at] or payload


texts = objects.map(written)
payloads = st.one_of(
    texts,
    texts,
    st.builds(cut, texts, st.integers(0, 300)),
    st.tuples(texts, texts).map(b",".join),  # what a decoder of joined texts would take for two messages
    st.lists(objects | st.integers(), max_size=4).map(written),
    st.sampled_from(
        [
            *(b"", b"{}", b"null", b"1],[2", b'{"v":{}},{"v":{}}', b'{"v":{}}{"v":{}}', b'[{"v":{"laeq":1}}]', b"  "),
            *(b' {"v":{"laeq":50}} ', b'{"v":{"laeq":NaN}}', b'{"v":{"laeq":1e999}}', b'{"v":{"laeq":50},"v":{}}'),
            b'{"v":{"laeq":50},"x":' + b"[" * 40 + b"]" * 40 + b"}",
            b'{"v":{"laeq":50},"x":' + b"[" * 31 + b"]" * 31 + b"}",
            b'{"v":{"laeq":50},"x":"\xff"}',
            b'{"v":{"laeq":50,"laeq":51}}',
            b'{"v":{"laeq":50},"x":"' + b"y" * 400 + b'"}',
        ]
    ),
    st.binary(max_size=20),
)
topics = st.one_of(
    devices.map(lambda device: f"citybrain/v1/up/{device}"), st.sampled_from(["citybrain/v1/batch/gw", "other"])
)
messages = st.builds(
    Message,
    feed=st.sampled_from(["city", "other"]),
    topic=topics,
    payload=payloads,
    received=st.sampled_from([NOW, NOW + MINUTE]),
    retain=st.booleans(),
    redelivered=st.booleans(),
)


@pytest.mark.thorough
@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(messages, max_size=12), min_size=1, max_size=3))
def test_side_by_side_says_what_one_by_one_says(batches: Sequence[Sequence[Message]]) -> None:
    fast, slow = side_by_side(), one_by_one()
    for number, batch in enumerate(batches):
        assert told(fast.settle(batch, NOW + number)) == told(slow.settle(batch, NOW + number))
        assert fast.sent == slow.sent
        assert missing(fast) == missing(slow)


def test_the_comparison_compares_two_ways() -> None:
    assert plain_owners(noise()) == [0]
    assert plain_owners(noise(), choice=DISGUISED) == []


def test_gaps_of_a_device_that_is_known_by_an_alias_are_counted() -> None:
    pipeline = side_by_side()
    pipeline.settle([message(noise(seq=1), device=ODD), message(noise(51, seq=4, t=NOW_MS - 1), device=ODD)], NOW)
    assert sum(missing(pipeline).values()) == 2


@pytest.mark.parametrize(
    "payload",
    [
        noise(t=None),
        noise(t="2026-11-22T12:00:00.250+08:00"),
        noise(seq=4, sent=NOW_MS, q="bad", hist=True, span=60, device="NM-0001", u={}, more={"a": [1]}),
        {"v": {}},
        {"v": {"laeq": None, "nobody-knows": 3}},
    ],
)
def test_the_usual_message_is_plain(payload: object) -> None:
    assert plain_owners(payload) == [0]


@pytest.mark.parametrize(
    "payload",
    [
        noise(id="a"),
        noise(u={"laeq": "dBA"}),
        noise(device="NM-0002"),
        noise(t="today"),
        [noise()],
        b'{"v":{}},{"v":{}}',
        b"",
        {"v": {str(number): 1 for number in range(5)}},
        noise(more="x" * 400),
    ],
)
def test_the_unusual_message_is_not(payload: object) -> None:
    assert plain_owners(noise(), payload, noise(51)) == [0, 2]


def test_two_objects_in_one_payload_do_not_shift_their_neighbours() -> None:
    joined = b'{"v":{"laeq":70}},{"v":{"laeq":71}}'
    settlement = side_by_side().settle(
        [message(noise(51)), message(joined, device="NM-0002"), message(noise(53), device="NM-0003")], NOW
    )
    assert [(row.device, row.value) for row in settlement.readings.rows()] == [("NM-0001", 51), ("NM-0003", 53)]
    assert [entry.payload for entry in settlement.quarantined] == [joined]


def test_a_message_cut_off_anywhere_is_quarantined_in_the_decoders_own_words() -> None:
    whole = written(noise(50.0, q="good", id=None))
    pieces = [message(whole[:length]) for length in range(len(whole) + 1)]
    settlement = side_by_side().settle(pieces, NOW)
    assert settlement.quarantined == one_by_one().settle(pieces, NOW).quarantined
    assert len(settlement.quarantined) == len(whole) - 1 and len(settlement.readings) == 1


def test_good_messages_between_bad_ones_stay_plain() -> None:
    bad, good = b'{"v":{"laeq":5', written(noise(50.0))
    assert plain_owners(bad, good, bad, bad, good, b"", good, b"[1]", bad) == [1, 4, 6]
