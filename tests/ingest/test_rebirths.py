"""An edge node whose birth we lack is asked for it: once, later than at once, and only where the settings say so."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from domain.messages import Message
from ingest.formats.choosing import Formats, choice_of
from ingest.formats.sparkplug import open_sparkplug
from ingest.formats.sparkplug_payload import parsed_payload
from ingest.rebirths import MOST_AT_ONCE, PATIENCE_S, Rebirths
from ingest.sessions.bulk import BulkSession
from ingest.sessions.link import Publication
from ingest.sessions.outgoing import published
from ingest.sessions.paho import PahoSession
from ingest.settings import FeedSettings, IngestSettings, SparkplugSettings
from runtime.clock import ManualClock, SystemClock
from tests.ingest.brokers import BrokerProcess, embedded_in, mosquitto_in
from tests.ingest.fakes import NOON, NOW, small_city
from tests.ingest.running import is_subscribed, wait_for
from tests.ingest.sparkplug_edge import DOUBLE, metric, node_birth, said

LAEQ = metric("laeq", alias=7, datatype=DOUBLE, double_value=50.0)
BY_ALIAS = metric(alias=7, double_value=51.0)
UNKNOWN = metric(alias=9, double_value=51.0)
BIRTH = node_birth()
COMMAND = "spBv1.0/city/NCMD/edge"


class Bench:
    """A decoder with its wishes, on a clock that is moved by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.rebirths = Rebirths(SparkplugSettings(rebirth=True), self.clock)
        openers = {"sparkplug-b": lambda: open_sparkplug(self.rebirths)}
        self.formats = Formats(choice_of(IngestSettings(), small_city(), openers))

    def hear(self, *messages: Message) -> None:
        for one in messages:
            self.formats.decode(one)

    def topics(self, *, after_s: float = PATIENCE_S) -> Sequence[str]:
        self.clock.advance(timedelta(seconds=after_s))
        return [one.topic for one in self.rebirths.take()]


@pytest.mark.parametrize(
    "messages",
    [
        [said("NDATA", [BY_ALIAS], seq=4)],
        [said("NDATA", [LAEQ], seq=4)],
        [said("DDATA", [LAEQ], seq=4)],
        [said("DBIRTH", [LAEQ], seq=4)],
        [BIRTH, said("DDATA", [BY_ALIAS], seq=1)],
        [BIRTH, said("DBIRTH", [LAEQ], seq=1), said("DDATA", [UNKNOWN], seq=2)],
        [BIRTH, said("DBIRTH", [LAEQ], seq=1), said("DDATA", [BY_ALIAS], seq=3)],
    ],
    ids=["alias", "name", "device", "birth of a device alone", "no birth of a device", "unknown alias", "gap"],
)
def test_who_lacks_a_birth_or_a_message_asks_the_edge_node(messages: Sequence[Message]) -> None:
    bench = Bench()
    bench.hear(*messages)
    assert bench.topics() == [COMMAND]


@pytest.mark.parametrize(
    "messages",
    [
        [BIRTH, said("DBIRTH", [LAEQ], seq=1), said("DDATA", [BY_ALIAS], seq=2), said("DDATA", [LAEQ], seq=3)],
        [said("NDEATH", seq=None)],
        [said("NCMD", [UNKNOWN], seq=None)],
        [said("NDATA", [UNKNOWN], seq=4, received=NOW - 61_000_000)],
        [BIRTH, said("NDATA", [UNKNOWN], seq=4, received=NOW - 1)],
        [said("NDATA", [UNKNOWN], seq=4), BIRTH],
    ],
    ids=["all is known", "a death", "a command", "long ago", "before the birth", "the birth was on its way"],
)
def test_who_lacks_nothing_asks_nobody(messages: Sequence[Message]) -> None:
    bench = Bench()
    bench.hear(*messages)
    assert (bench.topics(), bench.rebirths.asked) == ([], 0)


