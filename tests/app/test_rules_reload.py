"""Rules change while the engine runs, or between a kill and the restart: what means the same goes on, the rest starts
fresh, and nothing is told twice or by the wrong rules.
"""

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from citybrain.edge.alert_json import alert_json
from citybrain.engine.evaluation import RULE_CHANGED
from citybrain.engine.memory import Change
from citybrain.engine.reloading import Reloaded
from domain.alerts import AlertMove, AlertState
from domain.errors import Misconfigured, Refused, Temporary
from runtime.stopping import Stop
from tests.app.engine_room import NOON, EngineRoom
from tests.app.installation import write_installation, write_yaml

OPEN: Mapping[str, Any] = {
    **{"id": "open", "kind": "state", "zh": "开", "en": "Open", "severity": "red", "metric": "cover_open", "normal": 0},
    **{"hold": "30s", "evidence_for": 100},
}
TILT: Mapping[str, Any] = {
    **{"id": "tilt", "kind": "threshold", "zh": "斜", "en": "Tilt", "severity": "red", "metric": "tilt", "unit": "°"},
    **{"compare": "<=", "limit": 10, "hold": "5s", "evidence_for": 100},
}


class RuleRoom(EngineRoom):
    """An engine's parts over a rules file that is written anew."""

    def __init__(self, folder: Path) -> None:
        self.rules = folder / "rules.yaml"
        self.write(OPEN, TILT)
        site = write_installation(folder, rules={"files": ["rules.yaml"]})
        super().__init__(site)
        self.installation = replace(self.installation, file=site.file)
        self.parts.close()
        self.parts = self._build()
        self.parts.evaluation.restore()

    def write(self, *rules: Mapping[str, Any]) -> None:
        write_yaml(self.rules, {"rules": [dict(rule) for rule in rules]})

    def reload(self) -> Reloaded:
        """As the command does it: asked on one thread, granted on the thread that judges."""
        answers: list[Reloaded | Exception] = []

        def ask() -> None:
            try:
                answers.append(self.parts.reload.carry_out(actor="test"))
            except Exception as exc:  # noqa: BLE001  handed to the thread of the test
                answers.append(exc)

        asking = threading.Thread(target=ask)
        asking.start()
        stop = Stop()
        judging = threading.Thread(target=lambda: self.parts.evaluation.run(stop, lambda _: None))
        judging.start()
        asking.join(120)
        stop.ask()
        judging.join(120)
        [answer] = answers
        if isinstance(answer, Exception):
            raise answer
        return answer

    def killed_with(self, *rules: Mapping[str, Any]) -> None:
        """Killed, and started again with other rule files."""
        self.write(*rules)
        self.installation = replace(self.site.installation(), file=self.site.file)
        self.crash()

    def moves(self, rule: str) -> list[tuple[str, float, str]]:
        return [
            (move.move.value, move.at.timestamp() - NOON.timestamp(), move.note)
            for alert, moves in reversed(self.history())
            if alert.rule == rule
            for move in moves
        ]


@pytest.fixture
def room(tmp_path: Path) -> RuleRoom:
    return RuleRoom(tmp_path)


def tilted(room: RuleRoom) -> None:
    """An open alert of the rule `tilt`, and the hold time of `open` running since noon."""
    room.judge([("MC-1", "cover_open", 1.0), ("MC-1", "tilt", 25.0)], at=0)
    room.judge(at=10)


def test_a_rule_of_the_same_meaning_keeps_its_hold_time(room: RuleRoom) -> None:
    tilted(room)
    room.write({**OPEN, "zh": "井盖打开", "severity": "yellow", "clause": {"zh": "条", "en": "c"}}, TILT)
    change = room.reload().change
    assert (change.kept, change.fresh, change.removed) == ({"open", "tilt"}, frozenset(), frozenset())
    room.judge(at=33)
    assert room.moves("open") == [("open", 0.0, ""), ("hold", 30.0, "")]


