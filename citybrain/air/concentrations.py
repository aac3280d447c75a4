"""Concentrations as people type them: `pm2_5=61`, `o3=60ppb`, `CO=1.2mg/m3`."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

from domain.errors import Refused
from rules.standards.air.editions import Edition
from rules.standards.air.indices import told
from rules.standards.air.limits import Ambient
from rules.standards.air.reports import Period, accepted, indicators_of
from rules.standards.air.units import amount, converted

PLACEHOLDERS = frozenset({-99, -999, -9999, -99.9, -999.9})
"""Numbers that stations write where nothing was measured."""
WORDS = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", "---", "—", "——", "–", "/", "缺", "缺测", "无", "无效"}
)
"""Words for the same."""
_SPELLINGS = {"pm25": "pm2_5", "pm2": "pm2_5", "ozone": "o3"}
_CHINESE = {
    "二氧化硫": "so2",
    "二氧化氮": "no2",
    "一氧化碳": "co",
    "臭氧": "o3",
    "细颗粒物": "pm2_5",
    "可吸入颗粒物": "pm10",
}
FAR_BEYOND = 5
"""More than so many times the end of the table is more often a wrong unit than bad air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Concentrations by indicator, in its unit, and what a person should know about how they were read."""

    values: dict[str, Fraction]
    remarks: tuple[str, ...]


def folded(name: str) -> str:
    """PM2.5, PM₂.₅, pm25, 细颗粒物 and pm2_5 are one name, with or without the mean behind it: pm2.5_24h, 臭氧8h."""
    plain = unicodedata.normalize("NFKC", name).strip().lower().replace(" ", "")
    plain = plain.replace(".", "_").replace("-", "_").replace(",", "_").replace("小时", "h")
    for chinese, pollutant in _CHINESE.items():
        if plain.startswith(chinese):
            rest = plain.removeprefix(chinese).removeprefix("_")
            plain = rest if rest.startswith(pollutant) else f"{pollutant}_{rest}".rstrip("_")
    pollutant, _, mean = plain.rpartition("_")
    if mean not in {"1h", "8h", "24h"}:
        pollutant, mean = plain, ""
    pollutant = _SPELLINGS.get(pollutant, pollutant)
    return f"{pollutant}_{mean}" if mean else pollutant


def asked(arguments: Sequence[str], edition: Edition, period: Period, ambient: Ambient) -> Asked:
    """Raises Refused for the first argument that is no concentration of the period, with what to write instead."""
    values: dict[str, Fraction] = {}
    remarks: list[str] = []
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals:
            raise Refused(f"{argument!r} names no value; write pm2_5=61 or o3_8h=170")
        indicator = _indicator(name, edition, period)
        if indicator in values:
            raise Refused(f"{indicator} is given twice; give one value")
        values[indicator] = _value(indicator, text, edition, ambient, remarks)
    return Asked(values=values, remarks=tuple(remarks))


def _indicator(name: str, edition: Edition, period: Period) -> str:
    known, plain = accepted(edition, period), folded(name)
    if plain in known:
        return plain
    own = [one for one in indicators_of(edition, period) if edition.indicators[one].pollutant == plain]
    if len(own) == 1:
        return own[0]
    if own:
        raise Refused(f"{name}: of which mean? Write {' or '.join(f'{one}=…' for one in own)}")
    where = f"the {period.value} report of {edition.id} knows {', '.join(known)}"
    if plain in edition.indicators:
        raise Refused(f"{name} does not enter; {where}")
    close = get_close_matches(plain, known, n=1, cutoff=0.4)
    raise Refused(f"{name!r} is no pollutant{f'; did you mean {close[0]}?' if close else ''} ({where})")


def _value(indicator: str, text: str, edition: Edition, ambient: Ambient, remarks: list[str]) -> Fraction:
    entry = edition.indicators[indicator]
    if text.strip().lower() in WORDS:
        raise Refused(f"{indicator}={text}: nothing was measured; leave it out")
    try:
        value, unit = amount(text)
        if value in PLACEHOLDERS:
            raise Refused(f"{indicator}={text}: {told(value)} is a placeholder for a missing value; leave it out")
        if value < 0:
            raise Refused(f"{indicator}={text}: no concentration is negative; leave out what was not measured")
        found = converted(
            value, pollutant=entry.pollutant, unit=unit or entry.unit, into=entry.unit, per_ppb=ambient.per_ppb
        )
    except ValueError as exc:
        raise Refused(f"{indicator}={text}: {exc}") from exc
    if unit is not None and unit != entry.unit:
        at = "（25 °C）" if unit.startswith("pp") or entry.unit.startswith("pp") else ""
        remarks.append(f"{indicator}: {told(value)} {unit} = {told(found)} {entry.unit}{at}")
    end = Fraction(edition.bands(indicator)[-1].high)
    if found > FAR_BEYOND * end:
        remarks.append(
            f"{indicator}: {told(found)} {entry.unit} 远超表末 {end} {entry.unit}，请核对单位 · far beyond the table; "
            "is the unit right?"
        )
    return found
