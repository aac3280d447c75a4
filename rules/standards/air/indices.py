"""One sub-index after the other in exact fractions, with the arithmetic written out for a pocket calculator."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from rules.standards.air.editions import Band, Edition, Result, Rounding

Concentration = Fraction
"""In the indicator's unit, exact: a mean of 23 hours is a fraction, not a decimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubIndex:
    """One indicator. `index` is None where none is defined; `because` says why, or what is special about it."""

    indicator: str
    pollutant: str
    unit: str
    given: Fraction
    used: Fraction
    """The concentration after the edition's rounding."""
    band: Band | None
    index: int | None
    formula: str
    because: str = ""


def as_fraction(value: float | str | Decimal) -> Fraction:
    """The number as it is written: 2.2 is 11/5, whatever the float behind it. Raises ValueError for NaN."""
    try:
        return Fraction(Decimal(str(value)))
    except (ArithmeticError, OverflowError) as exc:
        raise ValueError(f"{value!r} is not a number") from exc


def rounded(value: Fraction, step: Decimal, how: Rounding) -> Fraction:
    """To whole steps. `round` of a fraction is half to even, as GB/T 8170 asks."""
    steps = value / Fraction(step)
    match how:
        case Rounding.NONE:
            return value
        case Rounding.HALF_EVEN:
            return round(steps) * Fraction(step)
        case Rounding.TRUNCATE:
            return floor(steps) * Fraction(step)


def finished(value: Fraction, how: Result) -> int:
    """The index as an integer. A half goes up when rounding to the nearest."""
    match how:
        case Result.UP:
            return ceil(value)
        case Result.NEAREST:
            return floor(value + Fraction(1, 2))


def sub_index(edition: Edition, indicator: str, value: Fraction) -> SubIndex:
    """The indicator by itself. Raises KeyError for an unknown one and ValueError for a negative concentration."""
    entry = edition.indicators[indicator]
    if value < 0:
        raise ValueError(f"{indicator} = {told(value)}: no concentration is negative")
    used = rounded(value, entry.step, edition.concentrations)
    bands = edition.bands(indicator)
    band = next((band for band in bands if used <= Fraction(band.high)), None)
    index: int | None
    if band is None:
        index, formula, because = _beyond(entry.beyond, used, bands[-1])
    elif band is bands[0] and used < Fraction(band.low):
        index, formula, because = None, "", f"no index is defined below {band.low}; another indicator decides"
        band = None
    else:
        index, formula, because = finished(on_line(band, used), edition.result), written_out(edition, band, used), ""
    return SubIndex(
        indicator=indicator,
        pollutant=entry.pollutant,
        unit=entry.unit,
        given=value,
        used=used,
        band=band,
        index=index,
        formula=formula,
        because=because,
    )


def sub_indices(edition: Edition, values: Mapping[str, Fraction]) -> dict[str, SubIndex]:
    """Each given indicator; where one leaves the decision above its table to another that is given, with that index.

    While the other one has no index at that concentration, the highest of the own table stands (US SO2: 200).
    """
    found = {name: sub_index(edition, name, value) for name, value in values.items()}
    for name, sub in list(found.items()):
        decider = edition.indicators[name].beyond
        bands = edition.bands(name)
        if not isinstance(decider, str) or sub.used <= Fraction(bands[-1].high) or decider not in found:
            continue
        decided = found[decider].index
        index = bands[-1].index_high if decided is None else decided
        found[name] = SubIndex(
            indicator=name,
            pollutant=sub.pollutant,
            unit=sub.unit,
            given=sub.given,
            used=sub.used,
            band=None,
            index=index,
            formula=f"{sub.formula} → {decider}: {index}",
            because=sub.because,
        )
    return found


def on_line(band: Band, used: Fraction) -> Fraction:
    """The straight line between two breakpoints, exact."""
    slope = Fraction(band.index_high - band.index_low) / (Fraction(band.high) - Fraction(band.low))
    return slope * (used - Fraction(band.low)) + band.index_low


def written_out(edition: Edition, band: Band, used: Fraction) -> str:
    """(IAQIHi − IAQILo) / (BPHi − BPLo) × (C − BPLo) + IAQILo with its numbers, the exact result and the integer."""
    value = on_line(band, used)
    result = finished(value, edition.result)
    how = "进位 rounded up" if edition.result is Result.UP else "取整 to the nearest"
    tail = "" if value == result else f" → {result}（{how}）"
    return (
        f"({band.index_high}−{band.index_low})/({band.high}−{band.low})×({told(used)}−{band.low})+{band.index_low}"
        f" = {told(value)}{tail}"
    )


def told(value: Fraction) -> str:
    """At most four decimals; … where digits were left out."""
    text = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return text if Fraction(Decimal(text)) == value else f"{text}…"


def _beyond(beyond: int | str, used: Fraction, last: Band) -> tuple[int | None, str, str]:
    above = f"{told(used)} > {last.high}"
    if isinstance(beyond, int):
        return beyond, f"{above} → {beyond}", f"above the last breakpoint {last.high} the index is {beyond}"
    return None, above, f"above {last.high} the index comes from {beyond}"
