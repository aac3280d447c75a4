"""Kinds over several series say the same when all of their feeds are late, and wait for no single one that is."""

from pathlib import Path

import pytest

from domain.instants import MICROS_PER_S
from rules import engine, snapshots
from rules.digest import digest
from rules.program import Lateness
from tests.rules.city import Row, Run, at, vocabulary_of
from tests.rules.small_city import DEVICES, RULES, city_of, ruleset

S = MICROS_PER_S
START = at("2026-11-22T20:00:00")
HOUR = 3_600
OVER_SEVERAL = ("lit", "dark", "obeys", "masked", "both", "loud-near", "astray")


def story() -> list[Row]:
    """Half an hour: every second lamp goes out and comes back, two meters are loud for a while, a cover is opened."""
    rows: list[Row] = []
    for second in range(0, 1500, 30):
        moment = START + second * S
        for n in range(4):
            rows.append((f"R-L{n}", "lamp_on", moment + n, float(not (600 <= second < 1200 and n % 2))))
            rows.append((f"R-L{n}", "lamp_command", moment + n + 9, 1.0))
        rows += [("A", "laeq", moment, 75.0 if second < 900 else 50.0), ("B", "laeq", moment + 3, 75.0)]
        rows += [("D", "laeq", moment + 5, 50.0)]
        rows += [("C", "cover_open", moment + 7, float(300 <= second < 500 or second > 1300))]
    return sorted(rows, key=lambda row: row[2])


def told_of(
    folder: Path, *, delay: int, lateness: int = 0, but: frozenset[str] = frozenset(), restart: bool = False
) -> Run:
    """All readings so late, but for those of some devices, which come at once."""
    entries = [{**entry, "lateness": f"{lateness}s"} for entry in RULES if entry["id"] in {"loud", *OVER_SEVERAL}]
    registry = city_of(*DEVICES)
    program = engine.compile_rules(
        ruleset(folder, entries), registry, vocabulary_of(registry), blind_after_s=1e6, late=Lateness()
    )
    run = Run(program, engine.initial_state(program), [])
    coming = sorted((row[2] + (0 if row[0] in but else delay) * S, row) for row in story())
    run.tick(START)
    now = START
    for received, row in coming:
        while now + 20 * S < received:
            now += 20 * S
            run.tick(now)
            if restart:
                run.state = snapshots.load(snapshots.dump(run.state), run.program)
        run.readings([row], received=[received])
    # the city is quiet for a day, so that all that is due has come due
    for _ in range(9):
        now += 3 * HOUR * S
        run.tick(now)
    run.told = [change for change in run.told if change.rule in OVER_SEVERAL]
    return run


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return told_of(tmp_path_factory.mktemp("live"), delay=0)


def test_the_story_tells_of_every_rule(live: Run) -> None:
    assert {change.rule for change in live.told} == set(OVER_SEVERAL)


@pytest.mark.thorough
@pytest.mark.parametrize(("delay", "restart"), [(1, False), (60, False), (HOUR, False), (HOUR, True)])
def test_feeds_that_are_late_all_together_give_what_they_give_live(
    delay: int, restart: bool, live: Run, tmp_path: Path
) -> None:
    late = told_of(tmp_path, delay=delay, restart=restart)
    assert digest(late.told) == digest(live.told)


@pytest.mark.parametrize("but", [frozenset(), frozenset({"A"}), frozenset({"A", "R-L0", "C"})])
def test_with_a_lateness_of_an_hour_any_of_the_feeds_may_be_an_hour_late(
    but: frozenset[str], live: Run, tmp_path: Path
) -> None:
    late = told_of(tmp_path, delay=HOUR - 10, lateness=HOUR, but=but)
    assert digest(late.told) == digest(live.told)


def test_one_prompt_feed_is_not_held_up_by_the_late_ones(live: Run, tmp_path: Path) -> None:
    run = told_of(tmp_path, delay=HOUR, but=frozenset({"A", "B", "C", "D"}))
    alone = [change for change in run.told if change.rule == "both"]
    assert digest(alone) == digest([change for change in live.told if change.rule == "both"])
