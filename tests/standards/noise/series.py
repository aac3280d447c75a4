"""Series of levels for the tests of noise."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.instants import to_micros
from rules.standards.noise.masking import Masked, masked
from rules.standards.noise.samples import samples_of
from rules.standards.noise.validity import Validity

ZONE = "Asia/Shanghai"


def local(text: str, timezone: str = ZONE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone))


def minutes(begin: datetime, levels: Sequence[float], *, peaks: Sequence[float] | None = None) -> Masked:
    return steps(begin, levels, span_s=60.0, peaks=peaks)


def hourly(begin: datetime, levels: Sequence[float], *, peaks: Sequence[float] | None = None) -> Masked:
    return steps(begin, levels, span_s=3600.0, peaks=peaks)


def steps(begin: datetime, levels: Sequence[float], *, span_s: float, peaks: Sequence[float] | None = None) -> Masked:
    """Levels one after the other in real time, from a local begin on."""
    first = to_micros(begin)
    at = [first + round((place + 1) * span_s * 1e6) for place in range(len(levels))]
    return masked(samples_of(at, span_s, levels, peaks), Validity())


def ends(begin: datetime, count: int, *, span_s: float) -> list[datetime]:
    return [begin + timedelta(seconds=span_s) * (place + 1) for place in range(count)]
