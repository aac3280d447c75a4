"""The outbox: what is due, in which order, and the ledger of tries."""

from domain.outbox import DeliveryState, Outcome
from store.records.records import Records
from tests.records.samples import NOON, notice_of, seconds


def due(records: Records, at: float = 0.0, route: str = "sms") -> list[str]:
    with records.snapshot() as books:
        return [notice.key for notice in books.outbox.due(seconds(at), limit=10, route=route)]


def add(records: Records, *keys: str) -> None:
    with records.transaction() as books:
        for key in keys:
            books.outbox.add(notice_of(key))


def test_notice_comes_back_as_it_was_put_in(records: Records) -> None:
    add(records, "a1:2:sms")
    with records.snapshot() as books:
        assert books.outbox.get("a1:2:sms") == notice_of("a1:2:sms")


def test_same_key_twice_is_one_notice(records: Records) -> None:
    add(records, "a1:2:sms", "a1:2:sms")
    assert due(records) == ["a1:2:sms"]


def test_due_gives_the_notices_of_one_route_oldest_first(records: Records) -> None:
    add(records, "b:2:sms", "a:2:sms", "c:2:mail")
    assert due(records) == ["b:2:sms", "a:2:sms"]


def test_later_notice_about_an_alert_waits_for_the_earlier_one(records: Records) -> None:
    add(records, "a1:2:sms", "a1:3:sms")
    with records.transaction() as books:
        books.outbox.mark_retry(notice_of("a1:2:sms"), at=NOON, next_try_at=seconds(10), error="503")
    assert due(records, at=5) == []


def test_later_notice_about_an_alert_follows_when_the_earlier_one_is_given_up(records: Records) -> None:
    add(records, "a1:2:sms", "a1:3:sms")
    with records.transaction() as books:
        books.outbox.mark_failed(notice_of("a1:2:sms"), at=NOON, error="no such number")
    assert due(records) == ["a1:3:sms"]


def test_notice_is_due_again_at_its_next_try_and_not_before(records: Records) -> None:
    add(records, "a1:2:sms")
    with records.transaction() as books:
        books.outbox.mark_retry(notice_of("a1:2:sms"), at=NOON, next_try_at=seconds(10), error="503")
    assert (due(records, at=9.999), due(records, at=10)) == ([], ["a1:2:sms"])


def test_sent_notice_is_never_due_again(records: Records) -> None:
    add(records, "a1:2:sms")
    with records.transaction() as books:
        books.outbox.mark_sent(notice_of("a1:2:sms"), at=seconds(1))
    assert due(records, at=10**6) == []


def test_every_try_stands_in_the_delivery_ledger(records: Records) -> None:
    add(records, "a1:2:sms")
    with records.transaction() as books:
        books.outbox.mark_retry(notice_of("a1:2:sms"), at=NOON, next_try_at=seconds(10), error="503")
        books.outbox.mark_sent(notice_of("a1:2:sms"), at=seconds(10))
    with records.snapshot() as books:
        tries = [(attempt.at, attempt.outcome, attempt.error) for attempt in books.outbox.attempts("a1:2:sms")]
    assert tries == [(NOON, Outcome.RETRY, "503"), (seconds(10), Outcome.SENT, "")]


def test_counts_name_every_state(records: Records) -> None:
    add(records, "a1:2:sms", "a1:2:mail")
    with records.transaction() as books:
        books.outbox.mark_failed(notice_of("a1:2:sms"), at=NOON, error="no such number")
    with records.snapshot() as books:
        counts = books.outbox.counts()
    assert counts == {DeliveryState.WAITING: 1, DeliveryState.SENT: 0, DeliveryState.FAILED: 1}


def test_failed_notices_can_be_listed(records: Records) -> None:
    add(records, "a1:2:sms", "a1:2:mail")
    with records.transaction() as books:
        books.outbox.mark_failed(notice_of("a1:2:sms"), at=NOON, error="no such number")
    with records.snapshot() as books:
        failed = [(n.key, n.error, n.attempts) for n in books.outbox.list(limit=10, state=DeliveryState.FAILED)]
    assert failed == [("a1:2:sms", "no such number", 1)]


def test_waiting_routes_are_those_with_something_to_send(records: Records) -> None:
    add(records, "a1:2:sms", "a1:2:mail")
    with records.transaction() as books:
        books.outbox.mark_sent(notice_of("a1:2:sms"), at=NOON)
    with records.snapshot() as books:
        assert books.outbox.waiting_routes() == ["mail"]
