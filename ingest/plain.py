"""Plain messages of the native format, read side by side into columns: no object for each of their values.

Plain: one object of one device, readable in whole, without units and without an id of its own. Others go the general
way (ingest.opening), which says the same about a plain one, only slower.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from domain.errors import Unusable
from domain.messages import Message
from ingest.formats import native
from ingest.formats.choosing import Formats
from ingest.formats.native import Report
from ingest.rows import UNDATED, UNKNOWN, Index, Rows, WireNames

NOT_PLAIN = -2
"""Stands for the speaker, or the time, of what has to go the general way."""
REMEMBERED_TOPICS = 200_000

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainReports:
    """The plain ones of a micro-batch; part i came in message `owner[i]`."""

    rows: Rows
    metrics: Sequence[str]
    """Of every row, as it stood on the wire."""
    owner: Index
    speaker: npt.NDArray[np.int32]
    sequence: Sequence[int | None]
    sent: Sequence[int | None]
    """Microseconds since the epoch."""
    broken: Mapping[int, str]
    """Messages that might be plain if they were JSON, and why they are none."""


class PlainReader:
    """Remembers of every topic whether its messages may be plain, and who speaks there."""

    def __init__(self, formats: Formats, names: WireNames) -> None:
        self._formats = formats
        self._names = names
        self._metric = _Ordinals(names.metric)
        self._speakers: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def read(self, messages: Sequence[Message]) -> PlainReports:
        """Those that are plain, in their order."""
        speaker = self._speakers_of(messages)
        chosen = self._chosen(messages, speaker)
        read = native.read_reports([messages[number].payload for number in chosen])
        most = self._formats.limits.values
        special = [
            place
            for place, report in enumerate(read)
            if not isinstance(report, Report)
            or report.u
            or report.id
            or len(report.v) > most
            or (report.device is not None and report.device != _name(messages[chosen[place]].topic))
        ]
        broken = {chosen[place]: why for place in special if isinstance(why := read[place], str)}
        for place in reversed(special):
            del read[place], chosen[place]
        reports = cast(list[Report], read)
        owner = np.array(chosen, dtype=np.intp)
        at = _instants([report.t for report in reports])
        if (at == NOT_PLAIN).any():
            dated = at != NOT_PLAIN
            reports, owner, at = list(compress(reports, dated)), owner[dated], at[dated]
        who = np.array(speaker, dtype=np.int32)[owner]
        return _columns(reports, owner, who, at, metric_ordinal=self._metric, broken=broken)

    def _chosen(self, messages: Sequence[Message], speaker: Sequence[int]) -> list[int]:
        """Numbers of those that may be plain: all of them, nearly always."""
        most = self._formats.limits.payload_bytes
        if NOT_PLAIN not in speaker and max([len(message.payload) for message in messages], default=0) <= most:
            return list(range(len(messages)))
        return [
            number
            for number, (message, who) in enumerate(zip(messages, speaker, strict=True))
            if who != NOT_PLAIN and len(message.payload) <= most
        ]

    def _speakers_of(self, messages: Sequence[Message]) -> list[int]:
        known = self._speakers
        speakers = [known[message.feed].get(message.topic) for message in messages]
        if None not in speakers:
            return cast(list[int], speakers)
        return [self._look_up(message) if who is None else who for who, message in zip(speakers, messages, strict=True)]

    def _look_up(self, message: Message) -> int:
        known = self._speakers[message.feed]
        if message.topic not in known:
            if len(known) >= REMEMBERED_TOPICS:
                known.clear()
            known[message.topic] = self._speaker(message)
        return known[message.topic]

    def _speaker(self, message: Message) -> int:
        if self._formats.by_topic(message.feed, message.topic) is not native.decode_up:
            return NOT_PLAIN
        try:
            return self._names.device.get(native.speaker(message.topic), UNKNOWN)
        except Unusable:
            return NOT_PLAIN


class _Ordinals(dict[str, int]):
    """`ordinals[code]` of a metric, UNKNOWN for what is none."""

    def __missing__(self, code: str) -> int:
        return UNKNOWN


def _name(topic: str) -> str:
    return topic.rpartition("/")[2]


def _instants(times: Sequence[int | str | None]) -> npt.NDArray[np.int64]:
    """Microseconds since the epoch, UNDATED, or NOT_PLAIN where the time cannot be used."""
    counts = [time for time in times if isinstance(time, int)]
    if counts and len(counts) == len(times) and min(counts) >= 0 and max(counts) <= native.LARGEST_MS:
        return np.array(counts, dtype=np.int64) * 1000
    known = {time: _instant(time) for time in set(times)}
    return np.array([known[time] for time in times], dtype=np.int64)


def _instant(time: int | str | None) -> int:
    try:
        at = native.event_time(time)
    except Unusable:
        return NOT_PLAIN
    return UNDATED if at is None else at


def _columns(
    reports: Sequence[Report],
    owner: Index,
    speaker: npt.NDArray[np.int32],
    at: npt.NDArray[np.int64],
    *,
    metric_ordinal: _Ordinals,
    broken: Mapping[int, str],
) -> PlainReports:
    spoken = [report.v for report in reports]
    part = np.repeat(np.arange(len(reports)), np.array([len(values) for values in spoken], dtype=np.intp))
    metrics = list(chain.from_iterable(spoken))
    value = np.array(list(chain.from_iterable([values.values() for values in spoken])), dtype=np.float64)
    absent = np.isnan(value)  # what null has become; JSON has no NaN of its own
    if absent.any():
        metrics, value, part = list(compress(metrics, ~absent)), value[~absent], part[~absent]
    rows = Rows(
        owner=owner[part],
        part=part,
        device=speaker[part],
        metric=np.array([metric_ordinal[metric] for metric in metrics], dtype=np.int16),
        at=at[part],
        value=value,
        span=_spread([report.span or 0.0 for report in reports], part, np.float32),
        quality=_spread([native.QUALITIES[report.q] for report in reports], part, np.uint8),
        live=_spread([not report.hist for report in reports], part, np.bool_),
    )
    return PlainReports(
        rows=rows,
        metrics=metrics,
        owner=owner,
        speaker=speaker,
        sequence=[report.seq for report in reports],
        sent=[None if report.sent is None else report.sent * 1000 for report in reports],
        broken=broken,
    )


def _spread(said: Sequence[float], part: Index, dtype: type[T]) -> npt.NDArray[T]:
    """What each report said once, in each of its rows. Nearly always all say the same."""
    if said and said.count(said[0]) == len(said):
        return np.full(len(part), said[0], dtype)
    return np.array(said, dtype)[part]
