"""How the rules' memory is spelled in a snapshot; docs/rule-state.md says what each field means."""

import zlib
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from rules.core.arrivals import COLUMNS

VERSION = 5
SIGHTINGS = ("at", "value", "span", "watched", "delay", "late")
JUDGEMENTS = ("phase", "lost", "since", "clear_since", "changed")  # `due` follows from the rule's times
WAITING = ("at", "effective", "value")
NOBODYS = ""
"""Stands for the metrics that the program does not know."""
_QUICKLY = 1
PENDING = tuple(name for name in COLUMNS if name not in ("device", "metric"))


class Columns(msgspec.Struct, frozen=True):
    """Some rows of a table: keys, and each column, packed, in the order of the names above."""

    keys: list[str]
    columns: list[bytes]


class Named(msgspec.Struct, frozen=True):
    """Rows of a kind's own columns: by name the type, the numbers per row (0: one) and the numbers, packed."""

    keys: list[str]
    columns: dict[str, tuple[str, int, bytes]]


class Remembered(msgspec.Struct, frozen=True):
    """One rule. `sightings`: number of its table; rules that are judged together share one."""

    through: int
    now: int
    sightings: int
    judgements: Columns
    waiting: Columns
    own: Named
    rows: Named


class Queued(msgspec.Struct, frozen=True):
    """One queue. `series`: by metric. `device` and `metric` of what is pending are numbers in `devices`, `metrics`."""

    through: int
    forced: int
    series: dict[str, Columns]
    devices: list[str]
    metrics: list[str]
    device: bytes
    metric: bytes
    pending: list[bytes]


class Snapshot(msgspec.Struct, frozen=True):
    """Everything."""

    version: int
    sightings: list[Columns]
    rules: dict[str, Remembered]
    feeds: dict[str, Columns]
    queues: dict[int, Queued]


def packed(column: npt.NDArray[Any]) -> bytes:
    """The numbers of a column, small: first bytes of all, second bytes of all, and so on, deflated.

    Most bytes of neighbouring times are the same ones.
    """
    if not column.size:
        return b""
    planes = np.ascontiguousarray(column).reshape(-1).view(np.uint8).reshape(-1, column.itemsize).T
    return zlib.compress(planes.tobytes(), _QUICKLY)


def unpacked(content: bytes, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """What was packed, in one row. Raises zlib.error or ValueError for anything else."""
    numbers = np.dtype(dtype)
    planes = np.frombuffer(zlib.decompress(content) if content else b"", dtype=np.uint8).reshape(numbers.itemsize, -1)
    return np.ascontiguousarray(planes.T).reshape(-1).view(numbers)


class Versioned(msgspec.Struct, frozen=True):
    """What every version has."""

    version: int
