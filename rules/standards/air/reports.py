"""The AQI of a place for an hour or a day: sub-indices, primary pollutants, level, and whether it may be published."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from rules.standards.air.editions import Edition, Level
from rules.standards.air.indices import SubIndex, sub_indices


class Period(StrEnum):
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`aqi` is None for NA; `because` says why. `highest` is the largest sub-index, published or not."""

    edition: str
    period: Period
    aqi: int | None
    highest: int | None
    level: Level | None
    primary: tuple[str, ...]
    """Pollutants, all of those with the highest sub-index."""
    exceeding: tuple[str, ...]
    """Pollutants above the edition's exceedance index; always empty where the edition has no such notion."""
    sub: Mapping[str, SubIndex]
    missing: tuple[str, ...]
    not_monitored: tuple[str, ...]
    because: str = ""


def indicators_of(edition: Edition, period: Period) -> tuple[str, ...]:
    return edition.hourly if period is Period.HOURLY else edition.daily


def accepted(edition: Edition, period: Period) -> tuple[str, ...]:
    """The period's indicators, and those that decide above the end of their tables and enter by nothing else."""
    names = indicators_of(edition, period)
    deciders = [edition.indicators[name].beyond for name in names]
    return tuple(dict.fromkeys([*names, *(name for name in deciders if isinstance(name, str))]))


def pollutants_of(edition: Edition, period: Period) -> tuple[str, ...]:
    return tuple(dict.fromkeys(edition.indicators[name].pollutant for name in indicators_of(edition, period)))


def report(
    edition: Edition,
    period: Period,
    values: Mapping[str, Fraction],
    *,
    not_monitored: Collection[str] = (),
) -> Report:
    """From concentrations by indicator, in its unit; what is missing is left out, never 0.

    `not_monitored`: pollutants that the place does not measure at all and that never led a polluted day (HJ 633-2026
    clause 5.3): they are not missing. Raises KeyError for an indicator that the period does not know.
    """
    known = accepted(edition, period)
    unknown = [name for name in values if name not in known]
    if unknown:
        raise KeyError(f"{unknown[0]} is no indicator of the {period.value} report; known are {', '.join(known)}")
    entering = indicators_of(edition, period)
    sub = {name: _standing(name, one, entering) for name, one in sub_indices(edition, values).items()}
    by_pollutant: dict[str, int] = {}
    for name, one in sub.items():
        if name in entering and one.index is not None:
            by_pollutant[one.pollutant] = max(one.index, by_pollutant.get(one.pollutant, 0))
    wanted = pollutants_of(edition, period)
    missing = tuple(name for name in wanted if name not in by_pollutant and name not in not_monitored)
    highest = max(by_pollutant.values(), default=None)
    because = _why_not_published(edition, highest, missing)
    aqi = None if highest is None or because else max(highest, edition.lowest)
    return Report(
        edition=edition.id,
        period=period,
        aqi=aqi,
        highest=highest,
        level=None if aqi is None else edition.level(aqi),
        primary=_primary(edition, aqi, highest, by_pollutant),
        exceeding=_exceeding(edition, by_pollutant),
        sub=sub,
        missing=missing,
        not_monitored=tuple(name for name in wanted if name in not_monitored and name not in by_pollutant),
        because=because,
    )


def _standing(name: str, one: SubIndex, entering: tuple[str, ...]) -> SubIndex:
    """A decider says of itself that its own index does not enter."""
    if name in entering:
        return one
    return replace(
        one, because=f"{one.because} 不单独参评 · enters only where another indicator leaves its table".strip()
    )


def _why_not_published(edition: Edition, highest: int | None, missing: tuple[str, ...]) -> str:
    if highest is None:
        return "no pollutant has a valid value"
    floor = edition.publish_incomplete_above
    if missing and floor is not None and highest <= floor:
        return f"{', '.join(missing)} missing; with a pollutant missing the AQI is published only above {floor}"
    return ""


def _primary(edition: Edition, aqi: int | None, highest: int | None, found: Mapping[str, int]) -> tuple[str, ...]:
    if aqi is None or (edition.primary_above is not None and aqi <= edition.primary_above):
        return ()
    return tuple(pollutant for pollutant, index in found.items() if index == highest)


def _exceeding(edition: Edition, found: Mapping[str, int]) -> tuple[str, ...]:
    if edition.exceedance_above is None:
        return ()
    return tuple(pollutant for pollutant, index in found.items() if index > edition.exceedance_above)
