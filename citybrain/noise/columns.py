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
    """`date,time,leq`: the date stands in a column of its own when the time's is nothing but a time."""
    if Role.TIME in found and Role.DATE not in found and names[found[Role.TIME]] in {"time", "时间", "时刻"}:
        place = _first(names, (r"date|day|日期",), taken=set(found.values()))
        if place is not None:
            found[Role.DATE] = place
