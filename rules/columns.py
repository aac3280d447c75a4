"""What a rule remembers, as columns: the last sighting of every device, the judgement on every target, what waits.

Bounded: the columns are as long as the registry, and what waits has a limit of its own (such as in groups/fleet.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Index = npt.NDArray[np.intp]

NEVER = 0
"""Before every event time: none is of 1970. Zero, so that columns in which nothing else stands touch no memory."""
FOREVER = int(np.iinfo(np.int64).max)
"""After every event time; only ever compared."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sightings:
    """The newest usable reading of every device. The columns change in place."""

    keys: tuple[str, ...]
    at: Ints
    value: npt.NDArray[np.float64]
    span: npt.NDArray[np.float32]
    watched: Ints
    """Since when we listen to the device: silence is counted from here where nothing was heard."""
    delay: Ints
    """How far the clock of the device's feed runs behind (rules/core/feeds.py), as of the newest reading; in µs."""
    late: Ints
    """How many readings came when a newer one had been judged already: passed over."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgements:
    """Where the hold-and-clear machine stands for every target. The columns change in place."""

    keys: tuple[str, ...]
    phase: npt.NDArray[np.int8]
    lost: npt.NDArray[np.bool_]
    """The last thing told was LOST."""
    since: Ints
    """Begin of the violation."""
    clear_since: Ints
    """Begin of the good values, while clearing."""
    due: Ints
    """When the running timer is up; FOREVER without one."""
    changed: Ints
    """Event time of the last signal: nothing is told before it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Waiting:
    """Readings that wait until the watermark has passed them. `effective` is when they count, never before it."""

    device: Index
    at: Ints
    effective: Ints
    value: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: npt.NDArray[np.bool_] | Index) -> "Waiting":
        return Waiting(
            device=self.device[which],
            at=self.at[which],
            effective=self.effective[which],
            value=self.value[which],
        )

    def joined(self, more: "Waiting") -> "Waiting":
        return Waiting(
            device=np.concatenate([self.device, more.device]),
            at=np.concatenate([self.at, more.at]),
            effective=np.concatenate([self.effective, more.effective]),
            value=np.concatenate([self.value, more.value]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a kind remembers for every key beyond sightings and judgements: `width` numbers, or one (width 0).

    `fill` means that nothing is remembered: rows that hold nothing else are left out of a snapshot.
    """

    dtype: npt.DTypeLike
    fill: float
    width: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Own:
    """Columns that a kind declares for itself, one row a key (often the device). The columns change in place."""

    keys: tuple[str, ...] = ()
    declared: Mapping[str, Column] = field(default_factory=dict)
    columns: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.columns[name]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Rows that a kind keeps for a while, such as the readings of a window: `key` is a place among `keys`.

    Replaced whole, never changed in place: `state.rows = state.rows.take(...)`.
    """

    keys: tuple[str, ...] = ()
    key: Index = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    columns: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.key)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.columns[name]

    def take(self, which: npt.NDArray[np.bool_] | Index) -> "Rows":
        return Rows(
            keys=self.keys, key=self.key[which], columns={name: rows[which] for name, rows in self.columns.items()}
        )

    def joined(self, key: Index, **columns: npt.ArrayLike) -> "Rows":
        """With more rows at the end, cast to the declared types. Raises KeyError when one of the columns is missing."""
        return Rows(
            keys=self.keys,
            key=np.concatenate([self.key, key]),
            columns={
                name: np.concatenate([rows, np.asarray(columns[name], dtype=rows.dtype)])
                for name, rows in self.columns.items()
            },
        )


@dataclass(slots=True, kw_only=True, eq=False)
class RuleState:
    """All that one rule remembers. `through` is the watermark (judged up to here), `now` the last tick, in µs."""

    sightings: Sightings
    judgements: Judgements
    waiting: Waiting
    own: Own = field(default_factory=Own)
    rows: Rows = field(default_factory=Rows)
    through: int = NEVER
    now: int = NEVER
    agenda: list[int] | None = None
    """A heap of frontiers, with a target in the lower bits: at the latest when to look at an open target again. Plain
    numbers, because the garbage collector looks through pairs. None: look at all. Not in snapshots.
    """
    wake: int = NEVER
    """No frontier before it changes anything, for kinds that keep it; NEVER: not known. Not in snapshots."""


_SIGHTS: Mapping[str, tuple[npt.DTypeLike, float]] = {
    "at": (np.int64, NEVER),
    "value": (np.float64, np.nan),
    "span": (np.float32, 0),
    "watched": (np.int64, NEVER),
    "delay": (np.int64, 0),
    "late": (np.int64, 0),
}
EVERY_SIGHT = frozenset(_SIGHTS)


def blank(*, devices: tuple[str, ...], targets: tuple[str, ...], sights: frozenset[str] = EVERY_SIGHT) -> RuleState:
    """Nothing heard, nothing judged. Columns of the sightings that are not among `sights` cannot be written."""
    columns: dict[str, Any] = {
        name: filled(len(devices), fill, dtype) if name in sights else _unwritten(len(devices), fill, dtype)
        for name, (dtype, fill) in _SIGHTS.items()
    }
    return RuleState(
        sightings=Sightings(keys=devices, **columns),
        judgements=unjudged(targets, targets=len(targets)),
        waiting=nothing_waiting(),
    )


def unjudged(keys: tuple[str, ...], *, targets: int) -> Judgements:
    """All calm."""
    return Judgements(
        keys=keys,
        phase=np.zeros(targets, dtype=np.int8),
        lost=np.zeros(targets, dtype=np.bool_),
        since=filled(targets, NEVER, np.int64),
        clear_since=filled(targets, NEVER, np.int64),
        due=np.full(targets, FOREVER, dtype=np.int64),
        changed=filled(targets, NEVER, np.int64),
    )


def filled(shape: int | tuple[int, int], fill: float, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A column that holds nothing else. Zeros are not written: what is never changed touches no memory."""
    return np.full(shape, fill, dtype=dtype) if fill else np.zeros(shape, dtype=dtype)


def _unwritten(length: int, fill: float, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """One number that reads as a whole column."""
    return np.broadcast_to(np.array(fill, dtype=dtype), length)


def own_of(keys: tuple[str, ...], declared: Mapping[str, Column]) -> Own:
    """Columns as declared, filled: nothing is remembered."""
    columns = {
        name: filled((len(keys), column.width) if column.width else len(keys), column.fill, column.dtype)
        for name, column in declared.items()
    }
    return Own(keys=keys, declared=dict(declared), columns=columns)


def rows_of(keys: tuple[str, ...], declared: Mapping[str, npt.DTypeLike]) -> Rows:
    """No rows yet."""
    return Rows(keys=keys, columns={name: np.zeros(0, dtype=dtype) for name, dtype in declared.items()})


def nothing_waiting() -> Waiting:
    """An empty queue."""
    none = np.zeros(0, dtype=np.int64)
    return Waiting(device=none.astype(np.intp), at=none, effective=none, value=np.zeros(0))
