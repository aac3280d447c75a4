"""Opens the messages of one micro-batch: decodes each and lays everything that they say side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from domain.errors import Unusable
from domain.messages import Measurement, Message, Reason
from ingest.deduplication import identity_of
from ingest.formats.bounds import shown
from ingest.formats.choosing import Formats
from ingest.formats.decoded import Decoded, Reject
from ingest.plain import PlainReader, PlainReports
from ingest.rows import UNDATED, UNKNOWN, Index, Rows, WireNames, joined, rows_of
from runtime import logs

_log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """Parts and rows in the order of their messages, whichever way they were read. Parts of which nothing became a row
    may stand behind all others.
    """

    rows: Rows
    units: Sequence[tuple[int, str]]
    """Row → the unit that came with it, where one did."""
    owner: Index
    """Which message each part came in."""
    speaker: Sequence[int]
    """Ordinal of each part's device, or UNKNOWN."""
    sequence: Sequence[int | None]
    sent: Sequence[int | None]
    identity: Mapping[int, int]
    """Part → its 64-bit identity, where it carries one of its own."""
    rejects: Sequence[tuple[int, Reject]]
    """Part, and what of it never became a row."""
    from_receipt: Sequence[int]
    """Parts whose event times count from the receipt of their message."""
    _origin: Index
    """Row → its place in what follows: first the metrics of plain messages, then the measurements of all others."""
    _metrics: Sequence[str]
    _measurements: Sequence[Measurement]

    def measurement(self, row: int, message: Message) -> Measurement:
        """The row in words of the wire, as `message` said it; for sentences, never for a hot path."""
        place = int(self._origin[row])
        if place >= len(self._metrics):
            return self._measurements[place - len(self._metrics)]
        at = int(self.rows.at[row])
        return Measurement(
            device=message.topic.rpartition("/")[2],
            metric=self._metrics[place],
            value=float(self.rows.value[row]),
            at=None if at == UNDATED else at,
        )


@dataclass(slots=True, kw_only=True)
class _Spoken:
    """What the general way has read. Parallel lists: `part_*` for each part, `row_*` for each measurement."""

    parts: list[Decoded] = field(default_factory=list)
    part_owner: list[int] = field(default_factory=list)
    rows: list[Measurement] = field(default_factory=list)
    row_owner: list[int] = field(default_factory=list)
    row_part: list[int] = field(default_factory=list)

    def add(self, owner: int, decoded: Decoded) -> None:
        if count := len(decoded.measurements):
            self.rows.extend(decoded.measurements)
            self.row_owner.extend([owner] * count)
            self.row_part.extend([len(self.parts)] * count)
        self.parts.append(decoded)
        self.part_owner.append(owner)


class Opener:
    """Decodes; what a decoder cannot use, or trips over, becomes a reject of its message alone."""

    def __init__(self, formats: Formats, names: WireNames) -> None:
        self._formats = formats
        self._names = names
        self._plain = PlainReader(formats, names)
        self._tripped: set[str] = set()

    def open(self, messages: Sequence[Message]) -> Opened:
        plain = self._plain.read(messages)
        spoken = _Spoken()
        if len(plain.owner) < len(messages):
            is_plain = np.zeros(len(messages), dtype=np.bool_)
            is_plain[plain.owner] = True
            for owner in np.flatnonzero(~is_plain).tolist():
                why = plain.broken.get(owner)
                for decoded in self._decode(messages[owner]) if why is None else _no_json(why):
                    spoken.add(owner, decoded)
        if spoken.rows or any(part.sequence is not None for part in spoken.parts):
            return _together(plain, spoken, self._names)
        return _plain_and_rejects(plain, spoken, self._names)

    def _decode(self, message: Message) -> Sequence[Decoded]:
        try:
            return self._formats.decode(message)
        except Unusable as exc:
            return _unusable(exc.reason, exc.detail)
        except Exception as exc:  # noqa: BLE001 - a bug in one decoder must not stop the messages of all the others
            self._tell(message, exc)
            return _unusable(Reason.WRONG_SHAPE, f"the decoder failed: {type(exc).__name__}: {str(exc)[:200]}")

    def _tell(self, message: Message, exc: Exception) -> None:
        """Once per kind of failure: the quarantine holds every single one."""
        kind = type(exc).__name__
        if kind not in self._tripped:
            self._tripped.add(kind)
            _log.error("decoder failed", topic=message.topic, payload=message.payload[:200], exc_info=exc)


