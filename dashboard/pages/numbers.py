"""Numbers and times as people read them, in the language and the zone of the city."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.languages import Language, current
from dashboard.live.calls import Json

MINUTE_MS = 60_000
SMALL = 10.0
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NOTHING = "—"
COMPLIANT = {"<": "<", "<=": "≤", ">=": "≥", ">": ">", "=": "="}
"""How a compliant value relates to the limit, as the engine spells it and as it is printed."""
VIOLATED = {"<": "≥", "<=": ">", ">=": "<", ">": "≤", "=": "≠"}


def number(value: float | None, *, most: int = 1) -> str:
    """With at most `most` decimals and grouped thousands; — for nothing."""
    if value is None:
        return NOTHING
    text = f"{round(value, most) + 0.0:,.{most}f}"  # adding 0 makes a negative zero positive
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimals_of(value: float | None) -> int:
    """Small numbers need more of them: a well of 1.46 m under a limit of 1.5 m is no 1.5 m."""
    return 2 if value is not None and abs(value) < SMALL else 1


def quantity(value: float | None, unit: str) -> str:
    """A value with its unit; the unit 1 is not written, and seconds are a duration."""
    if unit == "s":
        return age(value, current.get())
    text = number(value, most=decimals_of(value))
    if value is None or unit in ("", "1"):
        return text
    return f"{text}{unit}" if unit == "°" else f"{text} {unit}"  # degrees of an angle stand close


def moment(at: float | None, timezone: ZoneInfo) -> str:
    """Milliseconds since 1970 as the city's date and time; — for nothing."""
    if at is None:
        return NOTHING
    return datetime.fromtimestamp(at / 1000, timezone).strftime("%Y-%m-%d %H:%M:%S")


def in_city_time(text: str, timezone: ZoneInfo) -> str:
    """A moment with its zone, such as 2026-11-23T12:30:11.494Z, on the city's clock; other texts as they are."""
    if not MOMENT.fullmatch(text):
        return text
    return datetime.fromisoformat(text).astimezone(timezone).strftime("%Y-%m-%d %H:%M:%S")


def duration(span_ms: float, language: Language) -> str:
    """The two largest units: 3 时 05 分, 3 h 05 min; below a minute the seconds, as on the wall."""
    d, h, m, s = ("天", "时", "分", "秒") if language is Language.CHINESE else ("d", "h", "min", "s")
    if span_ms < MINUTE_MS:
        return f"{max(0.0, span_ms) / 1000:.0f} {s}"
    minutes = int(span_ms // MINUTE_MS)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} {d} {hours} {h}"
    return f"{hours} {h} {minutes % 60:02d} {m}" if hours else f"{minutes} {m}"


def against_limit(alert: Json, *, limit_word: str) -> tuple[str, str]:
    """The value, and what a compliant one must keep: `57.3 dB(A)` and `限值 ≤ 50`; empty where unknown."""
    value, limit = alert["value"], alert["limit"]
    if alert["comparison"] == "=":
        return "", ""  # a state, such as a cover that is open: the title says it
    shown = "" if value is None else quantity(value, alert["unit"])
    unit = alert["unit"] if value is None or alert["unit"] == "s" else ""
    bound = "" if limit is None else f"{limit_word} {COMPLIANT[alert['comparison']]} {quantity(limit, unit)}"
    return shown, bound


def device_of(target: str) -> str:
    """`device:NM-0012` is NM-0012; a road, a feed or the city is no device and has none."""
    kind, _, identifier = target.partition(":")
    return identifier if kind == "device" else ""


def age(seconds: float | None, language: Language) -> str:
    """Rounded the way a person would say it."""
    return NOTHING if seconds is None else duration(seconds * 1000, language)
