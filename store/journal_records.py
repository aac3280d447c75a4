"""The body of one journal record: a settlement as compact bytes.

Ordinals do not survive a restart, so every record carries the names that it uses.
"""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from domain.ledger import LedgerLine
from domain.messages import Quarantined
from domain.readings import COLUMNS, ReadingBatch, Vocabulary
from domain.settlements import Settlement

ORDINALS = ("device", "metric")
TIMES = ("at", "received")


class _Body(msgspec.Struct, array_like=True, frozen=True):
    """What stands in the file. New fields go to the end with a default: old files stay readable."""

    now: int
    count: int = 0
    devices: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    columns: tuple[bytes, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    ledger: tuple[LedgerLine, ...] = ()
    identities: tuple[int, ...] = ()
    redriven: tuple[int, ...] = ()


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Body)


def encode(settlement: Settlement) -> bytes:
    """The record body, of a speakable settlement. A tick without readings takes about 20 bytes."""
    return _ENCODER.encode(_body(settlement))


def speakable(settlement: Settlement) -> Settlement:
    """As it comes back from the file. Topics and details quote what came over the wire, and must stop nobody: neither
    the journal, which cannot write half a surrogate pair, nor PostgreSQL, which takes no NUL in a text.
    """
    quarantined = tuple(map(_speakable, settlement.quarantined))
    return settlement if quarantined == settlement.quarantined else replace(settlement, quarantined=quarantined)


class Decoder:
    """Turns bodies back into settlements whose batches share one vocabulary as long as it knows all the names."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._base = vocabulary
        self._extended = vocabulary

    def decode(self, body: bytes) -> Settlement:
        """Raises msgspec.DecodeError or ValueError when the bytes are not a body."""
        read = _DECODER.decode(body)
        return Settlement(
            now=read.now,
            readings=self._batch(read),
            quarantined=read.quarantined,
            ledger=read.ledger,
            identities=read.identities,
            redriven=read.redriven,
        )

    def _batch(self, body: _Body) -> ReadingBatch:
        vocabulary = self._vocabulary_for(body)
        columns = dict(zip(COLUMNS, body.columns or (b"",) * len(COLUMNS), strict=True))
        unpacked: dict[str, Any] = {
            "device": _globalised(columns["device"], body.count, body.devices, vocabulary.device_ordinal, np.int32),
            "metric": _globalised(columns["metric"], body.count, body.metrics, vocabulary.metric_ordinal, np.int16),
        }
        for name, dtype in COLUMNS.items():
            if name in TIMES:
                unpacked[name] = _unpack_times(columns[name], body.count)
            elif name not in ORDINALS:
                unpacked[name] = _unpack(columns[name], body.count, dtype)
        return ReadingBatch(vocabulary=vocabulary, **unpacked)

    def _vocabulary_for(self, body: _Body) -> Vocabulary:
        for vocabulary in (self._base, self._extended):
            if _knows(vocabulary, body):
                return vocabulary
        known = self._extended
        self._extended = Vocabulary(
            devices=known.devices + tuple(name for name in body.devices if name not in known.device_ordinal),
            metrics=known.metrics + tuple(name for name in body.metrics if name not in known.metric_ordinal),
        )
        return self._extended


def _body(settlement: Settlement) -> _Body:
    batch = settlement.readings
    device, devices = _localised(batch.device, batch.vocabulary.devices)
    metric, metrics = _localised(batch.metric, batch.vocabulary.metrics)
    local = {"device": device, "metric": metric}
    return _Body(
        now=settlement.now,
        count=len(batch),
        devices=devices,
        metrics=metrics,
        columns=tuple(_packed(name, local.get(name, getattr(batch, name))) for name in COLUMNS) if len(batch) else (),
        quarantined=settlement.quarantined,
        ledger=settlement.ledger,
        identities=settlement.identities,
        redriven=settlement.redriven,
    )


def _localised(ordinals: npt.NDArray[Any], names: tuple[str, ...]) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """Ordinals into the record's own list of names, in the narrowest type that holds them."""
    order = ordinals.argsort()
    ordered = ordinals[order]
    is_new = np.empty(len(ordinals), dtype=np.bool_)
    is_new[:1], is_new[1:] = True, ordered[1:] != ordered[:-1]
    used = ordered[is_new].tolist()
    local = np.empty(len(ordinals), dtype=_narrowest(len(used)))
    local[order] = is_new.cumsum() - 1
    return local, tuple([names[ordinal] for ordinal in used])


def _globalised(
    packed: bytes, count: int, names: tuple[str, ...], ordinal: dict[str, int], dtype: type[np.generic]
) -> npt.NDArray[Any]:
    local = _unpack(packed, count, _narrowest(len(names)))
    known: npt.NDArray[Any] = np.array([ordinal[name] for name in names], dtype=dtype)
    column: npt.NDArray[Any] = known[local]
    return column


def _narrowest(names: int) -> np.dtype[Any]:
    return np.dtype(np.min_scalar_type(max(names - 1, 0)))


def _packed(name: str, column: npt.NDArray[Any]) -> bytes:
    return _pack_times(column) if name in TIMES else _pack(column)


def _pack_times(column: npt.NDArray[np.int64]) -> bytes:
    """The earliest, then the distances from it in the narrowest type; modulo 2^64, so any two times will do."""
    if _is_constant(raw := column.astype("<i8", copy=False).tobytes(), 8):  # of one batch nearly all have one arrival
        return raw[:8] + b"\0"
    earliest = column.min()
    distances = column.view(np.uint64) - earliest.view(np.uint64)
    start: bytes = earliest.astype("<i8").tobytes()
    return start + _pack(distances.astype(np.min_scalar_type(distances.max())))


def _unpack_times(packed: bytes, count: int) -> npt.NDArray[np.int64]:
    if not count:
        return np.empty(0, np.int64)
    earliest = np.frombuffer(packed, dtype="<u8", count=1)
    width = (len(packed) - 8) // count or len(packed) - 8
    column: npt.NDArray[np.int64] = (earliest + _unpack(packed[8:], count, np.dtype(f"u{width}"))).view(np.int64)
    return column


def _pack(column: npt.NDArray[Any]) -> bytes:
    """Little-endian bytes; a column of equal items shrinks to one. Equal means bit for bit: -0.0 is not 0.0."""
    raw = np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<")).tobytes()
    return raw[: column.dtype.itemsize] if _is_constant(raw, column.dtype.itemsize) else raw


def _is_constant(raw: bytes, size: int) -> bool:
    return raw == raw[:size] * (len(raw) // size)


def _unpack(packed: bytes, count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    if not count:
        return np.empty(0, dtype)
    if len(packed) == dtype.itemsize:
        packed *= count
    column: npt.NDArray[Any] = np.frombuffer(packed, dtype=dtype.newbyteorder("<"), count=count).astype(dtype)
    return column


def _knows(vocabulary: Vocabulary, body: _Body) -> bool:
    return all(name in vocabulary.device_ordinal for name in body.devices) and all(
        name in vocabulary.metric_ordinal for name in body.metrics
    )


def _speakable(entry: Quarantined) -> Quarantined:
    if all(word.isascii() and "\0" not in word for word in (entry.feed, entry.topic, entry.detail)):
        return entry  # nearly always
    words = {
        name: getattr(entry, name).encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
        for name in ("feed", "topic", "detail")
    }
    return replace(entry, **words)
