"""Readings as InfluxDB line protocol, built from the columns in one go: no object for each point.

One line: `laeq,device=NM-0012 value=58.4,span=60.0,quality=0i,live=t,received=1763000000000000i 1763000000000000`.
"""

import math
import re
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from domain.errors import Refused
from domain.readings import ReadingBatch, Vocabulary
from store.series.rollups import Rollups

_SPECIAL = re.compile(r"([,= ])")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f]|\\$|^$")
_encode = msgspec.json.Encoder().encode
"""Spells whole columns at once: the shortest digits that come back as the same double, like repr, in 50 ns."""


class LineWriter:
    """Remembers how the series of one vocabulary begin: as many as have reported. Any thread."""

    def __init__(self) -> None:
        self._beginnings = _Beginnings(Vocabulary(devices=(), metrics=()))

    def lines(self, batch: ReadingBatch) -> bytes:
        """All readings in their order, times in microseconds.

        Raises Refused for values or names that the protocol cannot carry.
        """
        if not len(batch):
            return b""
        finite = np.isfinite(batch.value) & np.isfinite(batch.span)
        if not finite.all():
            words = f"{int((~finite).sum())} of {len(batch)} readings are not finite numbers; InfluxDB has none such"
            raise Refused(words)
        beginnings = self._beginnings
        if beginnings.vocabulary is not batch.vocabulary:
            self._beginnings = beginnings = _Beginnings(batch.vocabulary)
        pieces = [b""] * (3 * len(batch))
        pieces[0::3] = beginnings.of(batch)
        pieces[1::3] = spelled(batch.value)
        pieces[2::3] = _endings(batch)
        return b"".join(pieces)


def lines(batch: ReadingBatch) -> bytes:
    """The same for one batch on its own."""
    return LineWriter().lines(batch)


def rollup_lines(measurement: str, rows: Rollups, part: slice, *, names: Sequence[str]) -> bytes:
    """One line for each device and window, at the start of the window; a mean direction that is none is left out."""
    columns = [_fields(name, column[part]) for name, column in rows.figures.items()]
    beginning = {n: f"{escaped(measurement)},device={escaped(names[n])} " for n in set(rows.device[part].tolist())}
    return "".join(
        f"{beginning[device]}{','.join(filter(None, fields))} {start}\n"
        for device, start, *fields in zip(rows.device[part].tolist(), rows.start[part].tolist(), *columns, strict=True)
    ).encode()


def spelled(column: "npt.NDArray[np.float64] | npt.NDArray[np.int64]", *, ending: bytes = b"") -> list[bytes]:
    """Every number of a column of finite numbers in digits, each followed by `ending`."""
    text = _encode(column.tolist())[1:-1]
    return (text.replace(b",", ending + b",") + ending).split(b",") if ending else text.split(b",")


def escaped(name: str) -> str:
    """A measurement or tag value. Raises Refused for control characters and for a backslash at the end."""
    if _UNWRITABLE.search(name):
        raise Refused(f"name {name!r} cannot be written to InfluxDB; use letters, digits, dots, dashes, underscores")
    return _SPECIAL.sub(r"\\\1", name)


class _Beginnings(dict[int, bytes]):
    """`laeq,device=NM-0012 value=` by device and metric in one number; made when it is first asked for."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.vocabulary = vocabulary

    def of(self, batch: ReadingBatch) -> list[bytes]:
        series = batch.device.astype(np.int64) * len(self.vocabulary.metrics) + batch.metric
        return list(map(self.__getitem__, series.tolist()))

    def __missing__(self, series: int) -> bytes:
        device, metric = divmod(series, len(self.vocabulary.metrics))
        names = escaped(self.vocabulary.metrics[metric]), escaped(self.vocabulary.devices[device])
        self[series] = beginning = "{},device={} value=".format(*names).encode()
        return beginning


def _fields(name: str, column: npt.NDArray[np.float64]) -> list[str]:
    if name == "count":
        return [f"count={round(value)}i" for value in column.tolist()]
    return ["" if math.isnan(value) else f"{name}={value!r}" for value in column.tolist()]


def _endings(batch: ReadingBatch) -> list[bytes]:
    """All that follows the value. The readings of one message stand together and have it in common: spelled once."""
    kind = batch.span.view(np.uint32).astype(np.int64) << 9 | batch.quality.astype(np.int64) << 1 | batch.live
    first, length = _runs(batch.at, batch.received, kind)
    columns = (
        _middles(batch, kind[first], first),
        _spelled_in_runs(batch.received[first]),
        spelled(batch.at[first], ending=b"\n"),
    )
    texts = [middle + received + at for middle, received, at in zip(*columns, strict=True)]
    return _repeated(texts, length)


def _spelled_in_runs(received: npt.NDArray[np.int64]) -> list[bytes]:
    """`1763000000000000i `; what came in one packet came at one time."""
    first, length = _runs(received)
    return _repeated(spelled(received[first], ending=b"i "), length)


def _runs(*columns: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where stretches begin in which none of the columns changes, and how long these are."""
    changes = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    first = np.concatenate([[0], np.flatnonzero(changes) + 1])
    return first, np.diff(first, append=len(columns[0]))


def _repeated(texts: list[bytes], length: npt.NDArray[np.intp]) -> list[bytes]:
    if len(texts) == length.sum():
        return texts
    repeated: list[bytes] = np.repeat(np.array(texts, dtype=object), length).tolist()
    return repeated


def _middles(batch: ReadingBatch, kinds: npt.NDArray[np.int64], rows: npt.NDArray[np.intp]) -> list[bytes]:
    """`,span=60.0,quality=0i,live=t,received=` for each of the rows: only a few different ones in a batch."""
    if kinds.min() == kinds.max():
        return [_middle(batch, 0)] * len(rows)
    _, first, which = np.unique(kinds, return_index=True, return_inverse=True)
    texts = [_middle(batch, row) for row in rows[first].tolist()]
    return [texts[kind] for kind in which.tolist()]


def _middle(batch: ReadingBatch, row: int) -> bytes:
    live = "t" if batch.live[row] else "f"
    return f",span={float(batch.span[row])!r},quality={batch.quality[row]}i,live={live},received=".encode()
