"""How a file says during which hours something holds: the section `when`."""

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, field_validator, model_validator

from config.durations import parse_duration
from config.loading import Strict
from domain.places import City
from rules.calendars import load_calendar, shipped_calendars
from rules.schedules import WEEK, Days, Hours, Schedule, Sun, SunIs

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
        """With the calendar's path taken from this folder, and read once. Raises Misconfigured for what is in it."""
        if self.calendar is None:
            return self
        path = shipped_calendars().get(self.calendar) or folder / self.calendar
        load_calendar(path)
        return self.model_copy(update={"calendar": str(path)})

    def schedule(self, city: City) -> Schedule:
        """In this city's zone of time, under its sun. Raises Misconfigured for a calendar that cannot be read."""
        sun = self.sun and Sun(is_=self.sun.is_, begin_later_s=self.sun.later, end_earlier_s=self.sun.earlier)
        path = self.calendar and (shipped_calendars().get(self.calendar) or Path(self.calendar))
        return Schedule(
            timezone=city.timezone,
            hours=self.hours,
            days=self.days,
            sun=sun or None,
            calendar=load_calendar(path) if path else None,
            place=city.centre if sun else None,
        )
