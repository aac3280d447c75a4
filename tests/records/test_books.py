"""Ledger, quarantine, audit, cursors, rule state and devices keep what they are given, within their bounds."""

import _sqlite3
import ctypes
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.devices import PLAIN, Device, Dialect
from domain.ledger import LedgerLine, Tally
from domain.messages import Quarantined, Reason
from domain.places import NoiseZone, Place
from store.records.audit import AuditLine
from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.records.samples import NOON

ALWAYS: dict[str, Any] = {"since": NOON - timedelta(days=1), "until": NOON + timedelta(days=1)}


def line(feed: str = "main", minute: int = 0, **messages: int) -> LedgerLine:
    tally = Tally(**messages)
    return LedgerLine(feed=feed, minute=NOON + timedelta(minutes=minute), messages=tally, readings=tally + tally)


def bad(number: int, reason: Reason = Reason.NOT_JSON) -> Quarantined:
    return Quarantined(
        feed="main", topic=f"t/{number}", payload=b"\x00\xff" * number, received=number, reason=reason, detail="字节 0"
    )


counts = st.integers(0, 10**12)
tallies = st.builds(Tally, **{field.name: counts for field in fields(Tally)})
lines = st.builds(
    LedgerLine,
    feed=st.sampled_from(["main", "roads"]),
    minute=st.integers(0, 2).map(lambda minute: NOON + timedelta(minutes=minute)),
    messages=tallies,
    readings=tallies,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(batches=st.lists(st.lists(lines, max_size=4), max_size=4))
def test_ledger_lines_of_a_minute_add_up(records: Records, batches: list[list[LedgerLine]]) -> None:
    with records.transaction() as books:
        before = {(known.feed, known.minute): known.messages for known in books.ledger.list(**ALWAYS)}
    for batch in batches:
        with records.transaction() as books:
            books.ledger.add(batch)
    expected = dict(before)
    for one in (one for batch in batches for one in batch):
        expected[one.feed, one.minute] = expected.get((one.feed, one.minute), Tally()) + one.messages
    with records.snapshot() as books:
        assert {(known.feed, known.minute): known.messages for known in books.ledger.list(**ALWAYS)} == expected


def test_ledger_keeps_messages_and_readings_apart(records: Records) -> None:
    with records.transaction() as books:
        books.ledger.add([line(received=3, stored=1, late=2)])
    with records.snapshot() as books:
        assert books.ledger.list(**ALWAYS) == [line(received=3, stored=1, late=2)]


def test_ledger_period_includes_its_start_and_not_its_end(records: Records) -> None:
    with records.transaction() as books:
        books.ledger.add([line(minute=minute, received=1) for minute in range(4)])
    with records.snapshot() as books:
        found = books.ledger.list(since=line(minute=1).minute, until=line(minute=3).minute)
    assert [known.minute for known in found] == [line(minute=1).minute, line(minute=2).minute]


def test_ledger_of_one_feed_leaves_out_the_others(records: Records) -> None:
    with records.transaction() as books:
        books.ledger.add([line("main", received=1), line("roads", received=2)])
    with records.snapshot() as books:
        assert books.ledger.list(**ALWAYS, feed="roads") == [line("roads", received=2)]


def test_ledger_totals_are_whole_numbers_over_all_minutes_of_a_feed(records: Records) -> None:
    with records.transaction() as books:
        books.ledger.add([line(minute=0, received=2, stored=2), line(minute=1, received=1), line("roads", received=9)])
    with records.snapshot() as books:
        totals = books.ledger.totals()
    assert totals["main"] == (Tally(received=3, stored=2), Tally(received=6, stored=4))
    assert type(totals["main"][0].received) is int


def test_quarantined_bytes_come_back_as_they_came(records: Records) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad(3)])
    with records.snapshot() as books:
        (entry,) = books.quarantine.list(limit=10)
        assert books.quarantine.get(entry.id) == entry
    assert entry.content == bad(3)


def test_quarantine_can_be_listed_by_reason_newest_first(records: Records) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad(1, Reason.BAD_TIME), bad(2), bad(3, Reason.BAD_TIME)])
    with records.snapshot() as books:
        found = books.quarantine.list(limit=10, reason=Reason.BAD_TIME)
    assert [entry.content.topic for entry in found] == ["t/3", "t/1"]


