"""Readings that the series store refused, kept in the quarantine: each once, also across a kill, and written again on
request.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

import msgspec

from domain.errors import Refused, Unusable
from domain.instants import from_micros, to_micros
from domain.messages import Quarantined, Reason
from domain.ports import SeriesStore
from domain.readings import Quality, ReadingBatch, Vocabulary, batch_of
from runtime import logs
from store.records.records import Records
from store.series.refusing import RefusedReadings

FEED = "series-store"
TOPIC = "citybrain/v1/batch/series-store"
READINGS_AT_ONCE = 500
"""In one entry: about 50 kB, well below what one message may be."""
ENTRIES_AT_ONCE = 100
_SHOWN = 500

_log = logs.get(__name__)


class _Kept(msgspec.Struct, omit_defaults=True):
    """One reading as docs/wire.md spells it, so that people can read it too. `received`: microseconds."""

    device: str
    t: str | int
    v: dict[str, float]
    received: int
    span: float = 0.0
    q: str = "good"
    hist: bool = False


class StoreRefusals:
    """Between pump, quarantine and store. `keep` is for the pump's thread, `write_again` for one other."""

    def __init__(self, records: Records, *, store: SeriesStore, target: str) -> None:
        """`target` tells this store from another that may stand in its place later: that one refuses for itself."""
        self._records = records
        self._store = store
        self._cursor = f"refused by {target}"

    def keep(self, refused: RefusedReadings) -> None:
        """Into the quarantine, unless they are there from before a kill. Raises Temporary: then call it again."""
        with self._records.transaction() as books:
            known = books.cursors.get(self._cursor)
            if refused.through <= known:
                return
            entries = list(_entries(refused, after=known))
            books.quarantine.add(entries)
            books.cursors.set(self._cursor, refused.through)
        if entries:
            _log.error(
                "readings refused by the series store",
                readings=sum(entry.readings for entry in entries),
                error=refused.words[-1][:_SHOWN],
            )

    def write_again(self) -> int:
        """Write those into the store that somebody asked for; the entries that it takes now go. How many went.

        What it refuses again waits to be asked for anew: else the same ones would be tried for ever, before all others.
        """
        with self._records.snapshot() as books:
            asked = books.quarantine.asked_of_store(limit=ENTRIES_AT_ONCE)
        taken = [entry.id for entry in asked if self._is_taken(entry.content)]
        if asked:
            with self._records.transaction() as books:
                books.quarantine.driven(taken)
                books.quarantine.in_vain([entry.id for entry in asked if entry.id not in taken])
        return len(taken)

    def _is_taken(self, content: Quarantined) -> bool:
        try:
            self._store.write(readings_of(content), through=None)
        except (Refused, Unusable) as exc:
            _log.warning("series store refuses it again, the entry stays", error=str(exc)[:_SHOWN])
            return False
        return True


def readings_of(content: Quarantined) -> ReadingBatch:
    """The readings of such an entry, as they were. Raises Unusable when somebody has changed its bytes."""
    try:
        kept = msgspec.json.decode(content.payload, type=list[_Kept])
        rows = [(one, metric, value) for one in kept for metric, value in one.v.items()]
        words = Vocabulary(
            devices=list(dict.fromkeys(one.device for one in kept)),
            metrics=list(dict.fromkeys(metric for _, metric, _ in rows)),
        )
        return batch_of(
            words,
            device=[words.device_ordinal[one.device] for one, _, _ in rows],
            metric=[words.metric_ordinal[metric] for _, metric, _ in rows],
            at=[_micros(one.t) for one, _, _ in rows],
            received=[one.received for one, _, _ in rows],
            value=[value for _, _, value in rows],
            span=[one.span for one, _, _ in rows],
            quality=[Quality[one.q.upper()] for one, _, _ in rows],
            live=[not one.hist for one, _, _ in rows],
        )
    except (msgspec.DecodeError, ValueError, KeyError, OverflowError) as exc:
        raise Unusable(Reason.WRONG_SHAPE, f"this entry cannot be read any more: {exc}") from exc


def _entries(refused: RefusedReadings, *, after: int) -> Iterator[Quarantined]:
    """One for each run of rows of one journal entry that were refused with the same words."""
    rows = [row for row in range(len(refused.batch)) if refused.sequence[row] > after]

    def kind(row: int) -> tuple[int, str]:
        return int(refused.sequence[row]), refused.words[row]

    for (sequence, words), group in groupby(sorted(rows, key=kind), key=kind):
        alike = list(group)
        for start in range(0, len(alike), READINGS_AT_ONCE):
            part = alike[start : start + READINGS_AT_ONCE]
            yield Quarantined(
                feed=FEED,
                topic=TOPIC,
                payload=_payload(refused.batch, part),
                received=int(refused.batch.received[part].min()),
                reason=Reason.STORE_REFUSED,
                detail=f"journal entry {sequence}: {words[:_SHOWN]}",
                readings=len(part),
            )


def _payload(batch: ReadingBatch, rows: Sequence[int]) -> bytes:
    return msgspec.json.encode(
        [
            _Kept(
                device=batch.vocabulary.devices[batch.device[row]],
                t=_spelled(int(batch.at[row])),
                received=int(batch.received[row]),
                v={batch.vocabulary.metrics[batch.metric[row]]: float(batch.value[row])},
                span=float(batch.span[row]),
                q=Quality(batch.quality[row]).name.lower(),
                hist=not batch.live[row],
            )
            for row in rows
        ]
    )


def _spelled(at: int) -> str | int:
    """RFC 3339 to the microsecond, or milliseconds where no calendar reaches."""
    try:
        return from_micros(at).isoformat()
    except OverflowError:
        return at // 1000


def _micros(t: str | int) -> int:
    return t * 1000 if isinstance(t, int) else to_micros(datetime.fromisoformat(t))
