"""What casebooks find: signals missing, unasked, at another time or with other figures; drawn along its time."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from domain.conditions import Transition
from rules.casebooks import running, verdicts
from rules.casebooks.cases import Case
from rules.casebooks.reading import Shelf, load_casebook
from rules.casebooks.running import Manner
from rules.casebooks.timeline import timeline
from rules.casebooks.verdicts import try_case
from tests.rules.city import CATALOGUE, KINDS

SHELF = Shelf(catalogue=CATALOGUE, kinds=KINDS)
STORY = """\
cases:
  - name: loud
    start: 2026-11-22 12:00
    devices: {N: {kind: noise_meter, zone: "3", interval: 10s}}
    series:
      - {device: N, metric: laeq, values: "55 60x8"}
    until: +80s
    expect:
      - +10s noise-city-target N violated
      - {at: +70s, rule: noise-city-target, target: N, signal: held, since: +10s, value: 60.00, limit: 60}
    checks:
      - at 12:01:09 noise-city-target N is violated
"""


def case_of(tmp_path: Path, text: str = STORY) -> Case:
    path = tmp_path / "book.yaml"
    path.write_text(text, encoding="utf-8")
    [case] = load_casebook(path, SHELF).cases
    return case


def said(tmp_path: Path, good: str, bad: str) -> list[str]:
    assert good in STORY
    return [f"{one.line}: {one.message}" for one in try_case(case_of(tmp_path, STORY.replace(good, bad))).differences]


def test_a_story_as_expected_passes(tmp_path: Path) -> None:
    assert try_case(case_of(tmp_path)).is_passed


@pytest.mark.parametrize(
    "good, bad, message",
    [
        ("+70s", "+60s", "10: noise-city-target device:N held came at 2026-11-22 12:01:10, not 2026-11-22 12:01:00"),
        (
            "signal: held",
            "signal: cleared",
            "10: noise-city-target device:N cleared did not come at 2026-11-22 12:01:10",
        ),
        (
            "since: +10s",
            "since: +0s",
            "10: noise-city-target device:N held has since 2026-11-22 12:00:10, not 2026-11-22",
        ),
        ("value: 60.00", "value: 60.01", "10: noise-city-target device:N held has value 60.0, not 60.01"),
        ("limit: 60", "limit: 61", "10: noise-city-target device:N held has limit 60.0, not 61.0"),
        ("limit: 60", "figures: {zone: a}", "10: noise-city-target device:N held has zone None, not 'a'"),
        ("is violated", "is held", "12: noise-city-target device:N is violated at 2026-11-22 12:01:09, not held"),
    ],
)
def test_a_difference_is_said_with_the_line_that_says_otherwise(
    good: str, bad: str, message: str, tmp_path: Path
) -> None:
    assert said(tmp_path, good, bad)[0].startswith(message)


def test_a_signal_that_nobody_expected_is_said(tmp_path: Path) -> None:
    found = said(tmp_path, "      - +10s noise-city-target N violated\n", "")
    assert found == ["None: not expected: 2026-11-22 12:00:10 noise-city-target device:N violated"]


def test_a_failure_is_drawn_along_its_time(tmp_path: Path) -> None:
    verdict = try_case(case_of(tmp_path, STORY.replace("{at: +70s", "{at: +60s")))
    drawn = timeline(verdict.case, verdict.told, verdict.differences)
    columns = [f"12:{second // 60:02d}:{second % 60:02d}" for second in range(0, 90, 10)]
    assert [line.split() for line in drawn] == [
        ["noise-city-target", "·", "device:N"],
        columns,
        ["N", "laeq", "55", *["60"] * 8],
        ["is", "状态", "·", *["v"] * 6, "H", "H"],
        ["expected", "期望", ".", "V", *["."] * 4, "H", ".", "."],
        ["got", "实际", ".", "V", *["."] * 5, "H", "."],
        ["^", "^"],
    ]
    assert drawn[-1].index("^") == drawn[1].index("12:01:00")


def test_what_happens_at_one_instant_is_drawn_in_the_same_order_on_both_sides(tmp_path: Path) -> None:
    text = """\
cases:
  - name: overturned
    start: 2026-11-22 12:00
    every: 10s
    devices: {C: {kind: manhole_cover, interval: 10s}}
    series: [{device: C, metric: tilt, values: "2x2 91x2"}]
    until: +30s
    expect: [+20s cover-overturned C held, +20s cover-overturned C violated, +30s cover-overturned C cleared]
"""
    verdict = try_case(case_of(tmp_path, text))
    drawn = [line.split() for line in timeline(verdict.case, verdict.told, verdict.differences)]
    assert [row[2:] for row in drawn if row[0] in {"expected", "got"}] == [[".", ".", "VH", "C"], [".", ".", "VH", "."]]


def test_a_long_story_is_drawn_around_its_first_difference(tmp_path: Path) -> None:
    text = (
        STORY.partition("    checks:")[0]
        .replace("55 60x8", "55x200 60x8")
        .replace("+80s", "+2080s")
        .replace("+10s", "+2010s")
        .replace("+70s", "+2060s")
    )
    verdict = try_case(case_of(tmp_path, text))
    assert not verdict.is_passed
    drawn = timeline(verdict.case, verdict.told, verdict.differences)
    assert max(len(line) for line in drawn) < 140 and any("V" in line for line in drawn if line.startswith("  got"))


def test_an_engine_that_forgets_at_a_restart_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "load", lambda _content, program: running.initial_state(program))
    [difference] = try_case(case_of(tmp_path)).differences
    assert difference.message.startswith("with a restart between every two batches: ")


def test_a_manner_that_tells_more_or_less_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shortened(case: Case, manner: Manner) -> Sequence[Transition]:
        told = running.play(case, manner)
        return told[:-1] if manner is Manner.SINGLE else told

    monkeypatch.setattr(verdicts, "play", shortened)
    [difference] = try_case(case_of(tmp_path)).differences
    assert difference.message.startswith("one reading at a time: nothing more; as written: 2026-11-22 12:01:10")


def test_other_evidence_is_a_difference_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def embellished(case: Case, manner: Manner) -> Sequence[Transition]:
        told = running.play(case, manner)
        if manner is not Manner.TWICE:
            return told
        return [*told[:-1], replace(told[-1], evidence=replace(told[-1].evidence, value=61.0))]

    monkeypatch.setattr(verdicts, "play", embellished)
    assert not try_case(case_of(tmp_path)).is_passed
