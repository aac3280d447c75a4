"""What all formats share: numbers, times and names as devices write them, and the meanings of codes."""

from collections.abc import Mapping

import pytest

from domain.codes import Meaning
from domain.devices import PLAIN, Dialect
from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.decoded import Decoded
from ingest.formats.names import device_name, eui
from ingest.formats.numbers import number
from ingest.formats.telling import Moment, Telling
from ingest.formats.times import of_digits, of_epoch, of_text

CODES = {
    "temp": Meaning(metric="temperature"),
    "pres": Meaning(metric="pressure", unit="Pa"),
    "lid": Meaning(metric="cover_open", states={"true": 1, "normal": 0}),
    "lvl": Meaning(metric="water_level", missing=frozenset({65535.0})),
    "fw": Meaning(metric=None, ignored_because="a version"),
}


@pytest.mark.parametrize(("text", "value"), [("12.3", 12.3), ("-0.5", -0.5), (" 1.3e9 ", 1.3e9), (".5", 0.5), (7, 7.0)])
def test_numbers_are_read(text: object, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "-", "NaN", "null", "N/A", "undefined", "Infinity", None])
def test_words_for_no_value_are_no_value(text: object) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    "text", ["12,3", "1_000", "0x10", "١٢", "1e400", "1 2", "12.3.4", True, [1], "1" * 65, 10**400]
)
def test_what_only_looks_like_a_number_is_refused(text: object) -> None:
    with pytest.raises(Unusable) as caught:
        number(text)
    assert caught.value.reason is Reason.BAD_NUMBER


def test_a_decimal_comma_needs_a_device_that_is_known_for_it() -> None:
    assert number("12,3", decimal_comma=True) == 12.3


@pytest.mark.parametrize("count", [1_650_554_828, 1_650_554_828_000, 1_650_554_828_000_000, 1_650_554_828_000_000_000])
def test_the_unit_of_an_epoch_shows_in_its_size(count: int) -> None:
    assert of_epoch(count) == 1_650_554_828_000_000


@pytest.mark.parametrize("count", [0, -5, 12, 946_684_800, 10**30, float("nan")])
def test_a_clock_that_was_never_set_is_refused(count: float) -> None:
    with pytest.raises(Unusable):
        of_epoch(count)


def test_a_naive_time_is_of_the_given_zone_or_of_none() -> None:
    assert of_text("2019-06-02T22:13:07", "Europe/Berlin") == of_text("2019-06-02T20:13:07Z")
    assert of_text("2019-06-02T22:13:07") is None
    assert of_digits("20160801085857223", "Asia/Shanghai") == of_text("2016-08-01T00:58:57.223Z")


def test_the_repeated_hour_of_autumn_is_its_first_and_nanoseconds_are_cut() -> None:
    assert of_text("2026-10-25T02:30:00", "Europe/Berlin") == of_text("2026-10-25T00:30:00Z")
    assert of_text("2022-01-19T19:02:34.007345999Z") == of_text("2022-01-19T19:02:34.007345Z")


@pytest.mark.parametrize("text", ["00000000000000", "20161301000000", "2016", "2016080108585x"])
def test_digits_that_are_no_date_are_refused(text: str) -> None:
    with pytest.raises(Unusable):
        of_digits(text, "Asia/Shanghai")


@pytest.mark.parametrize("spelling", ["70-B3-D5-54-60-00-02-E7", "70:b3:d5:54:60:00:02:e7", "70B3D554600002E7"])
def test_one_eui_has_one_spelling(spelling: str) -> None:
    assert device_name(spelling) == eui(spelling) == "70b3d554600002e7"


def test_an_eui_in_base64_is_known() -> None:
    assert eui("JOEkMp4JACE=") == "24e124329e090021"


@pytest.mark.parametrize("name", ["", "  ", "a/#", "a+b", "a\nb", "x" * 201, None, True, ["a"]])
def test_absurd_names_are_refused(name: object) -> None:
    with pytest.raises(Unusable):
        device_name(name)


def told(said: Mapping[str, object], dialect: Dialect = PLAIN) -> Decoded:
    telling = Telling(device="d", codes=CODES, dialect=dialect, moment=Moment(at=1))
    for code, value in said.items():
        telling.say(code, value)
    return telling.decoded()


def test_every_code_ends_as_a_measurement_a_reject_or_a_word_on_why_not() -> None:
    decoded = told({"TEMP": "21.5", "lid": True, "lvl": 65535, "fw": "1.2", "temp": "x", "new": 1, "pres": None})
    assert [(m.metric, m.value) for m in decoded.measurements] == [("temperature", 21.5), ("cover_open", 1.0)]
    assert [reject.reason for reject in decoded.rejects] == [Reason.BAD_NUMBER, Reason.UNKNOWN_METRIC]
    assert [skipped.field for skipped in decoded.skipped] == ["lvl", "fw", "pres"]


def test_the_dialect_of_a_device_overrules_the_format() -> None:
    dialect = Dialect(units={"pres": "hPa"}, metrics={"new": "rain"}, missing=frozenset({-999.0}))
    decoded = told({"pres": 1002, "new": 3, "temp": -999}, dialect)
    assert [(m.metric, m.unit) for m in decoded.measurements] == [("pressure", "hPa"), ("rain", None)]
    assert [skipped.field for skipped in decoded.skipped] == ["temp"]
