"""What domain.ports.Session promises, kept by each session with each real broker."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from structlog.testing import capture_logs

from domain.messages import Message
from ingest.sessions.bulk import BulkSession
from ingest.sessions.joined import JoinedSession
from ingest.sessions.opening import open_session
from ingest.sessions.paho import PahoSession
from ingest.sessions.version import VersionFindingSession
from ingest.settings import BrokerSettings, FeedSettings, IngestSettings
from runtime.clock import SystemClock
from tests.ingest.brokers import BrokerProcess, embedded_in, mosquitto_in
from tests.ingest.proxy import CuttingProxy
from tests.ingest.publisher import publish
from tests.ingest.running import is_subscribed, wait_for

pytestmark = pytest.mark.service

TOPIC = "citybrain/v1/up/a"
FEED = FeedSettings()


@dataclass(frozen=True, slots=True)
class Way:
    """A session and the protocol that it speaks."""

    name: str
    make: Callable[..., PahoSession | BulkSession]
    protocol: str


WAYS = [Way("bulk", BulkSession, "5"), Way("paho-5", PahoSession, "5"), Way("paho-3.1.1", PahoSession, "3.1.1")]


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerProcess]:
    process = (mosquitto_in if request.param == "mosquitto" else embedded_in)(tmp_path).start()
    yield process
    process.stop(kill=True)


@pytest.fixture(params=WAYS, ids=lambda way: way.name)
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


class Receiver:
    """A session that is read by hand."""

    def __init__(self, way: Way, settings: BrokerSettings, feed: FeedSettings = FEED) -> None:
        self.session = way.make(settings, (feed,), SystemClock())

    def connect(self) -> "Receiver":
        wait_for(lambda: bool(self.session.receive(wait_s=0.1)) or is_subscribed(self.session), "a subscription")
        return self

    def take(self, count: int, *, acknowledging: bool = True) -> list[Message]:
        """Until `count` have come."""
        taken: list[Message] = []

        def take() -> bool:
            messages = self.session.receive(wait_s=0.1)
            taken.extend(messages)
            if acknowledging:
                self.session.acknowledge(messages)
            return len(taken) >= count

        wait_for(take, f"{count} messages")
        return taken

    def rest(self) -> list[Message]:
        """What still comes within half a second; not acknowledged."""
        return [one for _ in range(5) for one in self.session.receive(wait_s=0.1)]


def numbered(count: int, *, since: int = 0) -> list[tuple[str, bytes]]:
    return [(TOPIC, b"%d" % number) for number in range(since, since + count)]


def payloads(messages: Sequence[Message]) -> list[bytes]:
    return [one.payload for one in messages]


def test_delivers_in_order_what_was_published(way: Way, broker: BrokerProcess) -> None:
    settings = broker.settings(protocol=way.protocol)
    receiver = Receiver(way, settings).connect()
    publish(settings, numbered(3000))
    messages = receiver.take(3000)
    receiver.session.close()
    assert payloads(messages) == [b"%d" % number for number in range(3000)]
    assert {(one.feed, one.topic, one.qos, one.retain) for one in messages} == {("city", TOPIC, 1, False)}


def test_what_is_not_acknowledged_comes_again_and_the_rest_does_not(way: Way, broker: BrokerProcess) -> None:
    settings = broker.settings(protocol=way.protocol)
    receiver = Receiver(way, settings).connect()
    publish(settings, numbered(10))
    messages = receiver.take(10, acknowledging=False)
    receiver.session.acknowledge(messages[:4])
    assert receiver.rest() == []  # Mosquitto reads one answer a round: a new connection would overtake them
    receiver.session.close()
    again = Receiver(way, settings).take(6)
    assert payloads(again) == payloads(messages[4:])


def test_what_was_answered_before_leaving_does_not_come_again_however_much_is_under_way(broker: BrokerProcess) -> None:
    settings, bulk = broker.settings(), WAYS[0]
    receiver = Receiver(bulk, settings).connect()
    publish(settings, numbered(6000))
    taken = receiver.take(2000)
    receiver.session.close()
    receiver = Receiver(bulk, settings)
    rest = receiver.take(6000 - len(taken))
    assert payloads([*taken, *rest, *receiver.rest()]) == payloads_of(numbered(6000))
    receiver.session.close()


def test_messages_wait_while_nobody_is_there(way: Way, broker: BrokerProcess) -> None:
    settings = broker.settings(protocol=way.protocol)
    Receiver(way, settings).connect().session.close()
    publish(settings, numbered(500))
    receiver = Receiver(way, settings)
    assert payloads(receiver.take(500)) == payloads_of(numbered(500))
    receiver.session.close()


def payloads_of(pairs: Sequence[tuple[str, bytes]]) -> list[bytes]:
    return [payload for _, payload in pairs]


def test_mosquitto_that_is_restarted_keeps_the_session(way: Way, tmp_path: Path) -> None:
    broker = mosquitto_in(tmp_path).start()
    settings = broker.settings(protocol=way.protocol)
    receiver = Receiver(way, settings).connect()
    publish(settings, numbered(15))  # it has 20 on the way at most
    with capture_logs() as logs:
        kept = receiver.take(15, acknowledging=False)
        broker.stop()
        broker.start()
        again = receiver.take(15)
        receiver.session.close()
    broker.stop(kill=True)
    assert payloads(again) == payloads(kept)
    assert [entry["resumed"] for entry in logs if entry["event"] == "broker connected"] == [True]


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"username": "nobody"}])
def test_wrong_account_is_told_and_never_raises(way: Way, broker: BrokerProcess, change: dict[str, str]) -> None:
    session = way.make(broker.settings(protocol=way.protocol, **change), (FEED,), SystemClock())
    came: list[Message] = []
    with capture_logs() as logs:

        def is_told() -> bool:
            came.extend(session.receive(wait_s=0.1))
            return any("password" in entry["event"] for entry in logs)

        wait_for(is_told, "its word about the password")
        came += [one for _ in range(5) for one in session.receive(wait_s=0.1)]
    session.close()
    assert (came, session.is_connected()) == ([], False)


def test_shared_subscription_gives_each_message_to_one_of_two(way: Way, broker: BrokerProcess) -> None:
    feed = FeedSettings(id="shared", share="engines")
    names = "one", "two"
    both = [
        Receiver(way, broker.settings(protocol=way.protocol, client_id=name), feed).connect().session for name in names
    ]
    publish(broker.settings(protocol=way.protocol), numbered(400))
    came: list[list[bytes]] = [[], []]

    def take() -> bool:
        for payloads_of_one, session in zip(came, both, strict=True):
            messages = session.receive(wait_s=0.05)
            session.acknowledge(messages)
            payloads_of_one.extend(payloads(messages))
        return len(came[0]) + len(came[1]) >= 400

    wait_for(take, "400 messages between two")
    take()
    for session in both:
        session.close()
    assert Counter(came[0] + came[1]) == Counter(payloads_of(numbered(400)))
    assert min(len(one) for one in came) > 0


@pytest.mark.parametrize("way", WAYS[:2], ids=lambda way: way.name)
def test_receive_maximum_holds_the_rest_back(way: Way, tmp_path: Path) -> None:
    """With Mosquitto; rumqttd keeps to a window of its own, and MQTT 3.1.1 has no such word."""
    broker = mosquitto_in(tmp_path).start()
    settings = broker.settings(receive_maximum=10)
    receiver = Receiver(way, settings).connect()
    publish(broker.settings(), numbered(100))
    window = receiver.take(10, acknowledging=False)
    window += receiver.rest()
    receiver.session.acknowledge(window)
    others = receiver.take(90)
    receiver.session.close()
    broker.stop(kill=True)
    assert len(window) == 10
    assert payloads(window + others) == payloads_of(numbered(100))


@pytest.mark.parametrize("payload", [b"", bytes(range(256)) * 1024], ids=["empty", "256 KiB"])
def test_payload_comes_as_it_was_sent(way: Way, broker: BrokerProcess, payload: bytes) -> None:
    settings = broker.settings(protocol=way.protocol)
    receiver = Receiver(way, settings).connect()
    publish(settings, [(TOPIC, b"before"), (TOPIC, payload), (TOPIC, b"after")])
    assert payloads(receiver.take(3)) == [b"before", payload, b"after"]
    receiver.session.close()


def test_retained_message_is_marked_and_a_live_one_is_not(way: Way, broker: BrokerProcess) -> None:
    settings = broker.settings(protocol=way.protocol)
    retain(settings, b"state")
    receiver = Receiver(way, settings)
    state = receiver.take(1)
    receiver.rest()
    publish(settings, [(TOPIC, b"live")])
    live = receiver.take(1)
    receiver.session.close()
    assert [(one.payload, one.retain) for one in state + live] == [(b"state", True), (b"live", False)]


def retain(broker: BrokerSettings, payload: bytes) -> None:
    version = MQTTProtocolVersion.MQTTv5 if broker.protocol == "5" else MQTTProtocolVersion.MQTTv311
    client = Client(CallbackAPIVersion.VERSION2, protocol=version)
    client.username_pw_set(broker.username, broker.secret())
    client.connect(broker.host, broker.port)
    client.loop_start()
    client.publish(TOPIC, payload, qos=1, retain=True).wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def test_five_thousand_messages_over_a_line_that_breaks_lose_nothing(way: Way, broker: BrokerProcess) -> None:
    direct = broker.settings(protocol=way.protocol)
    Receiver(way, direct).connect().session.close()
    publish(direct, numbered(5000))
    with CuttingProxy(direct.port, shortest=200, longest=9_000, cuts=20) as proxy:
        through = direct.model_copy(update={"port": proxy.port, "retry_first": 0.01, "retry_longest": 0.05})
        receiver = Receiver(way, through)
        came: set[bytes] = set()

        def take() -> bool:
            messages = receiver.session.receive(wait_s=0.1)
            receiver.session.acknowledge(messages)
            came.update(payloads(messages))
            return len(came) >= 5000

        wait_for(take, "5000 different messages")
        receiver.session.close()
        assert proxy.cuts_left == 0
    assert came == set(payloads_of(numbered(5000)))


@pytest.mark.parametrize("spoken", ["5", "3.1.1"])
def test_version_that_the_broker_speaks_is_found(tmp_path: Path, spoken: str) -> None:
    """rumqttd listens for each version on a port of its own, and hangs up on the other."""
    broker = embedded_in(tmp_path).start()
    known = broker.settings(protocol=spoken)
    settings = IngestSettings(broker=known.model_copy(update={"protocol": "5"}))
    with capture_logs() as logs:
        session = open_session(settings, SystemClock())
        assert isinstance(session, JoinedSession)
        finding = session._broker
        assert isinstance(finding, VersionFindingSession)
        wait_for(lambda: not session.receive(wait_s=0.1) and is_subscribed(finding._tried), "a subscription")
        publish(known, numbered(10))
        came: list[Message] = []

        def take() -> bool:
            came.extend(session.receive(wait_s=0.1))
            return len(came) >= 10

        wait_for(take, "10 messages")
        session.acknowledge(came)
        session.close()
    broker.stop(kill=True)
    told = [entry["event"] for entry in logs if "MQTT 3.1.1" in entry["event"]]
    assert len(told) == (spoken == "3.1.1")
    assert payloads(came) == payloads_of(numbered(10))