@lru_cache(maxsize=1000)
def _no_json(why: str) -> Sequence[Decoded]:
    """As the decoder says it. The same few words again and again, most of them about what was cut off on the way."""
    return _unusable(Reason.NOT_JSON, shown(why))


def _unusable(reason: Reason, detail: str) -> Sequence[Decoded]:
    return [Decoded(device="", measurements=(), rejects=(Reject(reason=reason, detail=detail),))]


def _plain_and_rejects(plain: PlainReports, spoken: _Spoken, names: WireNames) -> Opened:
    """The usual micro-batch: what came the general way, if anything did, is not usable at all."""
    before, parts = len(plain.owner), spoken.parts
    return Opened(
        rows=plain.rows,
        units=(),
        owner=np.concatenate([plain.owner, np.array(spoken.part_owner, dtype=np.intp)]) if parts else plain.owner,
        speaker=[*plain.speaker.tolist(), *[names.device.get(part.device, UNKNOWN) for part in parts]],
        sequence=[*plain.sequence, *[None for _ in parts]],
        sent=[*plain.sent, *[part.sent for part in parts]],
        identity={before + p: identity_of(part.device, part.identity) for p, part in enumerate(parts) if part.identity},
        rejects=[(before + p, reject) for p, part in enumerate(parts) for reject in part.rejects],
        from_receipt=(),
        _origin=np.arange(len(plain.rows)),
        _metrics=plain.metrics,
        _measurements=(),
    )


def _together(plain: PlainReports, spoken: _Spoken, names: WireNames) -> Opened:
    """Both ways' parts and rows, sorted by message; a message went one way alone, so its own order stays."""
    before, parts = len(plain.owner), spoken.parts
    others = rows_of(spoken.rows, owner=spoken.row_owner, part=[before + p for p in spoken.row_part], names=names)
    rows = joined(plain.rows, others)
    owner = np.concatenate([plain.owner, np.array(spoken.part_owner, dtype=np.intp)])
    part_order, row_order = np.argsort(owner, kind="stable"), np.argsort(rows.owner, kind="stable")
    part_place, row_place = _inverse(part_order), _inverse(row_order)
    sequence = [*plain.sequence, *(part.sequence for part in parts)]
    sent = [*plain.sent, *(part.sent for part in parts)]
    speaker = [*plain.speaker.tolist(), *(names.device.get(part.device, UNKNOWN) for part in parts)]
    order = part_order.tolist()
    named = {before + p: identity_of(part.device, part.identity) for p, part in enumerate(parts) if part.identity}
    rejects = [(before + p, reject) for p, part in enumerate(parts) for reject in part.rejects]
    units = [(len(plain.rows) + r, one.unit) for r, one in enumerate(spoken.rows) if one.unit is not None]
    return Opened(
        rows=rows.in_order(row_order, part=part_place[rows.part]),
        units=[(int(row_place[row]), unit) for row, unit in units],
        owner=owner[part_order],
        speaker=[speaker[part] for part in order],
        sequence=[sequence[part] for part in order],
        sent=[sent[part] for part in order],
        identity={int(part_place[part]): identity for part, identity in named.items()},
        rejects=[(int(part_place[part]), reject) for part, reject in rejects],
        from_receipt=[int(part_place[before + p]) for p, part in enumerate(parts) if part.counts_from_receipt],
        _origin=row_order,
        _metrics=plain.metrics,
        _measurements=spoken.rows,
    )


def _inverse(order: Index) -> Index:
    """Where each one went."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place
