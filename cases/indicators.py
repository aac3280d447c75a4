"""The official rates of a list of cases, each with what is above and below the line, for every department and all."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cases.counting import NEEDS, NEEDS_LIMIT, Counting, OwnLimits, Period, disposal_deadline
from cases.limits import Deadlines
from cases.method import Indicator, Method
from cases.recorded import CaseList, RecordedCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`part` ÷ `whole`; None where the list or the settings do not say enough, `because` naming what is missing.

    A case of which the rate needs something that is not understood is in neither.
    """

    indicator: Indicator
    part: int | None
    whole: int | None
    because: tuple[str, ...]

    @property
    def percent(self) -> float | None:
        """None also where nothing was due: no cases are neither good nor bad."""
        return None if self.part is None or not self.whole else 100 * self.part / self.whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The counts and rates of one department, or of all. A count that has no meaning here is None."""

    department: str
    cases: int
    counts: Mapping[str, int | None]
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A case with its deadline; None: not dispatched, no limit, suspended. `fault`: its limit cannot be used."""

    case: RecordedCase
    deadline: int | None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    period: Period
    total: Figures
    departments: tuple[Figures, ...]
    judged: tuple[Judged, ...]


def performance_of(cases: CaseList, method: Method, deadlines: Deadlines, period: Period) -> Performance:
    """The figures of a period, as things stood at its end."""
    limits = OwnLimits.of(method)
    counting = Counting(deadlines=deadlines, limits=limits, period=period)
    judged = tuple(_judged(case, deadlines) for case in cases.cases)
    tallies: dict[str, _Tally] = {}
    total = _Tally()
    for one in judged:
        entered = counting.counts(one.case, one.deadline)
        for tally in (total, tallies.setdefault(one.case.department, _Tally())):
            tally.add(one.case, entered, method.indicators)
    missing = {count: _missing(count, cases, limits) for count in NEEDS}
    return Performance(
        period=period,
        total=_figures("", total, method, missing),
        departments=tuple(_figures(name, tallies[name], method, missing) for name in sorted(tallies)),
        judged=judged,
    )


@dataclass(slots=True, kw_only=True)
class _Tally:
    """`withheld`: by rate and count, of what was counted but is not clear enough for that rate."""

    cases: int = 0
    numbers: Counter[str] = field(default_factory=Counter)
    withheld: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, case: RecordedCase, entered: frozenset[str], indicators: Iterable[Indicator]) -> None:
        self.cases += 1
        self.numbers.update(entered)
        unclear = case.unclear
        for rate in indicators if unclear else ():
            if not unclear.isdisjoint((*NEEDS[rate.part], *NEEDS[rate.whole])):
                self.withheld.update((rate.id, count) for count in entered & {rate.part, rate.whole})


def _judged(case: RecordedCase, deadlines: Deadlines) -> Judged:
    try:
        return Judged(case=case, deadline=disposal_deadline(case, deadlines))
    except ValueError as exc:
        return Judged(case=replace(case, limit=None), deadline=None, fault=str(exc))


def _missing(count: str, cases: CaseList, limits: OwnLimits) -> tuple[str, ...]:
    """Columns and settings without which a count would be a guess."""
    columns = tuple(f"column {need}" for need in NEEDS[count] if need not in cases.says)
    name = NEEDS_LIMIT.get(count)
    return columns + ((f"limits.{name}",) if name is not None and getattr(limits, name) is None else ())


def _figures(department: str, tally: _Tally, method: Method, missing: Mapping[str, tuple[str, ...]]) -> Figures:
    counts = {count: None if lacking else tally.numbers[count] for count, lacking in missing.items()}
    return Figures(
        department=department,
        cases=tally.cases,
        counts=counts,
        rates=tuple(_rate(indicator, tally, missing) for indicator in method.indicators),
    )


def _rate(indicator: Indicator, tally: _Tally, missing: Mapping[str, Iterable[str]]) -> Rate:
    part, whole = (
        None if missing[count] else tally.numbers[count] - tally.withheld[indicator.id, count]
        for count in (indicator.part, indicator.whole)
    )
    because = dict.fromkeys((*missing[indicator.part], *missing[indicator.whole]))
    return Rate(indicator=indicator, part=part, whole=whole, because=tuple(because))
