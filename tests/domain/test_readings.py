"""Batches are columns of one length and fixed types, and mean something only with their vocabulary."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import from_micros
from domain.readings import COLUMNS, Quality, Reading, ReadingBatch, Vocabulary, batch_of, concatenate

WORDS = Vocabulary(devices=("A", "B", "C"), metrics=("laeq", "tilt"))

Row = tuple[int, int, int, float]
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 10**15), st.floats(-1e9, 1e9)))


def of_rows(rows: list[Row]) -> ReadingBatch:
    device, metric, at, value = zip(*rows, strict=True) if rows else ((), (), (), ())
    return batch_of(WORDS, device=device, metric=metric, at=at, value=value)


def columns(**changes: Any) -> dict[str, Any]:
    return {**{name: np.zeros(2, dtype=dtype) for name, dtype in COLUMNS.items()}, **changes}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_another_length_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="columns of different lengths"):
        ReadingBatch(vocabulary=WORDS, **columns(**{name: np.zeros(3, dtype=COLUMNS[name])}))


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_another_type_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"column {name} is complex128, must be {COLUMNS[name]}"):
        ReadingBatch(vocabulary=WORDS, **columns(**{name: np.zeros(2, dtype=np.complex128)}))


@given(ROWS)
def test_rows_give_what_was_put_in(rows: list[Row]) -> None:
    wanted = [
        Reading(device=WORDS.devices[device], metric=WORDS.metrics[metric], at=from_micros(at), value=value)
        for device, metric, at, value in rows
    ]
    assert list(of_rows(rows).rows()) == wanted


@given(ROWS, st.data())
def test_taking_by_mask_chooses_as_a_list_would(rows: list[Row], data: st.DataObject) -> None:
    mask = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    taken = of_rows(rows).take(np.array(mask, dtype=np.bool_))
    assert list(taken.rows()) == [row for row, chosen in zip(of_rows(rows).rows(), mask, strict=True) if chosen]


@given(ROWS.filter(bool), st.data())
def test_taking_by_index_chooses_and_orders_as_a_list_would(rows: list[Row], data: st.DataObject) -> None:
    which = data.draw(st.lists(st.integers(0, len(rows) - 1)))
    every = list(of_rows(rows).rows())
    assert list(of_rows(rows).take(np.array(which, dtype=np.intp)).rows()) == [every[i] for i in which]


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_concatenating_is_one_batch_after_the_other(parts: list[list[Row]]) -> None:
    joined = concatenate([of_rows(rows) for rows in parts])
    assert list(joined.rows()) == [reading for rows in parts for reading in of_rows(rows).rows()]


def test_batches_of_different_vocabularies_are_not_concatenated() -> None:
    other = Vocabulary(devices=WORDS.devices, metrics=WORDS.metrics)
    with pytest.raises(ValueError, match="different vocabularies"):
        concatenate([of_rows([]), batch_of(other, device=[], metric=[], at=[], value=[])])


def test_nothing_cannot_be_concatenated() -> None:
    with pytest.raises(ValueError, match="nothing to concatenate"):
        concatenate([])


def test_columns_that_are_not_given_are_good_live_instants_received_when_measured() -> None:
    batch = of_rows([(0, 0, 7, 1.5)])
    assert (batch.received[0], batch.span[0], batch.quality[0], batch.live[0]) == (7, 0.0, Quality.GOOD, True)


def test_ordinals_are_places_in_the_vocabulary() -> None:
    assert WORDS.device_ordinal == {"A": 0, "B": 1, "C": 2}
    assert WORDS.metric_ordinal == {"laeq": 0, "tilt": 1}
