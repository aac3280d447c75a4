"""Chattering, fleeting, stale: alerts that help nobody."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.backtest.report import shipped_aims
from domain.instants import MICROS_PER_S
from rules.history.episodes import Episode
from rules.history.nuisance import Nuisance, nuisance_of
from tests.backtest.story import DAY, episode
from tests.rules.city import SHANGHAI

AIMS = shipped_aims()


def of(*episodes: Episode, until: int = 10 * DAY) -> Nuisance:
    return nuisance_of(episodes, until=until, zone=SHANGHAI, aims=AIMS)


def slow_chattering(episodes: Sequence[Episode]) -> set[int]:
    """Every choice of three of one source within a minute, by definition."""
    numbered = list(enumerate(episodes))
    found: set[int] = set()
    for _, first in numbered:
        group = [
            n
            for n, other in numbered
            if (other.rule, other.target) == (first.rule, first.target)
            and 0 <= other.held - first.held <= 60 * MICROS_PER_S
        ]
        found |= set(group) if len(group) >= 3 else set()
    return found


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from("AB")), max_size=25))
def test_chattering_is_that_of_the_slow_twin(activations: list[tuple[int, str]]) -> None:
    episodes = [episode(held, held + 1, on=on) for held, on in activations]
    assert of(*episodes).chattering == slow_chattering(episodes)


def test_three_activations_in_sixty_seconds_of_one_source_chatter() -> None:
    assert of(episode(0, 1), episode(30, 31), episode(60, 61)).chattering == {0, 1, 2}
    assert not of(episode(0, 1), episode(30, 31), episode(61, 62)).chattering
    assert not of(episode(0, 1), episode(30, 31), episode(60, 61, on="B")).chattering
    assert not of(episode(0, 1), episode(30, 31), episode(60, 61, rule="other")).chattering


def test_fleeting_is_over_before_anyone_can_act_and_does_not_chatter() -> None:
    assert of(episode(0, 59.9)).fleeting == {0}
    assert not of(episode(0, 60)).fleeting
    assert not of(episode(0, None), until=MICROS_PER_S).fleeting
    assert not of(episode(0, 1), episode(30, 31), episode(60, 61)).fleeting


def test_stale_alerts_are_counted_on_every_day_that_they_stand() -> None:
    day = 86_400.0
    two = of(episode(0, 3.5 * day), episode(day, 2.2 * day, on="B"), episode(0, day, on="C"))
    assert two.stale == {0, 1}
    assert two.stale_on_worst_day == 2


def test_an_alert_without_an_end_is_stale_after_a_day() -> None:
    assert of(episode(0, None), until=DAY + 1).stale == {0}
    assert not of(episode(0, None), until=DAY).stale


def test_the_share_of_the_ten_loudest_sources() -> None:
    loud = [episode(n, n + 1, on="loud") for n in range(0, 900, 100)]
    others = [episode(n, n + 1, on=f"D{n}") for n in range(20)]
    assert of(*loud, *others).top_share == pytest.approx(100 * 18 / 29)
    assert of().top_share == 0.0
