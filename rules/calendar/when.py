"""How a file says during which hours something holds: the section `when`."""

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    PrivateAttr,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from config.calendars import Calendar, load_calendar, shipped_calendars
from config.durations import parse_duration
from config.loading import Strict
from domain.places import City
from rules.calendar.schedules import WEEK, Days, Hours, Schedule, Sun, SunIs

LONGEST_OFFSET_S = 12 * 3600.0
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_FILE_ENDINGS = (".yaml", ".yml")


def _hours(value: Any) -> Hours:
    match = _HOURS.fullmatch(value.replace(" ", "")) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{value!r:.60} are no hours; write two times of day: "22:00-06:00", or to "24:00"')
    begin = time(int(match[1]), int(match[2]))
    end = None if match[3] is None else time(int(match[3]), int(match[4]))
    if begin == (end or time(0)) and (end is not None):
        raise ValueError(f'{value!r} begins when it ends; for the whole day write "00:00-24:00"')
    return Hours(begin=begin, end=end)


def _days(value: Any) -> Days | frozenset[int]:
    if isinstance(value, str) and value in set(Days):
        return Days(value)
    if isinstance(value, list | tuple) and value and all(day in WEEK for day in value):
        return frozenset(WEEK.index(day) for day in value)
    raise ValueError(
        f"{value!r:.60} are no days; write one of {', '.join(Days)}, or a list such as [{', '.join(WEEK)}]"
    )


def _offset(value: Any) -> Any:
    """Seconds, with a sign."""
    if isinstance(value, str) and value.startswith("-"):
        value = -parse_duration(value[1:])
    elif not isinstance(value, float):
        value = parse_duration(value)
    if abs(value) > LONGEST_OFFSET_S:
        raise ValueError("is more than 12 hours from sunrise or sunset; write less")
    return value


Offset = Annotated[float, BeforeValidator(_offset, json_schema_input_type=str)]


class SunEntry(Strict):
    """`later`: begins so much after sunrise (up) or sunset (down). `earlier`: ends so much before the next of them."""

    is_: SunIs = Field(alias="is")
    later: Offset = 0.0
    earlier: Offset = 0.0


def _sun(value: Any) -> Any:
    return {"is": value} if isinstance(value, str) else value


class When(Strict):
    """All that is given has to hold together. `calendar`: one that ships, or the path of a file of your own."""

    hours: tuple[
        Annotated[
            Hours,
            PlainValidator(_hours),
            WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9] ?- ?[0-2][0-9]:[0-5][0-9]$"}),
        ],
        ...,
    ] = ()
    days: Annotated[
        Days | frozenset[int],
        PlainValidator(_days),
        WithJsonSchema({"anyOf": [{"enum": list(Days)}, {"type": "array", "items": {"enum": list(WEEK)}}]}),
    ] = Days.ALL
    sun: Annotated[SunEntry, BeforeValidator(_sun, json_schema_input_type=SunEntry | SunIs)] | None = None
    calendar: str | None = None
    _read: Calendar | None = PrivateAttr(default=None)

    @field_validator("calendar")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        known = shipped_calendars()
        if name is None or name in known or name.endswith(_FILE_ENDINGS):
            return name
        raise ValueError(f"{name!r} is no calendar; write {', '.join(known)}, or the path of a .yaml file")

    @model_validator(mode="after")
    def _says_something(self) -> "When":
        if not self.hours and self.sun is None and self.days is Days.ALL:
            raise ValueError("says nothing; give hours, days or sun")
        return self

    def beside(self, folder: Path) -> "When":
        """With the calendar read, by its name or from this folder. Raises Misconfigured for what is in it."""
        if self.calendar is None:
            return self
        read = self.model_copy()
        read._read = load_calendar(shipped_calendars().get(self.calendar) or folder / self.calendar)
        return read

    def meaning(self) -> dict[str, Any]:
        """What decides about the hours, as plain values: of the calendar its days, not where it stands."""
        said = self.model_dump(mode="json", exclude_defaults=True, warnings="none", exclude={"calendar"})
        if self._read is None:
            return said
        years = self._read.model_dump(mode="json", include={"years"})["years"]
        days = {year: {key: days[key] for key in ("rest", "work")} for year, days in years.items()}
        return {**said, "calendar": days}

    def schedule(self, city: City) -> Schedule:
        """In this city's zone of time, under its sun. A calendar that is not read yet is one that ships.

        Raises Misconfigured for one that cannot be read.
        """
        sun = self.sun and Sun(is_=self.sun.is_, begin_later_s=self.sun.later, end_earlier_s=self.sun.earlier)
        return Schedule(
            timezone=city.timezone,
            hours=self.hours,
            days=self.days,
            sun=sun or None,
            calendar=self._read or self.beside(Path())._read,
            place=city.centre if sun else None,
        )
