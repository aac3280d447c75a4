"""Cells of a table to columns of numbers; what is no number is told with its line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from citybrain.noise.columns import Role
from citybrain.noise.rows import Bools, Floats, Ints, PointRows, Unread
from citybrain.noise.stamps import column, parser, to_utc
from rules.standards.noise.validity import Validity
from simulators.recordings import tables

_NUMBERS = (Role.LEVEL, Role.PEAK, Role.SPAN, Role.WIND, Role.RAIN)
_NAMELESS = ""
_RAINS = {
    **dict.fromkeys(("是", "有", "有雨", "雨", "yes", "true", "y", "rain"), float("inf")),
    **dict.fromkeys(("否", "无", "无雨", "no", "false", "n", "dry"), 0.0),
}
"""Words of people who note whether it rains, not how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """What a file does not say: zone of local times, format of times, and columns that the header does not tell."""

    timezone: str
    time_format: str | None
    columns: Mapping[Role, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chunk:
    """Usable rows as columns, in order; `rows` counts the others too."""

    rows: int
    line: Ints
    stamp: Ints
    is_local: Bools
    numbers: Mapping[Role, Floats]
    foul: Bools
    flagged: Bools
    point: Sequence[str]


class Reading:
    """Makes chunks of rows, and remembers what the words in cells mean."""

    def __init__(
        self,
        places: Mapping[Role, int],
        options: TableOptions,
        validity: Validity,
        unread: Unread,
        *,
        decimal_comma: bool,
    ) -> None:
        self._places, self._unread, self._decimal_comma = places, unread, decimal_comma
        self._parse = parser(options.time_format)
        self._width = max(places.values()) + 1
        self._marks = {Role.WEATHER: _Marks(validity.is_bad_weather), Role.FLAG: _Marks(_is_abnormal(validity))}

    def chunk(self, lines: Sequence[int], rows: Sequence[Sequence[str]]) -> Chunk:
        """The rows as columns, without those that cannot be read."""
        count = len(rows)
        lines, rows = self._whole(lines, rows)
        line = np.array(lines, dtype=np.int64)
        cells = {role: [row[place] for row in rows] for role, place in self._places.items()}
        stamp, is_local, bad = self._times(cells, line)
        numbers = {role: self._column(role, cells[role], line, bad) for role in _NUMBERS if role in cells}
        good = ~bad
        points = cells.get(Role.POINT)
        return Chunk(
            rows=count,
            line=line[good],
            stamp=stamp[good],
            is_local=is_local[good],
            numbers={role: values[good] for role, values in numbers.items()},
            foul=self._marked(Role.WEATHER, cells, len(rows))[good],
            flagged=self._marked(Role.FLAG, cells, len(rows))[good],
            point=[_NAMELESS if points is None else points[i].strip() for i in np.flatnonzero(good)],
        )

    def _whole(
        self, lines: Sequence[int], rows: Sequence[Sequence[str]]
    ) -> tuple[Sequence[int], Sequence[Sequence[str]]]:
        """Those with all the cells that are needed."""
        if min(map(len, rows), default=0) >= self._width:
            return lines, rows
        kept = [place for place, row in enumerate(rows) if len(row) >= self._width]
        for place in set(range(len(rows))).difference(kept):
            self._unread.note(lines[place], f"too few cells, {self._width} are needed")
        return [lines[place] for place in kept], [rows[place] for place in kept]

    def _times(self, cells: Mapping[Role, Sequence[str]], line: Ints) -> tuple[Ints, Bools, Bools]:
        texts = cells[Role.TIME]
        if Role.DATE in cells:
            texts = [f"{day.strip()} {clock.strip()}" for day, clock in zip(cells[Role.DATE], texts, strict=True)]
        stamp, is_local, wrong = column(texts, self._parse)
        bad = np.zeros(len(texts), dtype=np.bool_)
        for row in wrong:
            self._unread.note(int(line[row]), "the time cannot be read")
            bad[row] = True
        return stamp, is_local, bad

    def _column(self, role: Role, texts: Sequence[str], line: Ints, bad: Bools) -> Floats:
        """Numbers, NaN where nothing was measured. A level that is no number makes the row bad."""
        if self._decimal_comma:
            texts = [text.replace(",", ".") for text in texts]
        try:
            return np.array([float(text) for text in texts])
        except ValueError:
            return np.array([self._number(role, text, place, line, bad) for place, text in enumerate(texts)])

    def _number(self, role: Role, text: str, place: int, line: Ints, bad: Bools) -> float:
        if role is Role.RAIN and (said := _RAINS.get(text.strip().casefold())) is not None:
            return said
        try:
            value = tables.number(text)
        except ValueError:
            if bad[place]:
                return float("nan")
            note = self._unread.note if role is Role.LEVEL else self._unread.note_cell
            note(int(line[place]), f"{role} is no number")
            bad[place] = role is Role.LEVEL
            return float("nan")
        return float("nan") if value is None else value

    def _marked(self, role: Role, cells: Mapping[Role, Sequence[str]], count: int) -> Bools:
        return self._marks[role].column(cells[role]) if role in cells else np.zeros(count, dtype=np.bool_)


class _Marks:
    """What the words of a column mean; each different one is looked at once."""

    def __init__(self, meaning: Callable[[str], bool]) -> None:
        self._meaning = meaning
        self._known: dict[str, bool] = {}

    def column(self, texts: Sequence[str]) -> Bools:
        for text in set(texts) - self._known.keys():
            self._known[text] = self._meaning(text.strip())
        return np.array([self._known[text] for text in texts], dtype=np.bool_)


def points_of(chunks: Sequence[Chunk], timezone: str, unread: Unread) -> tuple[PointRows, ...]:
    """Rows by point, in order of name; local times that their clock skipped are told."""
    if not chunks:
        return ()
    names = [name for chunk in chunks for name in chunk.point]
    known = {name: code for code, name in enumerate(sorted(set(names)))}
    code = np.array([known[name] for name in names], dtype=np.int64)
    line, stamp, is_local, foul, flagged = (
        np.concatenate([getattr(chunk, name) for chunk in chunks])
        for name in ("line", "stamp", "is_local", "foul", "flagged")
    )
    empty = np.full(len(line), np.nan)
    numbers = {role: np.concatenate([c.numbers[role] for c in chunks]) for role in chunks[0].numbers}
    found = []
    for name, number in known.items():
        rows = np.flatnonzero(code == number)
        instants = to_utc(stamp[rows], is_local[rows], timezone)
        for place in line[rows[instants.is_missing]].tolist():
            unread.note(place, "the local clock skips this time")
        kept = rows[~instants.is_missing]
        level, peak, span, wind, rain = (numbers.get(role, empty)[kept] for role in _NUMBERS)
        found.append(
            PointRows(
                point=name,
                stamp=instants.at[~instants.is_missing],
                level=level,
                peak=peak,
                span=span,
                wind=wind,
                rain=rain,
                foul=foul[kept],
                flagged=flagged[kept],
            )
        )
    return tuple(found)


def _is_abnormal(validity: Validity) -> Callable[[str], bool]:
    return lambda flag: not validity.is_normal(flag)
