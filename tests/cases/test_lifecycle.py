"""Each signal on each state, one by one; the state machine in test_lifecycle_machine.py tries them in any order."""

from dataclasses import replace

import pytest

from cases.errors import CommandRefused, RefusalCode
from cases.lifecycle import acknowledge, alert_id, apply_transition
from domain.alerts import Alert, AlertMove, AlertState
from domain.commands import AcknowledgeAlert
from domain.conditions import Clause, Condition, RuleCard, Severity, Signal, Target, Transition
from tests.records.samples import CLAUSE, METER, NOON, alert_of, evidence_of, seconds

CARD = RuleCard(id="noise-zone", zh="噪声超标", en="Noise", severity=Severity.YELLOW, clause=CLAUSE, kind="limit")
LAX = replace(CARD, needs_acknowledgement=False)
WANG = AcknowledgeAlert(alert_id="a1", actor="王工", note="已派人")
NOW = seconds(1000)

PENDING, ACTIVE, ACKNOWLEDGED, RETURNED, CLOSED = AlertState
OK, VIOLATED, UNKNOWN = Condition


def signal(what: Signal, at: float = 60.0, value: float = 61.0) -> Transition:
    return Transition(
        rule="noise-zone", target=METER, signal=what, at=seconds(at), since=NOON, evidence=evidence_of(value)
    )


def moves(alert: Alert | None, what: Signal, card: RuleCard = CARD) -> list[tuple[AlertMove, AlertState, Condition]]:
    steps = apply_transition(alert, signal(what), card, now=NOW)
    return [(transition.move, after.state, after.condition) for after, transition in steps]


def in_state(state: AlertState, condition: Condition = VIOLATED) -> Alert:
    return alert_of(state=state, condition=condition, sequence=3)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (Signal.VIOLATED, [(AlertMove.OPEN, PENDING, VIOLATED)]),
        (Signal.HELD, [(AlertMove.OPEN, PENDING, VIOLATED), (AlertMove.HOLD, ACTIVE, VIOLATED)]),
        (Signal.CLEARED, []),
        (Signal.LOST, []),
    ],
)
def test_signal_without_an_alert(what: Signal, expected: object) -> None:
    assert moves(None, what) == expected


@pytest.mark.parametrize(
    ("state", "condition", "what", "expected"),
    [
        (PENDING, VIOLATED, Signal.VIOLATED, []),
        (PENDING, VIOLATED, Signal.HELD, [(AlertMove.HOLD, ACTIVE, VIOLATED)]),
        (PENDING, VIOLATED, Signal.CLEARED, [(AlertMove.RETURN, CLOSED, OK)]),
        (PENDING, VIOLATED, Signal.LOST, [(AlertMove.LOSE_EVIDENCE, PENDING, UNKNOWN)]),
        (PENDING, UNKNOWN, Signal.VIOLATED, [(AlertMove.REGAIN_EVIDENCE, PENDING, VIOLATED)]),
        (PENDING, UNKNOWN, Signal.HELD, [(AlertMove.HOLD, ACTIVE, VIOLATED)]),
        (PENDING, UNKNOWN, Signal.LOST, []),
        (ACTIVE, VIOLATED, Signal.VIOLATED, []),
        (ACTIVE, VIOLATED, Signal.HELD, []),
        (ACTIVE, VIOLATED, Signal.CLEARED, [(AlertMove.RETURN, RETURNED, OK)]),
        (ACTIVE, VIOLATED, Signal.LOST, [(AlertMove.LOSE_EVIDENCE, ACTIVE, UNKNOWN)]),
        (ACTIVE, UNKNOWN, Signal.VIOLATED, [(AlertMove.REGAIN_EVIDENCE, ACTIVE, VIOLATED)]),
        (ACTIVE, UNKNOWN, Signal.HELD, [(AlertMove.REGAIN_EVIDENCE, ACTIVE, VIOLATED)]),
        (ACTIVE, UNKNOWN, Signal.CLEARED, [(AlertMove.RETURN, RETURNED, OK)]),
        (ACKNOWLEDGED, VIOLATED, Signal.HELD, []),
        (ACKNOWLEDGED, VIOLATED, Signal.CLEARED, [(AlertMove.RETURN, CLOSED, OK)]),
        (ACKNOWLEDGED, UNKNOWN, Signal.LOST, []),
        (RETURNED, OK, Signal.VIOLATED, []),
        (RETURNED, OK, Signal.HELD, [(AlertMove.VIOLATE_AGAIN, ACTIVE, VIOLATED)]),
        (RETURNED, OK, Signal.CLEARED, []),
        (RETURNED, OK, Signal.LOST, [(AlertMove.LOSE_EVIDENCE, RETURNED, UNKNOWN)]),
        (RETURNED, UNKNOWN, Signal.CLEARED, [(AlertMove.REGAIN_EVIDENCE, RETURNED, OK)]),
        (RETURNED, UNKNOWN, Signal.VIOLATED, []),
    ],
)
def test_signal_on_an_open_alert(state: AlertState, condition: Condition, what: Signal, expected: object) -> None:
    assert moves(in_state(state, condition), what) == expected


