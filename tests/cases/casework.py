"""Cases as the tests write them, and the minute-by-minute twin of their clocks."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from cases.counting import Period
from cases.indicators import Performance, performance_of
from cases.limits import Deadlines, Limit, OfDay, Pause, Per, Runs
from cases.method import Method, load_method
from cases.recorded import CaseList, Mark, RecordedCase, Step
from cases.working_time import Workdays
from config.calendars import Calendar, load_calendar, shipped_calendars
from domain.instants import from_micros, to_micros

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE_US = 60_000_000
EVERYTHING: frozenset[Step | Mark] = frozenset((*Step, *Mark))


@cache
def method() -> Method:
    return load_method()


@cache
def calendar() -> Calendar:
    return load_calendar(shipped_calendars()["cn"])


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=zone))


def told(moment: int | None, zone: ZoneInfo = SHANGHAI) -> str:
    return "none" if moment is None else from_micros(moment).astimezone(zone).strftime("%m-%d %H:%M")


def deadlines(zone: ZoneInfo = SHANGHAI, of_day: OfDay = OfDay.RUNNING) -> Deadlines:
    return Deadlines(workdays=Workdays(method().hours, calendar(), zone), of_day=of_day)


def due(start: str, *limits: str, pause: tuple[str, str | None] | None = None, of_day: OfDay = OfDay.RUNNING) -> str:
    """The deadline of limits as files spell them, in the year of the start."""
    stands = pause and Pause(begin=at(pause[0]), end=None if pause[1] is None else at(pause[1]))
    return told(deadlines(of_day=of_day).after(at(start), [method().limit(text) for text in limits], stands or None))


def case(name: str, department: str = "", limit: str | None = "2紧急工作时", **said: object) -> RecordedCase:
    """Times by the name of their step; everything else by the name of its field."""
    times = {step: at(str(said.pop(step.value))) for step in Step if step.value in said}
    read = None if limit is None else method().limit(limit)
    return RecordedCase(id=name, line=0, department=department, limit=read, times=times, **said)  # type: ignore[arg-type]  # fields by name


def performance(
    cases: Sequence[RecordedCase],
    *,
    since: str | None = None,
    until: str,
    says: frozenset[Step | Mark] = EVERYTHING,
    by: Method | None = None,
) -> Performance:
    period = Period(since=None if since is None else at(since), until=at(until))
    return performance_of(CaseList(cases=tuple(cases), says=says), by or method(), deadlines(), period)


def rates(found: Performance) -> Mapping[str, tuple[int | None, int | None]]:
    return {rate.indicator.id: (rate.part, rate.whole) for rate in found.total.rates}


def slow_deadline(start: int, limits: Sequence[Limit], pause: Pause | None, zone: ZoneInfo) -> int | None:
    """Minute by minute: one that is worked, and not paused, counts."""
    moment = start
    for limit in limits:
        hours = {Runs.ALWAYS: 24, Runs.WORK: 8}[limit.runs] if limit.per is Per.DAY else 1
        left = round(limit.amount * hours * 60)
        while left:
            paused = pause is not None and pause.begin <= moment and (pause.end is None or moment < pause.end)
            if paused and pause is not None and pause.end is None:
                return None
            left -= not paused and (limit.runs is Runs.ALWAYS or is_worked(moment, zone))
            moment += MINUTE_US
    return moment


def is_worked(moment: int, zone: ZoneInfo) -> bool:
    local = from_micros(moment).astimezone(zone)
    return calendar().is_workday(local.date()) and (8 <= local.hour < 12 or 14 <= local.hour < 18)


def minutes_after(first: str, minutes: int, zone: ZoneInfo = SHANGHAI) -> int:
    return to_micros(datetime.fromisoformat(first).replace(tzinfo=zone) + timedelta(minutes=minutes))