def test_full_quarantine_lets_the_oldest_go_and_counts_them(records: Records) -> None:
    for number in range(1, 9):
        with records.transaction() as books:
            books.quarantine.add([bad(number)])
    with records.snapshot() as books:
        kept = [entry.content.topic for entry in books.quarantine.list(limit=100)]
        dropped = books.quarantine.dropped()
    assert (kept, dropped) == (["t/8", "t/7", "t/6", "t/5", "t/4"], 3)


def test_quarantine_stays_within_its_bound_when_more_than_that_comes_at_once(records: Records) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad(number) for number in range(12)])
    with records.snapshot() as books:
        assert (len(books.quarantine.list(limit=100)), books.quarantine.dropped()) == (5, 7)


def test_cursor_that_was_never_set_is_0(records: Records) -> None:
    with records.snapshot() as books:
        assert books.cursors.get("records") == 0


def test_cursor_keeps_its_last_value(records: Records) -> None:
    with records.transaction() as books:
        books.cursors.set("records", 4)
        books.cursors.set("records", 2**40)
    with records.snapshot() as books:
        assert books.cursors.get("records") == 2**40


def test_rules_that_were_never_saved_have_no_state(records: Records) -> None:
    with records.snapshot() as books:
        assert books.rule_state.load() is None


def test_rule_state_is_the_last_one_saved(records: Records) -> None:
    with records.transaction() as books:
        books.rule_state.save(9, b"old")
        books.rule_state.save(9, b"\x00new")
    with records.snapshot() as books:
        assert books.rule_state.load() == (9, b"\x00new")


def test_driver_keeps_no_copy_of_the_rule_state(tmp_path: Path) -> None:
    def held() -> int:
        used = ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used
        used.restype = ctypes.c_longlong
        return int(used())

    records = Records.open(f"sqlite:///{tmp_path}/records.db", settings=RecordsSettings())
    before = held()
    with records.transaction() as books:
        books.rule_state.save(9, bytes(16_000_000))
    assert held() - before < 8_000_000  # some of its pages
    records.close()


def test_audit_of_a_subject_comes_newest_first(records: Records) -> None:
    def act(action: str, subject: str) -> AuditLine:
        return AuditLine(at=NOON, actor="王工", action=action, subject=subject, detail={"note": "已到场"})

    with records.transaction() as books:
        for audit_line in (act("alert.open", "alert:a1"), act("alert.open", "alert:a2"), act("alert.hold", "alert:a1")):
            books.audit.add(audit_line)
    with records.snapshot() as books:
        found = books.audit.list(limit=10, subject="alert:a1")
    assert found == [act("alert.hold", "alert:a1"), act("alert.open", "alert:a1")]


def device(identifier: str, **more: Any) -> Device:
    place = Place(lon=118.8, lat=32.06)
    return Device(id=identifier, kind="noise_meter", zh="监测点", en="Meter", place=place, interval_s=60.0, **more)


def test_devices_are_those_of_the_last_registry(records: Records) -> None:
    full = device("NM-2", zone=NoiseZone.FOUR_A, district="gulou", road="zhongshan", grid_cell="320106000000001")
    with records.transaction() as books:
        books.devices.replace([device("NM-1"), full])
        books.devices.replace([full, device("NM-0", department="huanbao", parent="NM-2")])
    with records.snapshot() as books:
        assert books.devices.list() == [device("NM-0", department="huanbao", parent="NM-2"), full]


def test_a_device_keeps_its_other_names_and_how_it_speaks(records: Records) -> None:
    dialect = Dialect(timezone="Asia/Shanghai", units={"a34004": "mg/m³"}, missing=frozenset({-999.0}))
    full = device("NM-2", aliases=("24e124743d402dab", "甲"), dialect=dialect)
    with records.transaction() as books:
        books.devices.replace([device("NM-1"), full])
    with records.snapshot() as books:
        assert (books.devices.get("NM-2"), books.devices.get("NM-9")) == (full, None)
        assert books.devices.list()[0].dialect is PLAIN


def test_a_device_keeps_its_figures(records: Records) -> None:
    with records.transaction() as books:
        books.devices.replace([device("NM-1"), device("NM-2", figures={"depth": 3.2})])
    with records.snapshot() as books:
        assert [one.figures for one in books.devices.list()] == [{}, {"depth": 3.2}]
