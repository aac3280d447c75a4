"""Hold and clear against Prometheus' `for` and `keep_firing_for`: the same series, the same alerts at every step.

The differences that are meant are in docs/judges.md, and each is a test here.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from domain.conditions import Signal, Transition
from domain.instants import MICROS_PER_S, to_micros
from rules.loading import RuleSet
from tests.judges.promtool import GRID_S, Story, disagreements
from tests.rules.city import Row, Run, at, meter, registry_of, rules_of

pytestmark = pytest.mark.service

S = MICROS_PER_S
START = at("2026-11-22T12:00:00")
LIMIT = 60
LOOKBACK_S = 300
"""For how long Prometheus believes a sample (query.lookback-delta)."""
SLIVER_S = 0.001
"""Prometheus asks that the sample at the end of the hold time is bad as well; we look at [since, since + hold)."""


def rules_for(folder: Path, hold_s: float, clear_s: float) -> RuleSet:
    rule = {"id": "loud", "kind": "threshold", "metric": "laeq", "unit": "dB(A)", "compare": "<=", "limit": LIMIT}
    times = {"hold": f"{hold_s:g}s", "clear": f"{clear_s:g}s", "evidence_for": LOOKBACK_S / GRID_S}
    return rules_of(folder, {**rule, **times})


def our_signals(rules: RuleSet, story: Story) -> Sequence[Transition]:
    run = Run.of(rules, registry_of(meter("N", "2", interval_s=GRID_S)))
    for step, value in enumerate(story):
        moment = START + step * GRID_S * S
        rows: list[Row] = [] if value is None else [("N", "laeq", moment, value)]
        run.readings(rows)
        run.tick(moment + 2 * S)
    run.tick(START + (len(story) * GRID_S + 2) * S)
    return run.told


def firing(told: Sequence[Transition], steps: int) -> list[bool]:
    """Whether the alert was open at each step of the grid, as its signals have it."""
    states = []
    for step in range(steps):
        moment = START + step * GRID_S * S
        ends = [change.signal for change in told if to_micros(change.at) <= moment]
        last = [signal for signal in ends if signal in (Signal.HELD, Signal.CLEARED)]
        states.append(bool(last) and last[-1] is Signal.HELD)
    return states


def random_story(dice: Random, *, longest_gap: int) -> Story:
    """Runs of good and bad values of any length, and gaps."""
    story: list[float | None] = [55.0]
    while len(story) < 60:
        kind = dice.random()
        value = None if kind < 0.15 and story[-1] is not None else 65.0 if kind < 0.6 else 55.0
        story += [value] * dice.randint(1, longest_gap if value is None else 7)
    return story[:60]


@pytest.mark.parametrize("hold_s, keep_s", [(0, 0), (10, 0), (30, 0), (0, 30), (20, 20), (30, 60), (60, 10)])
def test_alerts_fire_and_resolve_when_prometheus_says_so(hold_s: int, keep_s: int, tmp_path: Path) -> None:
    dice = Random(1000 * hold_s + keep_s)
    rules = rules_for(tmp_path, hold_s + SLIVER_S * bool(hold_s), keep_s + SLIVER_S * bool(keep_s))
    stories = []
    for _ in range(40):
        story = random_story(dice, longest_gap=LOOKBACK_S // GRID_S - 1)
        told = our_signals(rules, story)
        # the sliver puts our signals a millisecond behind the step at which Prometheus looks
        early = [change for change in told if (to_micros(change.at) - START) % (GRID_S * S) > 2000]
        assert early == []
        stories.append((story, firing([shifted(change) for change in told], len(story))))
    assert any(any(fires) for _, fires in stories) and any(not all(fires) for _, fires in stories)
    assert disagreements(tmp_path, stories, limit=LIMIT, hold_s=hold_s, keep_s=keep_s) == ""


def shifted(change: Transition) -> Transition:
    """The signal at the step of the grid before it."""
    over = (to_micros(change.at) - START) % (GRID_S * S)
    return replace(change, at=change.at - timedelta(microseconds=over))


def test_the_judge_would_notice_an_alert_one_step_late(tmp_path: Path) -> None:
    story: Story = [55.0, *[65.0] * 6, *[55.0] * 3]
    fires = [False] * 4 + [True] * 3 + [False] * 3
    assert disagreements(tmp_path, [(story, fires)], limit=LIMIT, hold_s=30, keep_s=0) == ""
    late = [False] * 5 + [True] * 2 + [False] * 3
    assert "story 0" in disagreements(tmp_path, [(story, late)], limit=LIMIT, hold_s=30, keep_s=0)


def test_a_violation_that_ends_just_when_the_hold_time_does_is_held_by_us_and_not_by_prometheus(
    tmp_path: Path,
) -> None:
    story: Story = [55.0, *[65.0] * 3, *[55.0] * 5]  # bad throughout [10 s, 40 s), good at 40 s
    told = our_signals(rules_for(tmp_path, 30, 0), story)
    assert [change.signal for change in told] == [Signal.VIOLATED, Signal.HELD, Signal.CLEARED]
    assert disagreements(tmp_path, [(story, [False] * 9)], limit=LIMIT, hold_s=30, keep_s=0) == ""


def test_silence_resolves_an_alert_of_prometheus_and_makes_ours_unknown(tmp_path: Path) -> None:
    silent = LOOKBACK_S // GRID_S
    story: Story = [55.0, *[65.0] * 5, *[None] * (silent + 5)]
    told = our_signals(rules_for(tmp_path, 20, 0), story)
    assert [change.signal for change in told] == [Signal.VIOLATED, Signal.HELD, Signal.LOST]
    # the sample at 50 s is believed up to and including 350 s; then the alert is gone as if all were well
    fires = [step in range(3, 36) for step in range(len(story))]
    assert disagreements(tmp_path, [(story, fires)], limit=LIMIT, hold_s=20, keep_s=0) == ""


def test_prometheus_sees_nothing_between_two_evaluations_and_we_do(tmp_path: Path) -> None:
    """A short excess between two of its steps is none for Prometheus; every reading counts for us."""
    rules = rules_for(tmp_path, 0, 0)
    run = Run.of(rules, registry_of(meter("N", "2", interval_s=GRID_S)))
    run.readings([("N", "laeq", START, 55.0), ("N", "laeq", START + 3 * S, 65.0), ("N", "laeq", START + 6 * S, 55.0)])
    assert [change.signal for change in run.told] == [Signal.VIOLATED, Signal.HELD, Signal.CLEARED]
