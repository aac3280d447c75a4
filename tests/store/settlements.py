"""Settlements for tests, by hand. Child processes import this: it stays light."""

from datetime import UTC, datetime

import numpy as np

from domain.readings import COLUMNS, Vocabulary, batch_of
from domain.settlements import Settlement

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORDS = Vocabulary(devices=[f"NM-{n:04d}" for n in range(400)], metrics=["laeq", "temperature", "lamp_on"])


def tick(now: int) -> Settlement:
    """A settlement without messages."""
    return Settlement(now=now, readings=batch_of(WORDS, device=[], metric=[], at=[], value=[]))


def some_readings(count: int, *, now: int = 0, words: Vocabulary = WORDS) -> Settlement:
    """`count` readings whose values tell them apart."""
    at = now + np.arange(count) * 1000
    device = np.arange(count) % len(words.devices)
    metric = np.arange(count) % len(words.metrics)
    return Settlement(now=now, readings=batch_of(words, device=device, metric=metric, at=at, value=np.arange(count)))


def content(settlement: Settlement) -> tuple[object, ...]:
    """Everything in it, by name and bit for bit, so that settlements of different vocabularies can be compared."""
    batch = settlement.readings
    names = [
        [batch.vocabulary.devices[ordinal] for ordinal in batch.device],
        [batch.vocabulary.metrics[ordinal] for ordinal in batch.metric],
    ]
    rest = [getattr(batch, name).tobytes() for name in COLUMNS if name not in ("device", "metric")]
    return settlement.now, names, rest, settlement.quarantined, settlement.ledger, settlement.identities
