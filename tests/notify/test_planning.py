"""Which moves go on which routes."""

from typing import Any

import pytest

from domain.alerts import AlertMove, AlertState
from domain.conditions import Severity
from domain.outbox import DeliveryState
from notify.planning import NoticePlanner
from notify.settings import RouteSettings
from notify.texts import NoticeWriter
from tests.records.samples import NOON, alert_of, seconds, transition_of

ACTIVE = alert_of("5f0c", state=AlertState.ACTIVE, sequence=2, severity=Severity.YELLOW)


def planned(writer: NoticeWriter, move: AlertMove = AlertMove.HOLD, **route: Any) -> list[str]:
    planner = NoticePlanner(routes=[RouteSettings(id="sms", **route)], writer=writer)
    return [notice.key for notice in planner(ACTIVE, transition_of(ACTIVE, move=move))]


@pytest.mark.parametrize(
    ("move", "is_told"),
    [
        (AlertMove.OPEN, False),
        (AlertMove.HOLD, True),
        (AlertMove.ACKNOWLEDGE, False),
        (AlertMove.RETURN, True),
        (AlertMove.RETURN_AND_CLOSE, True),
        (AlertMove.VIOLATE_AGAIN, True),
        (AlertMove.LOSE_EVIDENCE, False),
        (AlertMove.REGAIN_EVIDENCE, False),
    ],
)
def test_route_tells_by_itself_what_was_raised_and_what_returned(
    writer: NoticeWriter, move: AlertMove, is_told: bool
) -> None:
    assert bool(planned(writer, move)) == is_told


def test_route_may_ask_for_acknowledgements(writer: NoticeWriter) -> None:
    assert planned(writer, AlertMove.ACKNOWLEDGE, moves=["acknowledge"]) == ["5f0c:2:sms"]


def test_route_carries_only_the_colours_it_names(writer: NoticeWriter) -> None:
    assert planned(writer, severities=["red"]) == []


def test_key_is_made_of_alert_sequence_and_route(writer: NoticeWriter) -> None:
    routes = [RouteSettings(id="sms"), RouteSettings(id="mail")]
    notices = NoticePlanner(routes=routes, writer=writer)(ACTIVE, transition_of(ACTIVE))
    assert [notice.key for notice in notices] == ["5f0c:2:sms", "5f0c:2:mail"]


def test_end_of_what_was_never_told_is_not_told(writer: NoticeWriter) -> None:
    planner = NoticePlanner(routes=[RouteSettings(id="sms")], writer=writer)
    closed = alert_of(state=AlertState.CLOSED, sequence=2)
    assert planner(closed, transition_of(closed, move=AlertMove.RETURN, from_state=AlertState.PENDING)) == []


def test_notice_waits_since_the_move_was_recorded(writer: NoticeWriter) -> None:
    planner = NoticePlanner(routes=[RouteSettings(id="sms")], writer=writer)
    (notice,) = planner(ACTIVE, transition_of(ACTIVE, at=NOON, recorded_at=seconds(5)))
    assert (notice.state, notice.created_at, notice.next_try_at) == (DeliveryState.WAITING, seconds(5), None)


def test_language_is_that_of_the_route(writer: NoticeWriter) -> None:
    planner = NoticePlanner(routes=[RouteSettings.model_validate({"id": "sms", "language": "en"})], writer=writer)
    (notice,) = planner(ACTIVE, transition_of(ACTIVE))
    assert notice.title == "[yellow, raised] Noise over the limit · No. 1 primary school"
