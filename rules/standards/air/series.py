"""The AQI of every hour and every day of a station: each by the edition of its own local date."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.columns import Ints
from rules.standards.air.columns import NOTHING, Ladder
from rules.standards.air.days import Days
from rules.standards.air.editions import Edition, Editions
from rules.standards.air.hours import Hours, Part, day_of, hourly, nowcasts, sliding, sliding_eight
from rules.standards.air.limits import Ambient
from rules.standards.air.reports import Period, accepted, indicators_of, pollutants_of
from rules.standards.air.units import factor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndexColumns:
    """One row an hour, or a day. NOTHING: no AQI (NA), no sub-index."""

    edition: tuple[str, ...]
    """The editions used; `used` says which one in each row."""
    used: npt.NDArray[np.intp]
    aqi: Ints
    highest: Ints
    """The largest sub-index, published or not."""
    pollutants: tuple[str, ...]
    by_pollutant: Ints
    """Rows × pollutants: the larger of each one's sub-indices."""
    is_missing: npt.NDArray[np.bool_]
    """Rows × pollutants: wanted by the edition and not there."""
    sub: Mapping[str, Ints]

    def primary(self, row: int, editions: Editions) -> tuple[str, ...]:
        """The pollutants that lead; none where the edition names none at this index."""
        above = editions[self.edition[self.used[row]]].primary_above
        if self.aqi[row] == NOTHING or (above is not None and self.aqi[row] <= above):
            return ()
        return tuple(
            name
            for name, index in zip(self.pollutants, self.by_pollutant[row].tolist(), strict=True)
            if index == self.highest[row]
        )

    def missing(self, row: int) -> tuple[str, ...]:
        return tuple(name for name, gone in zip(self.pollutants, self.is_missing[row], strict=True) if gone)


def index_columns(
    edition: Edition, period: Period, values: Mapping[str, Part], *, not_monitored: Collection[str] = ()
) -> IndexColumns:
    """The vectorised twin of `reports.report`, by one edition."""
    rows = len(next(iter(values.values())).numerator)
    nothing = np.full(rows, NOTHING, dtype=np.int64)
    sub = {name: _sub(edition, name, values, nothing) for name in accepted(edition, period)}
    pollutants, entering = pollutants_of(edition, period), indicators_of(edition, period)
    by_pollutant = np.full((rows, len(pollutants)), NOTHING, dtype=np.int64)
    for name in entering:
        place = pollutants.index(edition.indicators[name].pollutant)
        by_pollutant[:, place] = np.maximum(by_pollutant[:, place], sub[name])
    for name in sub.keys() - set(entering):
        sub[name] = np.where(_decides(edition, name, entering, values, rows), sub[name], NOTHING)
    highest = by_pollutant.max(axis=1)
    ignored = np.array([name in not_monitored for name in pollutants])
    is_missing = (by_pollutant == NOTHING) & ~ignored
    floor = edition.publish_incomplete_above
    withheld = is_missing.any(axis=1) & (highest <= floor) if floor is not None else highest == NOTHING
    aqi = np.where((highest == NOTHING) | withheld, NOTHING, np.maximum(highest, edition.lowest))
    return IndexColumns(
        edition=(edition.id,),
        used=np.zeros(rows, dtype=np.intp),
        aqi=aqi,
        highest=highest,
        pollutants=pollutants,
        by_pollutant=by_pollutant,
        is_missing=is_missing,
        sub=sub,
    )


def hourly_values(edition: Edition, hours: Hours, ambient: Ambient) -> dict[str, Part]:
    """What each indicator is at the end of every hour, in the indicator's own unit."""
    found = {}
    for name in accepted(edition, Period.HOURLY):
        indicator = edition.indicators[name]
        column = hours.means.get(indicator.pollutant, np.full(len(hours), NOTHING, dtype=np.int64))
        if name in edition.nowcast:
            part = nowcasts(column)
        elif indicator.mean == "1h":
            part = hourly(column)
        elif indicator.mean == "8h":
            part = sliding_eight(column, least=ambient.validity.hours_of_window)
        else:
            part = sliding(column, width=24, least=ambient.validity.hours_of_day)
        found[name] = in_unit(part, edition, name, ambient)
    return found