def test_new_names_are_shown_from_then_on(room: RuleRoom) -> None:
    tilted(room)
    room.write(OPEN, {**TILT, "zh": "井盖倾斜了"})
    room.reload()
    [alert] = room.parts.alerts.shown() or [alert for alert, _ in room.history() if alert.rule == "tilt"]
    cards = room.parts.desk.program.cards
    assert alert_json(alert, cards=cards, gazetteer=room.parts.gazetteer)["title_zh"] == "井盖倾斜了"
    assert "井盖倾斜了" in room.desk.city().decode()


def test_a_changed_rule_starts_fresh_and_its_open_alert_is_closed_with_the_reason(room: RuleRoom) -> None:
    tilted(room)
    room.write(OPEN, {**TILT, "limit": 20})
    reloaded = room.reload()
    assert (reloaded.change.changed, reloaded.change.kept, reloaded.closed) == ({"tilt"}, {"open"}, 1)
    assert room.moves("tilt")[-1][::2] == ("retire", RULE_CHANGED)
    room.judge([("MC-1", "tilt", 25.0)], at=20)
    room.judge(at=30)
    assert [move for move, _, _ in room.moves("tilt")] == ["open", "hold", "retire", "open", "hold"]


def test_an_added_rule_judges_from_then_on_and_a_removed_ones_alert_is_closed(room: RuleRoom) -> None:
    tilted(room)
    room.write(OPEN, {**TILT, "id": "tilt-new"})
    change = room.reload().change
    assert (change.added, change.removed) == ({"tilt-new"}, {"tilt"})
    assert [rule.entry.id for rule in room.parts.reload.ruleset.rules] == ["open", "tilt-new"]
    room.judge([("MC-1", "tilt", 25.0)], at=20)
    assert [move for move, _, _ in room.moves("tilt")] == ["open", "hold", "retire"]
    assert room.moves("tilt-new") == [("open", 20.0, "")]


def test_a_fault_leaves_the_old_rules_and_names_every_problem(room: RuleRoom) -> None:
    tilted(room)
    room.write({**OPEN, "hold": "5x"}, {**TILT, "metric": "tilts"})
    with pytest.raises(Misconfigured) as caught:
        room.reload()
    assert len(caught.value.problems) == 2
    with pytest.raises(Refused, match=r"(?s)the rules stay as they are: .*rules.yaml:\d+: .*5x.*did you mean tilt"):
        room.desk.command({"type": "reload-rules", "actor": "test"})
    room.judge(at=33)
    assert room.moves("open")[-1] == ("hold", 30.0, "")


