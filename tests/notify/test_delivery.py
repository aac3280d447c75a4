"""Delivery from the outbox: at least once with the same key, as long as needed; nobody holds up the others."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.service import AlertService
from domain.conditions import RuleCard, Severity, Signal, Transition
from domain.errors import Refused, Temporary
from domain.outbox import DeliveryState, Notice, Outcome
from domain.ports import Channel
from domain.readings import Vocabulary, batch_of
from domain.settlements import Journalled, Settlement
from notify.channels import AppriseChannel
from notify.delivery import AT_ONCE, Delivered, Deliverer, back_off_s
from notify.planning import NoticePlanner
from notify.settings import NotifySettings, RouteSettings
from notify.texts import NoticeWriter
from runtime.clock import ManualClock
from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.notify.receivers import mailbox, webhook
from tests.records.samples import CLAUSE, METER, NOON, evidence_of, notice_of, seconds

SETTINGS = NotifySettings.model_validate({"first_retry": "10s", "longest_retry": "40s", "tries": 4})


class Crash(BaseException):
    """The process ends."""


@dataclass
class Receiver:
    """A channel that does as told, once for each word, and takes everything after that."""

    plan: Iterator[BaseException] = field(default_factory=lambda: iter(()))
    keys: list[str] = field(default_factory=list)

    def deliver(self, notice: Notice) -> None:
        self.keys.append(notice.key)
        fault = next(self.plan, None)
        if fault is not None:
            raise fault


def receiver(*faults: BaseException) -> Receiver:
    return Receiver(plan=iter(faults))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


def put(records: Records, *keys: str) -> None:
    with records.transaction() as books:
        for key in keys:
            books.outbox.add(notice_of(key))


def deliverer(records: Records, clock: ManualClock, channels: Mapping[str, Channel]) -> Deliverer:
    return Deliverer(records, channels=channels, clock=clock, settings=SETTINGS)


def stored(records: Records, key: str = "a1:2:sms") -> Notice:
    with records.snapshot() as books:
        notice = books.outbox.get(key)
    assert notice is not None
    return notice


def test_notice_is_sent_once_however_often_it_is_asked(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:sms")
    sms = receiver()
    runs = [deliverer(records, clock, {"sms": sms}).run_once(clock.now()) for _ in range(3)]
    assert (sms.keys, runs) == (["a1:2:sms"], [Delivered(sent=1), Delivered(), Delivered()])


def test_sent_notice_is_marked_with_its_time(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:sms")
    deliverer(records, clock, {"sms": receiver()}).run_once(clock.now())
    notice = stored(records)
    assert (notice.state, notice.sent_at, notice.attempts) == (DeliveryState.SENT, NOON, 1)


def test_receiver_that_fails_twice_is_tried_three_times_and_never_again(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:sms")
    with webhook(500, 503) as hook:
        delivery = deliverer(records, clock, {"sms": AppriseChannel(hook.url)})
        for _ in range(100):
            delivery.run_once(clock.now())
            clock.advance(timedelta(seconds=1))
    assert hook.keys == ["a1:2:sms"] * 3
    with records.snapshot() as books:
        tries = [(attempt.at, attempt.outcome) for attempt in books.outbox.attempts("a1:2:sms")]
    assert tries == [(NOON, Outcome.RETRY), (seconds(10), Outcome.RETRY), (seconds(30), Outcome.SENT)]


def test_crash_between_sending_and_marking_repeats_the_same_key(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:sms")
    sms = receiver(Crash())
    with pytest.raises(Crash):
        deliverer(records, clock, {"sms": sms}).run_once(clock.now())
    deliverer(records, clock, {"sms": sms}).run_once(clock.now())
    assert (sms.keys, stored(records).state) == (["a1:2:sms"] * 2, DeliveryState.SENT)


def test_nobody_is_told_again_and_again_while_the_records_cannot_be_written(tmp_path: Path, clock: ManualClock) -> None:
    file = tmp_path / "records.db"
    records = Records.open(f"sqlite:///{file}", settings=RecordsSettings(busy_timeout=0.02))
    put(records, "a1:2:sms", "a2:2:sms")
    sms = receiver()
    desk = deliverer(records, clock, {"sms": sms})
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(5):
        desk.run_once(clock.now())
        clock.advance(timedelta(seconds=2))
    other.close()
    assert sms.keys == ["a1:2:sms", "a2:2:sms"]
    desk.run_once(clock.now())
    assert [stored(records, key).sent_at for key in sms.keys] == [NOON, NOON]
    assert sms.keys == ["a1:2:sms", "a2:2:sms"]
    records.close()


def test_receivers_own_hint_is_respected(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:sms")
    deliverer(records, clock, {"sms": receiver(Temporary("busy", retry_after_s=120.0))}).run_once(clock.now())
    assert stored(records).next_try_at == seconds(120)


def test_notice_that_never_gets_through_is_given_up_and_stays_visible(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:sms")
    sms = receiver(*(Temporary("line is dead") for _ in range(100)))
    for _ in range(100):
        deliverer(records, clock, {"sms": sms}).run_once(clock.now())
        clock.advance(timedelta(seconds=10))
    notice = stored(records)
    assert (len(sms.keys), notice.state, notice.error) == (4, DeliveryState.FAILED, "line is dead")


def test_refused_notice_is_given_up_at_once(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:sms")
    done = deliverer(records, clock, {"sms": receiver(Refused("no such number"))}).run_once(clock.now())
    assert (done, stored(records).state) == (Delivered(failed=1), DeliveryState.FAILED)


@pytest.mark.parametrize("fault", [Temporary("away"), Refused("no such number"), ZeroDivisionError("a bug")])
def test_bad_channel_does_not_stop_the_others(records: Records, clock: ManualClock, fault: Exception) -> None:
    put(records, "a1:2:sms", "a1:2:mail")
    mail = receiver()
    deliverer(records, clock, {"sms": receiver(fault), "mail": mail}).run_once(clock.now())
    assert mail.keys == ["a1:2:mail"]


def test_channel_that_breaks_is_tried_again(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:sms")
    deliverer(records, clock, {"sms": receiver(ZeroDivisionError("a bug"))}).run_once(clock.now())
    notice = stored(records)
    assert (notice.state, notice.error) == (DeliveryState.WAITING, "ZeroDivisionError: a bug")


def test_receiver_that_is_away_is_asked_once_in_a_run(records: Records, clock: ManualClock) -> None:
    put(records, *(f"a{n}:2:sms" for n in range(20)))
    sms = receiver(*(Temporary("away") for _ in range(20)))
    deliverer(records, clock, {"sms": sms}).run_once(clock.now())
    assert sms.keys == ["a0:2:sms"]


def test_notice_that_only_this_receiver_dislikes_does_not_hold_up_the_rest(
    records: Records, clock: ManualClock
) -> None:
    put(records, "a1:2:sms", "a2:2:sms", "a3:2:sms")
    sms = receiver(Temporary("422"))
    for _ in range(2):
        deliverer(records, clock, {"sms": sms}).run_once(clock.now())
    assert sms.keys == ["a1:2:sms", "a2:2:sms", "a3:2:sms"]


def test_return_is_never_told_before_the_alarm(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:sms", "a1:3:sms")
    sms = receiver(Temporary("busy"))
    for _ in range(30):
        deliverer(records, clock, {"sms": sms}).run_once(clock.now())
        clock.advance(timedelta(seconds=1))
    assert sms.keys == ["a1:2:sms", "a1:2:sms", "a1:3:sms"]


def test_notices_of_a_route_that_left_the_settings_are_given_up_visibly(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:old", "a1:3:old")
    done = deliverer(records, clock, {"sms": receiver()}).run_once(clock.now())
    assert (done, stored(records, "a1:3:old").error) == (Delivered(failed=2), "route old is no longer in the settings")


def test_one_route_can_be_run_by_itself(records: Records, clock: ManualClock) -> None:
    put(records, "a1:2:sms", "a1:2:mail")
    sms, mail = receiver(), receiver()
    deliverer(records, clock, {"sms": sms, "mail": mail}).run_route("mail", clock.now())
    assert (sms.keys, mail.keys) == ([], ["a1:2:mail"])


def test_flood_is_sent_in_bounded_runs(records: Records, clock: ManualClock) -> None:
    put(records, *(f"a{n}:2:sms" for n in range(AT_ONCE + 5)))
    delivery = deliverer(records, clock, {"sms": receiver()})
    assert [delivery.run_once(clock.now()).sent for _ in range(3)] == [AT_ONCE, 5, 0]


@given(tries=st.integers(1, 10_000))
def test_back_off_grows_up_to_the_longest_and_never_beyond(tries: int) -> None:
    wait_s, next_wait_s = back_off_s(tries, SETTINGS), back_off_s(tries + 1, SETTINGS)
    assert SETTINGS.first_retry <= wait_s <= next_wait_s <= SETTINGS.longest_retry
    assert next_wait_s in {2 * wait_s, SETTINGS.longest_retry}


def test_each_move_of_an_alert_reaches_webhook_and_mail_once(
    records: Records, clock: ManualClock, writer: NoticeWriter
) -> None:
    card = RuleCard(id="noise-zone", zh="噪声", en="Noise", severity=Severity.RED, clause=CLAUSE, kind="limit")
    routes = [RouteSettings(id="hook"), RouteSettings(id="mail")]
    service = AlertService(
        records, cards={card.id: card}, planner=NoticePlanner(routes=routes, writer=writer), clock=clock
    )
    with webhook(500) as hook, mailbox() as box:
        delivery = deliverer(records, clock, {"hook": AppriseChannel(hook.url), "mail": AppriseChannel(box.url)})
        for sequence, what in enumerate((Signal.VIOLATED, Signal.HELD, Signal.HELD, Signal.CLEARED), start=1):
            signal = Transition(
                rule=card.id, target=METER, signal=what, at=clock.now(), since=NOON, evidence=evidence_of()
            )
            service.record(Journalled(sequence=sequence, settlement=TICK), [signal])
            for _ in range(15):
                delivery.run_once(clock.now())
                clock.advance(timedelta(seconds=1))
    taken = [content["title"] for _, content in hook.requests[1:]]
    assert ["发生" in taken[0], "恢复" in taken[1], len(taken)] == [True, True, 2]
    assert [mail["Subject"] for mail in box.mails] == taken


NOBODY = Vocabulary(devices=(), metrics=())
TICK = Settlement(now=0, readings=batch_of(NOBODY, device=[], metric=[], at=[], value=[]))
