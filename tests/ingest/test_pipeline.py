"""Settling: every message and every reading gets exactly one fate."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ledger import Tally
from domain.messages import Message, Reason
from domain.settlements import Settlement
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.table import FORMATS, Format
from ingest.pipeline import Pipeline
from ingest.settings import FeedSettings, IngestSettings
from tests.ingest.fakes import NOW, NOW_MS, FakeJournal, message, missing, noise, pipeline_of, small_city

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def settle(*messages: Message, pipeline: Pipeline | None = None, now: int = NOW) -> Settlement:
    return (pipeline or pipeline_of()).settle(messages, now)


def total(settlement: Settlement, what: str = "readings") -> Tally:
    return sum((getattr(line, what) for line in settlement.ledger), Tally())


def fate(tally: Tally) -> str:
    """The one fate that everything of the tally had."""
    fates = [name for name in ("stored", "duplicate", "quarantined", "late") if getattr(tally, name)]
    return fates[0] if len(fates) == 1 else f"mixed: {tally}"


def test_good_message_is_stored() -> None:
    settlement = settle(message(noise(61.2)))
    assert [(row.device, row.metric, row.value) for row in settlement.readings.rows()] == [("NM-0001", "laeq", 61.2)]
    assert total(settlement, "messages") == Tally(received=1, stored=1)


def test_the_same_reading_again_is_a_duplicate() -> None:
    pipeline = pipeline_of()
    settle(message(noise(61.2)), pipeline=pipeline)
    assert fate(total(settle(message(noise(99.0)), pipeline=pipeline))) == "duplicate"


def test_the_first_value_stands_inside_one_batch() -> None:
    settlement = settle(message(noise(61.2)), message(noise(99.0)))
    assert settlement.readings.value.tolist() == [61.2]


def test_message_with_a_known_id_is_a_duplicate_even_with_other_content() -> None:
    settlement = settle(message(noise(id="a")), message(noise(70, t=NOW_MS - 1000, id="a")))
    assert total(settlement) == Tally(received=2, stored=1, duplicate=1)


def test_ids_of_different_devices_do_not_meet() -> None:
    settlement = settle(message(noise(id="a")), message(noise(id="a"), device="NM-0002"))
    assert total(settlement) == Tally(received=2, stored=2)


def test_id_is_known_again_after_a_restart() -> None:
    journal = FakeJournal()
    journal.append(settle(message(noise(id="a"))))
    later = pipeline_of()
    later.rebuild(journal, now=NOW)
    assert fate(total(settle(message(noise(70, t=NOW_MS - 1, id="a")), pipeline=later))) == "duplicate"


def test_an_undated_message_with_an_id_is_known_again_also_when_a_part_of_it_is_bad() -> None:
    pipeline = pipeline_of()
    content = {"id": "a", "v": {"laeq": 58.4, "nonsense": 1}}
    first = settle(message(content), pipeline=pipeline)
    again = settle(message(content, received=NOW + MINUTE), pipeline=pipeline, now=NOW + MINUTE)
    assert total(first) == Tally(received=2, stored=1, quarantined=1)
    assert total(again) == Tally(received=2, duplicate=2)


@pytest.mark.parametrize("redelivered", [True, False])
def test_times_that_count_from_the_receipt_make_no_second_reading_of_a_redelivered_message(redelivered: bool) -> None:
    pipeline = pipeline_of()
    pack = b'[{"bn": "NM-0001/", "n": "laeq", "v": 55, "t": -60}]'
    settle(message(pack, topic="senml/a"), pipeline=pipeline)
    again = message(pack, topic="senml/a", received=NOW + MINUTE, redelivered=redelivered)
    expected = "duplicate" if redelivered else "stored"
    assert fate(total(settle(again, pipeline=pipeline, now=NOW + MINUTE))) == expected


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (message(b"garbage"), Reason.NOT_JSON),
        (message(noise(), topic="elsewhere"), Reason.UNKNOWN_TOPIC),
        (message(noise(), device="NM-9999"), Reason.UNKNOWN_DEVICE),
        (message(noise(999)), Reason.OUT_OF_RANGE),
        (message(noise(t=NOW_MS + 400_000)), Reason.FUTURE_TIME),
    ],
)
def test_bad_message_is_quarantined_with_its_bytes(bad: Message, reason: Reason) -> None:
    settlement = settle(bad)
    (entry,) = settlement.quarantined
    assert (entry.reason, entry.payload, entry.topic) == (reason, bad.payload, bad.topic)
    assert fate(total(settlement)) == "quarantined"


def test_bad_message_is_quarantined_once() -> None:
    pipeline = pipeline_of()
    settle(message(b"garbage"), pipeline=pipeline)
    again = settle(message(b"garbage"), message(b"garbage"), pipeline=pipeline)
    assert (again.quarantined, total(again)) == ((), Tally(received=2, duplicate=2))


def test_the_same_reason_is_said_once_for_a_message_of_many_values() -> None:
    [entry] = settle(message({"t": NOW_MS, "v": {"laeq": 50, "lamax": 60, "la90": 40}}, device="NM-9999")).quarantined
    assert (entry.readings, entry.detail.count("not in the registry")) == (3, 1)


def test_one_entry_stands_for_all_readings_of_one_message_and_reason() -> None:
    payload = {"v": {"laeq": 999, "lamax": 999, "nothing": 1, "battery": 50}, "t": NOW_MS}
    settlement = settle(message(payload))
    assert Counter({entry.reason: entry.readings for entry in settlement.quarantined}) == {
        Reason.OUT_OF_RANGE: 2,
        Reason.UNKNOWN_METRIC: 1,
    }
    assert total(settlement, "messages") == Tally(received=1, stored=1)


def test_what_was_quarantined_can_be_driven_again_after_mending_even_with_its_id() -> None:
    journal, stranger = FakeJournal(), message(noise(id="a"), device="NM-9999")
    journal.append(settle(stranger))
    mended = pipeline_of(small_city(("NM-0001", "NM-9999")))
    mended.rebuild(journal, now=NOW)
    assert fate(total(settle(stranger, pipeline=mended))) == "stored"


def test_late_reading_is_counted_and_not_kept() -> None:
    settlement = settle(message(noise(t=NOW_MS - 27 * 3_600_000)))
    assert (fate(total(settlement)), settlement.quarantined, len(settlement.readings)) == ("late", (), 0)


def test_lateness_is_that_at_arrival_so_that_an_outage_of_ours_makes_nothing_late() -> None:
    arrived_in_time = message(noise(t=NOW_MS - 25 * 3_600_000))
    assert fate(total(settle(arrived_in_time, now=NOW + 3 * HOUR))) == "stored"


def test_empty_payload_counts_as_a_duplicate_message_without_readings() -> None:
    settlement = settle(message(b""))
    assert (total(settlement, "messages"), total(settlement)) == (Tally(received=1, duplicate=1), Tally())


def test_redelivered_message_without_event_time_is_a_duplicate() -> None:
    pipeline, undated = pipeline_of(), noise(t=None)
    settle(message(undated), pipeline=pipeline)
    later = message(undated, received=NOW + MINUTE, redelivered=True)
    assert fate(total(settle(later, pipeline=pipeline))) == "duplicate"


def test_counted_message_without_event_time_is_known_by_its_bytes() -> None:
    pipeline, undated = pipeline_of(), noise(t=None, seq=5)
    settle(message(undated), pipeline=pipeline)
    assert fate(total(settle(message(undated, received=NOW + MINUTE), pipeline=pipeline))) == "duplicate"


def test_equal_messages_without_event_time_are_two_measurements() -> None:
    pipeline, undated = pipeline_of(), noise(t=None)
    settle(message(undated), pipeline=pipeline)
    assert fate(total(settle(message(undated, received=NOW + MINUTE), pipeline=pipeline))) == "stored"


def test_gateway_speaks_for_many() -> None:
    batch = [noise(device="NM-0001"), noise(device="NM-0002"), noise(device="NM-9999")]
    settlement = settle(message(batch, topic="citybrain/v1/batch/gw"))
    assert total(settlement) == Tally(received=3, stored=2, quarantined=1)


def test_lines_are_by_feed_and_minute_of_arrival() -> None:
    settlement = settle(
        message(noise(60)),
        message(noise(61), device="NM-0002", received=NOW + MINUTE),
        message(noise(62), device="NM-0003", feed="other"),
    )
    assert [(line.feed, line.minute.minute, line.messages.received) for line in settlement.ledger] == [
        ("city", 0, 1),
        ("city", 1, 1),
        ("other", 0, 1),
    ]


def test_of_a_message_that_is_too_large_the_beginning_is_kept() -> None:
    (entry,) = settle(message(b"[" * 1_000_000)).quarantined
    assert (entry.reason, entry.payload) == (Reason.TOO_LARGE, b"[" * 256 * 1024)
    assert "1000000 bytes" in entry.detail


def test_a_bug_in_a_decoder_costs_one_message_and_no_more() -> None:
    def trips(message: Message, dialects: Dialects) -> list[Decoded]:
        raise ZeroDivisionError("oops")

    bad = Format(name="bad", topics=("bad/#",), open=lambda: trips)
    formats = Formats(FormatChoice(table=(bad, *FORMATS)))
    settlement = settle(message(b"x", topic="bad/a"), message(noise()), pipeline=pipeline_of(formats=formats))
    (entry,) = settlement.quarantined
    assert entry.reason is Reason.WRONG_SHAPE
    assert "ZeroDivisionError" in entry.detail
    assert total(settlement) == Tally(received=2, stored=1, quarantined=1)


def test_hand_over_times_of_stored_messages_are_kept_for_latency() -> None:
    pipeline = pipeline_of()
    settle(message(noise(sent=NOW_MS)), message(noise(sent=NOW_MS + 7)), pipeline=pipeline)
    assert pipeline.sent == [NOW]


def test_gaps_of_known_devices_are_counted() -> None:
    pipeline = pipeline_of()
    settle(message(noise(seq=1)), message(noise(t=NOW_MS - 1, seq=5)), pipeline=pipeline)
    assert missing(pipeline) == {"city": 3}


def test_gaps_are_counted_by_the_feed_that_has_them() -> None:
    pipeline = pipeline_of(settings=IngestSettings(feeds=(FeedSettings(), FeedSettings(id="other"))))
    settle(
        message(noise(seq=1)),
        message(noise(t=NOW_MS - 1, seq=1), feed="other"),
        message(noise(t=NOW_MS - 2, seq=2)),
        message(noise(t=NOW_MS - 3, seq=4), feed="other"),
        pipeline=pipeline,
    )
    assert missing(pipeline) == {"city": 0, "other": 2}


def test_tick_is_the_clock_and_nothing_else() -> None:
    tick = pipeline_of().tick(NOW)
    assert (tick.now, len(tick.readings), tick.ledger, tick.quarantined) == (NOW, 0, (), ())


devices = st.sampled_from(["NM-0001", "NM-0002", "NM-9999", "MC-1"])
times = st.sampled_from([NOW_MS, NOW_MS - 1000, NOW_MS - 30 * 3_600_000, NOW_MS + 10**7, 0, None, "now"])
values = st.dictionaries(
    st.sampled_from(["laeq", "lamax", "tilt", "nothing"]),
    st.sampled_from([50.0, 60.0, 999.0, None, "x", True]),
    max_size=3,
)
objects = st.fixed_dictionaries(
    {"v": values},
    optional={
        "t": times,
        "id": st.sampled_from(["a", "b"]),
        "device": devices,
        "seq": st.integers(0, 3),
        "u": st.just({"laeq": "sone"}),
        "span": st.sampled_from([60, -1]),
    },
)
payloads = st.one_of(
    objects.map(msgspec.json.encode),
    st.lists(objects | st.integers(), max_size=4).map(msgspec.json.encode),
    st.binary(max_size=20),
)
topics = st.one_of(
    devices.map(lambda device: f"citybrain/v1/up/{device}"), st.just("citybrain/v1/batch/gw"), st.just("other")
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
@settings(max_examples=120, deadline=None)
@given(st.lists(st.lists(messages, max_size=8), max_size=5))
def test_nothing_is_lost_whatever_arrives(batches: list[list[Message]]) -> None:
    pipeline, stored = pipeline_of(), []
    for number, batch in enumerate(batches):
        settlement = pipeline.settle(batch, NOW + number)
        readings, whole = total(settlement), total(settlement, "messages")
        assert (readings.imbalance, whole.imbalance, whole.received) == (0, 0, len(batch))
        assert readings.stored == len(settlement.readings)
        assert readings.quarantined == sum(entry.readings for entry in settlement.quarantined)
        stored += [(row.device, row.metric, row.at) for row in settlement.readings.rows()]
    assert len(stored) == len(set(stored)), "a reading was stored twice"


@pytest.mark.thorough
@settings(max_examples=50, deadline=None)
@given(st.lists(messages, max_size=12), st.lists(st.integers(1, 4), max_size=12))
def test_the_cut_into_batches_does_not_matter(arrivals: list[Message], cuts: list[int]) -> None:
    def told(sizes: list[int]) -> tuple[list[object], Tally, Tally]:
        pipeline, rest, readings, tallies = pipeline_of(), list(arrivals), [], (Tally(), Tally())
        for size in [*sizes, len(rest)]:
            batch, rest = rest[:size], rest[size:]
            settlement = pipeline.settle(batch, NOW)
            readings += [(row.device, row.metric, row.at, row.value) for row in settlement.readings.rows()]
            tallies = (tallies[0] + total(settlement), tallies[1] + total(settlement, "messages"))
        return sorted(readings, key=str), *tallies

    assert told([]) == told(cuts)


def test_late_horizon_is_a_setting() -> None:
    short = pipeline_of(settings=IngestSettings(late_horizon="1h"))
    assert fate(total(settle(message(noise(t=NOW_MS - 2 * 3_600_000)), pipeline=short))) == "late"
