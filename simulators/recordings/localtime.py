"""Local times of a file as instants: the hour that comes twice in autumn is told apart by the rows before it."""

from datetime import datetime
from zoneinfo import ZoneInfo

_FORMATS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%Y-%m-%d %H", "%Y%m%d%H%M%S")


def parse_stamp(text: str) -> datetime:
    """Naive or aware, as the text says. Raises ValueError with what would be understood."""
    spelled = text.strip()
    try:
        return datetime.fromisoformat(spelled if "/" not in spelled[:5] else spelled.replace("/", "-"))
    except ValueError:
        for pattern in _FORMATS:
            try:
                return datetime.strptime(spelled, pattern)  # noqa: DTZ007 (the zone is the recording's, see LocalTimes)
            except ValueError:
                continue
    raise ValueError(f"{text!r} is not a time; write 2026-11-22 21:15:00")


class LocalTimes:
    """Rows in order. A time with its own zone is taken as it is."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._latest_s = float("-inf")

    def epoch_s(self, stamp: datetime) -> float:
        """Seconds since 1970. The second run of an hour is meant where the first would go back behind the last row."""
        if stamp.tzinfo is not None:
            return stamp.timestamp()
        first = stamp.replace(tzinfo=self._zone, fold=0).timestamp()
        second = stamp.replace(tzinfo=self._zone, fold=1).timestamp()
        at_s = second if first <= self._latest_s < second else first
        self._latest_s = max(self._latest_s, at_s)
        return at_s