@pytest.mark.parametrize("state", [PENDING, ACTIVE, ACKNOWLEDGED])
def test_alert_that_needs_no_acknowledgement_closes_by_itself(state: AlertState) -> None:
    assert moves(in_state(state), Signal.CLEARED, LAX) == [(AlertMove.RETURN_AND_CLOSE, CLOSED, OK)]


def test_alert_opens_when_the_condition_began_and_is_active_when_it_has_held() -> None:
    (opened, _), (active, _) = apply_transition(None, signal(Signal.HELD, at=60), CARD, now=NOW)
    assert (opened.opened_at, opened.changed_at, active.active_at) == (NOON, NOON, seconds(60))


def test_alert_takes_the_colour_of_its_rule() -> None:
    ((opened, _),) = apply_transition(None, signal(Signal.VIOLATED), replace(CARD, severity=Severity.RED), now=NOW)
    assert opened.severity is Severity.RED


def test_returned_alert_keeps_the_evidence_that_made_it() -> None:
    ((after, transition),) = apply_transition(in_state(ACTIVE), signal(Signal.CLEARED, value=44.0), CARD, now=NOW)
    assert (after.evidence.value, transition.evidence.value) == (57.3, 44.0)


def test_violation_again_replaces_the_evidence_and_takes_back_the_return() -> None:
    returned = replace(in_state(RETURNED, OK), active_at=seconds(1), returned_at=seconds(30))
    ((after, _),) = apply_transition(returned, signal(Signal.HELD, at=60), CARD, now=NOW)
    assert (after.evidence.value, after.active_at, after.returned_at) == (61.0, seconds(60), None)


def test_transition_carries_event_time_and_time_of_record() -> None:
    ((_, transition),) = apply_transition(in_state(ACTIVE), signal(Signal.CLEARED, at=90), CARD, now=NOW)
    assert (transition.at, transition.recorded_at, transition.actor) == (seconds(90), NOW, "rules")


def test_acknowledged_active_alert_waits_for_the_return() -> None:
    step = acknowledge(in_state(ACTIVE), WANG, now=NOW)
    assert step is not None
    after, transition = step
    assert (after.state, after.acknowledged_by, after.acknowledged_at) == (ACKNOWLEDGED, "王工", NOW)
    assert (transition.actor, transition.note, transition.sequence) == ("王工", "已派人", 4)


def test_acknowledged_returned_alert_is_closed() -> None:
    step = acknowledge(replace(in_state(RETURNED, OK), returned_at=seconds(30)), WANG, now=NOW)
    assert step is not None
    assert (step[0].state, step[0].closed_at, step[0].returned_at) == (CLOSED, NOW, seconds(30))


@pytest.mark.parametrize("state", [ACKNOWLEDGED, CLOSED])
def test_acknowledging_what_was_acknowledged_is_not_an_error(state: AlertState) -> None:
    alert = replace(in_state(state), acknowledged_at=seconds(5), acknowledged_by="李工")
    assert acknowledge(alert, WANG, now=NOW) is None


@pytest.mark.parametrize(("state", "code"), [(PENDING, RefusalCode.ALERT_PENDING), (CLOSED, RefusalCode.ALERT_CLOSED)])
def test_acknowledging_what_nobody_was_told_is_refused(state: AlertState, code: RefusalCode) -> None:
    with pytest.raises(CommandRefused) as refusal:
        acknowledge(in_state(state), WANG, now=NOW)
    assert refusal.value.code is code


@pytest.mark.parametrize("code", RefusalCode)
def test_every_refusal_is_told_in_both_languages_with_the_alert(code: RefusalCode) -> None:
    refusal = CommandRefused(code, "a1")
    assert "a1" in refusal.zh and "a1" in refusal.en and refusal.zh != refusal.en


def test_same_alert_has_the_same_id_everywhere() -> None:
    assert alert_id("noise-zone", METER, NOON) == "e2a21aa5cb2c6e84"


@pytest.mark.parametrize(
    "other",
    [
        alert_id("noise-peak", METER, NOON),
        alert_id("noise-zone", Target(kind=METER.kind, id="NM-0013"), NOON),
        alert_id("noise-zone", METER, seconds(0.000001)),
        alert_id("noise-zone", METER, NOON, occurrence=1),
    ],
)
def test_other_alert_has_another_id(other: str) -> None:
    assert other != alert_id("noise-zone", METER, NOON)


def test_clause_of_the_card_does_not_replace_that_of_the_evidence() -> None:
    card = replace(CARD, clause=Clause(zh="总则", en="general"))
    ((opened, _),) = apply_transition(None, signal(Signal.VIOLATED), card, now=NOW)
    assert opened.evidence.clause == CLAUSE
