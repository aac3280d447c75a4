"""Which column of a table of air holds what, by the words that people put into headers."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from citybrain.air.concentrations import folded
from rules.standards.air.units import unit_of

_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_TAIL = re.compile(r"[\s_\-]+((?:[uμµm]g)[\s_/]*m\^?-?3|ppb|ppm)$")
_HOURLY = re.compile(r"[\s_]*(1h|浓度|实时|小时值?|1小时|每小时|平均|均值|监测值|value|conc(entration)?|hourly)$")
_OTHER_MEANS = re.compile(
    r"8\s*h|24\s*h|8小时|24小时|滑动|日均|日平均|iaqi|分指数|aqi|max|min|flag|标识|标记|daily|index"
)
_BLANKS = re.compile(r"[\s_\-.:/]+")
_TIMES = (
    r".*(time|stamp|时间|时刻).*",
    r"at|t|ts|begin|start|end|datetime",
    r".*date.*|.*日期.*",
)
_CLOCKS = frozenset({"time", "时间", "时刻", "clock"})
_DATES = r"date|day|日期|.*date"
_HOURS = frozenset({"hour", "小时", "时"})
_PARTS = ("year", "month", "day", "hour")
_PARTS_ZH = ("年", "月", "日", "时")
_POINTS = r"(device|station|site|point|sensor|stationid|sta)(id|name|code)?|.*(测点|点位|站点|设备|站名|站号|监测点).*"
_KINDS = r"type|metric|pollutant|parameter|污染物(名称)?|指标|因子|监测因子|监测项目|项目"
_VALUES = r"value|concentration|conc|数值|值|监测值|浓度"
_UNITS = r"unit|units|单位"
_FLAGS = r"flag|dataflag|quality|数据标识|数据标记|标识|标记"
_NORMAL = frozenset({"", "n", "normal", "good", "ok", "valid", "正常", "有效"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One column of a pollutant. `unit` as the header says it, None when it does not."""

    pollutant: str
    name: str
    place: int
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a table keeps what. Either `wide` has a column for each pollutant, or `kind` names it in every row.

    `clock`: hours, or times of day, beside a date. `parts`: year, month, day and hour in four columns.
    """

    names: tuple[str, ...]
    time: int | None
    clock: int | None
    parts: tuple[int, ...] | None
    point: int | None
    wide: tuple[Place, ...]
    kind: int | None
    value: int | None
    unit: int | None
    flag: int | None
    """A mark for the whole row; HJ 212: only N enters statistics."""

    @property
    def has_time(self) -> bool:
        return self.time is not None or self.parts is not None

    @property
    def has_values(self) -> bool:
        return bool(self.wide) or self.kind is not None

    @property
    def used(self) -> frozenset[int]:
        """Places of the columns that have a meaning here."""
        single = (self.time, self.clock, self.point, self.kind, self.value, self.unit, self.flag)
        return frozenset(
            [*(place for place in single if place is not None), *(self.parts or ()), *(one.place for one in self.wide)]
        )


def layout(names: Sequence[str], pollutants: Collection[str]) -> Layout:
    """By the words of a header; what is not found is None or empty."""
    plain = [_plain(name) for name in names]
    wide = []
    for place, name in enumerate(names):
        pollutant, unit = named(name, pollutants)
        if pollutant is not None:
            wide.append(Place(pollutant=pollutant, name=name, place=place, unit=unit))
    taken = {one.place for one in wide}
    parts = _parts(plain)
    time = None if parts else _first(plain, _TIMES, taken)
    clock = None
    if time is not None and plain[time] in _CLOCKS and (date := _first(plain, (_DATES,), {*taken, time})) is not None:
        time, clock = date, time
    elif time is not None:
        clock = next((place for place, name in enumerate(plain) if name in _HOURS and place != time), None)
    kind = None if wide else _first(plain, (_KINDS,), taken)
    return Layout(
        names=tuple(names),
        time=time,
        clock=clock,
        parts=parts,
        point=_first(plain, (_POINTS,), taken),
        wide=tuple(wide),
        kind=kind,
        value=None if kind is None else _first(plain, (_VALUES,), {*taken, kind}),
        unit=None if kind is None else _first(plain, (_UNITS,), {*taken, kind}),
        flag=_first(plain, (_FLAGS,), taken),
    )


def named(name: str, pollutants: Collection[str]) -> tuple[str | None, str | None]:
    """The pollutant of an hourly mean and its unit: `CO（mg/m3）`, `so2_ug_m3`, `臭氧1小时浓度`, `细颗粒物(PM2.5)`.

    None for every other column, also for means over 8 or 24 hours, indices and flags of a pollutant.
    """
    text = unicodedata.normalize("NFKC", name).strip().lower()
    unit = None
    for inside in _BRACKETS.findall(text):
        unit = unit or _unit(inside)
    tail = _TAIL.search(text)
    if tail is not None:
        unit, text = (
            unit or _unit(re.sub(r"[\s_]", "", tail[1]).replace("gm3", "g/m3").replace("gm-3", "g/m3")),
            (text[: tail.start()]),
        )
    plain = _BRACKETS.sub("", text).strip()
    if _OTHER_MEANS.search(text):
        return None, None
    while (end := _HOURLY.search(plain)) is not None and end.start():
        plain = plain[: end.start()]
    found = folded(plain)
    return (found, unit) if found in pollutants else (None, None)


def is_normal(mark: str) -> bool:
    """Whether what a row is marked with lets it enter statistics; no mark does."""
    return mark.strip().lower() in _NORMAL


def _unit(text: str) -> str | None:
    """What stands in brackets and is no unit is left aside."""
    try:
        return unit_of(text)
    except ValueError:
        return None


def _plain(name: str) -> str:
    return _BLANKS.sub("", _BRACKETS.sub("", unicodedata.normalize("NFKC", name).lower()))


def _parts(plain: Sequence[str]) -> tuple[int, ...] | None:
    for words in (_PARTS, _PARTS_ZH):
        if all(word in plain for word in words):
            return tuple(plain.index(word) for word in words)
    return None


def _first(plain: Sequence[str], patterns: Sequence[str], taken: Collection[int]) -> int | None:
    for pattern in patterns:
        for place, name in enumerate(plain):
            if place not in taken and re.fullmatch(pattern, name):
                return place
    return None
