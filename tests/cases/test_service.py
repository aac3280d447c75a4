"""The records after each journal entry: everything of it once, or nothing of it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from cases.errors import CommandRefused, RefusalCode
from cases.service import AlertService
from cases.sittings import Sitting
from domain.alerts import Alert, AlertMove, AlertState, AlertTransition
from domain.commands import AcknowledgeAlert
from domain.conditions import RuleCard, Severity, Signal, Transition
from domain.errors import Misconfigured
from domain.instants import to_micros
from domain.ledger import LedgerLine, Tally
from domain.messages import Quarantined, Reason
from domain.outbox import Notice
from domain.ports import Planner
from domain.readings import Vocabulary, batch_of
from domain.settlements import Journalled, Settlement
from runtime.clock import ManualClock
from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.records.samples import CLAUSE, METER, NOON, evidence_of, notice_of, seconds

CARDS = {
    "noise-zone": RuleCard(id="noise-zone", zh="噪声", en="Noise", severity=Severity.RED, clause=CLAUSE, kind="limit")
}
NOBODY = Vocabulary(devices=(), metrics=())
EMPTY = batch_of(NOBODY, device=[], metric=[], at=[], value=[])


def tell_everything(alert: Alert, transition: AlertTransition) -> Sequence[Notice]:
    return [notice_of(f"{alert.id}:{transition.sequence}:sms")]


def die(alert: Alert, transition: AlertTransition) -> Sequence[Notice]:
    """The process ends after the alert was written and before the transaction is committed."""
    raise KeyboardInterrupt


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records.open(f"sqlite:///{tmp_path}/records.db", settings=RecordsSettings())
    yield opened
    opened.close()


def service_on(records: Records, planner: Planner = tell_everything) -> AlertService:
    return AlertService(records, cards=CARDS, planner=planner, clock=ManualClock(NOON))


def entry(sequence: int) -> Journalled:
    """One message received: quarantined."""
    one = Tally(received=1, quarantined=1)
    bad = Quarantined(feed="main", topic="t", payload=b"?", received=0, reason=Reason.NOT_JSON, detail="?")
    settlement = Settlement(
        now=to_micros(seconds(sequence)),
        readings=EMPTY,
        quarantined=(bad,),
        ledger=(LedgerLine(feed="main", minute=NOON, messages=one, readings=one),),
    )
    return Journalled(sequence=sequence, settlement=settlement)


def signal(what: Signal, at: float = 60.0, since: float = 0.0, rule: str = "noise-zone") -> Transition:
    return Transition(
        rule=rule, target=METER, signal=what, at=seconds(at), since=seconds(since), evidence=evidence_of()
    )


def totals(records: Records) -> dict[str, int]:
    """How much stands in each book."""
    with records.snapshot() as books:
        alerts = books.alerts.list(open_only=False, limit=10_000).alerts
        lines = books.ledger.list(since=NOON, until=NOON + timedelta(minutes=1))
        return {
            "alerts": len(alerts),
            "moves": sum(len(books.alerts.transitions(alert.id)) for alert in alerts),
            "notices": len(books.outbox.list(limit=10_000)),
            "audit": len(books.audit.list(limit=10_000)),
            "quarantined": len(books.quarantine.list(limit=10_000)),
            "messages": sum(line.messages.received for line in lines),
            "cursor": books.cursors.get("records"),
        }


NOTHING = dict.fromkeys(("alerts", "moves", "notices", "audit", "quarantined", "messages", "cursor"), 0)
ONE_ENTRY = {"alerts": 1, "moves": 2, "notices": 2, "audit": 2, "quarantined": 1, "messages": 1, "cursor": 1}


def test_entry_is_recorded_in_all_books(records: Records) -> None:
    service_on(records).record(entry(1), [signal(Signal.HELD)])
    assert totals(records) == ONE_ENTRY


def test_moves_are_returned_for_the_wall(records: Records) -> None:
    steps = service_on(records).record(entry(1), [signal(Signal.HELD)])
    assert [(transition.move, after.state) for after, transition in steps] == [
        (AlertMove.OPEN, AlertState.PENDING),
        (AlertMove.HOLD, AlertState.ACTIVE),
    ]


def test_crash_before_the_commit_leaves_nothing(records: Records) -> None:
    with pytest.raises(KeyboardInterrupt):
        service_on(records, planner=die).record(entry(1), [signal(Signal.HELD)])
    assert totals(records) == NOTHING


def test_entry_recorded_again_after_a_crash_is_there_once(records: Records) -> None:
    with pytest.raises(KeyboardInterrupt):
        service_on(records, planner=die).record(entry(1), [signal(Signal.HELD)])
    service_on(records).record(entry(1), [signal(Signal.HELD)])
    assert totals(records) == ONE_ENTRY


def test_entry_that_is_recorded_already_is_skipped_wholly(records: Records) -> None:
    service_on(records).record(entry(1), [signal(Signal.HELD)])
    again = service_on(records).record(entry(1), [signal(Signal.HELD), signal(Signal.CLEARED, at=90)])
    assert (again, totals(records)) == ([], ONE_ENTRY)


@pytest.mark.parametrize("crash_after", range(6))
def test_restart_at_any_entry_gives_the_same_records(records: Records, tmp_path: Path, crash_after: int) -> None:
    story = [Signal.VIOLATED, Signal.HELD, Signal.LOST, Signal.HELD, Signal.CLEARED]
    entries = [
        Sitting(entries=[entry(n)], transitions=[signal(what, at=n * 60.0)]) for n, what in enumerate(story, start=1)
    ]
    undisturbed = Records.open(f"sqlite:///{tmp_path}/undisturbed.db", settings=RecordsSettings())
    service_on(undisturbed).record_many(entries)
    service_on(records).record_many(entries[:crash_after])
    service_on(records).record_many(entries)
    assert histories(records) == histories(undisturbed)
    assert totals(records) == totals(undisturbed)


def histories(records: Records) -> list[AlertTransition]:
    with records.snapshot() as books:
        alerts = books.alerts.list(open_only=False, limit=10_000).alerts
        return [transition for alert in alerts for transition in books.alerts.transitions(alert.id)]


def test_entries_grouped_are_recorded_as_entries_one_by_one(records: Records, tmp_path: Path) -> None:
    story = [(entry(1), [signal(Signal.HELD)]), (entry(2), []), (entry(3), [signal(Signal.CLEARED, at=90)])]
    one_by_one = Records.open(f"sqlite:///{tmp_path}/single.db", settings=RecordsSettings())
    for journalled, transitions in story:
        service_on(one_by_one).record(journalled, transitions)
    service_on(records).record_many(
        [Sitting(entries=[journalled], transitions=transitions) for journalled, transitions in story]
    )
    assert (histories(records), totals(records)) == (histories(one_by_one), totals(one_by_one))


def test_every_move_has_its_notice(records: Records) -> None:
    service = service_on(records)
    service.record(entry(1), [signal(Signal.HELD), signal(Signal.CLEARED, at=61), signal(Signal.HELD, at=62)])
    with records.snapshot() as books:
        told = {notice.key for notice in books.outbox.list(limit=10_000)}
    assert told == {f"{move.alert_id}:{move.sequence}:sms" for move in histories(records)}


def test_two_services_that_record_the_same_entry_at_once_open_one_alert(records: Records, tmp_path: Path) -> None:
    start = Barrier(2)

    def race(_: int) -> int:
        other = Records.open(f"sqlite:///{tmp_path}/records.db", settings=RecordsSettings())
        start.wait()
        return len(service_on(other).record(entry(1), [signal(Signal.HELD)]))

    with ThreadPoolExecutor(2) as pool:
        moves = sorted(pool.map(race, range(2)))
    assert (moves, totals(records)) == ([0, 2], ONE_ENTRY)


def test_second_alert_that_began_at_the_same_event_time_is_another_alert(records: Records) -> None:
    service_on(records).record(entry(1), [signal(what) for what in (Signal.VIOLATED, Signal.CLEARED, Signal.VIOLATED)])
    with records.snapshot() as books:
        states = {alert.state for alert in books.alerts.list(open_only=False, limit=10).alerts}
    assert states == {AlertState.CLOSED, AlertState.PENDING}


def test_transition_of_a_rule_without_a_card_is_for_the_operator(records: Records) -> None:
    with pytest.raises(Misconfigured, match="no-such-rule"):
        service_on(records).record(entry(1), [signal(Signal.HELD, rule="no-such-rule")])
    assert totals(records) == NOTHING


def test_recorded_through_is_the_last_entry(records: Records) -> None:
    service = service_on(records)
    service.record_many([Sitting(entries=[entry(1), entry(2)])])
    assert service.recorded_through() == 2


def opened(records: Records, *signals: Signal) -> str:
    """The id of an alert that has gone through these."""
    steps = service_on(records).record(entry(1), [signal(what, at=60 + n) for n, what in enumerate(signals)])
    return steps[-1][0].id


def test_acknowledgement_stands_in_history_audit_and_outbox(records: Records) -> None:
    alert_id = opened(records, Signal.HELD)
    service_on(records).execute(AcknowledgeAlert(alert_id=alert_id, actor="王工", note="已派人"))
    with records.snapshot() as books:
        moved = books.alerts.transitions(alert_id)[-1]
        line = books.audit.list(limit=1, subject=f"alert:{alert_id}")[0]
        notice = books.outbox.get(f"{alert_id}:3:sms")
    assert (moved.move, moved.actor, moved.note) == (AlertMove.ACKNOWLEDGE, "王工", "已派人")
    assert (line.actor, line.action, line.detail["note"]) == ("王工", "alert.acknowledge", "已派人")
    assert notice is not None


def test_acknowledging_twice_makes_one_move_and_keeps_the_first_name(records: Records) -> None:
    alert_id = opened(records, Signal.HELD)
    service_on(records).execute(AcknowledgeAlert(alert_id=alert_id, actor="王工"))
    alert = service_on(records).execute(AcknowledgeAlert(alert_id=alert_id, actor="李工"))
    assert (alert.acknowledged_by, totals(records)["moves"]) == ("王工", 3)


def test_two_operators_who_press_at_once_make_one_move(records: Records) -> None:
    alert_id = opened(records, Signal.HELD, Signal.CLEARED)
    start = Barrier(2)

    def press(actor: str) -> AlertState:
        start.wait()
        return service_on(records).execute(AcknowledgeAlert(alert_id=alert_id, actor=actor)).state

    with ThreadPoolExecutor(2) as pool:
        states = list(pool.map(press, ["王工", "李工"]))
    assert (states, totals(records)["moves"]) == ([AlertState.CLOSED, AlertState.CLOSED], 4)


def test_acknowledging_an_unknown_alert_is_refused(records: Records) -> None:
    with pytest.raises(CommandRefused) as refusal:
        service_on(records).execute(AcknowledgeAlert(alert_id="nobody", actor="王工"))
    assert refusal.value.code is RefusalCode.UNKNOWN_ALERT


def test_crash_during_an_acknowledgement_leaves_the_alert_as_it_was(records: Records) -> None:
    alert_id = opened(records, Signal.HELD)
    before = totals(records)
    with pytest.raises(KeyboardInterrupt):
        service_on(records, planner=die).execute(AcknowledgeAlert(alert_id=alert_id, actor="王工"))
    assert totals(records) == before


def test_rule_without_acknowledgement_closes_its_alert_on_file(records: Records) -> None:
    lax = {"noise-zone": replace(CARDS["noise-zone"], needs_acknowledgement=False)}
    service = AlertService(records, cards=lax, planner=tell_everything, clock=ManualClock(NOON))
    steps = service.record(entry(1), [signal(Signal.HELD), signal(Signal.CLEARED, at=90)])
    assert steps[-1][0].closed_at == seconds(90)
