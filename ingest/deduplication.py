"""Knows again what was already taken: readings by device, metric and event time, messages by a 64-bit identity.

Exact for readings. Memory is bounded by the lateness horizon: hours that are older are forgotten whole.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from domain.instants import MICROS_PER_S
from domain.layout import NOWHERE, Places, SeriesLayout
from domain.ports import Journal
from domain.readings import ReadingBatch, Vocabulary
from domain.settlements import Settlement
from ingest.keys import Keys, KeySet

_HOUR = 3600 * MICROS_PER_S  # fits into the lower 32 bits of a key
_GENERATIONS = 3
_PAGE = 200


def identity_of(device: str, identity: str) -> int:
    """The 64-bit identity of a message that carries an id of its own."""
    return _digest(b"named", f"{device}\0{identity}".encode(errors="surrogatepass"))


def identity_of_bytes(topic: str, payload: bytes) -> int:
    """The 64-bit identity of a message that is known by nothing but its topic and bytes."""
    return _digest(b"bytes", topic.encode(errors="surrogatepass") + b"\0" + payload)


def _digest(kind: bytes, content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8, person=kind).digest(), "big")


class ReadingMemory:
    """Which (device, metric, event time) have been stored. One key set per hour of event time."""

    def __init__(self, layout: SeriesLayout, *, horizon_s: float) -> None:
        self._layout = layout
        self._horizon = round(horizon_s * MICROS_PER_S)
        self._hours: dict[int, KeySet] = {}
        self._newest = np.zeros(layout.size + 1, dtype=np.int64)
        """By place the latest event time: what is later is new without a search. The usual case by far.

        Zeros, which are not written: of series that never speak no page is ever touched. The last is for all that have
        no place, and says that each must be searched for.
        """
        self._newest[-1] = np.iinfo(np.int64).max

    def __len__(self) -> int:
        return sum(len(keys) for keys in self._hours.values())

    @property
    def nbytes(self) -> int:
        return self._newest.nbytes + sum(keys.nbytes for keys in self._hours.values())

    def take_new(self, batch: ReadingBatch, *, now: int) -> npt.NDArray[np.bool_]:
        """True for every reading that is seen for the first time; it is remembered. The first of equals stands."""
        self._forget(now)
        place = self._places(batch)
        series = self._series(batch, place)
        hour, keys = _hour_and_key(series, batch.at)
        is_new = _first_of_equals(series, batch.at) if _may_repeat(keys) else np.ones(len(batch), dtype=np.bool_)
        doubtful = is_new & (batch.at <= self._newest[place])
        for which in _different(hour[doubtful]):
            rows = np.flatnonzero(doubtful & (hour == which))
            if which in self._hours:
                is_new[rows] = ~self._hours[which].contains(keys[rows])
        if is_new.all():  # nearly always
            self._remember(place, batch.at, hour, keys)
        else:
            self._remember(place[is_new], batch.at[is_new], hour[is_new], keys[is_new])
        return is_new

    def _remember(self, place: Places, at: npt.NDArray[np.int64], hour: npt.NDArray[np.int64], keys: Keys) -> None:
        hours = _different(hour)
        for which in hours:
            self._hours.setdefault(which, KeySet()).add(keys if len(hours) == 1 else keys[hour == which])
        np.maximum.at(self._newest, place, at)

    def _forget(self, now: int) -> None:
        oldest = (now - self._horizon) // _HOUR
        for hour in [hour for hour in self._hours if hour < oldest]:
            del self._hours[hour]

    def _places(self, batch: ReadingBatch) -> Places:
        if batch.vocabulary is not self._layout.vocabulary:
            raise ValueError("a batch of another vocabulary: translate it first, its ordinals mean something else")
        return self._layout.places(batch.device, batch.metric)

    def _series(self, batch: ReadingBatch, place: Places) -> npt.NDArray[np.int64]:
        """A number for each series: its place; beyond all places for those that have none, as the journal holds them of
        a kind that reported more before.
        """
        is_stray = place == NOWHERE
        if not is_stray.any():
            return place
        cells = batch.device.astype(np.int64) * len(batch.vocabulary.metrics) + batch.metric
        return np.where(is_stray, self._layout.size + cells, place)


class IdentityMemory:
    """Which message identities have been settled within the horizon. A few generations by time of arrival."""

    def __init__(self, *, horizon_s: float) -> None:
        self._span = max(1, round(horizon_s * MICROS_PER_S / _GENERATIONS))
        self._generations: dict[int, KeySet] = {}

    def __len__(self) -> int:
        return sum(len(keys) for keys in self._generations.values())

    def known(self, identities: Iterable[int]) -> npt.NDArray[np.bool_]:
        keys = np.fromiter(identities, dtype=np.uint64)
        found = np.zeros(len(keys), dtype=np.bool_)
        if len(keys):
            for generation in self._generations.values():
                found |= generation.contains(keys)
        return found

    def remember(self, identities: Iterable[int], *, now: int) -> None:
        current = now // self._span
        for number in [number for number in self._generations if number < current - _GENERATIONS]:
            del self._generations[number]
        self._generations.setdefault(current, KeySet()).add(np.fromiter(identities, dtype=np.uint64))


class Memory:
    """Both memories, and how they come back after a restart."""

    def __init__(self, layout: SeriesLayout, *, horizon_s: float, future_skew_s: float) -> None:
        self.readings = ReadingMemory(layout, horizon_s=horizon_s)
        self.identities = IdentityMemory(horizon_s=horizon_s)
        self._vocabulary = layout.vocabulary
        self._reach = round((horizon_s + future_skew_s) * MICROS_PER_S)

    def rebuild(self, journal: Journal, *, now: int) -> int:
        """Take up what the journal's tail holds, as far back as the horizon reaches. How many settlements."""
        after, count = self._start(journal, since=now - self._reach), 0
        while entries := journal.read(after=after, limit=_PAGE):
            for entry in entries:
                self._take_up(entry.settlement)
            after, count = entries[-1].sequence, count + len(entries)
        return count

    def _start(self, journal: Journal, *, since: int) -> int:
        """The sequence before the first settlement at or after `since`; settlements are in order of time."""
        low, high = 0, journal.last_sequence
        while low < high:
            middle = (low + high) // 2
            entries = journal.read(after=middle, limit=1)
            if entries and entries[0].settlement.now < since:
                low = max(middle + 1, entries[0].sequence)
            else:
                high = middle
        return low

    def _take_up(self, settlement: Settlement) -> None:
        if settlement.identities:
            self.identities.remember(settlement.identities, now=settlement.now)
        if len(settlement.readings):
            self.readings.take_new(translated(settlement.readings, self._vocabulary), now=settlement.now)


