"""Which alerts are told by both, by the old rules only, by the new ones only."""

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import MICROS_PER_S
from rules.history.episodes import Episode
from rules.history.matching import match
from tests.backtest.story import episode
from tests.backtest.twin import slow_partners

UNTIL = 200 * MICROS_PER_S


@st.composite
def episodes(draw: st.DrawFn) -> list[Episode]:
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 100), st.integers(0, 20), st.none() | st.integers(0, 30), st.sampled_from("AB")),
            max_size=12,
        )
    )
    return [
        episode(since + wait, None if lasts is None else since + wait + lasts, since=since, on=on, rule=f"r{n}")
        for n, (since, wait, lasts, on) in enumerate(rows)
    ]


@settings(max_examples=50)
@given(episodes(), episodes())
def test_partners_are_those_of_the_slow_twin(old: list[Episode], new: list[Episode]) -> None:
    found = match(old, new, until=UNTIL)
    slow = slow_partners(old, new, UNTIL)
    assert {pair.old: (pair.new.since, pair.new.held) for pair in found.pairs} == {
        mine: (partner.since, partner.held) for mine, partner in slow.items() if partner is not None
    }
    assert set(found.only_old) == {mine for mine, partner in slow.items() if partner is None}
    back = slow_partners(new, old, UNTIL)
    assert set(found.told_again) == {mine for mine, partner in back.items() if partner is not None}
    assert set(found.only_new) == {mine for mine, partner in back.items() if partner is None}


@given(episodes())
def test_what_is_compared_with_itself_misses_nothing_and_adds_nothing(told: list[Episode]) -> None:
    found = match(told, told, until=UNTIL)
    assert not found.only_old
    assert not found.only_new


def test_the_delay_is_new_held_minus_old_held() -> None:
    (pair,) = match([episode(30, 90, since=0)], [episode(60, 90, since=0, rule="new")], until=UNTIL).pairs
    assert (pair.delay_s, pair.from_violation_s) == (30.0, 60.0)


def test_another_target_or_another_time_is_no_match() -> None:
    old = [episode(0, 10)]
    assert match(old, [episode(0, 10, on="B")], until=UNTIL).only_old == old
    assert match(old, [episode(11, 20)], until=UNTIL).only_old == old
    assert not match(old, [episode(10, 20)], until=UNTIL).only_old


def test_an_old_alert_that_is_not_over_is_met_by_a_late_new_one() -> None:
    assert not match([episode(0, None)], [episode(150, 160)], until=UNTIL).only_old