def test_a_node_is_not_asked_at_once_nor_again_before_its_time() -> None:
    bench = Bench()
    bench.hear(said("NDATA", [UNKNOWN], seq=4))
    assert bench.topics(after_s=PATIENCE_S / 2) == []
    bench.hear(said("NDATA", [UNKNOWN], seq=5))
    assert bench.topics(after_s=PATIENCE_S / 2) == [COMMAND]
    for _ in range(5):
        bench.hear(said("NDATA", [UNKNOWN], seq=6, received=bench.clock.micros()))
        assert bench.topics(after_s=55) == []
    bench.clock.advance(timedelta(seconds=30))
    bench.hear(said("NDATA", [UNKNOWN], seq=6, received=bench.clock.micros()))
    assert bench.topics() == [COMMAND]
    assert bench.rebirths.asked == 2


def test_a_whole_city_is_asked_bit_by_bit() -> None:
    clock = ManualClock(NOON)
    rebirths = Rebirths(SparkplugSettings(rebirth=True), clock)
    for number in range(MOST_AT_ONCE + 5):
        rebirths.want(f"spBv1.0/city/NCMD/{number}", received=NOW)
    clock.advance(timedelta(seconds=PATIENCE_S))
    assert [len(rebirths.take()), len(rebirths.take())] == [MOST_AT_ONCE, 0]
    clock.advance(timedelta(seconds=1))
    assert len(rebirths.take()) == 5


def test_the_command_says_what_the_specification_wants_behind_the_prefix_of_a_bridge_too() -> None:
    bench = Bench()
    heard = said("NDATA", [UNKNOWN], seq=4)
    bench.hear(Message(feed="city", topic=f"site/{heard.topic}", payload=heard.payload, received=NOW))
    bench.clock.advance(timedelta(seconds=PATIENCE_S))
    [(topic, content)] = bench.rebirths.take()
    [wish] = parsed_payload(content).metrics
    assert topic == f"site/{COMMAND}"
    assert (wish.name, wish.datatype, wish.boolean_value) == ("Node Control/Rebirth", 11, True)
    assert parsed_payload(content).timestamp == wish.timestamp == bench.clock.micros() // 1000


@pytest.mark.parametrize(("is_5", "head"), [(True, b"\x30\xcf\x01\x00\x01t\x00"), (False, b"\x30\xce\x01\x00\x01t")])
def test_a_publication_is_a_packet_of_qos_0(is_5: bool, head: bytes) -> None:
    packet = published([Publication("t", b"x" * 203)], is_5=is_5)
    assert packet == head + b"x" * 203


@pytest.fixture(params=[mosquitto_in, embedded_in], ids=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> BrokerProcess:
    process: BrokerProcess = request.param(tmp_path).start()
    request.addfinalizer(lambda: process.stop(kill=True))
    return process


@pytest.mark.service
@pytest.mark.parametrize(
    ("make", "protocol"), [(BulkSession, "5"), (PahoSession, "5"), (PahoSession, "3.1.1")], ids=["bulk", "paho-5", "3"]
)
def test_the_wish_reaches_the_edge_node_through_a_broker(
    make: type[BulkSession] | type[PahoSession], protocol: str, broker: BrokerProcess
) -> None:
    bench = Bench()
    feed = FeedSettings(topics=("spBv1.0/#",))
    ours = make(broker.settings(protocol=protocol, client_id="ours"), (feed,), SystemClock()).carries(bench.rebirths)
    node = PahoSession(broker.settings(client_id="node"), (FeedSettings(topics=(COMMAND,)),), SystemClock())
    wishes: list[Message] = []

    def both() -> bool:
        bench.hear(*ours.receive(wait_s=0.1))
        wishes.extend(node.receive(wait_s=0.1))
        return bool(wishes)

    wait_for(lambda: both() or (is_subscribed(ours) and is_subscribed(node)), "two subscriptions")
    both()
    bench.hear(said("NDATA", [UNKNOWN], seq=4))
    bench.clock.advance(timedelta(seconds=PATIENCE_S))
    wait_for(both, "the wish")
    ours.close()
    node.close()
    assert [(one.topic, one.retain) for one in wishes] == [(COMMAND, False)]
    assert [one.name for one in parsed_payload(wishes[0].payload).metrics] == ["Node Control/Rebirth"]
