"""The demo's story, told by the real intake and the real rules: everything opens, much resolves, at a human pace."""

from collections import Counter
from itertools import pairwise

import pytest

from domain.instants import to_micros
from domain.messages import Reason
from tests.simulators.stage import Played, only, play, stage_of

KINDS_OF_ALERT = {
    "noise-zone",
    "noise-city-target",
    "pm2_5-early-warning",
    "cover-open",
    "cover-tilt",
    "water-level",
    "lamps-lit",
    "device-silent",
}
SCRIPT_S = 180


@pytest.fixture(scope="module")
def demo() -> Played:
    return play(stage_of("demo"), seconds=240)


def raised(played: Played) -> list[tuple[float, str, str, str]]:
    """What a person at the wall sees: second, rule, target, and whether it opened or resolved."""
    seen, up = [], set()
    for t in sorted(played.told, key=lambda t: (t.at, t.signal == "cleared")):
        key = (t.rule, str(t.target))
        if t.signal == "held":
            up.add(key)
        elif t.signal != "cleared" or key not in up:
            continue
        seen.append(((to_micros(t.at) - played.begin) / 1e6, *key, str(t.signal)))
    return seen


@pytest.mark.thorough
def test_every_kind_of_alert_opens_within_three_minutes(demo: Played) -> None:
    assert {rule for at, rule, _, signal in raised(demo) if signal == "held" and at <= SCRIPT_S} == KINDS_OF_ALERT


def test_several_alerts_resolve_within_three_minutes(demo: Played) -> None:
    resolved = {rule for at, rule, _, signal in raised(demo) if signal == "cleared" and at <= SCRIPT_S}
    assert len(resolved) >= 4


def test_something_happens_soon_and_often_but_never_a_flood(demo: Played) -> None:
    moments = [at for at, *_ in raised(demo)]
    assert moments[0] < 15
    assert max(b - a for a, b in pairwise(moments) if b < SCRIPT_S) < 32
    assert max(Counter(int(at // 10) for at in moments).values()) <= 4


def test_every_column_of_the_ledger_is_shown_and_it_balances(demo: Played) -> None:
    assert demo.messages.imbalance == demo.readings.imbalance == 0
    assert min(demo.messages.stored, demo.messages.duplicate, demo.messages.quarantined, demo.messages.late) > 0
    assert Reason.FUTURE_TIME in {entry.reason for entry in demo.quarantined}
    assert demo.messages.quarantined < 0.002 * demo.messages.received


@pytest.mark.thorough
def test_without_a_story_nothing_is_raised() -> None:
    assert raised(play(stage_of("calm"), seconds=100)) == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("scenario", "kinds", "rules"),
    [
        ("smog", {"air_station"}, {"pm2_5-early-warning"}),
        ("blackout", {"lamp", "feeder_cabinet"}, {"lamps-lit", "feeder-dark", "device-silent"}),
    ],
)
def test_a_scenario_raises_what_it_is_about(scenario: str, kinds: set[str], rules: set[str]) -> None:
    stage = only(stage_of(scenario), kinds=frozenset(kinds))
    assert rules == {rule for _, rule, _, _ in raised(play(stage, seconds=280 if scenario == "smog" else 150))}


@pytest.mark.thorough
def test_the_storm_floods_wells_without_drowning_the_wall_in_alerts() -> None:
    told = raised(play(only(stage_of("storm"), kinds=frozenset({"manhole_cover", "noise_meter"})), seconds=420))
    opened = Counter(rule for _, rule, _, signal in told if signal == "held")
    assert opened["water-level"] >= 2
    assert sum(opened.values()) < 15
