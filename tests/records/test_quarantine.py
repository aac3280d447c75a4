"""The quarantine: bounded in entries, bytes and age, all of it counted; entries wait to be driven again."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.instants import to_micros
from domain.messages import Quarantined, Reason
from store.records.quarantine import QuarantineFilter
from store.records.records import Books, Records
from store.records.settings import RecordsSettings
from tests.records.samples import NOON

MIB = 1024 * 1024


@pytest.fixture
def wide(url: str) -> Iterator[Records]:
    """Bounded by bytes long before entries."""
    opened = Records.open(url, settings=RecordsSettings(quarantine_bytes=MIB))
    yield opened
    opened.close()


def bad(topic: str = "t", *, size: int = 10, reason: Reason = Reason.NOT_JSON, age_s: float = 0) -> Quarantined:
    received = to_micros(NOON - timedelta(seconds=age_s))
    return Quarantined(feed="city", topic=topic, payload=b"x" * size, received=received, reason=reason, detail="")


def topics(books: Books) -> list[str]:
    return [entry.content.topic for entry in reversed(books.quarantine.list(limit=1000))]


def test_bytes_are_bounded_the_oldest_go_and_are_counted(wide: Records) -> None:
    with wide.transaction() as books:
        books.quarantine.add([bad(f"t/{number}", size=MIB // 4) for number in range(6)])
        assert topics(books) == ["t/2", "t/3", "t/4", "t/5"]
        assert (books.quarantine.dropped(), books.quarantine.payload_bytes()) == (2, MIB)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(sizes=st.lists(st.integers(0, MIB // 3), max_size=12), cut=st.integers(0, 12))
def test_the_count_of_bytes_is_what_is_there(wide: Records, sizes: list[int], cut: int) -> None:
    with wide.transaction() as books:
        books.quarantine.add([bad(size=size) for size in sizes])
        books.quarantine.driven([entry.id for entry in books.quarantine.list(limit=cut)])
        held = sum(len(entry.content.payload) for entry in books.quarantine.list(limit=1000))
        assert books.quarantine.payload_bytes() == held <= MIB


def test_old_entries_expire_and_are_counted(records: Records) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad("old", age_s=3600), bad("new")])
        assert books.quarantine.expire(received_before=NOON - timedelta(minutes=30)) == 1
        assert (topics(books), books.quarantine.expired(), books.quarantine.dropped()) == (["new"], 1, 0)


def test_what_was_asked_for_waits_in_order_and_is_asked_for_once(records: Records) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad("a"), bad("b", reason=Reason.BAD_TIME), bad("c")])
        wanted = QuarantineFilter(reason=Reason.NOT_JSON)
        assert [books.quarantine.ask(wanted, now=NOON) for _ in range(2)] == [2, 0]
        asked = books.quarantine.asked(limit=10)
        assert [(entry.content.topic, entry.asked_at) for entry in asked] == [("a", NOON), ("c", NOON)]
        assert [entry.content.topic for entry in books.quarantine.asked(limit=10, after=asked[0].id)] == ["c"]


def test_what_was_kept_only_in_part_is_not_driven_again(records: Records) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad("whole"), bad("beginning", reason=Reason.TOO_LARGE)])
        assert books.quarantine.ask(QuarantineFilter(), now=NOON) == 1
        assert [entry.content.topic for entry in books.quarantine.asked(limit=10)] == ["whole"]
        assert books.quarantine.cut_off(QuarantineFilter()) == 1


def test_what_was_driven_goes(records: Records) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad("a"), bad("b")])
        first = books.quarantine.list(limit=10)[-1].id
        assert [books.quarantine.driven([first]) for _ in range(2)] == [1, 0]
        assert topics(books) == ["b"]


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (QuarantineFilter(topic="roads"), ["city/roads/1"]),
        (QuarantineFilter(topic="%"), []),
        (QuarantineFilter(feed="city", since=NOON - timedelta(minutes=1)), ["city/roads/1"]),
        (QuarantineFilter(feed="other"), []),
        (QuarantineFilter(reason=Reason.BAD_TIME), ["old"]),
    ],
)
def test_entries_are_found_by_what_is_said_of_them(records: Records, which: QuarantineFilter, found: list[str]) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad("old", age_s=3600, reason=Reason.BAD_TIME), bad("city/roads/1")])
        assert [entry.content.topic for entry in books.quarantine.list(limit=10, which=which)] == found


def test_entries_are_counted_by_reason(records: Records) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad(), bad(), bad(reason=Reason.BAD_TIME)])
        assert dict(books.quarantine.counts()) == {Reason.NOT_JSON: 2, Reason.BAD_TIME: 1}


@pytest.mark.parametrize("how", ["driven", "expired"])
def test_the_number_of_an_entry_that_went_is_never_given_again(records: Records, how: str) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad("stays"), bad("goes", age_s=60), bad("goes", age_s=60)])
        gone = [entry.id for entry in books.quarantine.list(limit=10) if entry.content.topic == "goes"]
        if how == "driven":
            books.quarantine.driven(gone)
        else:
            books.quarantine.expire(received_before=NOON - timedelta(seconds=30))
        books.quarantine.add([bad("new")])
        assert books.quarantine.list(limit=1)[0].id > max(gone)


def test_numbers_that_are_gone_take_no_room_from_the_bound(records: Records) -> None:
    with records.transaction() as books:
        books.quarantine.add([bad("a"), bad("b"), bad("c"), bad("d")])
        books.quarantine.driven([entry.id for entry in books.quarantine.list(limit=2)])
        books.quarantine.add([bad("e"), bad("f"), bad("g")])
        assert (topics(books), books.quarantine.dropped()) == (["a", "b", "e", "f", "g"], 0)
        books.quarantine.add([bad("h")])
        assert (topics(books), books.quarantine.dropped()) == (["b", "e", "f", "g", "h"], 1)
