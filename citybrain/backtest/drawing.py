"""Small pictures as inline SVG: bars by day, a heat map of the week, the load against its bands. No script, no font."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

Json = Mapping[str, Any]

SEVERITIES = {"red": "#C8321F", "yellow": "#E0A100", "white": "#9AA7B1"}
INK, MUTED, LINE = "#1B2730", "#5D6B76", "#D5DCE1"
HEAT = ("#F3F6F8", "#CFE1EE", "#9CC3DE", "#5E9BC4", "#2B6C9C", "#12405F")
BANDS = ("#E6F2EA", "#FBF4DC", "#FBE6D6", "#F6D5D0")
WEEKDAYS = (
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
)
WIDTH, LEFT = 960, 56


def bars_by_day(days: Sequence[Json]) -> str:
    """Stacked by severity, red at the bottom."""
    height, top, base = 210, 12, 176
    totals = [sum(day[severity] for severity in SEVERITIES) for day in days]
    most = _ceiling(max(totals, default=0))
    step = (WIDTH - LEFT) / max(1, len(days))
    parts = [*_rungs(most, top=top, base=base)]
    for number, day in enumerate(days):
        wide, foot = min(step * 0.7, 60), float(base)
        left = LEFT + (number + 0.5) * step - wide / 2
        for severity, colour in SEVERITIES.items():
            tall = (base - top) * day[severity] / most
            if tall:
                foot -= tall
                title = f"{day['date']} {severity} {day[severity]}"
                parts.append(_rect(left, foot, wide, tall, colour, title=title))
    each = -(-len(days) // 12)
    parts += [
        _text(LEFT + (number + 0.5) * step, base + 16, day["date"][5:], anchor="middle")
        for number, day in enumerate(days)
        if number % each == 0
    ]
    parts += _legend(height - 6)
    return _svg(height, parts, "每日告警数 alerts per day")


def heat_map(table: Sequence[Sequence[int]]) -> str:
    """Rows are days of the week, columns hours of the city's day; the number stands in the cell."""
    tall, top = 24, 20
    wide = (WIDTH - LEFT) / 24
    most = max((count for row in table for count in row), default=0)
    parts = [_text(LEFT + (hour + 0.5) * wide, 13, f"{hour:02d}", anchor="middle") for hour in range(24)]
    for number, row in enumerate(table):
        y = top + number * tall
        zh, en = WEEKDAYS[number]
        parts.append(_text(0, y + 16, f"{zh} {en}"))
        for hour, count in enumerate(row):
            shade = -(-count * (len(HEAT) - 1) // most) if most else 0
            x = LEFT + hour * wide
            parts.append(_rect(x + 1, y + 1, wide - 2, tall - 2, HEAT[shade], title=f"{zh} {hour:02d}:00 {count}"))
            if count:
                colour = "#FFFFFF" if shade > 3 else INK
                parts.append(_text(x + wide / 2, y + 16, str(count), anchor="middle", colour=colour))
    return _svg(top + 7 * tall + 4, parts, "按星期与小时的告警数 alerts by weekday and hour")


def load_curve(course: Json, bands: Sequence[Json], *, flood: float, timezone: str) -> str:
    """The fullest 10 minutes of every stretch, against the bands of EEMUA 191 and the begin of a flood.

    Cut off at four times that: what matters is how often the bands are left. The highest bar tells its number.
    """
    height, top, base = 220, 14, 186
    highest = max(course["most"], default=0.0)
    most = min(_ceiling(max(highest, flood * 1.3)), flood * 4)

    def y(rate: float) -> float:
        return base - (base - top) * min(rate, most) / most

    parts, foot = [], 0.0
    for colour, edge in zip(BANDS, [*(band["at_most"] for band in bands), most], strict=False):
        upper = min(max(edge, foot), most)
        parts.append(_rect(LEFT, y(upper), WIDTH - LEFT, y(foot) - y(upper), colour))
        foot = upper
    parts += _rungs(most, top=top, base=base)
    parts.append(_line(LEFT, y(flood), WIDTH, y(flood), "#C8321F", dashed=True))
    parts.append(_text(WIDTH, y(flood) - 4, f"洪峰 flood > {flood:g}", anchor="end", colour="#C8321F"))
    step = (WIDTH - LEFT) / max(1, len(course["most"]))
    parts += [
        _rect(LEFT + number * step, y(rate), max(step - 0.4, 0.8), base - y(rate), "#2B6C9C")
        for number, rate in enumerate(course["most"])
        if rate
    ]
    if highest > most:
        place = LEFT + (course["most"].index(highest) + 0.5) * step
        anchor = "start" if place < WIDTH / 2 else "end"
        parts.append(_text(place, top - 3, f"最多 most {highest:g}", anchor=anchor, colour=INK))
    parts += _times(course, base + 16, timezone)
    return _svg(height, parts, "每岗每 10 分钟告警数 alarms in 10 minutes per operator")


def _times(course: Json, y: float, timezone: str) -> Iterator[str]:
    begin = datetime.fromisoformat(course["begin"]).astimezone(ZoneInfo(timezone))
    number = len(course["most"])
    for part in range(9):
        moment = begin + timedelta(seconds=course["step_s"] * number * part / 8)
        anchor = "start" if part == 0 else "end" if part == 8 else "middle"
        yield _text(LEFT + (WIDTH - LEFT) * part / 8, y, f"{moment:%m-%d %H:%M}", anchor=anchor)


def _rungs(most: float, *, top: float, base: float) -> Iterator[str]:
    """Lines at quarters of the height, with their numbers."""
    for quarter in range(5):
        y = base - (base - top) * quarter / 4
        yield _line(LEFT, y, WIDTH, y, LINE)
        yield _text(LEFT - 6, y + 4, f"{most * quarter / 4:g}", anchor="end")


def _legend(y: float) -> Iterator[str]:
    for number, (severity, colour) in enumerate(SEVERITIES.items()):
        zh = {"red": "红", "yellow": "黄", "white": "白"}[severity]
        yield _rect(LEFT + number * 110, y - 9, 10, 10, colour)
        yield _text(LEFT + number * 110 + 15, y, f"{zh} {severity}")


def _ceiling(most: float) -> float:
    """The next number that divides well by four."""
    size = 4.0
    while size < most:
        size *= 2.5 if str(size).startswith("4") else 2
    return size


def _svg(height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _rect(x: float, y: float, wide: float, tall: float, colour: str, *, title: str = "") -> str:
    inner = f"<title>{escape(title)}</title>" if title else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{colour}">{inner}</rect>'


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}"{dash}/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = MUTED) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
