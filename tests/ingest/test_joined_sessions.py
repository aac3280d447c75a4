"""A broker and listeners behind one port: nobody starves, nobody is answered for another, and waiting ends at once."""

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from time import monotonic, sleep

import pytest

from domain.messages import Message
from ingest.sessions.bulk_connection import BulkConnection
from ingest.sessions.joined import Bell, JoinedSession
from ingest.sessions.link import LinkState, Publication
from ingest.sessions.opening import open_session
from ingest.sessions.redialled import RedialledSession
from ingest.settings import BrokerSettings, FeedSettings, IngestSettings
from runtime.clock import ManualClock, SystemClock
from tests.free_ports import free_port
from tests.ingest.fakes import NOON
from tests.ingest.running import wait_for


def message(feed: str, token: int = 1) -> Message:
    return Message(feed=feed, topic="t", payload=b"x", received=0, token=token)


class Scripted:
    """domain.ports.Session that hands over what it is given; it waits as a connection does, in the caller's thread."""

    def __init__(self, *, connected: bool = True, bell: Bell | None = None, feed: str = "city") -> None:
        self.feed = feed
        self.waiting: list[Message] = []
        self.acknowledged: list[Message] = []
        self.waits: list[float] = []
        self.connected = connected
        self.is_closed = False
        self._bell = bell

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        self.waits.append(wait_s)
        if not self.waiting and wait_s > 0:
            (self._bell.pause if self._bell and not self.connected else sleep)(wait_s)
        taken, self.waiting = self.waiting, []
        return taken

    def acknowledge(self, messages: Sequence[Message]) -> None:
        self.acknowledged.extend(messages)

    def is_connected(self) -> bool:
        return self.connected

    def connections(self) -> Mapping[str, bool]:
        return {self.feed: self.connected}

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("connected", [True, False])
def test_what_a_listener_gets_is_handed_over_at_once_whether_the_broker_is_there_or_not(connected: bool) -> None:
    bell = Bell()
    broker, listener = Scripted(connected=connected, bell=bell), Scripted()
    joined = JoinedSession(broker, [listener], SystemClock(), bell)
    delays = []
    for _ in range(5):
        sent = threading.Event()

        def arrive(sent: threading.Event = sent) -> None:
            sleep(0.05)  # until it is waited for, most likely
            listener.waiting.append(message("hj212"))
            bell.ring()
            sent.at = monotonic()  # type: ignore[attr-defined]  # carried to the assertion
            sent.set()

        threading.Thread(target=arrive).start()
        assert len(joined.receive(wait_s=60.0)) == 1
        delays.append(monotonic() - sent.at)  # type: ignore[attr-defined]  # as above
    assert min(delays) < 5  # nobody who waits for the broker alone would be back before a minute


def test_both_are_heard_in_one_reach_and_each_gets_its_own_acknowledgements() -> None:
    broker, one, two = Scripted(), Scripted(), Scripted()
    joined = JoinedSession(broker, [one, two], SystemClock(), Bell())
    for session, feed in ((broker, "city"), (one, "a"), (two, "b")):
        session.waiting = [message(feed, token) for token in (1, 2)]
    messages = joined.receive(wait_s=0)
    joined.acknowledge(messages)
    assert sorted(m.feed for m in messages) == ["a", "a", "b", "b", "city", "city"]
    for session, feed in ((broker, "city"), (one, "a"), (two, "b")):
        assert [(m.feed, m.token) for m in session.acknowledged] == [(feed, 1), (feed, 2)]


def test_a_broker_that_is_away_is_tried_however_busy_the_listeners_are() -> None:
    broker, listener = Scripted(connected=False, bell=(bell := Bell())), Scripted()
    joined = JoinedSession(broker, [listener], SystemClock(), bell)
    for _ in range(3):
        listener.waiting = [message("a")]
        bell.ring()
        joined.receive(wait_s=0)
    wait_for(lambda: bool(broker.waits), "an attempt")
    assert set(broker.waits) == {1.0}


class Unanswering(Scripted):
    """A host that takes a connection and says nothing, until it is let go."""

    def __init__(self) -> None:
        super().__init__(connected=False)
        self.answers = threading.Event()

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        self.waits.append(wait_s)
        self.answers.wait(120)
        return super().receive(wait_s=0)


def test_a_host_that_answers_nothing_does_not_slow_the_listeners() -> None:
    broker, listener = Unanswering(), Scripted(feed="hj212")
    joined = JoinedSession(broker, [listener], SystemClock(), Bell())
    began = monotonic()
    for _ in range(100):
        listener.waiting = [message("hj212")]
        assert [one.feed for one in joined.receive(wait_s=1.0)] == ["hj212"]
    took = monotonic() - began
    wait_for(lambda: bool(broker.waits), "an attempt")
    assert (joined.connections(), broker.waits) == ({"city": False, "hj212": True}, [1.0])
    broker.answers.set()
    joined.close()
    assert took < 60  # in its thread the broker would still hold up the first


