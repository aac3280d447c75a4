"""Columns of a snapshot are small, and come back as they were."""

import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from domain.errors import Refused
from rules.memory import packed, unpacked
from rules.snapshots import dump, load
from tests.rules.city import Run, meter, registry_of, rules_of
from tests.rules.test_own_columns import filled, program_of

LOUD = {"id": "loud", "kind": "threshold", "metric": "laeq", "limit": 60, "compare": "<=", "unit": "dB(A)"}
TYPES = st.sampled_from([np.int64, np.int32, np.int8, np.bool_, np.float64, np.float32]).map(np.dtype)


@given(TYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=2, min_side=0))))
def test_what_is_packed_comes_back_bit_by_bit(column: np.ndarray) -> None:
    back = unpacked(packed(column), column.dtype)
    assert back.dtype == column.dtype
    assert back.tobytes() == column.tobytes()


def test_times_of_a_minute_take_a_fraction_of_their_bytes() -> None:
    times = 1_780_000_000_000_000 + np.arange(10_000) % 60_000 * 1_000
    assert len(packed(times)) < times.nbytes / 3


def test_every_other_place_of_a_column_is_packed_as_its_numbers() -> None:
    column = np.arange(20)[::2]
    assert unpacked(packed(column), np.int64).tolist() == column.tolist()


@pytest.mark.parametrize("content", [b"no such thing", zlib.compress(b"1234567")])
def test_a_column_that_is_none_is_an_error_to_translate(content: bytes) -> None:
    with pytest.raises((zlib.error, ValueError)):
        unpacked(content, np.int64)


def test_a_snapshot_with_a_damaged_column_is_refused() -> None:
    program = program_of("A", "B", "C")
    whole = dump(filled(program))
    place = whole.index(b"\x78\x01")  # where the first deflated column begins
    with pytest.raises(Refused):
        load(whole[:place] + b"\x00\x00" + whole[place + 2 :], program)


def test_a_snapshot_with_any_damaged_byte_is_refused_or_read_and_stops_nobody(tmp_path: Path) -> None:
    run = Run.of(rules_of(tmp_path, {"id": "silent", "kind": "absence"}, LOUD), registry_of(meter("N"), meter("M")))
    run.readings([("N", "laeq", 1_800_000_000_000_000, 75.0)])
    run.tick(1_800_000_010_000_000)
    content = dump(run.state)
    for place in range(len(content)):
        for bit in (0x01, 0x80):
            damaged = content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]
            with suppress(Refused):
                load(damaged, run.program)
