"""The table of moves: no dead ends but the close, no way out of it, every state reachable."""

from domain.alerts import MOVES, OPEN_STATES, AlertMove, AlertState


def reachable(start: AlertState | None) -> set[AlertState]:
    """Every state that some sequence of moves leads to."""
    found: set[AlertState] = set()
    edge: set[AlertState | None] = {start}
    while edge:
        edge = {to for (source, _), to in MOVES.items() if source in edge} - found
        found |= {state for state in edge if state is not None}
    return found


def test_a_closed_alert_stays_closed() -> None:
    assert [key for key in MOVES if key[0] is AlertState.CLOSED] == []


def test_every_state_is_reachable_from_nothing() -> None:
    assert reachable(None) == set(AlertState)


def test_every_open_state_can_be_closed() -> None:
    assert [state for state in OPEN_STATES if AlertState.CLOSED not in reachable(state)] == []


def test_only_a_first_violation_makes_an_alert() -> None:
    assert [key for key in MOVES if key[0] is None] == [(None, AlertMove.OPEN)]
    assert [key for key in MOVES if key[1] is AlertMove.OPEN] == [(None, AlertMove.OPEN)]


def test_losing_and_regaining_evidence_moves_no_state() -> None:
    evidence = {AlertMove.LOSE_EVIDENCE, AlertMove.REGAIN_EVIDENCE}
    assert {move for _, move in MOVES} == set(AlertMove) - evidence


def test_nothing_but_the_end_of_the_hold_time_makes_a_pending_alert_active() -> None:
    assert [move for (source, move), to in MOVES.items() if source is AlertState.PENDING and to in OPEN_STATES] == [
        AlertMove.HOLD
    ]


def test_every_open_state_but_the_returned_one_can_return_to_normal() -> None:
    assert {source for (source, move) in MOVES if move is AlertMove.RETURN} == OPEN_STATES - {AlertState.RETURNED}
