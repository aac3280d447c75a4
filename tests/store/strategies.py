"""Settlements for tests, by hypothesis: whatever the types allow."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from domain.ledger import LedgerLine, Tally
from domain.messages import Quarantined, Reason
from domain.readings import ReadingBatch, Vocabulary, batch_of
from domain.settlements import Settlement

_micros = st.integers(-(2**62), 2**62)
_counts = st.integers(0, 2**40)
_tallies = st.builds(Tally, received=_counts, stored=_counts, duplicate=_counts, quarantined=_counts, late=_counts)
_ledger = st.builds(
    LedgerLine,
    feed=st.text(max_size=8),
    minute=st.integers(0, 10**7).map(lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    messages=_tallies,
    readings=_tallies,
)
_words = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
"""What comes back from the journal letter by letter; other things are spelled out."""
_quarantined = st.builds(
    Quarantined,
    feed=st.text(_words, max_size=8),
    topic=st.text(_words, max_size=20),
    payload=st.binary(max_size=60),
    received=_micros,
    reason=st.sampled_from(Reason),
    detail=st.text(_words, max_size=30),
    readings=st.integers(0, 10_000),
)


@st.composite
def batches(draw: st.DrawFn) -> ReadingBatch:
    """Any readings at all, with a vocabulary of their own."""
    devices = draw(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=20, unique=True))
    metrics = draw(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4, unique=True))
    count = draw(st.integers(0, 40))
    column = {
        "device": st.integers(0, len(devices) - 1),
        "metric": st.integers(0, len(metrics) - 1),
        "at": _micros,
        "received": _micros,
        "value": st.floats() | st.sampled_from([0.0, -0.0]),
        "span": st.floats(width=32),
        "quality": st.integers(0, 2),
        "live": st.booleans(),
    }
    words = Vocabulary(devices=devices, metrics=metrics)
    return batch_of(words, **{name: draw(st.lists(of, min_size=count, max_size=count)) for name, of in column.items()})


settlements = st.builds(
    Settlement,
    now=_micros,
    readings=batches(),
    quarantined=st.lists(_quarantined, max_size=3).map(tuple),
    ledger=st.lists(_ledger, max_size=3).map(tuple),
    identities=st.lists(st.integers(-(2**63), 2**64 - 1), max_size=20).map(tuple),
)
