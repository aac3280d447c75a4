"""Batches of readings as bytes, between the engine and the command line: columns instead of a line for each reading.

A frame is its length (4 bytes, big-endian) and a MessagePack array: names of devices, names of metrics, and the columns
in the order of `domain.readings.COLUMNS`, little-endian.
"""

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from domain.errors import Temporary
from domain.readings import COLUMNS, ReadingBatch, Vocabulary

MEDIA_TYPE = "application/vnd.citybrain.readings"
_LENGTH = 4


class _Frame(msgspec.Struct, array_like=True, frozen=True):
    devices: tuple[str, ...]
    metrics: tuple[str, ...]
    columns: tuple[bytes, ...]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Frame)


def frame_of(batch: ReadingBatch) -> bytes:
    """One batch, with the names that it uses."""
    devices, device = np.unique(batch.device, return_inverse=True)
    metrics, metric = np.unique(batch.metric, return_inverse=True)
    local = {"device": device, "metric": metric}
    columns = (
        local.get(name, getattr(batch, name)).astype(dtype.newbyteorder("<")).tobytes()
        for name, dtype in COLUMNS.items()
    )
    body = _ENCODER.encode(
        _Frame(
            devices=tuple(batch.vocabulary.devices[ordinal] for ordinal in devices.tolist()),
            metrics=tuple(batch.vocabulary.metrics[ordinal] for ordinal in metrics.tolist()),
            columns=tuple(columns),
        )
    )
    return len(body).to_bytes(_LENGTH) + body


def batches_of(chunks: Iterable[bytes]) -> Iterator[ReadingBatch]:
    """Batches from a stream that was cut anywhere. Raises Temporary when it breaks off, or is none of ours."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= _LENGTH and len(waiting) >= (end := _LENGTH + int.from_bytes(waiting[:_LENGTH])):
            yield _batch(bytes(waiting[_LENGTH:end]))
            del waiting[:end]
    if waiting:
        raise Temporary("the engine broke off in the middle of its readings; ask again")


def _batch(body: bytes) -> ReadingBatch:
    try:
        frame = _DECODER.decode(body)
        columns = {
            name: np.frombuffer(column, dtype=dtype.newbyteorder("<")).astype(dtype)
            for (name, dtype), column in zip(COLUMNS.items(), frame.columns, strict=True)
        }
        return ReadingBatch(vocabulary=Vocabulary(devices=frame.devices, metrics=frame.metrics), **columns)
    except (msgspec.DecodeError, ValueError) as exc:
        raise Temporary(f"the engine answers with what are no readings ({exc}); is it of the same version?") from exc
