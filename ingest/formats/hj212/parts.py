"""Puts packets together that a station has split over several frames (PNUM, PNO), in whatever order they come.

In the field every part names its DataTime and ends with a whole item: then it is read by itself, at once, and nothing
depends on its siblings. Only parts that are cut elsewhere wait for each other here.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from domain.instants import MICROS_PER_S
from ingest.formats.hj212.packet import Packet

WAIT_S = 600.0
"""How long parts wait for their siblings, by the time of receipt."""
MOST_SETS = 1000
MOST_BYTES = 16 * 1024 * 1024

_DATA_TIME = re.compile(r"DataTime\s*=\s*([^;,]*)", re.IGNORECASE)
_BEGINS_WITH_TIME = re.compile(r"\s*DataTime\s*=", re.IGNORECASE)
_ENDS_WITH_ITEM = re.compile(r".*(?:;|-Flag\s*=\s*\w)\s*", re.DOTALL | re.IGNORECASE)
_BEGINS_WITH_NAME = re.compile(r"\s*[A-Za-z]\w*(?:-\w+)?\s*=")

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Content that can be read, from one set of parts."""

    packet: Packet
    """For its header; its part is the first one of the text, which no other text of the set shares."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """Parts whose siblings did not come in time: what of them cannot be read, and how many items that are."""

    packet: Packet
    detail: str
    readings: int


@dataclass(slots=True, kw_only=True)
class _Set:
    packet: Packet
    first_received: int
    texts: dict[int, str] = field(default_factory=dict)
    told: set[int] = field(default_factory=set)
    is_done: bool = False

    @property
    def is_whole(self) -> bool:
        return len(self.texts) == self.packet.parts

    @property
    def is_waiting(self) -> bool:
        return not self.is_done and len(self.told) < len(self.texts)


def stands_alone(packet: Packet) -> bool:
    """Whether a part can be read without its siblings."""
    text = packet.content
    is_whole = packet.part == packet.parts or _ENDS_WITH_ITEM.fullmatch(text) is not None
    return is_whole and _BEGINS_WITH_TIME.match(text) is not None


class Parts:
    """Bounded by number, bytes and age; what is given up is said."""

    def __init__(self, *, most_sets: int = MOST_SETS, most_bytes: int = MOST_BYTES) -> None:
        self._sets: OrderedDict[Key, _Set] = OrderedDict()
        self._most_sets = most_sets
        self._most_bytes = most_bytes
        self.size = 0
        """Characters that are kept."""
        self.ended: list[Key] = []
        """Sets of which everything was told or given up; the owner empties it."""

    def __len__(self) -> int:
        return len(self._sets)

    def take(self, packet: Packet, *, received: int) -> Iterator[Joined]:
        """One part: what can be read now. A part that comes again is read again if it was read by itself."""
        waiting = self._put(packet, received)
        if stands_alone(packet):
            yield Joined(packet=packet, text=packet.content)
        if not waiting.is_done and waiting.is_whole:
            yield from _joined(waiting)
            self._empty(waiting)
            self.ended.append((packet.mn, packet.qn, packet.cn))

    def restore(self, packet: Packet, *, received: int) -> None:
        """A part out of the time before a kill. A set that is whole and not known to have ended (`end`) is told when a
        part of it comes again, or when its time is over.
        """
        self._put(packet, received)
        self._make_room()

    def end(self, key: Key) -> None:
        """It had ended before a kill, and what it said is in the journal."""
        if key in self._sets:
            self._empty(self._sets[key])

    def _make_room(self) -> None:
        """Of sets in which nothing waits any more; the others have their end said (see `overdue`)."""
        for key in [key for key, one in self._sets.items() if not one.is_waiting]:
            if len(self._sets) <= self._most_sets and self.size <= self._most_bytes:
                return
            self._forget(key)

    def _put(self, packet: Packet, received: int) -> _Set:
        key = (packet.mn, packet.qn, packet.cn)
        waiting = self._sets.get(key)
        if waiting is None or waiting.packet.parts != packet.parts:
            self._forget(key)
            waiting = self._sets[key] = _Set(packet=replace(packet, content=""), first_received=received)
        if stands_alone(packet):
            waiting.told.add(packet.part)
        if not waiting.is_done and packet.part not in waiting.texts:
            waiting.texts[packet.part] = packet.content
            self.size += len(packet.content)
        return waiting

    def overdue(self, *, received: int) -> Iterator[Joined | GivenUp]:
        """What has waited too long, or must go because there is too much; said once."""
        while self._sets:
            key, oldest = next(iter(self._sets.items()))
            is_old = received - oldest.first_received > WAIT_S * MICROS_PER_S
            if not (is_old or len(self._sets) > self._most_sets or self.size > self._most_bytes):
                return
            if oldest.is_waiting:
                yield from _joined(oldest) if oldest.is_whole else _given_up(oldest)
                self.ended.append(key)
            self._forget(key)

    def _empty(self, done: _Set) -> None:
        """It stays known as done, so that a part which is sent again opens no new set."""
        self.size -= sum(map(len, done.texts.values()))
        done.texts.clear()
        done.is_done = True

    def _forget(self, key: Key) -> None:
        if (known := self._sets.pop(key, None)) is not None:
            self._empty(known)


def _joined(whole: _Set) -> Iterator[Joined]:
    return (Joined(packet=replace(whole.packet, part=part), text=text) for part, text in _runs(whole))


def _runs(whole: _Set) -> Iterator[tuple[int, str]]:
    """Neighbouring parts that were not read yet, as one text each that begins with its time, by their first."""
    time, run, first = "", "", 0
    for part in range(1, whole.packet.parts + 1):
        text = whole.texts[part]
        if part not in whole.told:
            first = first if run else part
            run = _spliced(run, text) if run else f"{time}{text}"
            continue
        if run:
            yield first, run
            run = ""
        time = _last_time(text)
    if run:
        yield first, run


def _last_time(text: str) -> str:
    times = _DATA_TIME.findall(text)
    return f"DataTime={times[-1]};" if times else ""


def _spliced(before: str, after: str) -> str:
    """Two neighbours. A cut between two items has lost its semicolon; a cut within one has not."""
    last = before.rpartition(";")[2].rpartition(",")[2]
    value = last.partition("=")[2].strip()
    is_between = bool(value) and _BEGINS_WITH_NAME.match(after) is not None
    return f"{before};{after}" if is_between else before + after


def _given_up(broken: _Set) -> Iterator[Joined | GivenUp]:
    """Whole items under a known time are read; the rest is counted and shown."""
    packet = broken.packet
    lost: list[str] = []
    for part in sorted(set(broken.texts) - broken.told):
        text = broken.texts[part]
        whole, _, rest = text.rpartition(";")
        if _BEGINS_WITH_TIME.match(text) and whole:
            yield Joined(packet=packet, text=whole)
            lost.append(rest)
        else:
            lost.append(text)
    missing = ", ".join(str(part) for part in range(1, packet.parts + 1) if part not in broken.texts)
    shown = " | ".join(lost)
    yield GivenUp(
        packet=packet,
        detail=f"MN={packet.mn} QN={packet.qn}: part {missing} of {packet.parts} did not come; lost: {shown[:300]!r}",
        readings=max(1, sum(text.count("-Rtd=") + text.count("-Avg=") + text.count("-Data=") for text in lost)),
    )
