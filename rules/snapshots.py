"""The rules' memory as bytes: keyed by rule, device and target, so that it survives a change of registry or rules."""

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from domain.errors import Refused
from rules.columns import NEVER, Index, Own, RuleState, Sightings
from rules.core import machine
from rules.core.feeds import FEED_COLUMNS, UNHEARD, Feed
from rules.core.queues import FILLS, Queue
from rules.memory import (
    JUDGEMENTS,
    NOBODYS,
    PENDING,
    SIGHTINGS,
    VERSION,
    WAITING,
    Columns,
    Named,
    Queued,
    Remembered,
    Snapshot,
    Versioned,
    packed,
)
from rules.program import Program
from rules.restoring import restored
from rules.state import State


def dump(state: State) -> bytes:
    """Everything that matters for what comes next; series that were never heard or judged are left out."""
    shared = {id(known.sightings): known.sightings for known in state.rules.values()}
    number = {key: place for place, key in enumerate(shared)}
    metrics = state.vocabulary.metrics
    return msgspec.msgpack.encode(
        Snapshot(
            version=VERSION,
            sightings=[_sightings(sightings) for sightings in shared.values()],
            rules={rule: _remembered(known, number[id(known.sightings)]) for rule, known in state.rules.items()},
            feeds={metrics[metric]: _feed(feed, state.vocabulary.devices) for metric, feed in state.feeds.items()},
            queues={lateness: _queued(queue, state) for lateness, queue in state.queues.items()},
        )
    )


def load(content: bytes, program: Program) -> State:
    """The state for this program: what it no longer has is forgotten, what is new starts fresh.

    Raises Refused when the bytes are not a snapshot of this version.
    """
    try:
        if msgspec.msgpack.decode(content, type=Versioned).version == VERSION:
            return restored(msgspec.msgpack.decode(content, type=Snapshot), program)
    except (msgspec.MsgspecError, zlib.error, ValueError, IndexError) as exc:
        raise Refused(f"the rules' snapshot cannot be read ({exc}); remove it to start without memory") from exc
    raise Refused(f"the rules' snapshot is not of version {VERSION}; remove it to start without")


def _sightings(sightings: Sightings) -> Columns:
    heard = np.flatnonzero((sightings.at != NEVER) | (sightings.watched != NEVER))
    return _cut(sightings, sightings.keys, heard, SIGHTINGS)


def _remembered(state: RuleState, sightings: int) -> Remembered:
    judgements, waiting = state.judgements, state.waiting
    judged = np.flatnonzero((judgements.phase != machine.Phase.CALM) | (judgements.changed != NEVER))
    return Remembered(
        through=state.through,
        now=state.now,
        sightings=sightings,
        judgements=_cut(judgements, judgements.keys, judged, JUDGEMENTS),
        waiting=Columns(
            keys=[state.sightings.keys[device] for device in waiting.device],
            columns=[packed(getattr(waiting, name)) for name in WAITING],
        ),
        own=_own(state.own),
        rows=Named(
            keys=[state.rows.keys[key] for key in state.rows.key],
            columns={name: (rows.dtype.str, 0, packed(rows)) for name, rows in state.rows.columns.items()},
        ),
    )


def _own(own: Own) -> Named:
    """Of a kind's own columns, the rows that hold more than their fill."""
    held = np.zeros(len(own.keys), dtype=np.bool_)
    for name, column in own.declared.items():
        numbers = own[name].reshape(len(own.keys), column.width or 1)
        empty = np.isnan(numbers) if column.fill != column.fill else numbers == np.asarray(column.fill, numbers.dtype)
        held |= ~empty.all(axis=1)
    kept = np.flatnonzero(held)
    columns = {
        name: (own[name].dtype.str, column.width, packed(own[name][kept])) for name, column in own.declared.items()
    }
    return Named(keys=[own.keys[row] for row in kept], columns=columns)


def _feed(feed: Feed, devices: Sequence[str]) -> Columns:
    return _cut(feed, devices, np.flatnonzero(feed.at != UNHEARD), FEED_COLUMNS)


def _queued(queue: Queue, state: State) -> Queued:
    names = (*state.vocabulary.metrics, NOBODYS)  # the last one, -1: metrics that the program does not know
    devices, device = np.unique(queue.pending.device, return_inverse=True)
    metrics, metric = np.unique(queue.pending.metric, return_inverse=True)
    series: dict[str, Columns] = {}
    for ordinal, row in queue.rows.items():
        heard = row * queue.devices + np.flatnonzero(queue.row("newest", row) != UNHEARD)
        keys = [state.vocabulary.devices[place] for place in (heard - row * queue.devices).tolist()]
        series[names[ordinal]] = Columns(keys=keys, columns=[packed(getattr(queue, name)[heard]) for name in FILLS])
    return Queued(
        through=queue.through,
        forced=queue.forced,
        series=series,
        devices=[state.vocabulary.devices[place] for place in devices],
        metrics=[names[place] for place in metrics],
        device=packed(device.astype(np.int32)),
        metric=packed(metric.astype(np.int32)),
        pending=[packed(getattr(queue.pending, name)) for name in PENDING],
    )


def _cut(table: Any, keys: Sequence[str], rows: Index, names: tuple[str, ...]) -> Columns:
    kept = list(keys) if len(rows) == len(keys) else [keys[row] for row in rows.tolist()]
    return Columns(keys=kept, columns=[packed(getattr(table, name)[rows]) for name in names])
