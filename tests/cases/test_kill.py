"""A real process, really killed: what stands in the records is a whole number of entries, each once."""

import subprocess
import sys
from pathlib import Path

import pytest

from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.cases.test_service import totals

RECORD_FOR_EVER = """
import sys
from itertools import count
from domain.conditions import Signal
from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.cases.test_service import entry, service_on, signal
records = Records.open(sys.argv[1], settings=RecordsSettings())
service = service_on(records)
for number in count(max(1, service.recorded_through() - 5)):
    service.record(entry(number), [signal(Signal.HELD, at=number, since=number), signal(Signal.CLEARED, at=number)])
    if number % 10 == 0:
        print(number, flush=True)
"""


@pytest.mark.process
def test_records_of_a_killed_process_hold_every_entry_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/records.db"
    for lines in (1, 2, 3):
        with subprocess.Popen(
            [sys.executable, "-c", RECORD_FOR_EVER, url], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            assert all(writer.stdout.readline() for _ in range(lines))
            writer.kill()  # where in a transaction it falls is for chance to say
        found = totals(Records.open(url, settings=RecordsSettings()))
        entries, moves = found["cursor"], 2 * found["cursor"] + 1
        assert entries > 0
        assert found == {
            "alerts": 1,
            "moves": moves,
            "notices": moves,
            "audit": moves,
            "quarantined": entries,
            "messages": entries,
            "cursor": entries,
        }
