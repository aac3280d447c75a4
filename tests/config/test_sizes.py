"""Sizes in files: what is read, and what is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from citybrain.settings import LogSettings
from config.sizes import LARGEST, UNITS, Bytes, parse_size
from ingest.settings import LimitSettings
from store.records.settings import RecordsSettings
from store.settings import JournalSettings

FIELD: TypeAdapter[int] = TypeAdapter(Bytes)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        *(("4096", 4096), ("1KB", 1000), ("1KiB", 1024), ("4MB", 4_000_000), ("64MiB", 67_108_864), ("2GB", 2 * 10**9)),
        *(("1.5GiB", 3 * 2**29), (" 512 MB ", 512_000_000), ("0.1KB", 100), ("0", 0), ("0.0005KB", 0)),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "MB", "4 potatoes", "-1MB", "4mb", "4M", "1e6", "1,5MB", "４MB", "9" * 30, "2000000000GB", "4MB 4MB"]
)
def test_what_is_no_size_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write 65536, 64KB, 4MB"):
        parse_size(text)


@given(number=st.integers(0, 2**30), unit=st.sampled_from(sorted(UNITS)))
def test_a_whole_number_of_a_unit_is_exact(number: int, unit: str) -> None:
    if number * UNITS[unit] <= LARGEST:
        assert parse_size(f"{number}{unit}") == number * UNITS[unit]


def test_plain_integers_are_bytes_and_others_are_none() -> None:
    assert FIELD.validate_python(4096) == 4096
    for wrong in (True, 4.5, None, [4]):
        with pytest.raises(ValidationError):
            FIELD.validate_python(wrong)


def test_sizes_are_taken_wherever_settings_count_bytes(tmp_path: Path) -> None:
    journal = JournalSettings.model_validate({"limit": "4GB", "segment_bytes": "1MiB"})
    records = RecordsSettings.model_validate({"quarantine_bytes": "64MiB"})
    limits = LimitSettings.model_validate({"payload_bytes": "64KB"})
    logs = LogSettings.model_validate({"folder": tmp_path, "size": "5MB"})
    assert (journal.limit, journal.segment_bytes) == (4 * 10**9, 2**20)
    assert (records.quarantine_bytes, limits.payload_bytes, logs.size) == (2**26, 64_000, 5 * 10**6)


def test_bounds_hold_for_sizes_with_units() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 16384"):
        JournalSettings.model_validate({"limit": "4KB"})
