"""Periodic work: what fails in one job does not keep the others from theirs."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from citybrain.engine.forgetting import PORTION, REST_S, OldRecords
from citybrain.engine.lighting import Lighting
from citybrain.engine.schedule import Schedule
from citybrain.settings import zone_of
from domain.errors import Refused
from domain.ledger import LedgerLine, Tally
from tests.app.engine_room import NOON, EngineRoom
from tests.app.installation import write_installation

WITHIN_S = 60.0


@dataclass
class UndeletingStore:
    """Has everything, and deletes nothing: as InfluxDB 3, or one whose token may only write."""

    through: int

    def delete_before(self, moment: datetime) -> int:
        raise Refused("this database deletes by itself")

    def stored_through(self) -> int:
        return self.through


@pytest.fixture
def room(tmp_path: Path) -> Iterator[EngineRoom]:
    sections: dict[str, Any] = {
        "journal": {"segment_bytes": 4096, "keep": "27h"},
        "series": {"keep": "30d"},
        "retention": {"every": "100ms"},
    }
    opened = EngineRoom(write_installation(tmp_path, **sections))
    yield opened
    opened.close()


def test_a_store_that_will_not_delete_does_not_let_the_journal_grow(room: EngineRoom) -> None:
    for second in range(60):
        room.settle([("NM-1", "laeq", 48.0 + second)], at=second)
    room.step()
    room.parts.evaluation.save()
    room.clock.advance(timedelta(hours=28))
    parts = replace(room.parts, store=UndeletingStore(room.parts.journal.last_sequence))
    schedule = Schedule(parts, Lighting(parts.desk, zone_of("Asia/Shanghai")))
    schedule.start()
    until = time.monotonic() + WITHIN_S
    while room.parts.journal.first_sequence == 1 and time.monotonic() < until:
        time.sleep(0.02)
    schedule.stop()
    assert room.parts.journal.first_sequence > 1


def test_old_records_go_in_portions_between_which_others_may_write(tmp_path: Path) -> None:
    room = EngineRoom(write_installation(tmp_path, records={"ledger_keep": "2d"}))
    one = Tally(received=1, stored=1)
    young = NOON - timedelta(hours=47)
    with room.parts.records.transaction() as books:
        minutes = [NOON - timedelta(days=3) + timedelta(minutes=number) for number in range(2 * PORTION + 1)]
        books.ledger.add(LedgerLine(feed="city", minute=at, messages=one, readings=one) for at in [*minutes, young])
    pauses: list[float] = []
    old = OldRecords(room.parts.records, room.installation.settings.records, room.clock, pause=pauses.append)
    old.forget()
    with room.parts.records.snapshot() as books:
        left = [line.minute for line in books.ledger.list(since=NOON - timedelta(days=9), until=NOON)]
    room.close()
    assert left == [young]
    assert pauses == [REST_S, REST_S]
