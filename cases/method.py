"""How the figures of cases are computed, as dated data: clocks, limits and formulas (config/standards/cases)."""

import re
import unicodedata
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PlainValidator, model_validator

from cases.limits import Limit, OfDay, Per, Runs
from cases.working_time import WorkHours
from config import catalogue
from config.loading import Strict, load

FOLDER = catalogue.SHIPPED.parent / "standards" / "cases"
SHIPPED_METHOD = FOLDER / "method.yaml"
LARGEST_AMOUNT = 3_650.0
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_LIMIT = re.compile(r"(\d+(?:\.\d+)?)\s*个?\s*(\D.*)")

COUNTS = (
    *("reports", "valid_reports", "registered_reports", "registrations", "registered_in_time"),
    *("verifications_due", "verified_in_time", "dispatches_due", "dispatched_accurately", "dispatched_in_time"),
    *("disposals_due", "disposed", "disposed_in_time", "overdue_pending", "extended"),
    *("checks_due", "checked_in_time", "closings_due", "closed", "closed_in_time", "reworked"),
)
"""What a formula may name."""
Count = Annotated[str, Field(pattern=f"^({'|'.join(COUNTS)})$")]


def work_hours(text: object) -> WorkHours:
    """Of `08:00-12:00`. Raises ValueError for anything else, and for hours that end before they begin."""
    match = _HOURS.fullmatch(text.replace(" ", "")) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f'{text!r:.60} are no work hours; write "08:00-12:00"')
    begin = time(int(match[1]), int(match[2]))
    end = None if match[3] is None else time(int(match[3]), int(match[4]))
    if end is not None and end <= begin:
        raise ValueError(f"{text!r:.60} ends before it begins; work hours lie within one day")
    return WorkHours(begin=begin, end=end)


class Clock(Strict):
    """A clock of time limits; `words`: how files spell it."""

    zh: str
    en: str
    runs: Runs
    per: Per
    words: tuple[str, ...]


class Limits(Strict):
    """Limits of the centres' own steps, as a file of cases would spell them; None: there is none."""

    registration: str | None
    verification: str | None
    dispatch: str | None
    check: str | None
    closing: str


class Indicator(Strict):
    """A rate: `part` ÷ `whole` × 100 %."""

    id: str
    zh: str
    en: str
    part: Count
    whole: Count
    confidence: Literal["S", "F", "U"]


class Method(Strict):
    """One way to compute; `plain_words` do not say for themselves which clock they mean."""

    id: str
    zh: str
    en: str
    source: str
    valid_from: date
    confidence: Literal["S", "F", "U"]
    hours: Annotated[tuple[Annotated[WorkHours, PlainValidator(work_hours)], ...], Field(min_length=1)]
    of_day: OfDay
    clocks: dict[str, Clock]
    plain_words: tuple[str, ...]
    limits: Limits
    indicators: tuple[Indicator, ...]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        for earlier, later in zip(self.hours, self.hours[1:], strict=False):
            if earlier.end is None or later.begin < earlier.end:
                raise ValueError(f"hours: {later.begin:%H:%M} lies in the hours before it; write them in order")
        words = [_plain(word) for clock in self.clocks.values() for word in clock.words]
        if twice := sorted({word for word in words if words.count(word) > 1}):
            raise ValueError(f"clocks: {twice[0]!r} names two of them; leave it to one")
        for name, text in self.limits.model_dump().items():
            try:
                if text is not None:
                    self.limit(text)
            except ValueError as exc:
                raise ValueError(f"limits.{name}: {exc}") from exc
        return self

    def limit(self, text: str, unit: str = "") -> Limit:
        """Of `2紧急工作时`, or of `2` with its unit apart. Raises ValueError that says what to write."""
        match = _LIMIT.fullmatch(_plain(f"{text} {unit}"))
        clock = None if match is None else self.clock(match[2])
        if match is None or clock is None:
            known = "、".join(clock.zh for clock in self.clocks.values())
            raise ValueError(f"{f'{text} {unit}'.strip()!r:.60} is no time limit; write a number and one of {known}")
        amount = float(match[1])
        if not 0 < amount <= LARGEST_AMOUNT:
            raise ValueError(f"a time limit of {amount:g} cannot be meant; write more than 0 and at most 3650")
        return Limit(amount=amount, runs=clock.runs, per=clock.per)

    def is_plain(self, text: str, unit: str = "") -> bool:
        """Whether a limit was told by a word that names no clock, such as 天."""
        match = _LIMIT.fullmatch(_plain(f"{text} {unit}"))
        return match is not None and match[2] in {_plain(word) for word in self.plain_words}

    def clock(self, word: str) -> Clock | None:
        spelled = _plain(word)
        return next((one for one in self.clocks.values() if spelled in map(_plain, one.words)), None)


def load_method(file: Path = SHIPPED_METHOD) -> Method:
    """Raises Misconfigured with every problem of the file."""
    return load(file, Method)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
