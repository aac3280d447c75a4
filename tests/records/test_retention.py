"""What is past its time goes, in portions; what is young, waits or is open stays."""

from datetime import datetime

import pytest

from domain.alerts import AlertState
from domain.ledger import LedgerLine, Tally
from domain.outbox import DeliveryState
from store.records.audit import AuditLine
from store.records.records import Records
from tests.records.samples import alert_of, notice_of, seconds, transition_of

ONE = Tally(received=1, stored=1)


def minutes(records: Records) -> list[tuple[datetime, str]]:
    with records.snapshot() as books:
        lines = books.ledger.list(since=seconds(-1e6), until=seconds(1e6))
    return [(line.minute, line.feed) for line in lines]


@pytest.mark.parametrize(("most", "gone", "left"), [(10, 6, 1), (3, 4, 3), (1, 2, 5)])
def test_minutes_of_the_ledger_go_whole_and_the_oldest_first(records: Records, most: int, gone: int, left: int) -> None:
    with records.transaction() as books:
        books.ledger.add(
            LedgerLine(feed=feed, minute=seconds(60 * number), messages=ONE, readings=ONE)
            for number in range(3)
            for feed in ("a", "b")
        )
        books.ledger.add([LedgerLine(feed="a", minute=seconds(180), messages=ONE, readings=ONE)])
    with records.transaction() as books:
        assert books.retention.forget_minutes(before=seconds(180), most=most) == gone
    kept = minutes(records)
    assert (len(kept), kept[-1]) == (left, (seconds(180), "a"))


def test_settled_notices_go_with_their_attempts_and_what_waits_or_is_young_stays(records: Records) -> None:
    notices = [notice_of(key=f"k{number}:2:sms", created_at=seconds(number)) for number in range(6)]
    with records.transaction() as books:
        for notice in notices:
            books.outbox.add(notice)
        for notice in (notices[0], notices[2], notices[5]):
            books.outbox.mark_retry(notice, at=seconds(9), next_try_at=seconds(10), error="away")
            books.outbox.mark_sent(notice, at=seconds(10))
        books.outbox.mark_failed(notices[3], at=seconds(10), error="refused")
    with records.transaction() as books:
        assert [books.retention.forget_notices(before=seconds(5), most=2) for _ in range(3)] == [2, 1, 0]
    with records.snapshot() as books:
        left = [(notice.key[:2], notice.state) for notice in books.outbox.list(limit=9)]
        attempts = [len(books.outbox.attempts(f"k{number}:2:sms")) for number in range(6)]
    assert left == [("k5", DeliveryState.SENT), ("k4", DeliveryState.WAITING), ("k1", DeliveryState.WAITING)]
    assert attempts == [0, 0, 0, 0, 0, 2]


def test_closed_alerts_go_with_their_history_and_open_ones_stay(records: Records) -> None:
    old = alert_of("old", state=AlertState.CLOSED, closed_at=seconds(10))
    lasting = alert_of("lasting", state=AlertState.CLOSED, closed_at=seconds(100), rule="another")
    still = alert_of("still", rule="a third")
    with records.transaction() as books:
        for alert in (old, lasting, still):
            books.alerts.save(alert, transition_of(alert))
    with records.transaction() as books:
        assert books.retention.forget_alerts(before=seconds(50), most=9) == 1
    with records.snapshot() as books:
        assert [alert.id for alert in books.alerts.list(open_only=False, limit=9).alerts] == ["still", "lasting"]
        assert (books.alerts.transitions("old"), len(books.alerts.transitions("lasting"))) == ([], 1)


def test_lines_of_the_audit_go_by_age(records: Records) -> None:
    with records.transaction() as books:
        for number in range(4):
            books.audit.add(AuditLine(at=seconds(number), actor="op", action="look", subject=f"s{number}"))
    with records.transaction() as books:
        assert [books.retention.forget_audit(before=seconds(3), most=2) for _ in range(2)] == [2, 1]
    with records.snapshot() as books:
        assert [line.subject for line in books.audit.list(limit=9)] == ["s3"]