def daily_values(edition: Edition, days: Days, ambient: Ambient) -> dict[str, Part]:
    """What each indicator is on every day: 24 h the mean of the day, 8 h and 1 h the largest of the day."""
    nothing = np.full(len(days.day), NOTHING, dtype=np.int64)
    found = {}
    for name in accepted(edition, Period.DAILY):
        indicator = edition.indicators[name]
        source = {"24h": days.means, "8h": days.windows, "1h": days.peaks}[indicator.mean]
        daily = source.get(indicator.pollutant)
        found[name] = in_unit(hourly(nothing) if daily is None else daily.part, edition, name, ambient)
    return found


def chosen(editions: Editions, standard: str | None, day: Ints) -> tuple[tuple[Edition, ...], npt.NDArray[np.intp]]:
    """The editions that rows of these local dates need, and which one each row takes; a name takes that one always."""
    if standard is not None:
        return (editions[standard],), np.zeros(len(day), dtype=np.intp)
    ordinals, place = np.unique(day, return_inverse=True)
    by_day = [editions.on(day_of(ordinal)) for ordinal in ordinals]
    needed = tuple({edition.id: edition for edition in by_day}.values())
    number = {edition.id: n for n, edition in enumerate(needed)}
    return needed, np.array([number[edition.id] for edition in by_day], dtype=np.intp)[place]


def merged(parts: tuple[IndexColumns, ...], used: npt.NDArray[np.intp]) -> IndexColumns:
    """Each row from the edition that it uses; indicators that this edition does not have are NOTHING there."""
    if len(parts) == 1:
        return parts[0]
    names = tuple(dict.fromkeys(name for part in parts for name in part.sub))
    pollutants = tuple(dict.fromkeys(name for part in parts for name in part.pollutants))
    rows = np.arange(len(used))
    nothing = np.full(len(used), NOTHING, dtype=np.int64)

    def pick(columns: list[Ints]) -> Ints:
        picked: Ints = np.stack(columns)[used, rows]
        return picked

    return IndexColumns(
        edition=tuple(part.edition[0] for part in parts),
        used=used,
        aqi=pick([part.aqi for part in parts]),
        highest=pick([part.highest for part in parts]),
        pollutants=pollutants,
        by_pollutant=pick([_spread(part, part.by_pollutant, pollutants, NOTHING) for part in parts]),
        is_missing=pick([_spread(part, part.is_missing, pollutants, 0) for part in parts]).astype(np.bool_),
        sub={name: pick([part.sub.get(name, nothing) for part in parts]) for name in names},
    )


def _spread(part: IndexColumns, table: npt.NDArray[np.generic], pollutants: tuple[str, ...], fill: int) -> Ints:
    """Columns of one edition's pollutants at the places of all."""
    spread = np.full((len(table), len(pollutants)), fill, dtype=np.int64)
    spread[:, [pollutants.index(name) for name in part.pollutants]] = table
    return spread


def _sub(edition: Edition, name: str, values: Mapping[str, Part], nothing: Ints) -> Ints:
    """With the other indicator's index above the table, where that one decides and is there."""
    if name not in values:
        return nothing
    part, ladder = values[name], Ladder.of(edition, name)
    own = ladder.indices(part.numerator, part.denominator)
    decider = edition.indicators[name].beyond
    if not isinstance(decider, str) or decider not in values:
        return own
    other = values[decider]
    decided = Ladder.of(edition, decider).indices(other.numerator, other.denominator)
    top = int(ladder.index_high[-1])
    above = ladder.is_above(part.numerator, part.denominator) & other.known
    return np.where(above, np.where(decided == NOTHING, top, decided), own)


def _decides(
    edition: Edition, decider: str, entering: Collection[str], values: Mapping[str, Part], rows: int
) -> npt.NDArray[np.bool_]:
    """Rows in which an indicator of the report is above its table and leaves the index to the decider."""
    asked = np.zeros(rows, dtype=np.bool_)
    for name in entering:
        if edition.indicators[name].beyond == decider and name in values:
            part = values[name]
            asked |= Ladder.of(edition, name).is_above(part.numerator, part.denominator)
    return asked


def in_unit(part: Part, edition: Edition, name: str, ambient: Ambient) -> Part:
    """From µg/m³ (CO mg/m³) to the unit of the indicator, exact."""
    indicator = edition.indicators[name]
    unit = ambient.unit(indicator.pollutant)
    if indicator.unit == unit:
        return part
    times = factor(indicator.pollutant, unit=unit, into=indicator.unit, per_ppb=ambient.per_ppb)
    numerator = np.where(part.known, part.numerator * times.numerator, NOTHING)
    return Part(numerator=numerator, denominator=part.denominator * times.denominator)
