"""Turns a micro-batch of messages into one settlement: every message and every reading gets exactly one fate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress

import numpy as np
import numpy.typing as npt

from domain.devices import Registry
from domain.layout import layout_of
from domain.messages import Message, Quarantined, Reason
from domain.metrics import Catalogue
from domain.ports import Journal
from domain.readings import ReadingBatch, Vocabulary, batch_of
from domain.settlements import Settlement
from ingest.deduplication import Memory, identity_of_bytes
from ingest.formats.choosing import Formats, choice_of
from ingest.opening import Opened, Opener
from ingest.rows import UNDATED, UNKNOWN, names_of
from ingest.settings import IngestSettings
from ingest.statistics import Statistics
from ingest.tallying import DUPLICATE, LATE, QUARANTINED, STORED, Fates, ledger_of
from ingest.validation import FINE, REASONS, Checked, Validator, described

Flags = npt.NDArray[np.bool_]
REDRIVEN = "/redriven"
"""Ends the name under which the ledger counts what came out of a feed's quarantine."""

_DETAILS_SHOWN = 5


class Pipeline:
    """Decode, validate, deduplicate, tally. One thread; what it remembers comes back with `rebuild`."""

    def __init__(
        self,
        registry: Registry,
        catalogue: Catalogue,
        settings: IngestSettings,
        *,
        statistics: Statistics,
        formats: Formats | None = None,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        """`vocabulary`: that of the journal and of its readers, who are spared a translation; else one is made."""
        self.vocabulary = vocabulary or Vocabulary(devices=tuple(registry.devices), metrics=catalogue.codes)
        """That of every settlement."""
        self._validator = Validator(
            registry,
            catalogue,
            self.vocabulary,
            late_horizon_s=settings.late_horizon,
            future_skew_s=settings.future_skew,
        )
        self.layout = layout_of(registry, self.vocabulary)
        """Where each series has its place, for all who keep something of every series."""
        self._memory = Memory(self.layout, horizon_s=settings.late_horizon, future_skew_s=settings.future_skew)
        names = names_of(registry, self.vocabulary)
        self._opener = Opener(formats or Formats(choice_of(settings, registry)), names)
        self._kept_bytes = settings.limits.payload_bytes
        self.statistics = statistics
        self._nothing = batch_of(self.vocabulary, device=[], metric=[], at=[], value=[])
        self.sent: list[int] = []
        """Hand-over times (microseconds) that the devices of the last settlement gave."""

    def rebuild(self, journal: Journal, *, now: int) -> int:
        """Remember what the journal's tail holds; before the first message. How many settlements were read."""
        return self._memory.rebuild(journal, now=now)

    def tick(self, now: int) -> Settlement:
        """The city's clock and nothing else."""
        self.sent = []
        return Settlement(now=now, readings=self._nothing)

    def settle(self, messages: Sequence[Message], now: int) -> Settlement:
        """All of `messages`, in their order. Settling is remembered: the same message again is a duplicate."""
        return self._settle(messages, now, knows_bytes=True)

    def redrive(self, entries: Mapping[int, Message], now: int) -> Settlement:
        """Messages out of the quarantine, by entry. Their readings are history, counted under FEED/redriven."""
        settlement = self._settle(tuple(entries.values()), now, knows_bytes=False)
        readings = settlement.readings
        return replace(
            settlement,
            readings=replace(readings, live=np.zeros_like(readings.live)),
            ledger=tuple(replace(line, feed=f"{line.feed}{REDRIVEN}") for line in settlement.ledger),
            redriven=tuple(entries),
        )

    def _settle(self, messages: Sequence[Message], now: int, *, knows_bytes: bool) -> Settlement:
        """`knows_bytes`: whether a message that is known by its bytes alone is a duplicate."""
        opened = self._opener.open(messages)
        received = np.array([message.received for message in messages], dtype=np.int64)
        retained = np.array([message.retain for message in messages], dtype=np.bool_)
        batch = _Batch(messages, opened, self._validator.check(opened, received, retained))
        batch.recognise(self._memory, now=now, knows_bytes=knows_bytes)
        self._note(opened, batch)
        return Settlement(
            now=now,
            readings=batch.stored(),
            quarantined=batch.quarantined(most_bytes=self._kept_bytes),
            ledger=ledger_of(messages, received, batch.fates()),
            identities=tuple(batch.identities),
        )

    def _note(self, opened: Opened, batch: "_Batch") -> None:
        stored = np.zeros(len(opened.owner), dtype=np.bool_)
        stored[opened.rows.part[batch.fate == STORED]] = True
        self.sent = [sent for sent in compress(opened.sent, stored) if sent is not None]
        for feed in {message.feed for message in batch.messages}:
            self.statistics.numbered(feed, _numbered(opened, batch.messages, feed))


class _Batch:
    """The working columns of one settlement: rows are measurements, rejects are what never became one."""

    def __init__(self, messages: Sequence[Message], opened: Opened, checked: Checked) -> None:
        self.messages = messages
        self.opened = opened
        self.checked = checked
        self.owner = opened.rows.owner
        self.part = opened.rows.part
        self.fate = np.full(len(self.owner), STORED, dtype=np.int8)
        self.fate[checked.late] = LATE
        self.fate[checked.reason != FINE] = QUARANTINED
        self.reject_part = np.array([part for part, _ in opened.rejects], dtype=np.intp)
        self.reject_owner = opened.owner[self.reject_part]
        self.reject_fate = np.full(len(opened.rejects), QUARANTINED, dtype=np.int8)
        self.identities: list[int] = []
        self._bad_parts: set[int] = set()
        """Parts of which something is quarantined: their own id stays free, so that they may be driven again."""

    def recognise(self, memory: Memory, *, now: int, knows_bytes: bool) -> None:
        """Find what was here before: parts by their own id, bad or undated messages by their bytes, then readings."""
        self._by_id(memory)
        if knows_bytes:
            self._by_bytes(memory)
        candidates = np.flatnonzero(self.fate == STORED)
        is_new = memory.readings.take_new(self.stored(), now=now)
        self.fate[candidates[~is_new]] = DUPLICATE
        if self.identities:
            memory.identities.remember(self.identities, now=now)

    def stored(self) -> ReadingBatch:
        """What is to be stored as far as is known by now."""
        batch, is_stored = self.checked.batch, self.fate == STORED
        return batch if is_stored.all() else batch.take(is_stored)

    def _by_id(self, memory: Memory) -> None:
        named = sorted(self.opened.identity.items())
        if not named:
            return
        self._bad_parts = set(self.part[self.fate == QUARANTINED].tolist()) | set(self.reject_part.tolist())
        known = memory.identities.known(identity for _, identity in named)
        again: Flags = np.zeros(len(self.opened.owner), dtype=np.bool_)
        here: set[int] = set()
        for (part, identity), is_known in zip(named, known, strict=True):
            if is_known or identity in here:
                again[part] = True
            elif part not in self._bad_parts:
                here.add(identity)
        self.identities.extend(here)
        self.fate[again[self.part]] = DUPLICATE
        self.reject_fate[again[self.reject_part]] = DUPLICATE

    def _by_bytes(self, memory: Memory) -> None:
        """A message that could not be used goes to quarantine once. One without event time is doubtful when the
        broker says that it came before, or when an id or a counter makes its bytes unique.
        """
        undated = self._undated()
        doubtful = undated | (self.fate == QUARANTINED)
        owners = sorted({*self.owner[doubtful].tolist(), *self.reject_owner[self.reject_fate == QUARANTINED].tolist()})
        if not owners:
            return  # nearly always
        identities = [identity_of_bytes(self.messages[i].topic, self.messages[i].payload) for i in owners]
        again = np.zeros(len(self.messages), dtype=np.bool_)
        here: set[int] = set()
        for owner, identity, known in zip(owners, identities, memory.identities.known(identities), strict=True):
            again[owner] = known or identity in here
            if not again[owner]:
                here.add(identity)
        self.identities.extend(here)
        if len(here) == len(owners):
            return  # none of them was here before
        self.fate[again[self.owner] & (self.fate == QUARANTINED)] = DUPLICATE
        self.reject_fate[again[self.reject_owner]] = DUPLICATE
        if undated.any():
            self.fate[again[self.owner] & undated & self._is_telling()[self.part]] = DUPLICATE

    def _undated(self) -> Flags:
        """Rows of good standing whose event time is that of receipt, or counts from it, and that no remembered id makes
        known.
        """
        undated: Flags = self.opened.rows.at == UNDATED
        if self.opened.from_receipt:
            undated |= np.isin(self.part, self.opened.from_receipt)
        undated &= self.fate == STORED
        if self.opened.identity:
            undated &= ~np.isin(self.part, list(self.opened.identity.keys() - self._bad_parts))
        return undated

    def _is_telling(self) -> Flags:
        """Parts whose bytes, seen twice, mean the same message twice."""
        opened = self.opened
        return np.array(
            [
                part in opened.identity or self.messages[owner].redelivered or sequence is not None or sent is not None
                for part, (owner, sequence, sent) in enumerate(
                    zip(opened.owner.tolist(), opened.sequence, opened.sent, strict=True)
                )
            ],
            dtype=np.bool_,
        )

    def fates(self) -> Fates:
        weights = [reject.readings for _, reject in self.opened.rejects]
        return Fates(
            owner=np.concatenate([self.owner, self.reject_owner]),
            fate=np.concatenate([self.fate, self.reject_fate]),
            weight=np.concatenate([np.ones(len(self.owner), dtype=np.int64), np.array(weights, dtype=np.int64)]),
        )

    def quarantined(self, *, most_bytes: int) -> tuple[Quarantined, ...]:
        """One entry per message and reason, with how many readings it stands for. Of a payload that is too large only
        the beginning is kept: one message must not push all the others out.
        """
        entries: dict[tuple[int, Reason], list[str]] = {}
        counts: dict[tuple[int, Reason], int] = {}

        def put(owner: int, reason: Reason, detail: str, readings: int) -> None:
            key = owner, reason
            if key in entries:
                entries[key].append(detail)
                counts[key] += readings
            else:
                entries[key], counts[key] = [detail], readings

        for row in np.flatnonzero(self.fate == QUARANTINED).tolist():
            owner, reason = int(self.owner[row]), REASONS[self.checked.reason[row]]
            message = self.messages[owner]
            put(owner, reason, described(reason, self.opened.measurement(row, message), message), 1)
        is_kept = self.reject_fate == QUARANTINED
        kept = compress(self.opened.rejects, is_kept)
        for owner, (_, reject) in zip(self.reject_owner[is_kept].tolist(), kept, strict=True):
            put(owner, reject.reason, reject.detail, reject.readings)
        return tuple(
            Quarantined(
                feed=(message := self.messages[owner]).feed,
                topic=message.topic,
                payload=message.payload[:most_bytes],
                received=message.received,
                reason=reason,
                detail=_abridged(details),
                readings=readings,
            )
            for ((owner, reason), details), readings in zip(entries.items(), counts.values(), strict=True)
        )


def _numbered(opened: Opened, messages: Sequence[Message], feed: str) -> Iterator[tuple[int, int]]:
    """Device and number of each part that carries one and came through the feed."""
    for owner, device, number in zip(opened.owner.tolist(), opened.speaker, opened.sequence, strict=True):
        if number is not None and device != UNKNOWN and messages[owner].feed == feed:
            yield device, number


def _abridged(details: list[str]) -> str:
    """Each different word once, the first few of them."""
    if len(details) == 1:
        return details[0]
    different = list(dict.fromkeys(details))
    shown = "; ".join(different[:_DETAILS_SHOWN])
    return shown if len(different) <= _DETAILS_SHOWN else f"{shown}; and {len(different) - _DETAILS_SHOWN} more"
