"""The rules' memory as bytes: keyed by rule, device and target, so that it survives a change of registry or rules."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from domain.errors import Refused
from rules import machine
from rules.program import Judge, Program
from rules.state import NEVER, Index, Own, Rows, RuleState, State, Waiting

VERSION = 2
_SIGHTINGS = ("at", "value", "span", "watched")
_JUDGEMENTS = ("phase", "lost", "since", "clear_since", "changed")  # `due` follows from the rule's times
_WAITING = ("at", "effective", "value")


class _Columns(msgspec.Struct, frozen=True):
    """Some rows of a table: keys, and each column's bytes in the order of the names above (little-endian)."""

    keys: list[str]
    columns: list[bytes]


class _Named(msgspec.Struct, frozen=True):
    """Rows of a kind's own columns: by name the type, the numbers per row (0: one) and the bytes."""

    keys: list[str]
    columns: dict[str, tuple[str, int, bytes]]


class _Remembered(msgspec.Struct, frozen=True):
    through: int
    now: int
    sightings: _Columns
    judgements: _Columns
    waiting: _Columns
    own: _Named
    rows: _Named


class _Snapshot(msgspec.Struct, frozen=True):
    version: int
    rules: dict[str, _Remembered]


def dump(state: State) -> bytes:
    """Everything that matters for what comes next; series that were never heard or judged are left out."""
    return msgspec.msgpack.encode(
        _Snapshot(version=VERSION, rules={rule: _remembered(known) for rule, known in state.rules.items()})
    )


def load(content: bytes, program: Program) -> State:
    """The state for this program: what it no longer has is forgotten, what is new starts fresh.

    Raises Refused when the bytes are not a snapshot of this version.
    """
    try:
        snapshot = msgspec.msgpack.decode(content, type=_Snapshot)
    except msgspec.MsgspecError as exc:
        raise Refused(f"the rules' snapshot cannot be read ({exc}); remove it to start without memory") from exc
    if snapshot.version != VERSION:
        raise Refused(f"the rules' snapshot has version {snapshot.version}, not {VERSION}; remove it to start without")
    state = program.initial()
    for rule in state.rules.keys() & snapshot.rules.keys():
        _restore(state.rules[rule], snapshot.rules[rule], program.judges[rule])
    return state


def _remembered(state: RuleState) -> _Remembered:
    sightings, judgements, waiting = state.sightings, state.judgements, state.waiting
    heard = np.flatnonzero((sightings.at != NEVER) | (sightings.watched != NEVER))
    judged = np.flatnonzero((judgements.phase != machine.Phase.CALM) | (judgements.changed != NEVER))
    return _Remembered(
        through=state.through,
        now=state.now,
        sightings=_cut(sightings, sightings.keys, heard, _SIGHTINGS),
        judgements=_cut(judgements, judgements.keys, judged, _JUDGEMENTS),
        waiting=_Columns(
            keys=[sightings.keys[device] for device in waiting.device],
            columns=[getattr(waiting, name).tobytes() for name in _WAITING],
        ),
        own=_own(state.own),
        rows=_Named(
            keys=[state.rows.keys[key] for key in state.rows.key],
            columns={name: (rows.dtype.str, 0, rows.tobytes()) for name, rows in state.rows.columns.items()},
        ),
    )


def _own(own: Own) -> _Named:
    """Of a kind's own columns, the rows that hold more than their fill."""
    held = np.zeros(len(own.keys), dtype=np.bool_)
    for name, column in own.declared.items():
        numbers = own[name].reshape(len(own.keys), -1)
        empty = np.isnan(numbers) if column.fill != column.fill else numbers == np.asarray(column.fill, numbers.dtype)
        held |= ~empty.all(axis=1)
    kept = np.flatnonzero(held)
    columns = {
        name: (own[name].dtype.str, column.width, own[name][kept].tobytes()) for name, column in own.declared.items()
    }
    return _Named(keys=[own.keys[row] for row in kept], columns=columns)


def _cut(table: Any, keys: Sequence[str], rows: Index, names: tuple[str, ...]) -> _Columns:
    return _Columns(keys=[keys[row] for row in rows], columns=[getattr(table, name)[rows].tobytes() for name in names])


def _restore(state: RuleState, remembered: _Remembered, judge: Judge) -> None:
    state.through, state.now = remembered.through, remembered.now
    _paste(state.sightings, state.sightings.keys, remembered.sightings, _SIGHTINGS)
    judged = _paste(state.judgements, state.judgements.keys, remembered.judgements, _JUDGEMENTS)
    machine.set_timers(state.judgements, judged, judge.timing)
    here, there = _places(state.sightings.keys, remembered.waiting.keys)
    waiting = {
        name: np.frombuffer(column, dtype=getattr(state.waiting, name).dtype)[there]
        for name, column in zip(_WAITING, remembered.waiting.columns, strict=True)
    }
    state.waiting = Waiting(device=here, **waiting)
    _restore_own(state, remembered)


def _restore_own(state: RuleState, remembered: _Remembered) -> None:
    """A kind that declares other columns than it did starts without them."""
    declared = {name: (state.own[name].dtype.str, column.width) for name, column in state.own.declared.items()}
    if {name: (dtype, width) for name, (dtype, width, _) in remembered.own.columns.items()} == declared:
        here, there = _places(state.own.keys, remembered.own.keys)
        for name, (dtype, width, content) in remembered.own.columns.items():
            rows = np.frombuffer(content, dtype=dtype).reshape((-1, width) if width else -1)
            state.own[name][here] = rows[there]
    flat = {name: rows.dtype.str for name, rows in state.rows.columns.items()}
    if {name: dtype for name, (dtype, _, _) in remembered.rows.columns.items()} == flat:
        here, there = _places(state.rows.keys, remembered.rows.keys)
        columns = {
            name: np.frombuffer(content, dtype=dtype)[there]
            for name, (dtype, _, content) in remembered.rows.columns.items()
        }
        state.rows = Rows(keys=state.rows.keys, key=here, columns=columns)


def _paste(table: Any, keys: tuple[str, ...], remembered: _Columns, names: tuple[str, ...]) -> Index:
    """Copy the remembered rows to where their keys stand now; returns those places."""
    here, there = _places(keys, remembered.keys)
    for name, column in zip(names, remembered.columns, strict=True):
        into = getattr(table, name)
        into[here] = np.frombuffer(column, dtype=into.dtype)[there]
    return here


def _places(keys: tuple[str, ...], remembered: list[str]) -> tuple[Index, Index]:
    """Places of the remembered keys among ours, and among the remembered, for those that we still have."""
    place = {key: number for number, key in enumerate(keys)}
    pairs = [(place[key], number) for number, key in enumerate(remembered) if key in place]
    both = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return both[:, 0], both[:, 1]
