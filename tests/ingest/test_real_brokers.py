"""The intake against real brokers: nothing lost, nothing doubled, whatever happens to connection, broker or journal."""

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import time_ns

import msgspec
import pytest

from domain.instants import to_micros
from domain.messages import Message
from ingest.sessions.bulk import BulkSession
from ingest.sessions.bulk_connection import BulkConnection
from ingest.sessions.paho import PahoSession
from ingest.sessions.paho_connection import PahoConnection
from ingest.sessions.redialled import RedialledSession
from ingest.settings import BrokerSettings, FeedSettings
from runtime.clock import SystemClock
from store.journal import Journal
from tests.ingest.brokers import BrokerProcess, embedded_in, mosquitto_in
from tests.ingest.fakes import METERS, FakeJournal
from tests.ingest.publisher import publish
from tests.ingest.running import RunningIntake, is_subscribed, ledger_total, stored_keys, wait_for

pytestmark = pytest.mark.service

MANY = 20_000


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerProcess]:
    process = (mosquitto_in if request.param == "mosquitto" else embedded_in)(tmp_path).start()
    yield process
    process.stop(kill=True)


@pytest.fixture(params=["5", "3.1.1"])
def protocol(request: pytest.FixtureRequest) -> str:
    """The bulk session speaks 5 and paho 3.1.1; test_session_contract.py has paho with 5."""
    return str(request.param)


def now_ms() -> int:
    return time_ns() // 1_000_000


def numbered(count: int, *, since_ms: int) -> Iterator[tuple[str, bytes]]:
    """`count` different readings of the meters, in the past minutes."""
    for number in range(count):
        content = {"t": since_ms - number, "v": {"laeq": 40 + number % 50}, "sent": since_ms}
        yield f"citybrain/v1/up/{METERS[number % len(METERS)]}", msgspec.json.encode(content)


def garbage(count: int) -> Iterator[tuple[str, bytes]]:
    dice = random.Random(7)
    for number in range(count):
        topic = dice.choice(["citybrain/v1/up/NM-0001", "citybrain/v1/batch/gw", "citybrain/v1/x", "citybrain/v1/up/?"])
        yield topic, b"\xff{" + number.to_bytes(4, "big") + dice.randbytes(dice.randrange(60))


def assert_each_once(journal: FakeJournal | Journal, count: int) -> None:
    keys = stored_keys(journal)
    assert (len(keys), len(set(keys))) == (count, count)


def test_twenty_thousand_messages_arrive_once_each_in_the_real_journal(
    broker: BrokerProcess, protocol: str, tmp_path: Path
) -> None:
    vocabulary = RunningIntake(broker.settings(protocol=protocol)).pipeline.vocabulary
    with Journal(tmp_path / "journal", vocabulary=vocabulary) as journal:
        with RunningIntake(broker.settings(protocol=protocol), journal) as intake:
            intake.wait_until_subscribed()
            publish(broker.settings(protocol=protocol), numbered(MANY, since_ms=now_ms()))
            intake.wait_for_quiet(MANY)
        assert_each_once(journal, MANY)
        messages, readings = ledger_total(journal)
        assert (messages.received, messages.imbalance, readings.imbalance) == (MANY, 0, 0)


def test_messages_wait_at_the_broker_while_we_are_away(broker: BrokerProcess, protocol: str) -> None:
    journal = FakeJournal()
    settings = broker.settings(protocol=protocol)
    with RunningIntake(settings, journal) as intake:
        intake.wait_until_subscribed()
    publish(settings, numbered(3000, since_ms=now_ms()))
    with RunningIntake(settings, journal) as intake:
        intake.wait_for_quiet(3000)
    assert_each_once(journal, 3000)


