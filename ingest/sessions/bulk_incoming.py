"""Bytes from the broker to messages, many at once: microseconds per message here are the intake's rate."""

from collections.abc import Callable
from itertools import repeat

from mqtt5 import Packet, read

from domain.messages import Message
from ingest.sessions.bulk_outline import PUBLISH, frame_length, publish_outline
from ingest.sessions.feeds import FeedOfTopic
from ingest.sessions.link import PACKET_ID_BITS

STANDARD_BUFFER = 256 * 1024
"""What one reach into the socket may bring. A larger packet grows the buffer for as long as it takes."""

CAREFUL_S = 60.0
"""After the codec has panicked messages are read by hand for so long: each panic writes lines of its own to stderr, and
a client with a broken topic sends more than one of them.
"""

_FLAGS = {PUBLISH << 4 | flags: (flags >> 1 & 3, bool(flags & 1), bool(flags & 8)) for flags in range(16)}
"""First byte of a PUBLISH: (QoS, retain, DUP)."""


class Care:
    """Whether messages are to be read by hand. `now` says seconds of real time, which go on in an accelerated city."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ends = float("-inf")

    def panicked(self) -> None:
        self._ends = self._now() + CAREFUL_S

    def holds(self) -> bool:
        return self._now() < self._ends


class Incoming:
    """Give bytes to `room()`, say how many with `filled`, then take `messages`. `number` is the connection's own.

    `care` is that of the whole session: a flood outlives a connection.
    """

    def __init__(self, feeds: FeedOfTopic, *, number: int, care: Care) -> None:
        self._feeds = feeds
        self._care = care
        self._token = number << PACKET_ID_BITS
        self._buffer = memoryview(bytearray(STANDARD_BUFFER))
        self._begin = self._end = 0
        self.others: list[Packet] = []
        """Everything that is no message, in order; the owner empties it."""
        self.broken = ""
        """Why these bytes cannot be MQTT 5; nothing more is read then."""
        self.is_older_connack = False
        """They are the answer of a broker that speaks MQTT 3."""
        self.may_hold_more = False
        """The last `messages` ended at its limit, not at the end of the bytes."""

    def room(self) -> memoryview:
        """Where the next bytes go; never empty."""
        held = self._end - self._begin
        if not held and len(self._buffer) > STANDARD_BUFFER:
            self._buffer = memoryview(bytearray(STANDARD_BUFFER))
        elif held == len(self._buffer):
            larger = memoryview(bytearray(2 * held))
            larger[:held] = self._buffer
            self._buffer = larger
        elif self._begin:
            self._buffer[:held] = self._buffer[self._begin : self._end]
        self._begin, self._end = 0, held
        return self._buffer[held:]

    def filled(self, count: int) -> None:
        self._end += count

    def messages(self, *, received: int, most: int) -> list[Message]:
        """The next messages out of the bytes, up to `most`; `received` in microseconds is stamped on all."""
        taken: list[Message] = []
        self.may_hold_more = False
        while not self.broken and self._read_on(taken, received, most):
            pass
        return taken

    def _read_on(self, taken: list[Message], received: int, most: int) -> bool:
        """One stretch of the bytes; False when there is nothing more to do now."""
        is_careful = self._care.holds()
        if is_careful and self._begin < self._end and self._buffer[self._begin] in _FLAGS:
            self.may_hold_more = len(taken) >= most
            return not self.may_hold_more and self._read_by_hand(taken, received, IndexError())
        try:
            self._decode(taken, received, 1 if is_careful else most - len(taken))
        except BaseException as exc:  # the codec panics outside of Exception over text that is not UTF-8
            is_panic = type(exc).__name__ == "PanicException"
            if not is_panic and not isinstance(exc, Exception):
                raise
            if is_panic:
                self._care.panicked()
            return self._read_by_hand(taken, received, exc)
        self.may_hold_more = self._begin < self._end
        return is_careful and self.may_hold_more

    def _decode(self, taken: list[Message], received: int, most: int) -> None:
        """Raises what the codec raises, at the packet where it does: IndexError at the end of the bytes."""
        view, begin, end = self._buffer, self._begin, self._end
        feeds, token, flags_of, add = self._feeds, self._token, _FLAGS, taken.append
        try:
            for _ in repeat(None, most):
                packet, size = read(view[begin:end])
                if (flags := flags_of.get(view[begin])) is not None:
                    topic = packet.topic  # type: ignore[union-attr]  # the first byte says PUBLISH; a check costs time
                    qos, retain, redelivered = flags
                    token_of = token | packet.packet_id if qos else 0  # type: ignore[union-attr,operator]  # likewise
                    payload = packet.payload  # type: ignore[union-attr]  # likewise
                    add(Message(feeds[topic], topic, payload, received, qos, retain, redelivered, token_of))
                else:
                    self.others.append(packet)
                begin += size
        finally:
            self._begin = begin

    def _read_by_hand(self, taken: list[Message], received: int, exc: BaseException) -> bool:
        """What the codec did not read: True when it was a message and is taken, False when reading has to stop."""
        rest = self._buffer[self._begin : self._end]
        try:
            length = frame_length(rest)
            if (length is None or length > len(rest)) and isinstance(exc, IndexError):
                return False  # not all of it has arrived
            if length is None or length > len(rest) or rest[0] >> 4 != PUBLISH:
                raise ValueError(str(exc))
            outline = publish_outline(rest[:length])
        except ValueError as told:
            self.broken = str(told)
            self.is_older_connack = rest[:2].tobytes() == b"\x20\x02"
            return False
        qos, retain, redelivered = _FLAGS[rest[0]]
        token = self._token | outline.packet_id if qos else 0
        feed = self._feeds[outline.topic]
        taken.append(Message(feed, outline.topic, outline.payload, received, qos, retain, redelivered, token))
        self._begin += length
        return True
