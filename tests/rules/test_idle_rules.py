"""Rules on devices that a city does not have cost nothing, and remember nothing."""

from pathlib import Path
from typing import Any

import pytest

from domain.conditions import Transition
from rules.judges import Alone, Panel
from rules.loading import RuleSet
from rules.series.panels import SeriesPanel
from rules.snapshots import dump, load
from tests.rules.city import Run, at, device, meter, registry_of, rules_of
from tests.rules.small_city import RULES

NOON = at("2026-11-22T12:00:00")
S = 1_000_000
METER = meter("N", interval_s=10)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Panel]:
    """Panels that were asked for anything."""
    panels: list[Panel] = []
    for kind in (Alone, SeriesPanel):
        for verb in ("observe", "advance"):
            whole = getattr(kind, verb)

            def tell(self: Panel, *rest: Any, _whole: Any = whole, **times: Any) -> list[Transition]:
                panels.append(self)
                told: list[Transition] = _whole(self, *rest, **times)
                return told

            monkeypatch.setattr(kind, verb, tell)
    return panels


@pytest.fixture
def ruleset(tmp_path: Path) -> RuleSet:
    return rules_of(tmp_path, *RULES)


def heard(run: Run) -> None:
    run.readings([("N", "laeq", NOON, 75.0)])
    run.tick(NOON + 60 * S)


def test_a_rule_that_has_no_device_is_never_asked(ruleset: RuleSet, asked: list[Panel]) -> None:
    run = Run.of(ruleset, registry_of(METER))
    heard(run)
    idle = {panel for lane in run.program.lanes for panel in lane.panels if panel.is_idle}
    assert len(idle) > 5
    assert idle.isdisjoint(asked)
    assert {panel for lane in run.program.lanes for panel in lane.panels} - idle == set(asked)


def test_it_has_its_card_and_its_memory_all_the_same(ruleset: RuleSet) -> None:
    run = Run.of(ruleset, registry_of(METER))
    heard(run)
    assert set(run.program.cards) == set(run.state.rules) == {rule.entry.id for rule in ruleset.rules}


def test_it_judges_when_its_devices_come(ruleset: RuleSet) -> None:
    before = Run.of(ruleset, registry_of(METER))
    heard(before)
    after = Run.of(ruleset, registry_of(METER, device("C", "manhole_cover", interval_s=15)))
    after.state = load(dump(before.state), after.program)
    after.readings([("C", "cover_open", NOON + 61 * S, 1.0)])
    after.tick(NOON + 80 * S)
    assert [signal for _, signal, _, _ in after.of_rule("open")] == ["violated", "held"]


def test_lanes_without_devices_hold_no_readings_back(tmp_path: Path) -> None:
    entry = {"id": "open", "kind": "state", "metric": "cover_open", "normal": 0, "lateness": "1h"}
    run = Run.of(rules_of(tmp_path, entry), registry_of(METER))
    heard(run)
    assert run.state.queues == {}


def test_what_waits_for_a_rule_that_lost_its_devices_is_forgotten_with_them(tmp_path: Path) -> None:
    late = {"metric": "laeq", "kind": "threshold", "limit": 60, "compare": "<=", "unit": "dB(A)", "lateness": "45s"}
    ruleset = rules_of(tmp_path, {**late, "id": "loud", "scope": {"zones": ["2"]}})
    there, gone = (registry_of(meter("N", zone, interval_s=10)) for zone in ("2", "1"))
    before = Run.of(ruleset, there)
    heard(before)
    assert before.state.queues
    without = Run.of(ruleset, gone)
    without.state = load(dump(before.state), without.program)
    assert not without.state.queues
