"""History is judged as life is: the same transitions, for any cut into batches, and gaps are no floods."""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conditions import Transition
from domain.devices import Registry
from domain.instants import MICROS_PER_S, to_micros
from rules.engine import compile_rules
from rules.history.driving import NEVER_BLIND_S, SHORTEST_GAP_US, Drive
from rules.history.episodes import EpisodeBook
from rules.program import Program
from tests.backtest.story import HOUR, MINUTE, cut
from tests.rules.city import Row, Run, at, batch, device, lamps, meter, registry_of, road, shipped, vocabulary_of

START = at("2026-11-22T16:00:00")
"""Before sunset in Shanghai: lamps come due within the story."""
END = START + 150 * MINUTE


@cache
def city() -> Registry:
    return registry_of(
        meter("NM-1", "2"),
        meter("NM-2", "4a", interval_s=30.0),
        device("MC-1", "manhole_cover", interval_s=600.0),
        *lamps("R1", 4, interval_s=300.0),
        roads=[road("R1")],
    )


def program(gap_s: float | None = None) -> Program:
    words = vocabulary_of(city())
    blind_s = NEVER_BLIND_S if gap_s is None else gap_s
    return compile_rules(shipped(), city(), words, settle_s=0.0, blind_after_s=blind_s)


def drive(rows: Sequence[Row], sizes: Sequence[int] = (1000,), gap_s: float | None = None) -> list[Transition]:
    compiled = program(gap_s)
    way = Drive(compiled, start=START, gap_us=None if gap_s is None else round(gap_s * MICROS_PER_S))
    told = [change for part in cut(compiled.vocabulary, rows, sizes) for change in way.feed(part)]
    return told + way.finish(END)


def live(rows: Sequence[Row], *, every_s: int) -> list[Transition]:
    """As the engine runs: readings a second after they were measured, and ticks in a quick rhythm."""
    run = Run.of(shipped(), city(), settle_s=2.0, blind_after_s=90.0)
    run.tick(START)
    ordered = sorted(rows, key=lambda row: row[2])
    now, begin = START, 0
    while now < END + 3 * MICROS_PER_S:
        now += every_s * MICROS_PER_S
        end = begin
        while end < len(ordered) and ordered[end][2] <= now - MICROS_PER_S:
            end += 1
        if end > begin:
            run.readings(ordered[begin:end])
        begin = end
        run.tick(now)
    return [change for change in run.told if to_micros(change.at) < END]


def told(changes: Sequence[Transition]) -> list[tuple[str, str, str, int, int, object]]:
    return sorted(
        (c.rule, str(c.target), c.signal.value, to_micros(c.at), to_micros(c.since), repr(c.evidence)) for c in changes
    )


@st.composite
def stories(draw: st.DrawFn) -> list[Row]:
    """Every device reports at its interval, with silences, and values on both sides of every limit."""
    rows: list[Row] = []
    for known in city():
        metric, values = {
            "noise_meter": ("laeq", (40.0, 49.5, 59.5, 72.0)),
            "manhole_cover": ("cover_open", (0.0, 1.0)),
            "lamp": ("lamp_on", (0.0, 1.0)),
        }[known.kind]
        offset = draw(st.integers(1, 25))
        silent_from, silent_for = draw(st.integers(0, 150)), draw(st.sampled_from([0, 4, 30, 120]))
        moods = draw(st.lists(st.sampled_from(values), min_size=4, max_size=8))
        step = round(known.interval_s)
        for number, second in enumerate(range(offset, 9000, step)):
            if not silent_from <= second // 60 < silent_from + silent_for:
                mood = moods[number * len(moods) * step // 9000]
                rows.append((known.id, metric, START + second * MICROS_PER_S, mood))
    return rows


@pytest.mark.thorough
@settings(max_examples=4, deadline=None)
@given(stories())
def test_history_tells_what_the_live_engine_told(rows: list[Row]) -> None:
    assert told(drive(rows)) == told(live(rows, every_s=70))


@pytest.mark.thorough
@settings(max_examples=3, deadline=None)
@given(stories(), st.lists(st.integers(1, 400), min_size=1, max_size=4))
def test_the_cut_into_batches_changes_nothing(rows: list[Row], sizes: list[int]) -> None:
    assert told(drive(rows, sizes)) == told(drive(rows))


@pytest.mark.thorough
@settings(max_examples=3, deadline=None)
@given(stories(), st.lists(st.integers(1, 400), min_size=1, max_size=4))
def test_the_cut_changes_nothing_where_nobody_listened_either(rows: list[Row], sizes: list[int]) -> None:
    paused = [row for row in rows if not START + 40 * MINUTE <= row[2] < START + 100 * MINUTE]
    assert told(drive(paused, sizes, gap_s=1200.0)) == told(drive(paused, gap_s=1200.0))


def steady(first_s: int, last_s: int) -> list[Row]:
    return [
        (known, "laeq", START + second * MICROS_PER_S, 45.0)
        for known in ("NM-1", "NM-2")
        for second in range(first_s, last_s, 30)
    ]


def silences(changes: Sequence[Transition]) -> list[str]:
    return [c.target.id for c in changes if c.rule == "device-silent" and c.signal.value == "held"]


def test_a_pause_of_the_recording_is_no_flood_of_silent_devices() -> None:
    rows = steady(0, 3600) + steady(2 * 3600, 9000)
    assert silences(drive(rows, gap_s=1800.0)).count("NM-1") == 0
    assert silences(drive(rows, gap_s=None)).count("NM-1") == 1


def test_a_device_that_stays_away_after_the_pause_is_silent_from_its_end() -> None:
    rows = steady(0, 3600) + [row for row in steady(2 * 3600, 9000) if row[0] == "NM-1"]
    (silent,) = [
        c
        for c in drive(rows, gap_s=1800.0)
        if c.target.id == "NM-2" and c.rule == "device-silent" and c.signal == "held"
    ]
    assert to_micros(silent.at) == pytest.approx(START + 2 * HOUR + 90 * MICROS_PER_S, abs=MICROS_PER_S)


def test_gaps_are_noted_with_begin_and_end() -> None:
    way = Drive(program(1800.0), start=START, gap_us=1800 * MICROS_PER_S)
    way.feed(batch(vocabulary_of(city()), steady(0, 601)))
    way.feed(batch(vocabulary_of(city()), [("NM-1", "laeq", START + 2 * HOUR, 45.0)]))
    assert [(gap.begin - START, gap.end - START) for gap in way.gaps] == [(600 * MICROS_PER_S, 2 * HOUR)]


@pytest.mark.parametrize("gap_s", [None, 120.0, 900.0, 7200.0])
def test_how_long_a_pause_counts_as_one_changes_nothing_while_there_is_none(gap_s: float | None) -> None:
    rows = [*steady(0, 9000), ("MC-1", "cover_open", START + 65 * MINUTE, 1.0)]
    assert told(drive(rows, gap_s=gap_s)) == told(drive(rows))


def test_a_gap_shorter_than_two_minutes_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than"):
        Drive(program(), start=START, gap_us=SHORTEST_GAP_US - 1)


def test_what_comes_due_after_the_last_reading_is_told_before_the_end() -> None:
    rows: list[Row] = [("MC-1", "cover_open", END - MINUTE, 1.0)]
    book = EpisodeBook()
    book.take(drive(rows))
    (opened,) = [episode for episode in book.episodes() if episode.rule == "cover-open"]
    assert (opened.held, opened.ended) == (END - MINUTE + 5 * MICROS_PER_S, None)
