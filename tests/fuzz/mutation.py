"""Makes new messages of known ones, byte by byte and with the grammar of what they hold."""

from random import Random
from typing import Any

import cbor2
import msgspec
from google.protobuf.message import DecodeError

from ingest.formats.hj212.crc import checksum
from ingest.formats.sparkplug_payload import payload_type
from tests.fuzz.bending import ODD, bent
from tests.fuzz.seeds import Sent

LARGEST = 256 * 1024
_BYTES = (0, 1, 9, 10, 13, 0x1B, 0x22, 0x23, 0x26, 0x2C, 0x3B, 0x3D, 0x5B, 0x7B, 0x7C, 0x7D, 0x7F, 0x80, 0xC3, 0xFF)
_PIECES = (
    *(b'"', b"{", b"[", b"}", b"]", b",", b":", b"null", b"1e400", b"-", b"NaN", b"\\ud800", b"\xed\xa0\x80", b"\x00"),
    *(b"##0000", b"##", b"&&", b"CP=&&", b";", b"|", b"#", b"DataTime=", b"-Rtd=", b"PNUM=2;PNO=1;", b"\r\n", b"//"),
    *(
        b"\xff\xff\xff\xff\x7f",
        b"\x9f",
        b"\xbf",
        b"\xff",
        b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00",
        b"\xc2\x5a" + b"\xff" * 20,
    ),
)
_MIXED = b'0123456789eE+-.,;:=|&#/{}[]" \r\n\tAZaz_\x00\xff'


