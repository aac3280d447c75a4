"""Signals and acknowledgements in any order: the history is always a walk through the table of moves."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from cases.errors import CommandRefused
from cases.lifecycle import Step, acknowledge, apply_transition
from domain.alerts import MOVES, Alert, AlertMove, AlertState, AlertTransition
from domain.commands import AcknowledgeAlert
from domain.conditions import Condition, RuleCard, Severity, Signal, Target, TargetKind, Transition
from tests.records.samples import CLAUSE, NOON, evidence_of

STRICT = RuleCard(id="strict", zh="严", en="Strict", severity=Severity.RED, clause=CLAUSE, kind="limit")
CARDS = {"strict": STRICT, "lax": replace(STRICT, id="lax", needs_acknowledgement=False)}
EVIDENCE_MOVES = {AlertMove.LOSE_EVIDENCE, AlertMove.REGAIN_EVIDENCE}
TARGETS = [Target(kind=TargetKind.DEVICE, id="NM-1"), Target(kind=TargetKind.ROAD, id="zhongshan")]


class AlertLives(RuleBasedStateMachine):
    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.alerts: dict[str, Alert] = {}
        self.history: dict[str, list[AlertTransition]] = {}

    @rule(target=ids, card=st.sampled_from(sorted(CARDS)), about=st.sampled_from(TARGETS), what=st.sampled_from(Signal))
    def a_rule_signals(self, card: str, about: Target, what: Signal) -> object:
        self.now += timedelta(seconds=1)
        signal = Transition(rule=card, target=about, signal=what, at=self.now, since=self.now, evidence=evidence_of())
        steps = apply_transition(self.open_alert(card, about), signal, CARDS[card], now=self.now)
        self.keep(steps)
        again = apply_transition(self.open_alert(card, about), signal, CARDS[card], now=self.now)
        assert again == (), "the same signal twice changed something"
        alert = self.open_alert(card, about)
        assert what is not Signal.LOST or alert is None or alert.condition is Condition.UNKNOWN
        return multiple(*{after.id for after, _ in steps})

    @rule(identifier=ids)
    def an_operator_acknowledges(self, identifier: str) -> None:
        self.now += timedelta(seconds=1)
        before = self.alerts[identifier]
        try:
            step = acknowledge(before, AcknowledgeAlert(alert_id=identifier, actor="王工"), now=self.now)
        except CommandRefused:
            assert before.state in {AlertState.PENDING, AlertState.CLOSED}
            return
        self.keep((step,) if step else ())
        assert self.alerts[identifier].acknowledged_by == "王工"

    @invariant()
    def every_stored_transition_is_a_move_of_the_table(self) -> None:
        for transitions in self.history.values():
            for transition in transitions:
                if transition.move in EVIDENCE_MOVES:
                    assert transition.from_state is transition.to_state
                    assert transition.to_state is not AlertState.CLOSED
                else:
                    assert MOVES[transition.from_state, transition.move] is transition.to_state

    @invariant()
    def history_has_no_gap_and_joins_up(self) -> None:
        for identifier, transitions in self.history.items():
            assert [transition.sequence for transition in transitions] == list(range(1, len(transitions) + 1))
            states = [None, *(transition.to_state for transition in transitions)]
            assert [transition.from_state for transition in transitions] == states[:-1]
            assert self.alerts[identifier].state is states[-1]

    @invariant()
    def at_most_one_alert_is_open_for_each_rule_and_target(self) -> None:
        open_keys = [(a.rule, a.target) for a in self.alerts.values() if a.state is not AlertState.CLOSED]
        assert len(open_keys) == len(set(open_keys))

    @invariant()
    def dates_tell_the_same_as_the_state(self) -> None:
        for alert in self.alerts.values():
            assert (alert.closed_at is not None) == (alert.state is AlertState.CLOSED)
            assert (alert.returned_at is not None) == (alert.state in {AlertState.RETURNED, AlertState.CLOSED})
            assert alert.active_at is not None or alert.state in {AlertState.PENDING, AlertState.CLOSED}

    def keep(self, steps: tuple[Step, ...]) -> None:
        for after, transition in steps:
            before = self.alerts.get(after.id)
            assert before is None or before.state is not AlertState.CLOSED, "a closed alert moved"
            self.alerts[after.id] = after
            self.history.setdefault(after.id, []).append(transition)

    def open_alert(self, card: str, about: Target) -> Alert | None:
        for alert in self.alerts.values():
            if (alert.rule, alert.target) == (card, about) and alert.state is not AlertState.CLOSED:
                return alert
        return None


AlertLives.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestAlertLives = AlertLives.TestCase
