"""Lines spelled from columns, against the same line by line."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.readings import ReadingBatch, Vocabulary, batch_of
from store.series.line_protocol import LineWriter, escaped

NOON = 1_763_000_000_000_000


def spelled_one_by_one(batch: ReadingBatch) -> bytes:
    """The slow twin."""
    return "".join(
        f"{escaped(reading.metric)},device={escaped(reading.device)} value={reading.value!r},span={reading.span_s!r},"
        f"quality={int(reading.quality)}i,live={'t' if reading.live else 'f'},received={received}i {at}\n"
        for reading, received, at in zip(batch.rows(), batch.received.tolist(), batch.at.tolist(), strict=True)
    ).encode()


@st.composite
def messages(draw: st.DrawFn) -> ReadingBatch:
    """Readings as messages bring them: several with all in common but metric and value; often few different words."""
    words = Vocabulary(devices=["NM-0012", "NM 0,3"], metrics=["laeq", "lamax", "battery"])
    counts = draw(st.lists(st.integers(1, 4), min_size=1, max_size=12))
    few = {
        "device": st.integers(0, 1),
        "at": st.integers(NOON, NOON + 1),
        "received": st.integers(NOON, NOON + 1),
        "span": st.sampled_from([0.0, 60.0, 0.1]),
        "quality": st.integers(0, 2),
        "live": st.booleans(),
    }
    columns = {
        name: np.repeat(draw(st.lists(of, min_size=len(counts), max_size=len(counts))), counts)
        for name, of in few.items()
    }
    total = sum(counts)
    metric = draw(st.lists(st.integers(0, 2), min_size=total, max_size=total))
    number = st.floats(-1e3, 1e3, allow_subnormal=False).map(lambda value: round(value, 4))
    value = draw(st.lists(number, min_size=total, max_size=total))
    return batch_of(words, metric=metric, value=value, **columns)


@given(messages())
def test_readings_with_much_in_common_are_spelled_like_one_by_one(batch: ReadingBatch) -> None:
    assert LineWriter().lines(batch) == spelled_one_by_one(batch)


@given(messages(), messages())
@settings(max_examples=20)
def test_a_writer_that_knows_its_series_spells_them_the_same(first: ReadingBatch, second: ReadingBatch) -> None:
    writer = LineWriter()
    for batch in (first, second, first):
        assert writer.lines(batch) == spelled_one_by_one(batch)