class Mutator:
    """Draws from one source of chance: the same seed, the same messages."""

    def __init__(self, draw: Random, words: tuple[Any, ...], *, amplifies: float) -> None:
        """`amplifies`: how often a message grows as large as one may be; that costs as much as a thousand others."""
        self._draw = draw
        self._words = words
        self._amplifies = amplifies

    def mutated(self, sent: Sent, other: Sent) -> Sent:
        """A neighbour of `sent`; parts of `other` may get into it."""
        draw = self._draw
        ways = (self._structure, self._structure, self._structure, self._text, self._bytes, self._elsewhere)
        payload = draw.choices(ways, (30, 30, 30, 30, 30, 1))[0](sent.payload, other.payload)
        if draw.random() < self._amplifies:
            payload = self._amplified(payload)
        topic = sent.topic if draw.random() < 0.9 else self._topic(sent.topic, other.topic)
        return Sent(topic, payload[:LARGEST])

    def _structure(self, payload: bytes, other: bytes) -> bytes:
        """As JSON, CBOR, an HJ 212 frame or protobuf, whichever it is; else byte by byte."""
        if payload.lstrip()[:2] == b"##":
            return self._hj212(payload)
        for read, write in ((msgspec.json.decode, _json), (_from_cbor, cbor2.dumps)):
            try:
                return write(bent(read(payload), self._draw, self._words))
            except (ValueError, TypeError, OverflowError, RecursionError, cbor2.CBORError, msgspec.MsgspecError):
                continue  # it is something else, or cannot be written: no loss, there are other ways to change it
        return self._protobuf(payload) or self._bytes(payload, other)

    def _elsewhere(self, payload: bytes, other: bytes) -> bytes:
        """What a test of another format says."""
        try:
            return _json(self._draw.choice(self._words))
        except (ValueError, TypeError, OverflowError, msgspec.MsgspecError):
            return other

    def _hj212(self, payload: bytes) -> bytes:
        """Changes inside the frame, under a checksum that is right again."""
        segment = self._text(payload[6:].rpartition(b"&&")[0], b"") + b"&&"
        written = segment.decode(errors="replace").encode()[:9999]
        frame = b"##%04d%s%04X\r\n" % (len(written), written, checksum(written))
        return frame * self._draw.choice((1, 1, 1, 2))

    def _protobuf(self, payload: bytes) -> bytes | None:
        try:
            content = payload_type().FromString(payload)
        except DecodeError:
            return None
        draw = self._draw
        for _ in range(draw.choice((1, 2, 5))):
            metric = content.metrics.add()
            if len(content.metrics) > 1:
                metric.CopyFrom(draw.choice(content.metrics))
            name = draw.choice(list(metric.DESCRIPTOR.fields_by_name))
            try:
                setattr(metric, name, draw.choice((*ODD[:27], "laeq", "Node Control/Rebirth", b"\xff")))
            except (TypeError, ValueError, AttributeError, OverflowError):
                metric.ClearField(name)
        content.seq = draw.choice((0, 1, 255, 256, 2**64 - 1))
        whole: bytes = content.SerializeToString()
        return whole

    def _text(self, payload: bytes, other: bytes) -> bytes:
        """Between separators: swap, repeat, drop or replace a word."""
        draw = self._draw
        for separator in draw.sample((b";", b",", b"|", b"=", b"\n", b":"), 6):
            words = payload.split(separator, 2000)
            if len(words) > 1:
                place = draw.randrange(len(words))
                odd = draw.choice([word for word in ODD if isinstance(word, str | int)])
                words[place : place + 1] = draw.choice(
                    (
                        [],
                        [words[place]] * 2,
                        [words[place]] * 30,
                        [str(odd).encode(errors="replace")],
                        [draw.choice(words)],
                    )
                )
                return separator.join(words)
        return self._bytes(payload, other)

    def _bytes(self, payload: bytes, other: bytes) -> bytes:
        content, draw = bytearray(payload), self._draw
        for _ in range(draw.choice((1, 1, 2, 4, 8))):
            begin = draw.randrange(len(content) + 1)
            end = min(len(content), begin + draw.choice((0, 1, 2, 4, 20, 200)))
            match draw.randrange(6):
                case 0:
                    content[begin:end] = bytes(draw.choice(_BYTES) for _ in range(end - begin))
                case 1:
                    content[begin:end] = b""
                case 2:
                    content[begin:begin] = draw.choice(_PIECES)
                case 3:
                    content[begin:begin] = content[begin:end] * draw.choice((1, 2, 20))
                case 4 if other:
                    start = draw.randrange(len(other))
                    content[begin:end] = other[start : start + draw.choice((4, 50, 500))]
                case _ if content:
                    content[min(begin, len(content) - 1)] = draw.randrange(256)
        return bytes(content)

    def _amplified(self, payload: bytes) -> bytes:
        """As large as a message may be, of one piece again and again: what is quadratic shows."""
        draw = self._draw
        if payload[:1] in b"[{" and draw.random() < 0.5:
            piece = draw.choice((payload, b"1", b"{}", b"[]", b'""', b'{"":1}', b"null", b"-0", b'{"v":{"":""}}'))
            return b"[" + b",".join([piece] * (LARGEST // (len(piece) + 1) - 1)) + b"]"
        begin = draw.randrange(len(payload) + 1)
        piece = payload[begin : begin + draw.choice((1, 2, 5, 40, 400))] or bytes(draw.choices(_MIXED, k=3))
        times = (LARGEST - len(payload)) // len(piece)
        return payload[:begin] + piece * times + payload[begin:]

    def _topic(self, topic: str, other: str) -> str:
        levels, draw = topic.split("/"), self._draw
        place = draw.randrange(len(levels))
        levels[place] = draw.choice(("", "x", "NM-0002", "24e124126a229e1b", "\u202e\u0085", "up", *other.split("/")))
        return "/".join(levels[: draw.choice((len(levels), len(levels), place + 1))])


def _json(content: Any) -> bytes:
    return msgspec.json.encode(content)


def _from_cbor(payload: bytes) -> Any:
    content = cbor2.loads(payload)
    if not isinstance(content, list | dict):
        raise ValueError("bytes that are CBOR by accident")
    return content
