"""What is fuzzed: every format by its decoder, the choice among them, codecs, both streams, and the whole intake."""

import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from mqtt5 import PublishPacket, QoS

from config.catalogue import load_catalogue
from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Message
from ingest.codecs.table import CODECS
from ingest.formats.choosing import FormatChoice, Formats, mapping_formats
from ingest.formats.hj212.answers import answer_to
from ingest.formats.table import FORMATS
from ingest.pipeline import Pipeline
from ingest.sessions.bulk_incoming import Care, Incoming
from ingest.sessions.feeds import FeedOfTopic
from ingest.sessions.hj212_connection import StationConnection
from ingest.settings import FeedSettings, IngestSettings, LimitSettings
from ingest.statistics import Statistics
from tests.fuzz import promises
from tests.fuzz.seeds import Sent, of_all, of_format
from tests.ingest.fakes import NOW
from tests.ingest.voices import ALIASES, MAPPING, town

Features = Iterator[str]
"""What was remarkable about a run, one word each: an input that shows a new one is worth keeping."""

_MOST_IN_A_FRAME = 20_000
_LOCAL = Dialect(timezone="Asia/Shanghai", decimal_comma=True, metrics={"5": "laeq", "Power": "lamp_on", "WF": "rain"})
_NAMES = (*ALIASES, "NM-0001", "24e124126a229e1b", "0101010101010101", "24e124329e090021", "70b3d554600002e7")


@dataclass(frozen=True, slots=True)
class Target:
    """`run` raises whatever goes wrong; what is refused as it should be is a feature like any other."""

    name: str
    seeds: Sequence[Sent]
    run: Callable[[Sent, Random], Features]


def targets() -> list[Target]:
    """All; each with a memory of its own."""
    mapping = mapping_formats((MAPPING,))
    return [
        *(Target(one.name, of_format(one.name), _decoding(one.name)) for one in (*FORMATS, *mapping)),
        Target("auto", of_all(), _decoding(None)),
        *(Target(f"codec:{name}", _of_codecs(), _codec(name)) for name in CODECS),
        Target("hj212-listener", of_format("hj212"), _station),
        Target("bulk-incoming", _packets(), _incoming),
        Target("pipeline", of_all(), _settling()),
    ]


@cache
def _dialects() -> dict[str, Dialect]:
    names = sorted(CODECS)
    codecs = [Dialect(codec=name, installed=(0.0, 0.0, 90.0)) for name in names]
    spoken = [_LOCAL, *codecs]
    return {name.lower(): spoken[place % len(spoken)] for place, name in enumerate(_NAMES)} | {"NM-0001": _LOCAL}


def _formats(name: str | None) -> Formats:
    table = (*mapping_formats((MAPPING,)), *FORMATS)
    by_feed = {} if name is None else {"city": name}
    return Formats(FormatChoice(table=table, by_feed=by_feed, dialects=_dialects()))


def _message(sent: Sent, draw: Random) -> Message:
    return Message("city", sent.topic, sent.payload, NOW + draw.randrange(3_000_000_000), retain=draw.random() < 0.05)


def _decoding(name: str | None) -> Callable[[Sent, Random], Features]:
    formats = _formats(name)

    def run(sent: Sent, draw: Random) -> Features:
        message = _message(sent, draw)
        try:
            decoded = formats.decode(message)
        except Unusable as problem:
            yield f"{problem.reason} {promises.of_refusal(problem.detail)}"
        else:
            yield from promises.of_decoded(decoded, LimitSettings())
        yield f"format {formats.format_of(message)}"

    return run


def _codec(name: str) -> Callable[[Sent, Random], Features]:
    def run(sent: Sent, draw: Random) -> Features:
        try:
            for value in CODECS[name](sent.payload, draw.choice((None, 0, 85, 255))):
                yield f"{value.code} {type(value.value).__name__}"
        except Unusable as problem:
            yield f"{problem.reason} {promises.of_refusal(problem.detail[: promises.LONGEST_DETAIL])}"

    return run


def _of_codecs() -> list[Sent]:
    """A sound level, an angle, and both with a battery, as the vendors' examples have them."""
    examples = (
        "0175640505 5b 05 6c 01 72 01 7a 01",
        "03cf 8e05 0a06 1cf8 07",
        "ff0b ff ff01 01 ff16 6723a12345678901",
        "",
    )
    return [Sent("", bytes.fromhex(text)) for text in examples]


def _station(sent: Sent, draw: Random) -> Features:
    """One connection of a station, whose bytes come in pieces of any length."""
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        connection = StationConnection(here, "station", now=0.0)
        rest = sent.payload
        while rest and not connection.is_over:
            size = draw.choice((1, 7, 100, 1460, 60_000))
            there.sendall(rest[:size] if len(rest) < _MOST_IN_A_FRAME else rest[:60_000])
            rest = rest[size:] if len(rest) < _MOST_IN_A_FRAME else rest[60_000:]
            for arrival in connection.read(now=1.0):
                if len(arrival.content) > _MOST_IN_A_FRAME:
                    raise promises.BrokenPromise(f"a frame of {len(arrival.content)} bytes")
                yield f"frame {arrival.packet is not None}"
                answer = answer_to(arrival.packet) if arrival.packet else None
                yield f"answer {answer is not None}"
        yield connection.ended_because


def _packets() -> list[Sent]:
    """Whole packets of MQTT 5: the fuzzer bends the bytes of the stream itself."""
    packets = [
        PublishPacket(sent.topic or "a", sent.payload, qos=QoS.AT_LEAST_ONCE, packet_id=7).write() for sent in of_all()
    ]
    return [Sent("", one) for one in [*packets, b"".join(packets[:5]), b"\x20\x03\x00\x00\x00" + packets[0]]]


def _incoming(sent: Sent, draw: Random) -> Features:
    reader = Incoming(FeedOfTopic((FeedSettings(),)), number=1, care=Care(lambda: 0.0))
    rest = sent.payload
    while rest and not reader.broken:
        room = reader.room()
        size = min(len(room), len(rest), draw.choice((1000, 100_000)))
        room[:size] = rest[:size]
        rest = rest[size:]
        reader.filled(size)
        while True:
            for message in reader.messages(received=NOW, most=500):
                yield f"topic {message.qos} {message.redelivered} {bool(message.payload)}"
            yield from (type(packet).__name__ for packet in reader.others)
            reader.others.clear()
            if not reader.may_hold_more:
                break
    yield f"broken {reader.broken[:20]}"


def _settling() -> Callable[[Sent, Random], Features]:
    """The intake from the bytes to the settlement, several messages at a time; it remembers as it does in service."""
    settings = IngestSettings()
    statistics = Statistics([feed.id for feed in settings.feeds])
    pipeline = Pipeline(town(), load_catalogue()[0], settings, statistics=statistics, formats=_formats(None))
    usual = of_all()

    def run(sent: Sent, draw: Random) -> Features:
        others = draw.choices(usual, k=draw.choice((0, 0, 1, 4)))
        messages = [_message(one, draw) for one in (sent, *others, *draw.choices((sent,), k=draw.choice((0, 0, 2))))]
        yield from promises.of_settlement(pipeline.settle(messages, NOW), messages)

    return run
