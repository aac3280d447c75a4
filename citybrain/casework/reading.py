"""The rows of a file as cases; every row that is left out, and every cell that is not believed, with its line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

from cases.codes import Generation
from cases.limits import Limit, Pause
from cases.method import Method
from cases.recorded import CaseList, Mark, RecordedCase, Step
from citybrain.casework.columns import Role, roles
from citybrain.casework.files import Rows, read_rows
from citybrain.casework.words import Unclear, how_often, is_nothing, kind_of, yes_or_no
from citybrain.noise.stamps import parse_time
from domain.errors import Refused
from domain.instants import EPOCH, from_micros, to_micros

_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)


@dataclass(slots=True, kw_only=True)
class ReadList:
    """`left_out`: lines of rows that are in no figure; `doubts`: of rows that are used, but for what is said."""

    cases: CaseList
    rows: int
    columns: Mapping[Role, str]
    ignored: tuple[str, ...]
    left_out: list[tuple[int, str]] = field(default_factory=list)
    doubts: list[tuple[int, str]] = field(default_factory=list)
    plain_limits: int = 0


def read_cases(
    path: Path, *, method: Method, codes: Generation, zone: ZoneInfo, chosen: Mapping[Role, str]
) -> ReadList:
    """Raises Refused when the file holds no list of cases."""
    rows = read_rows(path)
    try:
        columns = roles(rows.names, chosen)
    except Refused as exc:
        raise Refused(f"{path}:{rows.header_line}: {exc}") from exc
    reading = _Reading(columns, method, codes, zone)
    cases = reading.cases(rows)
    if not cases and not reading.left_out:
        raise Refused(f"{path} holds no case; a case in each row below the header")
    ignored = tuple(name for name in rows.names if name and name not in columns.values())
    return ReadList(
        cases=CaseList(cases=cases, says=_says(columns)),
        rows=len(rows.rows),
        columns=columns,
        ignored=ignored,
        left_out=reading.left_out,
        doubts=reading.doubts,
        plain_limits=reading.plain_limits,
    )


def _says(columns: Mapping[Role, str]) -> frozenset[Step | Mark]:
    steps = [step for step in Step if Role(step.value) in columns]
    marks = [mark for mark in Mark if Role(mark.value) in columns]
    return frozenset((*steps, *marks))


class _Reading:
    """What the rows of one file have in common, and what was noticed on the way."""

    def __init__(self, columns: Mapping[Role, str], method: Method, codes: Generation, zone: ZoneInfo) -> None:
        self._columns, self._method, self._codes, self._zone = columns, method, codes, zone
        self._lines: dict[str, int] = {}
        self.left_out: list[tuple[int, str]] = []
        self.doubts: list[tuple[int, str]] = []
        self.plain_limits = 0

    def cases(self, rows: Rows) -> tuple[RecordedCase, ...]:
        found = []
        for line, row in rows.rows:
            cells = {role: row.get(name, "") for role, name in self._columns.items()}
            try:
                found.append(self._case(line, cells))
            except ValueError as exc:
                self.left_out.append((line, str(exc)))
        return tuple(found)

    def _case(self, line: int, cells: Mapping[Role, str]) -> RecordedCase:
        """Raises ValueError for what leaves the row without a meaning."""
        identifier = cells[Role.ID]
        if not identifier:
            raise ValueError("the id is empty")
        if identifier in self._lines:
            raise ValueError(f"case {identifier!r:.40} stands in line {self._lines[identifier]} already; keep one row")
        times, unclear = self._times(cells), Unclear()
        limit, extension, is_extended = self._limits(cells, unclear)
        case = RecordedCase(
            id=identifier,
            line=line,
            department=cells.get(Role.DEPARTMENT, ""),
            kind=unclear.read(kind_of, cells.get(Role.KIND, "")),
            code=cells.get(Role.CODE, ""),
            times=times,
            limit=limit,
            extension=extension,
            is_extended=is_extended,
            pause=self._pause(cells),
            is_valid=unclear.answer(cells, Role.VALID),
            is_returned=unclear.answer(cells, Role.RETURNED),
            reworks=unclear.read(how_often, cells.get(Role.REWORKED, "")),
            due=self._instant(cells.get(Role.DEADLINE, ""), Role.DEADLINE),
        )
        self._lines[identifier] = line
        self.doubts.extend((line, why) for why in (*unclear.why, *self._doubts(case, cells)))
        return case

    def _doubts(self, case: RecordedCase, cells: Mapping[Role, str]) -> Iterator[str]:
        is_told = case.kind is not None or is_nothing(cells.get(Role.KIND, ""))
        fault = self._codes.fault(case.kind, case.code) if case.code and is_told else None
        if fault:
            yield fault
        if Mark.VALID in _says(self._columns) and case.is_valid is False and Step.REGISTERED in case.times:
            yield "filed, though not accepted: not counted as filed in the rate of valid reports filed 立案率"
        if Mark.LIMIT in _says(self._columns) and case.limit is None and Step.DISPATCHED in case.times:
            yield "dispatched without a time limit: in no figure of disposal or closing"

    def _times(self, cells: Mapping[Role, str]) -> dict[Step, int]:
        """Raises ValueError for times that are none, or that go back."""
        found: dict[Step, int] = {}
        for step in Step:
            at = self._instant(cells.get(Role(step.value), ""), Role(step.value))
            if at is None:
                continue
            last = next(reversed(found), None)
            if last is not None and at < found[last]:
                raise ValueError(f"{step} {self._local(at)} lies before {last} {self._local(found[last])}")
            found[step] = at
        return found

    def _instant(self, text: str, role: Role) -> int | None:
        if is_nothing(text):
            return None
        try:
            return instant(text, self._zone)
        except ValueError as exc:
            raise ValueError(f"{role}: {exc}") from exc

    def _local(self, at: int) -> str:
        return from_micros(at).astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")

    def _limits(self, cells: Mapping[Role, str], unclear: Unclear) -> tuple[Limit | None, Limit | None, bool | None]:
        """The limit, what an extension added to it, and whether there was one: some lists only say yes."""
        limit = self._limit(cells.get(Role.LIMIT, ""), cells.get(Role.UNIT, ""))
        said = cells.get(Role.EXTENSION, "")
        try:
            return limit, None, yes_or_no(said, Role.EXTENSION)
        except ValueError:
            extension = unclear.read(self._extension, said)
        return limit, extension, None if extension is None else True

    def _extension(self, text: str) -> Limit | None:
        try:
            return self._limit(text, "")
        except ValueError as exc:
            raise ValueError(f"extension: {exc}, or yes 是 or no 否; the deadline is that without extension") from exc

    def _limit(self, text: str, unit: str) -> Limit | None:
        if is_nothing(text):
            return None
        self.plain_limits += self._method.is_plain(text, unit)
        return self._method.limit(text, unit)

    def _pause(self, cells: Mapping[Role, str]) -> Pause | None:
        begin = self._instant(cells.get(Role.SUSPENDED, ""), Role.SUSPENDED)
        end = self._instant(cells.get(Role.RESUMED, ""), Role.RESUMED)
        if begin is None:
            if end is not None:
                raise ValueError("resumed, but never suspended")
            return None
        if end is not None and end < begin:
            raise ValueError(f"resumed {self._local(end)} lies before suspended {self._local(begin)}")
        return Pause(begin=begin, end=end)


def instant(text: str, zone: ZoneInfo) -> int:
    """Microseconds of a time as people write it; without an offset it is a local one, and the first of two.

    Raises ValueError for what is no time, and for one that the clock skips.
    """
    try:
        stamp, is_local = parse_time(text)
        naive = _NAIVE_EPOCH + (from_micros(stamp) - EPOCH)
        at = naive.replace(tzinfo=zone if is_local else UTC).astimezone(UTC)
    except OverflowError as exc:
        raise ValueError(f"{text!r:.40} is not a time; write 2026-11-22 21:15") from exc
    if is_local and at.astimezone(zone).replace(tzinfo=None) != naive:
        raise ValueError(f"the clock of {zone.key} skips {text}")
    return to_micros(at)