def translated(batch: ReadingBatch, vocabulary: Vocabulary) -> ReadingBatch:
    """The batch in another vocabulary, by name; readings of devices or metrics that are gone there are left out."""
    if batch.vocabulary is vocabulary:
        return batch
    device = _ordinals(batch.vocabulary.devices, vocabulary.device_ordinal, np.dtype(np.int32))[batch.device]
    metric = _ordinals(batch.vocabulary.metrics, vocabulary.metric_ordinal, np.dtype(np.int16))[batch.metric]
    there = (device >= 0) & (metric >= 0)
    kept = batch.take(there)
    return ReadingBatch(
        vocabulary=vocabulary,
        device=device[there],
        metric=metric[there],
        at=kept.at,
        received=kept.received,
        value=kept.value,
        span=kept.span,
        quality=kept.quality,
        live=kept.live,
    )


def _ordinals(
    names: tuple[str, ...], ordinal: dict[str, int], dtype: np.dtype[np.signedinteger]
) -> npt.NDArray[np.signedinteger]:
    return np.array([ordinal.get(name, -1) for name in names], dtype=dtype)


def _may_repeat(keys: Keys) -> bool:
    """Whether two readings may be equal: those of one series and time have one key, others seldom do."""
    ordered = np.sort(keys)
    return bool((ordered[1:] == ordered[:-1]).any())


def _first_of_equals(series: npt.NDArray[np.int64], at: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """True for the first row of every (series, at)."""
    order = np.lexsort((at, series))  # stable: equals keep their order of arrival
    repeated = (np.diff(series[order]) == 0) & (np.diff(at[order]) == 0)
    first = np.ones(len(at), dtype=np.bool_)
    first[order[1:][repeated]] = False
    return first


def _different(hours: npt.NDArray[np.int64]) -> list[int]:
    """Each once, in order; nearly always there is but one."""
    if len(hours) and hours.min() == hours.max():
        return [int(hours[0])]
    found: list[int] = np.unique(hours).tolist()
    return found


def _hour_and_key(series: npt.NDArray[np.int64], at: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Keys]:
    """The hour of event time, and a key that is exact within it: 32 bits of series, 32 bits of microseconds."""
    hour = at // _HOUR
    return hour, (series.astype(np.uint64) << np.uint64(32)) | (at - hour * _HOUR).astype(np.uint64)