def test_connections_cut_again_and_again_lose_and_double_nothing(broker: BrokerProcess, protocol: str) -> None:
    journal = FakeJournal()
    settings = broker.settings(protocol=protocol)
    with RunningIntake(settings, journal) as intake:
        intake.wait_until_subscribed()
    publish(settings, numbered(MANY // 4, since_ms=now_ms()))
    with RunningIntake(settings, journal) as intake:
        for step in range(1, 6):
            wait_for(lambda reached=step * 600: len(stored_keys(journal)) >= reached, f"{step * 600} readings")
            cut(intake.session)
        wait_for(lambda: len(set(stored_keys(journal))) >= MANY // 4, "all of them")
    assert_each_once(journal, MANY // 4)
    assert ledger_total(journal)[0].imbalance == 0


def cut(session: RedialledSession) -> None:
    """As a network does it: no goodbye."""
    link = session._link
    with suppress(OSError):  # the session's own thread may have been quicker
        if isinstance(link, PahoConnection):
            link._socket.shutdown(2)
        elif isinstance(link, BulkConnection) and link._wire is not None:
            link._wire._socket.shutdown(2)


def test_unacknowledged_messages_come_again_and_count_as_duplicates(broker: BrokerProcess, protocol: str) -> None:
    """A crash between the journal and the acknowledgement."""
    settings = broker.settings(protocol=protocol)
    journal = FakeJournal()
    with RunningIntake(settings, journal) as first:
        first.wait_until_subscribed()
        first.session.acknowledge = lambda messages: None  # type: ignore[method-assign]  # dies before it says so
        publish(settings, numbered(10, since_ms=now_ms()))
        first.wait_for_quiet(10)
    with RunningIntake(settings, journal) as second:
        second.wait_for_quiet(10)
    assert_each_once(journal, 10)
    assert ledger_total(journal)[0].duplicate == 10


def test_garbage_on_every_topic_harms_no_good_message(broker: BrokerProcess) -> None:
    settings, journal, now = broker.settings(), FakeJournal(), now_ms()
    with RunningIntake(settings, journal) as intake:
        intake.wait_until_subscribed()
        mixed = [pair for both in zip(numbered(2000, since_ms=now), garbage(2000), strict=True) for pair in both]
        publish(settings, mixed)
        intake.wait_for_quiet(4000)
    assert_each_once(journal, 2000)
    assert ledger_total(journal)[0].quarantined == 2000


def test_mosquitto_restarted_in_the_middle_loses_and_doubles_nothing(tmp_path: Path, protocol: str) -> None:
    broker = mosquitto_in(tmp_path).start()
    journal, now, settings = FakeJournal(), now_ms(), broker.settings(protocol=protocol)
    contents = list(numbered(6000, since_ms=now))
    with RunningIntake(settings, journal) as intake:
        intake.wait_until_subscribed()
        publish(settings, contents[:3000])
        broker.stop()
        broker.start()
        publish(settings, contents[3000:])
        wait_for(lambda: len(set(stored_keys(journal))) >= 6000, "all of them")
    broker.stop(kill=True)
    assert_each_once(journal, 6000)


def test_broker_that_has_forgotten_us_gets_our_subscription_again(tmp_path: Path) -> None:
    broker = embedded_in(tmp_path).start()
    settings, journal = broker.settings(), FakeJournal()
    with RunningIntake(settings, journal) as intake:
        intake.wait_until_subscribed()
        broker.stop(kill=True)
        wait_for(lambda: not intake.is_connected(), "the loss")
        broker.start()
        intake.wait_until_subscribed()
        publish(settings, numbered(100, since_ms=now_ms()))
        intake.wait_for_quiet(100)
    broker.stop(kill=True)
    assert_each_once(journal, 100)


def test_full_disk_keeps_messages_at_the_broker_until_there_is_room(broker: BrokerProcess) -> None:
    settings, journal = broker.settings(), FakeJournal()
    with RunningIntake(settings, journal) as intake:
        intake.wait_until_subscribed()
        journal.is_full = True
        publish(settings, numbered(1000, since_ms=now_ms()))
        wait_for(lambda: journal.refused > 0, "a refusal")
        journal.is_full = False
        wait_for(lambda: len(set(stored_keys(journal))) >= 1000, "all of them")
    assert_each_once(journal, 1000)


class Receiver:
    """A bare session, driven by the test."""

    def __init__(self, settings: BrokerSettings, *feeds: FeedSettings) -> None:
        make = BulkSession if settings.protocol == "5" else PahoSession
        self.session = make(settings, feeds or (FeedSettings(),), SystemClock())

    def messages(self, count: int) -> list[Message]:
        arrived: list[Message] = []
        wait_for(lambda: arrived.extend(self.session.receive(wait_s=0.1)) or len(arrived) >= count, f"{count} messages")
        return arrived

    def connect(self) -> "Receiver":
        wait_for(lambda: bool(self.session.receive(wait_s=0.1)) or is_subscribed(self.session), "a subscription")
        return self


def test_stale_acknowledgement_never_acknowledges_a_new_message(broker: BrokerProcess, protocol: str) -> None:
    """After a reconnect the broker counts its packet identifiers from the beginning."""
    settings = broker.settings(protocol=protocol)
    receiver = Receiver(settings).connect()
    publish(settings, numbered(5, since_ms=now_ms()))
    stale = receiver.messages(5)
    cut(receiver.session)
    assert len(receiver.messages(5)) == 5
    receiver.session.acknowledge(stale)
    receiver.session.close()
    assert len(Receiver(settings).messages(5)) == 5


def test_messages_carry_their_feed_and_their_time_of_arrival(broker: BrokerProcess) -> None:
    settings = broker.settings()
    feeds = FeedSettings(id="lamps", topics=("citybrain/v1/up/L-1",)), FeedSettings(id="rest", topics=("other/#",))
    receiver = Receiver(settings, *feeds).connect()
    before = to_micros(SystemClock().now())
    publish(settings, [("citybrain/v1/up/L-1", b"a"), ("other/b", b"b")])
    messages = receiver.messages(2)
    receiver.session.close()
    assert {(one.feed, one.payload, one.qos) for one in messages} == {("lamps", b"a", 1), ("rest", b"b", 1)}
    assert all(before <= one.received <= to_micros(SystemClock().now()) for one in messages)


def test_nothing_listening_is_waited_out_within_the_time_given(tmp_path: Path) -> None:
    broker = embedded_in(tmp_path)
    clock = SystemClock()
    session = BulkSession(broker.settings(retry_longest="1h"), (FeedSettings(),), clock)
    begun = clock.monotonic()
    assert [list(session.receive(wait_s=0.1)) for _ in range(10)] == [[]] * 10
    assert 0.5 < clock.monotonic() - begun < 60


KEEPALIVE_S = 8
"""A broker has to bear half as long again: four seconds of patience with a machine that is busy elsewhere."""


def test_idle_connections_are_kept_alive(tmp_path: Path) -> None:
    """All of them through the same quiet, twice as long as the silence that a broker bears."""
    brokers = [make(_folder(tmp_path / make.__name__)).start() for make in (mosquitto_in, embedded_in)]
    sessions = [
        Receiver(broker.settings(protocol=spoken, keepalive=f"{KEEPALIVE_S}s", client_id=f"idle-{spoken}"))
        .connect()
        .session
        for broker in brokers
        for spoken in ("5", "3.1.1")
    ]
    until = SystemClock().monotonic() + 3 * KEEPALIVE_S

    def is_over() -> bool:
        came = [message for one in sessions for message in one.receive(wait_s=0.05)]
        return not came and SystemClock().monotonic() > until

    wait_for(is_over, "the end of the quiet")
    kept = [(one.is_connected(), one._links) for one in sessions]
    for session in sessions:
        session.close()
    for broker in brokers:
        broker.stop(kill=True)
    assert kept == [(True, 1)] * 4


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
