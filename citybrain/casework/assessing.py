"""From a file of cases to its figures: the city's clock, calendar and method, and the period that is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from cases.codes import Generation
from cases.counting import Period
from cases.indicators import Performance, performance_of
from cases.limits import Deadlines
from cases.method import Method
from cases.working_time import Workdays
from citybrain.casework.columns import Role
from citybrain.casework.reading import ReadList, read_cases
from config.calendars import Calendar
from domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseworkOptions:
    """`since`, `until`: microseconds; None is the beginning, and just after the latest time of the file."""

    method: Method
    generation: str
    codes: Generation
    calendar: Calendar
    zone: ZoneInfo
    since: int | None
    until: int | None
    columns: Mapping[Role, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessedList:
    path: Path
    options: CaseworkOptions
    read: ReadList
    performance: Performance
    calendar_doubts: tuple[str, ...]


def assess_list(path: Path, options: CaseworkOptions) -> AssessedList:
    """Raises Refused when the file holds no list of cases, or no time to end the period at."""
    read = read_cases(path, method=options.method, codes=options.codes, zone=options.zone, chosen=options.columns)
    workdays = Workdays(options.method.hours, options.calendar, options.zone)
    deadlines = Deadlines(workdays=workdays, of_day=options.method.of_day)
    period = Period(since=options.since, until=_until(path, read) if options.until is None else options.until)
    if period.since is not None and period.since >= period.until:
        raise Refused("the period is over before it begins; give a --since before --until and the times of the file")
    found = performance_of(read.cases, options.method, deadlines, period)
    faults = [(one.case.line, f"time limit: {one.fault}") for one in found.judged if one.fault]
    return AssessedList(
        path=path,
        options=options,
        read=replace(read, doubts=sorted((*read.doubts, *faults))),
        performance=found,
        calendar_doubts=tuple(sorted(workdays.doubts)),
    )


def _until(path: Path, read: ReadList) -> int:
    """Just after the last thing that the file knows: when it was written, as far as it says."""
    latest = max((at for case in read.cases.cases for at in case.times.values()), default=None)
    if latest is None:
        raise Refused(f"{path}: no case has a time; give a --until, or columns such as dispatched and disposed")
    return latest + 1
