"""The open alerts in memory, whatever the order in which moves and commands are heard of."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from citybrain.engine.open_alerts import OpenAlerts
from domain.alerts import Alert, AlertState
from domain.conditions import Severity
from tests.records.samples import NOON, alert_of

LIFE = (AlertState.PENDING, AlertState.ACTIVE, AlertState.ACKNOWLEDGED, AlertState.CLOSED)


def words(alert_id: str, moves: int) -> list[Alert]:
    """What is told of an alert over so many moves of its life."""
    return [alert_of(alert_id, sequence=number + 1, state=LIFE[number]) for number in range(moves)]


@st.composite
def shuffled_lives(draw: st.DrawFn) -> tuple[dict[str, int], list[Alert]]:
    lives = draw(st.dictionaries(st.sampled_from("abc"), st.integers(1, 4)))
    told = [word for alert_id, moves in lives.items() for word in words(alert_id, moves)]
    return lives, draw(st.permutations(told))


@given(shuffled_lives())
def test_the_newest_word_stands_in_any_order_and_closed_stays_closed(
    lives_and_words: tuple[dict[str, int], list[Alert]],
) -> None:
    lives, told = lives_and_words
    alerts = OpenAlerts()
    for word in told:
        alerts.take(word)
    wanted = {alert_id: LIFE[moves - 1] for alert_id, moves in lives.items() if moves in (2, 3)}
    assert {alert.id: alert.state for alert in alerts.shown()} == wanted


@given(shuffled_lives())
def test_hearing_everything_twice_changes_nothing(lives_and_words: tuple[dict[str, int], list[Alert]]) -> None:
    once, twice = OpenAlerts(), OpenAlerts()
    for word in lives_and_words[1]:
        once.take(word)
    for word in [*lives_and_words[1], *lives_and_words[1]]:
        twice.take(word)
    assert once.shown() == twice.shown()


def test_pending_alerts_are_shown_to_nobody() -> None:
    assert OpenAlerts(words("a", 1)).shown() == []


def test_closed_alerts_of_the_records_are_not_taken_over() -> None:
    assert OpenAlerts([alert_of(state=AlertState.CLOSED)]).shown() == []


def test_red_stands_before_yellow_before_white_and_the_newest_first() -> None:
    alerts = OpenAlerts(
        alert_of(
            f"{severity}{minutes}",
            state=AlertState.ACTIVE,
            severity=severity,
            opened_at=NOON + timedelta(minutes=minutes),
        )
        for severity in (Severity.WHITE, Severity.RED, Severity.YELLOW)
        for minutes in (1, 2)
    )
    assert [alert.id for alert in alerts.shown()] == ["red2", "red1", "yellow2", "yellow1", "white2", "white1"]
