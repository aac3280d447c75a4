"""The rates of cases: over what was due, not over what was done."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.counting import NEEDS, Counting, OwnLimits, Period, disposal_deadline
from cases.limits import Pause
from cases.method import COUNTS, Method
from cases.recorded import RecordedCase, Step
from domain.instants import from_micros
from tests.cases.casework import EVERYTHING, at, case, deadlines, method, performance, rates

DAY = "2026-11-23"
UNTIL = "2026-12-01"


def disposal(name: str, dispatched: str, disposed: str | None = None, closed: str | None = None) -> RecordedCase:
    """Of 2 紧急工作时; times of one day."""
    done = {"disposed": disposed, "closed": closed}
    steps = {step: f"{DAY} {clock}" for step, clock in done.items() if clock is not None}
    return case(name, dispatched=f"{DAY} {dispatched}", **steps)


def test_in_time_is_over_what_was_due_so_that_the_overdue_do_not_vanish() -> None:
    found = performance([disposal("a", "08:00", "09:00"), disposal("b", "08:00")], until=UNTIL)
    assert rates(found)["disposal_in_time"] == (1, 2)
    assert rates(found)["disposal"] == (1, 2)
    assert rates(found)["overdue_pending"] == (1, 2)


def test_late_is_disposed_but_not_in_time() -> None:
    found = rates(performance([disposal("a", "08:00", "10:01")], until=UNTIL))
    assert (found["disposal"], found["disposal_in_time"]) == ((1, 1), (0, 1))


def test_the_deadline_itself_is_in_time() -> None:
    assert rates(performance([disposal("a", "08:00", "10:00")], until=UNTIL))["disposal_in_time"] == (1, 1)


def test_rework_is_over_what_was_due_to_close_and_a_case_counts_once() -> None:
    again = case("a", dispatched=f"{DAY} 08:00", disposed=f"{DAY} 09:00", closed=f"{DAY} 10:00", reworks=3)
    found = performance([again, disposal("b", "08:00", "09:00"), disposal("c", "08:00")], until=UNTIL)
    assert rates(found)["rework"] == (1, 3)
    assert rates(found)["closing"] == (1, 3)


def test_a_case_belongs_to_the_period_of_its_deadline_or_of_its_early_end() -> None:
    cases = [
        case("early", limit="5自然日", dispatched="2026-11-28 09:00", disposed="2026-11-29 09:00"),
        case("later", limit="5自然日", dispatched="2026-11-28 09:00", disposed="2026-12-02 09:00"),
        case("open", limit="5自然日", dispatched="2026-11-28 09:00"),
    ]
    november = rates(performance(cases, since="2026-11-01", until="2026-12-01"))
    december = rates(performance(cases, since="2026-12-01", until="2027-01-01"))
    assert (november["disposal_in_time"], december["disposal_in_time"]) == ((1, 1), (1, 2))


def test_what_happened_after_the_period_has_not_happened_yet() -> None:
    found = rates(performance([disposal("a", "08:00", "12:00")], until=f"{DAY} 11:00"))
    assert (found["disposal"], found["overdue_pending"]) == ((0, 1), (1, 1))


def test_a_suspended_case_is_not_overdue() -> None:
    waiting = case("a", dispatched=f"{DAY} 08:00", pause=Pause(begin=at(f"{DAY} 09:00"), end=None))
    assert rates(performance([waiting], until=UNTIL))["overdue_pending"] == (0, 0)


def test_a_case_that_was_not_dispatched_or_has_no_limit_is_nobodys_duty() -> None:
    cases = [
        case("a", reported=f"{DAY} 08:00"),
        case("b", limit=None, dispatched=f"{DAY} 08:00", disposed=f"{DAY} 09:00"),
    ]
    assert rates(performance(cases, until=UNTIL))["disposal"] == (0, 0)


def test_filing_and_dispatching_have_their_own_wholes() -> None:
    cases = [
        case("a", reported=f"{DAY} 08:00", registered=f"{DAY} 08:10", dispatched=f"{DAY} 08:20", is_valid=True),
        case("b", reported=f"{DAY} 08:00", registered=f"{DAY} 08:10", is_valid=True),
        case("c", reported=f"{DAY} 08:00", is_valid=True),
        case("d", reported=f"{DAY} 08:00"),
        case("e", reported=f"{DAY} 08:00", registered=f"{DAY} 08:10", dispatched=f"{DAY} 08:20", is_valid=True,
             is_returned=True),
    ]  # fmt: skip
    found = rates(performance(cases, until=UNTIL))
    assert found["valid_reports"] == (4, 5)
    assert found["registration"] == (3, 4)
    assert found["dispatch_accurate"] == (1, 3)


def test_verification_comes_before_filing_and_checking_after_disposal() -> None:
    cases = [
        case("a", verify_asked=f"{DAY} 08:00", verified=f"{DAY} 09:00"),
        case("b", verify_asked=f"{DAY} 08:00", verified="2026-11-24 09:00"),
        case("c", dispatched=f"{DAY} 08:00", disposed=f"{DAY} 09:00", checked=f"{DAY} 12:00"),
        case(
            "d", dispatched=f"{DAY} 08:00", disposed=f"{DAY} 09:00", check_asked=f"{DAY} 11:00", checked=f"{DAY} 12:00"
        ),
    ]
    found = rates(performance(cases, until=UNTIL))
    assert (found["verification_in_time"], found["check_in_time"]) == ((1, 2), (1, 2))


def test_a_rate_whose_column_or_limit_is_missing_is_no_zero() -> None:
    says = EVERYTHING - {Step.CLOSED}
    found = performance([disposal("a", "08:00", "09:00")], until=UNTIL, says=says)
    by = {rate.indicator.id: rate for rate in found.total.rates}
    assert (by["closing"].percent, by["closing"].because) == (None, ("column closed",))
    assert by["dispatch_in_time"].because == ("limits.dispatch",)
    assert by["registration_in_time"].because == ("limits.registration",)
    assert by["disposal"].percent == 100.0


def test_a_limit_of_the_city_gives_the_rate_of_that_step() -> None:
    own = Method.model_validate(
        method().model_dump(mode="json", exclude={"hours"})
        | {"hours": ["08:00-12:00", "14:00-18:00"]}
        | {"limits": {**method().limits.model_dump(), "registration": "1工作时"}}
    )
    cases = [
        case("a", reported=f"{DAY} 11:30", registered=f"{DAY} 14:30"),
        case("b", reported=f"{DAY} 11:30", registered=f"{DAY} 14:31"),
    ]
    assert rates(performance(cases, until=UNTIL, by=own))["registration_in_time"] == (1, 2)


def test_departments_add_up_to_the_total() -> None:
    cases = [
        case("a", "路灯所", dispatched=f"{DAY} 08:00", disposed=f"{DAY} 09:00"),
        case("b", "市政", dispatched=f"{DAY} 08:00"),
        case("c", dispatched=f"{DAY} 08:00"),
    ]
    found = performance(cases, until=UNTIL)
    assert [(one.department, one.cases, one.counts["disposed"]) for one in found.departments] == [
        ("", 1, 0),
        ("市政", 1, 0),
        ("路灯所", 1, 1),
    ]
    assert (found.total.cases, found.total.counts["disposed"]) == (3, 1)


def test_an_endless_limit_leaves_its_case_out_of_the_rates_of_disposal() -> None:
    found = performance(
        [case("a", limit="3650工作日", dispatched=f"{DAY} 08:00", disposed=f"{DAY} 09:00")], until=UNTIL
    )
    assert rates(found)["disposal"] == (0, 0)
    assert "ten years" in found.judged[0].fault


def test_every_count_of_a_formula_is_counted() -> None:
    assert set(NEEDS) == set(COUNTS)


HOUR = 3_600_000_000
moments = st.none() | st.integers(0, 12)


def hour(number: int) -> str:
    return (from_micros(at(f"{DAY} 00:00")) + timedelta(hours=8 + number)).strftime("%Y-%m-%d %H:%M")


@st.composite
def some_cases(draw: st.DrawFn) -> list[RecordedCase]:
    found = []
    for number in range(draw(st.integers(1, 8))):
        gaps = draw(st.lists(moments, min_size=4, max_size=4))
        clock, said = draw(st.integers(0, 12)), {}
        for step, gap in zip((Step.DISPATCHED, Step.DISPOSED, Step.CHECKED, Step.CLOSED), gaps, strict=True):
            if gap is not None:
                clock += gap
                said[step.value] = hour(clock)
        limit = f"{draw(st.integers(1, 8))}紧急工作时"
        found.append(case(str(number), limit=limit, reworks=draw(st.integers(0, 2)), **said))
    return found


def slow_counts(cases: list[RecordedCase], since: int, until: int) -> dict[str, int]:
    """In the words of the definition, one list after the other."""
    due, done, in_time, closings, closed, reworked = 0, 0, 0, 0, 0, 0
    for one in cases:
        if Step.DISPATCHED not in one.times or one.limit is None:
            continue
        deadline = one.times[Step.DISPATCHED] + int(one.limit.amount) * HOUR
        disposed, ended = one.times.get(Step.DISPOSED), one.times.get(Step.CLOSED)
        fell_due = since <= deadline < until and not (disposed and disposed < since)
        done_early = disposed and since <= disposed < min(until, deadline)
        counts = bool(fell_due or done_early)
        due += counts
        done += counts and disposed is not None and disposed < until
        in_time += counts and disposed is not None and disposed < until and disposed <= deadline
        last = deadline + 2 * HOUR
        if (since <= last < until and not (ended and ended < since)) or (ended and since <= ended < min(until, last)):
            closings += 1
            closed += ended is not None and ended < until
            reworked += one.reworks > 0
    return {
        "disposals_due": due,
        "disposed": done,
        "disposed_in_time": in_time,
        "overdue_pending": due - done,
        "closings_due": closings,
        "closed": closed,
        "reworked": reworked,
    }


@settings(max_examples=40, deadline=None)
@given(cases=some_cases(), since=st.integers(0, 40), length=st.integers(1, 40))
def test_counts_are_those_of_the_definition_spelled_out(cases: list[RecordedCase], since: int, length: int) -> None:
    begin, end = at(hour(since)), at(hour(since + length))
    found = performance(cases, since=hour(since), until=hour(since + length)).total.counts
    expected = slow_counts(cases, begin, end)
    assert {name: found[name] for name in expected} == expected


@settings(max_examples=40, deadline=None)
@given(cases=some_cases(), cut=st.integers(1, 59))
def test_what_is_due_in_two_periods_is_due_in_both_together(cases: list[RecordedCase], cut: int) -> None:
    whole, first, second = (
        performance(cases, since=hour(begin), until=hour(end)).total.counts
        for begin, end in ((0, 60), (0, cut), (cut, 60))
    )
    for name in ("disposals_due", "disposed_in_time", "closings_due", "closed_in_time", "checks_due"):
        assert (first[name] or 0) + (second[name] or 0) == whole[name]


answers = st.sampled_from((True, False, None))


@st.composite
def any_cases(draw: st.DrawFn) -> list[RecordedCase]:
    """Every step may be missing, every mark may say yes, no, or nothing that is understood."""
    found = []
    for number in range(draw(st.integers(1, 8))):
        clock, said = draw(st.integers(0, 12)), {}
        for step in Step:
            gap = draw(moments)
            if gap is not None:
                clock += gap
                said[step.value] = hour(clock)
        limit = draw(st.none() | st.integers(1, 8).map("{}紧急工作时".format))
        found.append(
            case(
                str(number),
                draw(st.sampled_from("甲乙")),
                limit,
                is_valid=draw(answers),
                is_returned=draw(answers),
                is_extended=draw(answers),
                reworks=draw(st.none() | st.integers(0, 2)),
                **said,
            )
        )
    return found


@settings(max_examples=60, deadline=None)
@given(cases=any_cases(), since=st.none() | st.integers(0, 60), length=st.integers(1, 120))
def test_no_rate_is_above_one_hundred_percent(cases: list[RecordedCase], since: int | None, length: int) -> None:
    """The part of every shipped rate is a part of its whole."""
    begin = None if since is None else hour(since)
    found = performance(cases, since=begin, until=hour((since or 0) + length))
    for figures in (found.total, *found.departments):
        for rate in figures.rates:
            assert rate.percent is None or 0 <= rate.percent <= 100, rate


def test_a_report_counts_as_filed_only_where_it_was_valid() -> None:
    """立案数 ÷ 有效上报数: what was filed without being accepted is in neither."""
    cases = [
        case("a", reported=f"{DAY} 08:00", registered=f"{DAY} 08:10", is_valid=True),
        case("b", reported=f"{DAY} 08:00", registered=f"{DAY} 08:10", is_valid=False),
    ]
    found = rates(performance(cases, until=UNTIL))
    assert (found["registration"], found["valid_reports"]) == ((1, 1), (1, 2))


def test_a_case_whose_answer_is_not_known_is_in_neither_number_of_the_rate() -> None:
    cases = [
        case("a", registered=f"{DAY} 08:00", dispatched=f"{DAY} 08:10", is_returned=None),
        case("b", registered=f"{DAY} 08:00", dispatched=f"{DAY} 08:10"),
        case("c", registered=f"{DAY} 08:00", dispatched=f"{DAY} 08:10", is_returned=True),
    ]
    found = performance(cases, until=UNTIL)
    assert rates(found)["dispatch_accurate"] == (1, 2)
    assert found.total.counts["dispatches_due"] == 3


@pytest.mark.parametrize("name", COUNTS)
def test_each_count_is_reached_by_a_case_that_did_everything_right(name: str) -> None:
    """But for being overdue, which such a case is not."""
    model = case(
        "a", reported=f"{DAY} 08:00", verify_asked=f"{DAY} 08:01", verified=f"{DAY} 08:02", registered=f"{DAY} 08:03",
        dispatched=f"{DAY} 08:04", disposed=f"{DAY} 08:05", check_asked=f"{DAY} 08:06", checked=f"{DAY} 08:07",
        closed=f"{DAY} 08:08", is_valid=True, is_extended=True, reworks=1,
    )  # fmt: skip
    counting = Counting(
        deadlines=deadlines(), limits=OwnLimits.of(method()), period=Period(since=None, until=at(UNTIL))
    )
    counts = counting.counts(model, disposal_deadline(model, deadlines()))
    assert (name in counts) is (name != "overdue_pending")
