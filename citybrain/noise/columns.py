"""Which column of a table of noise holds what, by the words that people put into headers."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from domain.errors import Refused


class Role(StrEnum):
    """What a column may hold; `date` and `time` may stand apart."""

    TIME = "time"
    DATE = "date"
    LEVEL = "level"
    PEAK = "lmax"
    WIND = "wind"
    RAIN = "rain"
    WEATHER = "weather"
    FLAG = "flag"
    POINT = "point"
    SPAN = "span"


_BLANKS = re.compile(r"[\s_\-.:/]+|[（(\[].*?[)）\]]")
_WORDS: Mapping[Role, tuple[str, ...]] = {
    Role.TIME: (
        r"(?=.*(time|stamp|时间|时刻)).*",
        r"at|t|ts|begin|start|end|hour|datetime",
        r".*date.*|.*日期.*|datum.*|zeit.*|fecha.*|hora.*|horodatage|heure.*",
    ),
    Role.LEVEL: (r"la?eq.*", r".*等效.*", r"la|lp|spl|dba?|db|level|soundlevel|noise.*|value|.*声级|噪声.*"),
    Role.PEAK: (r"la?f?max.*|lmx.*|.*最大声级.*",),
    Role.WIND: (r"wind(speed.*)?|ws(pm)?|.*风速.*",),
    Role.RAIN: (r"rain.*|precip.*|.*(降雨|降水|雨量|雨强).*",),
    Role.WEATHER: (r"weather.*|.*(天气|气象).*",),
    Role.FLAG: (r".*flag|quality|.*(标记|标识|标志).*",),
    Role.POINT: (r"(device|station|site|point|sensor|meter)(id|name|code)?|.*(测点|点位|站点|设备|站名).*",),
    Role.SPAN: (r"span.*|duration.*|.*时长.*",),
}
"""For each role the patterns in order of preference, on names in small letters without blanks and units."""
_CLOCKS = frozenset({"time", "时间", "时刻", "clock", "hour", "小时", "时"})
_LIST: Mapping[str, str] = {
    "metric": r"metric|parameter|quantity|指标|因子|监测因子|监测项目",
    "value": r"value|数值|值|监测值",
    "time": r"at|t|ts|.*(time|stamp|时间|时刻).*",
    "point": _WORDS[Role.POINT][0],
    "span": _WORDS[Role.SPAN][0],
    "quality": r"quality|.*flag|.*(标记|标识|标志).*",
}
"""Columns of a list that has a row for each metric, as `citybrain backtest` reads it."""
_BEGINS = re.compile(r"begin|start|from|^datatime$|开始|起始")
_ENDS = re.compile(r"end|until|结束|截止")


def roles(names: Sequence[str], chosen: Mapping[Role, str]) -> dict[Role, int]:
    """Role → place of its column. `chosen` names columns outright. Raises Refused without a time and a level."""
    found: dict[Role, int] = {}
    for role, name in chosen.items():
        if name not in names:
            raise Refused(f"there is no column {name!r}; the columns are {', '.join(names)}")
        found[role] = names.index(name)
    plain = [_BLANKS.sub("", name.casefold()) for name in names]
    for role, patterns in _WORDS.items():
        place = _first(plain, patterns, taken=set(found.values())) if role not in found else None
        if place is not None:
            found[role] = place
    _pair_date_and_time(plain, found)
    missing = [role for role in (Role.TIME, Role.LEVEL) if role not in found]
    if missing:
        raise Refused(
            f"the columns are {', '.join(names)}; none of them is known as the {' or the '.join(missing)}:"
            f" name it with {' '.join(f'--column {role}=NAME' for role in missing)}"
        )
    return found


def stamp_words(name: str) -> str | None:
    """`begin` or `end` when the header of the time column says which end of the interval it names."""
    plain = _BLANKS.sub("", name.casefold())
    if _BEGINS.search(plain):
        return "begin"
    return "end" if _ENDS.search(plain) else None


def _first(names: Sequence[str], patterns: Sequence[str], *, taken: set[int]) -> int | None:
    for pattern in patterns:
        for place, name in enumerate(names):
            if place not in taken and re.fullmatch(pattern, name):
                return place
    return None


def _pair_date_and_time(names: Sequence[str], found: dict[Role, int]) -> None:
    """`date,time,leq` and `日期,小时,leq`: the date stands in a column of its own beside an hour or a time of day."""
    if Role.TIME not in found or Role.DATE in found:
        return
    taken = set(found.values())
    if names[found[Role.TIME]] in _CLOCKS:
        place = _first(names, (r"date|day|日期",), taken=taken)
        if place is not None:
            found[Role.DATE] = place
    elif re.fullmatch(r"date|day|日期", names[found[Role.TIME]]):
        place = _first(names, (r"hour|clock|小时|时",), taken=taken)
        if place is not None:
            found[Role.DATE], found[Role.TIME] = found[Role.TIME], place


def quantity(name: str) -> Role | None:
    """What a row says, by the name of its metric: a level, a maximum, wind or rain; None for anything else."""
    plain = _BLANKS.sub("", name.casefold())
    known = (Role.LEVEL, Role.PEAK, Role.WIND, Role.RAIN)
    return next((role for role in known if any(re.fullmatch(one, plain) for one in _WORDS[role])), None)


def list_columns(names: Sequence[str]) -> dict[str, int] | None:
    """Places of `metric`, `value`, `time` and what else a list of readings has; None where the table is no list."""
    plain = [_BLANKS.sub("", name.casefold()) for name in names]
    places = {name: _first(plain, (pattern,), taken=set()) for name, pattern in _LIST.items()}
    found = {name: place for name, place in places.items() if place is not None}
    return found if {"metric", "value", "time"} <= found.keys() else None
