"""The clocks of time limits: urgent ones never stop, working ones know hours, holidays and make-up work days."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.limits import Limit, OfDay, Pause, Per, Runs
from cases.method import Method, load_method, work_hours
from cases.working_time import Workdays
from domain.instants import from_micros
from tests.cases.casework import MINUTE_US, SHANGHAI, at, calendar, deadlines, due, method, minutes_after, slow_deadline

BERLIN = ZoneInfo("Europe/Berlin")


def test_urgent_hours_run_at_night_and_on_holidays() -> None:
    assert due("2026-10-01 23:00", "2紧急工作时") == "10-02 01:00"


def test_working_hours_wait_for_the_end_of_the_holidays_and_know_the_noon_break() -> None:
    assert due("2026-09-30 17:00", "2工作时") == "10-08 09:00"  # National Day is off from the 1st to the 7th
    assert due("2026-11-23 11:00", "2工作时") == "11-23 15:00"


def test_a_make_up_saturday_is_worked_and_the_next_one_is_not() -> None:
    assert due("2026-10-09 17:00", "2工作时") == "10-10 09:00"  # Saturday, worked instead of a holiday
    assert due("2026-10-16 17:00", "2工作时") == "10-19 09:00"  # Friday to Monday


def test_a_weekday_that_is_a_holiday_is_not_worked() -> None:
    assert (
        due("2026-05-01 09:00", "1工作日") == "05-06 18:00"
    )  # Friday of Labour Day; Monday and Tuesday are off as well


def test_what_comes_outside_of_the_hours_begins_with_the_next() -> None:
    assert due("2026-11-23 12:30", "1工作时") == "11-23 15:00"
    assert due("2026-11-21 03:00", "4工作时") == "11-23 12:00"  # Saturday; over at noon, not at two


def test_days_differ_by_their_clock() -> None:
    start = "2026-11-20 10:30"  # Friday
    assert [due(start, limit) for limit in ("1工作日", "1紧急工作日", "1自然日")] == [
        "11-23 10:30",
        "11-21 10:30",
        "11-21 10:30",
    ]


def test_days_may_end_with_the_day() -> None:
    start = "2026-11-20 10:30"
    ends = {limit: due(start, limit, of_day=OfDay.END_OF_DAY) for limit in ("1工作日", "1自然日", "4工作时")}
    assert ends == {"1工作日": "11-23 18:00", "1自然日": "11-22 00:00", "4工作时": "11-20 16:30"}


def test_a_suspended_clock_stands_still() -> None:
    assert due("2026-11-23 09:00", "2工作时", pause=("2026-11-23 10:00", "2026-11-25 15:00")) == "11-25 16:00"
    assert due("2026-11-23 09:00", "2紧急工作时", pause=("2026-11-23 10:00", None)) == "none"
    assert due("2026-11-23 09:00", "2紧急工作时", pause=("2026-11-23 11:00", None)) == "11-23 11:00"  # it was over


def test_an_extension_goes_on_by_its_own_clock() -> None:
    assert due("2026-11-23 09:00", "2紧急工作时", "1工作日") == "11-24 11:00"


limits = st.one_of(
    st.builds(
        Limit,
        amount=st.integers(1, 600).map(lambda minutes: minutes / 60),
        runs=st.sampled_from(Runs),
        per=st.just(Per.HOUR),
    ),
    st.builds(Limit, amount=st.integers(1, 3), runs=st.sampled_from(Runs), per=st.just(Per.DAY)),
)


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from([SHANGHAI, BERLIN]),
    first=st.sampled_from(["2026-02-12 00:00", "2026-03-27 00:00", "2026-04-30 00:00", "2026-09-24 00:00"]),
    start=st.integers(0, 4 * 1440),
    limits=st.lists(limits, min_size=1, max_size=2),
    pause=st.none() | st.tuples(st.integers(-600, 3000), st.none() | st.integers(0, 3000)),
)
def test_deadlines_are_those_of_counting_minute_by_minute(
    zone: ZoneInfo, first: str, start: int, limits: list[Limit], pause: tuple[int, int | None] | None
) -> None:
    begin = minutes_after(first, start, zone)
    stands = None
    if pause is not None:
        suspended = begin + pause[0] * MINUTE_US
        stands = Pause(begin=suspended, end=None if pause[1] is None else suspended + pause[1] * MINUTE_US)
    assert deadlines(zone).after(begin, limits, stands) == slow_deadline(begin, limits, stands, zone)


@settings(max_examples=50, deadline=None)
@given(start=st.integers(0, 30 * 1440), amount=st.integers(0, 5 * 1440))
def test_by_a_deadline_so_much_has_passed_and_just_before_it_less(start: int, amount: int) -> None:
    workdays = Workdays(method().hours, calendar(), SHANGHAI)
    begin = minutes_after("2026-02-01 00:00", start)
    end = workdays.advance(begin, amount * MINUTE_US)
    assert workdays.elapsed(begin, end) == amount * MINUTE_US
    assert amount == 0 or workdays.elapsed(begin, end - 1) == amount * MINUTE_US - 1


def test_a_year_that_the_calendar_does_not_know_is_told() -> None:
    workdays = Workdays(method().hours, calendar(), SHANGHAI)
    workdays.advance(at("2029-05-01 09:00"), 60 * MINUTE_US)
    assert any("2029" in doubt for doubt in workdays.doubts)


def test_hours_up_to_midnight_are_hours() -> None:
    late = Workdays([work_hours("20:00-24:00")], calendar(), SHANGHAI)
    assert late.day_us == 4 * 60 * MINUTE_US
    assert from_micros(late.advance(at("2026-11-23 09:00"), 240 * MINUTE_US)).isoformat() == "2026-11-23T16:00:00+00:00"


def test_a_limit_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="ten years"):
        due("2026-11-23 09:00", "3650工作日")


@pytest.mark.parametrize("text", ["2紧急工作时", "2 个紧急工作时", "２ 紧急工作时", "2.0 Urgent Hours"])
def test_a_limit_is_read_as_people_write_it(text: str) -> None:
    assert method().limit(text) == Limit(amount=2.0, runs=Runs.ALWAYS, per=Per.HOUR)


@pytest.mark.parametrize("text", ["", "两个工作日", "5", "0工作日", "9999工作日", "-1工作日", "5周"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time limit"):
        method().limit(text)


def test_a_word_that_names_no_clock_is_known_as_such() -> None:
    assert [method().is_plain(text) for text in ("5天", "5 d", "5工作日", "2小时")] == [True, True, False, True]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hours": ["12:00-08:00"]}, "ends before it begins"),
        ({"hours": ["08:00-12:00", "11:00-15:00"]}, "lies in the hours before it"),
        (
            {
                "limits": {
                    "registration": "soon",
                    "verification": None,
                    "dispatch": None,
                    "check": None,
                    "closing": "1自然日",
                }
            },
            "limits.registration",
        ),
    ],
)
def test_a_method_that_means_nothing_is_refused(change: dict[str, object], words: str) -> None:
    plain = load_method().model_dump(mode="json", exclude={"hours"}) | {"hours": ["08:00-12:00"]}
    with pytest.raises(ValueError, match=words):
        Method.model_validate(plain | change)
