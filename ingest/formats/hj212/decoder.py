"""Decodes HJ 212 of 2005 and 2017: one or more frames in one message, from a listener or through MQTT."""

import contextlib
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from config.codes import shipped_codes
from config.durations import parse_duration
from domain.codes import Meaning
from domain.devices import Dialect
from domain.errors import Unusable
from domain.instants import MICROS_PER_S
from domain.messages import Message, Reason
from domain.readings import Quality
from ingest.formats.decoded import Decoded, Dialects, Reject
from ingest.formats.hj212.content import Sample, samples_of
from ingest.formats.hj212.coverage import Coverage
from ingest.formats.hj212.crc import Check
from ingest.formats.hj212.framing import Piece, cut, why_none
from ingest.formats.hj212.keeping import Ended, Kept, KeptParts
from ingest.formats.hj212.packet import FIRST_ENCRYPTED_VERSION, Packet, opened
from ingest.formats.hj212.parts import GivenUp, Joined, Parts
from ingest.formats.hj212.saying import Speaker, Tale, say
from ingest.formats.names import device_name
from ingest.formats.telling import Moment
from ingest.formats.times import of_digits

BEIJING = "Etc/GMT-8"
"""UTC+8 all year round, whatever China's clocks did in other decades."""
MIN_INTERVAL = "MinInterval"
"""Stands in a dialect's `units` for the length of the minute data (CN 2051): `MinInterval: 5m`."""
JOURNALLED_AFTER_S = 60.0
"""Messages of one batch arrive within a fraction of this, and no batch is begun before the last one is journalled."""
_USUAL_MIN_INTERVAL_S = 600.0
_SPANS_S = {"2011": 0.0, "2061": 3600.0, "2031": 86_400.0}
_DATA = frozenset(_SPANS_S) | {"2051"}
_LOOKS = re.compile(rb"\s*##\d{3,4}\s*[A-Za-z]")
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """What of a packet is said in one go; `text` is its content, or that of several parts."""

    packet: Packet
    text: str
    identity: str | None


def looks_like(message: Message) -> bool:
    return _LOOKS.match(message.payload) is not None


class Hj212:
    """Remembers parts of split packets that wait for each other, and which intervals were told already. One thread.

    `kept` holds those parts over a kill; without it they are lost with the process.
    """

    def __init__(self, kept: KeptParts | None = None) -> None:
        self._codes: Mapping[str, Meaning] = shipped_codes("hj212")
        self._coverage = Coverage()
        self._parts = Parts()
        self._kept = kept
        self._ended: deque[Ended] = deque()
        for one in kept.recall() if kept is not None else ():
            match one:
                case Ended():
                    self._parts.end(one.key)
                case Kept():
                    with contextlib.suppress(Unusable):  # of a version that read more than this one
                        self._parts.restore(opened(one.frame), received=one.received)

    def decode(self, message: Message, dialects: Dialects) -> Sequence[Decoded]:
        """What all frames of the message say; a bad one does not lose the others. Never raises."""
        pieces, _ = cut(message.payload, is_all=True)
        decoded = [one for piece in pieces for one in self._piece(piece, message, dialects)]
        decoded.extend(self._overdue(message, dialects))
        self._note_ends(message)
        return decoded

    def _note_ends(self, message: Message) -> None:
        """Sets that ended with an earlier message, whose batch stands in the journal by now."""
        ended, self._parts.ended = self._parts.ended, []
        if self._kept is None:
            return
        self._ended.extend(Ended(received=message.received, key=key) for key in ended)
        while self._ended and message.received - self._ended[0].received >= JOURNALLED_AFTER_S * MICROS_PER_S:
            self._kept.end(self._ended.popleft())

    def _piece(self, piece: Piece, message: Message, dialects: Dialects) -> Sequence[Decoded]:
        if not piece.is_frame:
            return [_rejected("", Reason.WRONG_SHAPE, why_none(piece.content))]
        try:
            packet = opened(piece.content)
            device = device_name(packet.mn)
        except Unusable as problem:
            return [_rejected("", problem.reason, problem.detail)]
        if packet.cn not in _DATA:
            return []
        if packet.version >= FIRST_ENCRYPTED_VERSION:
            detail = f"MN={packet.mn[:_SHOWN]} CN={packet.cn} Flag={packet.flag}: HJ 212-2025, encrypted, no key"
            return [_rejected(device, Reason.ENCRYPTED, f"{detail}; set the station to HJ 212-2017")]
        speaker = self._speaker(dialects(device), message)
        decoded = [_decoded(one, speaker) for one in self._contents(packet, message)]
        if packet.parts > 1 and self._kept is not None:
            # A part that was read, and the last one, come again if we are killed before the journal has them.
            kept = Kept(received=message.received, frame=piece.content)
            self._kept.keep(kept, surely=not decoded)
        return decoded

    def _contents(self, packet: Packet, message: Message) -> Iterator[_Content]:
        if packet.parts == 1:
            yield _Content(packet=packet, text=packet.content, identity=_identity(packet, packet.content))
            return
        for joined in self._parts.take(packet, received=message.received):
            yield _Content(packet=packet, text=joined.text, identity=_identity(joined.packet, joined.text))

    def _overdue(self, message: Message, dialects: Dialects) -> Iterator[Decoded]:
        for one in self._parts.overdue(received=message.received):
            device = device_name(one.packet.mn)
            match one:
                case Joined():
                    content = _Content(packet=one.packet, text=one.text, identity=None)
                    yield _decoded(content, self._speaker(dialects(device), message))
                case GivenUp():
                    yield _rejected(device, Reason.WRONG_SHAPE, one.detail, readings=one.readings)

    def _speaker(self, dialect: Dialect, message: Message) -> Speaker:
        return Speaker(codes=self._codes, dialect=dialect, coverage=self._coverage, received=message.received)


