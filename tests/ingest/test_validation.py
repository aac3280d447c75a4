"""Measurements against registry and catalogue."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from config.catalogue import load_catalogue
from domain.instants import to_micros
from domain.messages import Measurement, Message, Reason
from domain.readings import Quality, Vocabulary
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.decoded import Decoded
from ingest.formats.table import Format
from ingest.opening import Opener
from ingest.rows import names_of
from ingest.validation import FINE, REASONS, Checked, Validator, described
from tests.ingest.fakes import NOW, message, small_city

HOUR = 3_600_000_000


def check(*measurements: Measurement, about: Message | None = None) -> Checked:
    registry, (catalogue, _) = small_city(), load_catalogue()
    vocabulary = Vocabulary(devices=tuple(registry.devices), metrics=catalogue.codes)
    validator = Validator(registry, catalogue, vocabulary, late_horizon_s=26 * 3600, future_skew_s=300)
    decode = Format(name="told", topics=("#",), open=lambda: lambda *_: [Decoded(device="", measurements=measurements)])
    opener = Opener(Formats(FormatChoice(table=(decode,))), names_of(registry, vocabulary))
    asked = about or message(b"{}")
    return validator.check(opener.open([asked]), np.array([asked.received]), np.array([asked.retain]))


def measured(value: float = 58.4, **more: object) -> Measurement:
    return Measurement(**{"device": "NM-0001", "metric": "laeq", "value": value, "at": NOW, **more})


def verdict(measurement: Measurement, about: Message | None = None) -> Reason | str:
    checked = check(measurement, about=about)
    if checked.late[0]:
        return "late"
    return "fine" if checked.reason[0] == FINE else REASONS[checked.reason[0]]


@pytest.mark.parametrize(
    ("measurement", "expected"),
    [
        (measured(), "fine"),
        (measured(device="NM-9999"), Reason.UNKNOWN_DEVICE),
        (measured(device="NM-9999", metric="nothing"), Reason.UNKNOWN_DEVICE),
        (measured(metric="nothing"), Reason.UNKNOWN_METRIC),
        (measured(metric="tilt"), Reason.UNKNOWN_METRIC),  # in the catalogue, but not of a noise meter
        (measured(10), "fine"),
        (measured(140), "fine"),
        (measured(9.999), Reason.OUT_OF_RANGE),
        (measured(140.001), Reason.OUT_OF_RANGE),
        (measured(math.nan), Reason.OUT_OF_RANGE),
        (measured(-math.inf), Reason.OUT_OF_RANGE),
        (measured(unit="dBA"), "fine"),
        (measured(unit="sone"), Reason.UNKNOWN_UNIT),
        (measured(at=NOW + 300_000_000), "fine"),
        (measured(at=NOW + 300_000_001), Reason.FUTURE_TIME),
        (measured(at=NOW - 26 * HOUR), "fine"),
        (measured(at=NOW - 26 * HOUR - 1), "late"),
        (measured(500, at=NOW - 27 * HOUR), Reason.OUT_OF_RANGE),
        (measured(at=0), Reason.BAD_TIME),
        (measured(at=NOW // 1000), Reason.BAD_TIME),  # seconds taken for milliseconds: 1970
        (measured(at=to_micros(datetime(2000, 1, 1, tzinfo=UTC))), Reason.BAD_TIME),
        (measured(at=to_micros(datetime(2001, 1, 1, tzinfo=UTC))), "late"),
    ],
)
def test_verdict(measurement: Measurement, expected: Reason | str) -> None:
    assert verdict(measurement) == expected


def test_units_are_converted_before_the_range_is_judged() -> None:
    checked = check(measured(86.0, metric="temperature", unit="°F"))
    assert checked.batch.value[0] == pytest.approx(30.0)


def test_without_event_time_receipt_counts_and_the_reading_is_uncertain() -> None:
    checked = check(measured(at=None))
    assert (checked.batch.at[0], checked.batch.quality[0]) == (NOW, Quality.UNCERTAIN)


def test_without_event_time_bad_stays_bad() -> None:
    assert check(measured(at=None, quality=Quality.BAD)).batch.quality[0] == Quality.BAD


def test_retained_is_state_and_never_judged() -> None:
    checked = check(measured(), about=message(b"{}", retain=True))
    assert (checked.reason[0], checked.batch.live[0]) == (FINE, False)


def test_retained_without_event_time_is_refused() -> None:
    assert verdict(measured(at=None), message(b"{}", retain=True)) is Reason.BAD_TIME


def test_history_is_not_live() -> None:
    assert not check(measured(live=False)).batch.live[0]


def test_columns_carry_what_was_measured() -> None:
    row = next(check(measured(61.5, metric="lamax", at=NOW - 5, span_s=60, quality=Quality.UNCERTAIN)).batch.rows())
    assert (row.device, row.metric, row.value, row.quality, row.span_s) == ("NM-0001", "lamax", 61.5, 1, 60.0)


@pytest.mark.parametrize(
    "reason",
    [
        Reason.UNKNOWN_DEVICE,
        Reason.UNKNOWN_METRIC,
        Reason.UNKNOWN_UNIT,
        Reason.OUT_OF_RANGE,
        Reason.FUTURE_TIME,
        Reason.BAD_TIME,
    ],
)
def test_every_reason_that_validation_gives_has_a_sentence_with_the_device(reason: Reason) -> None:
    assert "NM-0001" in described(reason, measured(), message(b""))