def test_what_the_broker_brings_when_it_is_back_is_handed_over_and_answered_there() -> None:
    broker, listener = Unanswering(), Scripted(feed="hj212")
    joined = JoinedSession(broker, [listener], SystemClock(), Bell())
    listener.waiting = [message("hj212")]
    joined.receive(wait_s=0)
    joined.acknowledge([message("city", 7)])  # of the connection that is lost
    broker.waiting, broker.connected = [message("city", 8)], True
    broker.answers.set()
    messages = joined.receive(wait_s=60.0)
    joined.acknowledge(messages)
    assert [one.token for one in broker.acknowledged] == [8]
    assert joined.connections() == {"city": True, "hj212": True}


def test_what_goes_wrong_while_the_broker_is_reached_for_is_raised_where_the_session_is_asked() -> None:
    class Failing(Scripted):
        def receive(self, *, wait_s: float) -> Sequence[Message]:
            raise RuntimeError("no session of mine")

    joined = JoinedSession(Failing(connected=False), [Scripted(feed="hj212")], SystemClock(), Bell())
    with pytest.raises(RuntimeError, match="no session of mine"):
        joined.receive(wait_s=60.0)


def test_listeners_of_one_feed_are_there_when_all_of_them_are() -> None:
    ports = [Scripted(feed="hj212"), Scripted(feed="hj212", connected=False), Scripted(feed="noise")]
    joined = JoinedSession(Scripted(), ports, SystemClock(), Bell())
    assert joined.connections() == {"city": True, "hj212": False, "noise": True}


def test_the_whole_is_connected_when_all_are_and_closes_all() -> None:
    broker, listener = Scripted(), Scripted(connected=False)
    joined = JoinedSession(broker, [listener], SystemClock(), Bell())
    assert not joined.is_connected()
    joined.close()
    assert (broker.is_closed, listener.is_closed) == (True, True)


def test_a_host_that_answers_nothing_keeps_nobody_waiting_even_at_the_end() -> None:
    broker = Unanswering()
    joined = JoinedSession(broker, [], SystemClock(), Bell())
    began = monotonic()
    assert [joined.receive(wait_s=0.05) for _ in range(3)] == [[], [], []]
    joined.close()
    took = monotonic() - began
    assert took < 60  # the host takes twice as long
    assert not broker.is_closed
    broker.answers.set()
    wait_for(lambda: broker.is_closed, "the attempt that was left behind to close the broker")


def test_a_broker_without_listeners_is_waited_for_in_one_piece() -> None:
    broker = Scripted()
    broker.waiting = [message("city")]
    JoinedSession(broker, [], SystemClock(), Bell()).receive(wait_s=600.0)
    assert broker.waits == [pytest.approx(600.0, abs=60.0)]


class Slow:
    """A link that notes how long it may take to connect; it is accepted at the first look."""

    def __init__(self) -> None:
        self.state = LinkState()
        self.allowed = 0.0
        self.looks = 0

    def open(self, *, timeout_s: float) -> None:
        self.allowed = timeout_s

    def pump(self, *, wait_s: float, most: int) -> Sequence[Message]:
        self.looks += 1
        self.state.is_accepted = True
        return []

    def subscribe(self, topics: Sequence[str]) -> None: ...

    def acknowledge(self, messages: Sequence[Message]) -> None: ...

    def publish(self, publications: Sequence[Publication]) -> None: ...

    def close(self, *, because: str = "closed by us") -> None:
        self.state.end(because)


class Ticking(ManualClock):
    """Each look at it takes ten milliseconds."""

    def monotonic(self) -> float:
        self.advance(timedelta(milliseconds=10))
        return super().monotonic()


@pytest.mark.parametrize(("patient", "allowed"), [(True, 10.0), (False, 0.2)])
def test_a_slow_line_has_the_time_to_connect_that_was_set(patient: bool, allowed: float) -> None:
    link = Slow()
    session = RedialledSession(BrokerSettings(), [FeedSettings()], Ticking(NOON), lambda _: link)
    if patient:
        session.takes_its_time()
    session.receive(wait_s=0.2)
    assert link.allowed == pytest.approx(allowed, abs=0.05)
    assert session.is_connected()
    assert (link.looks == 1) is patient  # it says so at once, or looks for messages until its time is over


def test_settings_open_a_session_that_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    calm = {"broker": {"port": free_port(), "connect_timeout": "7s", "session": "bulk"}}
    asked: list[float] = []
    monkeypatch.setattr(BulkConnection, "open", lambda _, timeout_s: asked.append(timeout_s))
    session = open_session(IngestSettings.model_validate(calm), SystemClock())
    wait_for(lambda: not session.receive(wait_s=0.1) and bool(asked), "an attempt")
    session.close()
    assert asked[0] == 7.0


@pytest.mark.parametrize(
    "listeners",
    [
        [{"kind": "hj212", "port": 9212, "feed": "city"}],
        [{"kind": "hj212", "port": 9212}, {"kind": "hj212", "port": 9212, "feed": "b"}],
        [{"kind": "hj212", "port": 9212, "password": "a", "password_file": "b"}],
        [{"kind": "modbus", "port": 9212}],
    ],
    ids=["a feed of the broker", "one port twice", "two passwords", "unknown kind"],
)
def test_listeners_that_cannot_be_are_refused(listeners: object) -> None:
    with pytest.raises(ValueError, match="listener"):
        IngestSettings.model_validate({"listeners": listeners})