def test_nobody_to_grant_the_wish_changes_nothing(room: RuleRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("citybrain.engine.reloading.WITHIN_S", 0.01)
    room.write(OPEN)
    with pytest.raises(Temporary, match="stay as they are"):
        room.parts.reload.carry_out(actor="test")
    assert list(room.parts.desk.program.judges) == ["open", "tilt"]
    assert list(room.parts.evaluation.wishes.grant(lambda _: (Change(), ()))) == []


def test_records_that_are_away_leave_the_old_rules(room: RuleRoom) -> None:
    def away(_ruling: object) -> tuple[Change, tuple[()]]:
        raise Temporary("the records are away")

    room.parts.evaluation._exchange = away  # type: ignore[method-assign]  the records cannot be away for one call
    room.write(OPEN)
    with pytest.raises(Temporary, match="records are away"):
        room.reload()
    assert list(room.parts.desk.program.judges) == ["open", "tilt"]


def test_a_kill_after_a_reload_goes_on_with_the_new_rules(room: RuleRoom) -> None:
    tilted(room)
    room.write(OPEN, {**TILT, "limit": 20})
    room.reload()
    room.installation = replace(room.site.installation(), file=room.site.file)
    room.crash()
    room.judge([("MC-1", "tilt", 25.0)], at=20)
    room.judge(at=33)
    assert [move for move, _, _ in room.moves("tilt")] == ["open", "hold", "retire", "open", "hold"]
    assert room.moves("open")[-1] == ("hold", 30.0, "")


def test_rules_that_changed_between_a_kill_and_the_restart_start_fresh(room: RuleRoom) -> None:
    tilted(room)
    room.killed_with(OPEN, {**TILT, "limit": 20})
    assert room.moves("tilt")[-1][::2] == ("retire", RULE_CHANGED)
    room.judge([("MC-1", "tilt", 25.0)], at=20)
    room.judge(at=33)
    assert [move for move, _, _ in room.moves("tilt")] == ["open", "hold", "retire", "open", "hold"]
    assert room.moves("open") == [("open", 0.0, ""), ("hold", 30.0, "")]


def test_a_changed_rule_does_not_judge_in_silence_what_the_records_hold_already(room: RuleRoom) -> None:
    """Otherwise it would stand at HELD by readings from before the kill, and nobody would ever be told."""
    room.judge([("MC-1", "tilt", 8.0)], at=0)
    room.judge(at=20)
    room.killed_with(OPEN, {**TILT, "limit": 5})
    room.judge([("MC-1", "tilt", 8.0)], at=30)
    room.judge(at=40)
    assert [(move, at) for move, at, _ in room.moves("tilt")] == [("open", 30.0), ("hold", 35.0)]


OTHER_KINDS: Mapping[str, Mapping[str, Any]] = {
    "schedule": {"normal": 0, "when": {"hours": ["00:00-24:00"]}},
    "frozen": {"window": "1m", "metric": "tilt", "unit": "°"},
    "change": {"metric": "tilt", "unit": "°", "within": "1m", "limit": 5},
    "window": {"metric": "tilt", "unit": "°", "aggregate": "max", "window": "1m", "compare": "<=", "limit": 5},
    "drift": {"metric": "tilt", "within_km": 1, "tolerance": 1, "window": "1m"},
    "guarded": {"normal": 0, "unless": {"metric": "work_permit", "equals": 1}},
    "agreement": {"expected": {"metric": "tilt"}},
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_a_rule_that_is_of_another_kind_after_a_kill_is_not_given_what_the_old_one_remembered(
    kind: str, room: RuleRoom
) -> None:
    common = {key: OPEN[key] for key in ("id", "zh", "en", "severity", "metric")}
    room.judge([("MC-1", "cover_open", 1.0)], at=0)
    room.judge(at=31)
    room.parts.evaluation.save()
    room.judge(at=33)  # recorded, but not in the snapshot
    room.killed_with({**common, **OTHER_KINDS[kind], "kind": kind}, TILT)
    room.judge(at=36_000)
    assert [move for move, _, _ in room.moves("open")] == ["open", "hold", "retire"]


def test_a_start_that_is_cut_short_does_not_take_a_changed_rule_for_an_old_one(room: RuleRoom) -> None:
    tilted(room)
    room.write(OPEN, {**TILT, "limit": 20})
    room.installation = replace(room.site.installation(), file=room.site.file)
    room.parts.close()
    room.parts = room._build()
    memory = room.parts.evaluation._memory
    memory.take_up()
    assert memory.save(0)  # as on the way through a long journal
    room.crash()
    assert room.moves("tilt")[-1][::2] == ("retire", RULE_CHANGED)


def test_the_same_rules_after_a_kill_are_the_same_rules(room: RuleRoom) -> None:
    tilted(room)
    room.killed_with(OPEN, TILT)
    room.judge(at=33)
    assert [move for move, _, _ in room.moves("tilt")] == ["open", "hold"]
    assert room.moves("open") == [("open", 0.0, ""), ("hold", 30.0, "")]


def test_a_reload_is_an_audit_line(room: RuleRoom) -> None:
    room.write(OPEN)
    room.reload()
    with room.parts.records.snapshot() as books:
        lines = [line for line in books.audit.list(limit=10) if line.action == "rules.reload"]
    assert [(line.actor, line.detail["removed"]) for line in lines] == [("test", "tilt")]


def test_the_states_of_the_story_are_those_of_open_alerts(room: RuleRoom) -> None:
    tilted(room)
    assert {alert.state for alert, _ in room.history()} == {AlertState.ACTIVE, AlertState.PENDING}
    assert AlertMove.RETIRE.value == "retire"