def _rejected(device: str, reason: Reason, detail: str, *, readings: int = 1) -> Decoded:
    return Decoded(device=device, measurements=(), rejects=(Reject(reason=reason, detail=detail, readings=readings),))


def _identity(packet: Packet, text: str) -> str | None:
    """MN and QN name a packet; the rest is for stations whose QN stands still."""
    if not packet.qn.strip("0"):
        return None
    return "/".join((packet.qn, packet.cn, str(packet.part), text.partition(";")[0].strip()))[:200]


def _decoded(content: _Content, speaker: Speaker) -> Decoded:
    packet, dialect = content.packet, speaker.dialect
    telling = Tale(
        device=device_name(packet.mn),
        codes=speaker.codes,
        dialect=dialect,
        moment=Moment(at=None),
        identity=content.identity,
    )
    for notice in packet.notices:
        telling.skip("CRC", notice)
    timed = [(sample, _end(packet, sample, dialect, telling)) for sample in samples_of(content.text)]
    newest = max((end for _, end in timed if end is not None), default=None)
    for sample, end in timed:
        if end is not None:
            telling.moment = _moment(packet, end, dialect, is_newest=end == newest)
            say(telling, sample, speaker)
    return telling.decoded()


def _moment(packet: Packet, end: int, dialect: Dialect, *, is_newest: bool) -> Moment:
    """Of several times in one packet only the newest is news; the others are filled in later (back-fill)."""
    quality = Quality.GOOD if packet.check is Check.EXACT else Quality.UNCERTAIN
    return Moment(at=end, span_s=_span_s(packet.cn, dialect), quality=quality, live=is_newest)


def _end(packet: Packet, sample: Sample, dialect: Dialect, telling: Tale) -> int | None:
    """DataTime is the instant of 2011, and the start of the interval elsewhere. None: rejected, and said."""
    count = max(1, len(sample.factors))
    if sample.time is None:
        if sample.factors:
            telling.reject(Reason.BAD_TIME, "no DataTime before the values; mend the station", readings=count)
        return None
    try:
        start = of_digits(sample.time, BEIJING)
        assert start is not None, "a zone is given"
        return start + round(_span_s(packet.cn, dialect) * MICROS_PER_S)
    except Unusable as problem:
        telling.reject(problem.reason, f"DataTime {problem.detail}", readings=count)
        return None


def _span_s(cn: str, dialect: Dialect) -> float:
    if cn in _SPANS_S:
        return _SPANS_S[cn]
    try:
        return parse_duration(dialect.units[MIN_INTERVAL]) if MIN_INTERVAL in dialect.units else _USUAL_MIN_INTERVAL_S
    except ValueError as exc:
        raise Unusable(Reason.BAD_TIME, f"the dialect's {MIN_INTERVAL}: {exc}") from exc
