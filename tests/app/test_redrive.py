"""Quarantined messages come back into the city when somebody asks: once each, across a restart too."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cases.service import AlertService
from citybrain.engine.redrive import QuarantineRedrive
from domain.commands import DriveAgain
from domain.ledger import Tally
from domain.messages import Message, Quarantined, Reason
from domain.settlements import Journalled, Settlement
from runtime.clock import ManualClock
from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.ingest.fakes import NOON, NOW, NOW_MS, message, noise, pipeline_of, small_city

OTHERS = [f"NM-{number:04d}" for number in range(2, 9)]


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records.open(f"sqlite:///{tmp_path / 'records.db'}", settings=RecordsSettings())
    yield opened
    opened.close()


@pytest.fixture
def service(records: Records) -> AlertService:
    return AlertService(records, cards={}, planner=lambda *_: (), clock=ManualClock(NOON))


def redrive_over(records: Records, *, caught_up: bool = True) -> QuarantineRedrive:
    return QuarantineRedrive(records, is_caught_up=lambda: caught_up)


def entries(records: Records) -> list[Quarantined]:
    with records.snapshot() as books:
        return [entry.content for entry in books.quarantine.list(limit=100)]


def totals(settlement: Settlement) -> dict[str, Tally]:
    return {line.feed: line.readings for line in settlement.ledger}


def quarantine(service: AlertService, *messages: Message) -> None:
    """As live messages of a city that does not know NM-0001."""
    settlement = pipeline_of(small_city(OTHERS)).settle(messages, NOW)
    service.record(Journalled(sequence=1, settlement=settlement), [])


def test_what_was_mended_is_stored_as_history_and_leaves_the_quarantine(
    records: Records, service: AlertService
) -> None:
    quarantine(service, message(noise(61.0)), message(b"{"))
    assert service.drive_again(DriveAgain(actor="li", reason=Reason.UNKNOWN_DEVICE)) == 1
    settlement = pipeline_of().redrive(redrive_over(records).waiting(), NOW + 1)
    assert [(row.device, row.value) for row in settlement.readings.rows()] == [("NM-0001", 61.0)]
    assert not settlement.readings.live.any()
    assert totals(settlement) == {"city/redriven": Tally(received=1, stored=1)}
    service.record(Journalled(sequence=2, settlement=settlement), [])
    assert [entry.reason for entry in entries(records)] == [Reason.NOT_JSON]


def test_what_is_still_bad_comes_back_once_with_its_reason(records: Records, service: AlertService) -> None:
    quarantine(service, message(noise()))
    service.drive_again(DriveAgain(actor="li"))
    pipeline = pipeline_of(small_city(OTHERS))
    for sequence in (2, 3):  # the second finds nothing that was asked for
        settlement = pipeline.redrive(redrive_over(records).waiting(), NOW)
        service.record(Journalled(sequence=sequence, settlement=settlement), [])
    assert [(entry.feed, entry.reason) for entry in entries(records)] == [("city", Reason.UNKNOWN_DEVICE)]


def test_undated_messages_keep_the_time_at_which_they_came(records: Records, service: AlertService) -> None:
    quarantine(service, message(noise(t=None, sent=NOW_MS), received=NOW - 5_000_000))
    service.drive_again(DriveAgain(actor="li"))
    settlement = pipeline_of().redrive(redrive_over(records).waiting(), NOW)
    assert settlement.readings.at.tolist() == [NOW - 5_000_000]


def test_good_half_of_a_half_bad_message_is_not_stored_again(records: Records, service: AlertService) -> None:
    half = message({"v": {"laeq": 50, "lamax": 999}, "t": NOW_MS})
    pipeline = pipeline_of()
    service.record(Journalled(sequence=1, settlement=pipeline.settle([half], NOW)), [])
    service.drive_again(DriveAgain(actor="li"))
    settlement = pipeline.redrive(redrive_over(records).waiting(), NOW)
    assert totals(settlement) == {"city/redriven": Tally(received=2, duplicate=1, quarantined=1)}


def test_an_entry_in_flight_is_handed_out_once(records: Records, service: AlertService) -> None:
    quarantine(service, message(noise()))
    service.drive_again(DriveAgain(actor="li"))
    redrive = redrive_over(records)
    assert [len(redrive.waiting()) for _ in range(3)] == [1, 0, 0]


def test_an_entry_that_comes_back_has_a_number_of_its_own_and_is_driven_when_asked_for(records: Records) -> None:
    clock = ManualClock(NOON)
    service = AlertService(records, cards={}, planner=lambda *_: (), clock=clock)
    quarantine(service, message(noise()))
    service.drive_again(DriveAgain(actor="li"))
    redrive, pipeline = redrive_over(records), pipeline_of(small_city(OTHERS))
    for sequence, number in ((2, 1), (3, 2)):
        settlement = pipeline.redrive(redrive.waiting(), NOW)
        assert settlement.redriven == (number,)
        service.record(Journalled(sequence=sequence, settlement=settlement), [])
        clock.advance(timedelta(milliseconds=1))
        service.drive_again(DriveAgain(actor="li"))


def test_after_a_restart_nothing_is_driven_before_the_records_have_caught_up(
    records: Records, service: AlertService
) -> None:
    quarantine(service, message(noise()))
    service.drive_again(DriveAgain(actor="li"))
    assert redrive_over(records, caught_up=False).waiting() == {}


def test_later_wishes_are_heard(records: Records, service: AlertService) -> None:
    redrive = redrive_over(records)
    assert redrive.waiting() == {}
    quarantine(service, message(noise()))
    service.drive_again(DriveAgain(actor="li"))
    redrive.nudge()
    assert len(redrive.waiting()) == 1
