"""The rules' memory out of a snapshot, for a program that may have other devices and rules than its own had."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rules.columns import NEVER, Index, Rows, RuleState, Sightings, Waiting
from rules.core import machine
from rules.core.arrivals import COLUMNS, Arrivals
from rules.core.feeds import FEED_COLUMNS, Feed
from rules.core.queues import FILLS, Queue
from rules.judges import Judge
from rules.memory import (
    JUDGEMENTS,
    NOBODYS,
    PENDING,
    SIGHTINGS,
    WAITING,
    Columns,
    Queued,
    Remembered,
    Snapshot,
    unpacked,
)
from rules.program import Program
from rules.state import State

GONE = -2
"""In place of a metric that the program has no longer."""


def restored(snapshot: Snapshot, program: Program) -> State:
    """The state for this program: what it no longer has is forgotten, what is new starts fresh."""
    state = program.initial()
    placed = _Places()
    for rule in state.rules.keys() & snapshot.rules.keys():
        remembered, known = snapshot.rules[rule], state.rules[rule]
        placed.sightings(known.sightings, snapshot.sightings[remembered.sightings])
        _restore(known, remembered, program.judges[rule], placed)
    for metric, columns in snapshot.feeds.items():
        ordinal = program.vocabulary.metric_ordinal.get(metric, -1)
        if ordinal in program.metrics:
            state.feeds[ordinal] = feed = Feed.unheard(len(program.vocabulary.devices))
            placed.paste(feed, program.vocabulary.devices, columns, FEED_COLUMNS)
    # what waits for rules that have no device now would wait for ever
    for key in snapshot.queues.keys() & {lane.queue for lane in program.lanes if lane.awake}:
        state.queues[key] = queue = Queue(lateness=abs(key), devices=len(program.vocabulary.devices))
        _requeue(queue, snapshot.queues[key], program, placed)
    for lane in program.lanes:
        for panel in lane.panels:
            panel.resume(state)
    return state


class _Places:
    """Where remembered keys stand now; looks each table through once."""

    def __init__(self) -> None:
        self._place: dict[int, tuple[Sequence[str], Mapping[str, int]]] = {}
        self._pasted: set[tuple[int, int]] = set()

    def find(self, keys: Sequence[str], remembered: Sequence[str]) -> tuple[Index, Index]:
        """Places of the remembered keys among ours, and among the remembered, for those that we still have."""
        if id(keys) not in self._place:
            self._place[id(keys)] = (keys, {key: number for number, key in enumerate(keys)})
        place = self._place[id(keys)][1]
        found = np.array([place.get(key, -1) for key in remembered], dtype=np.intp)
        there = np.flatnonzero(found >= 0)
        return found[there], there

    def paste(self, table: Any, keys: Sequence[str], remembered: Columns, names: tuple[str, ...]) -> Index:
        """Copy the remembered rows to where their keys stand now; returns those places."""
        here, there = self.find(keys, remembered.keys)
        for name, column in zip(names, remembered.columns, strict=True):
            into = getattr(table, name)
            into[here] = unpacked(column, into.dtype)[there]
        return here

    def sightings(self, table: Sightings, remembered: Columns) -> None:
        """Rules that were apart may share their sightings now: then the newer one stands."""
        if (id(table), id(remembered)) in self._pasted:
            return
        self._pasted.add((id(table), id(remembered)))
        here, there = self.find(table.keys, remembered.keys)
        columns = dict(zip(SIGHTINGS, remembered.columns, strict=True))
        at = unpacked(columns["at"], np.int64)[there]
        newer = (at > table.at[here]) | (table.at[here] == NEVER)
        for name, column in columns.items():
            into = getattr(table, name)
            if into.flags.writeable:  # else no rule of this table ever looks at it
                into[here[newer]] = unpacked(column, into.dtype)[there[newer]]


def _restore(state: RuleState, remembered: Remembered, judge: Judge, placed: _Places) -> None:
    state.through, state.now = remembered.through, remembered.now
    judged = placed.paste(state.judgements, state.judgements.keys, remembered.judgements, JUDGEMENTS)
    machine.set_timers(state.judgements, judged, judge.timing)
    here, there = placed.find(state.sightings.keys, remembered.waiting.keys)
    waiting = {
        name: unpacked(column, getattr(state.waiting, name).dtype)[there]
        for name, column in zip(WAITING, remembered.waiting.columns, strict=True)
    }
    state.waiting = Waiting(device=here, **waiting)
    _restore_own(state, remembered, placed)


def _restore_own(state: RuleState, remembered: Remembered, placed: _Places) -> None:
    """A kind that declares other columns than it did starts without them."""
    declared = {name: (state.own[name].dtype.str, column.width) for name, column in state.own.declared.items()}
    if {name: (dtype, width) for name, (dtype, width, _) in remembered.own.columns.items()} == declared:
        here, there = placed.find(state.own.keys, remembered.own.keys)
        for name, (dtype, width, content) in remembered.own.columns.items():
            rows = unpacked(content, dtype).reshape((-1, width) if width else -1)
            state.own[name][here] = rows[there]
    flat = {name: rows.dtype.str for name, rows in state.rows.columns.items()}
    if {name: dtype for name, (dtype, _, _) in remembered.rows.columns.items()} == flat:
        here, there = placed.find(state.rows.keys, remembered.rows.keys)
        columns = {
            name: unpacked(content, dtype)[there] for name, (dtype, _, content) in remembered.rows.columns.items()
        }
        state.rows = Rows(keys=state.rows.keys, key=here, columns=columns)


def _requeue(queue: Queue, remembered: Queued, program: Program, placed: _Places) -> None:
    words = {**program.vocabulary.metric_ordinal, NOBODYS: -1}
    queue.through, queue.forced = remembered.through, remembered.forced
    for name, columns in remembered.series.items():
        if name in words:
            queue.add_metric(words[name])
            here, there = placed.find(program.vocabulary.devices, columns.keys)
            for column, content in zip(FILLS, columns.columns, strict=True):
                queue.row(column, queue.rows[words[name]])[here] = unpacked(content, np.int64)[there]
    device = np.array([program.vocabulary.device_ordinal.get(name, -1) for name in remembered.devices], dtype=np.intp)
    metric = np.array([words.get(name, GONE) for name in remembered.metrics], dtype=np.intp)
    pending: dict[str, Any] = {
        name: unpacked(content, COLUMNS[name]) for name, content in zip(PENDING, remembered.pending, strict=True)
    }
    pending["device"] = device[unpacked(remembered.device, np.int32)]
    pending["metric"] = metric[unpacked(remembered.metric, np.int32)]
    queue.pending = Arrivals(**pending).take((pending["device"] >= 0) & (pending["metric"] != GONE))
