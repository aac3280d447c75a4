"""Reads rules and tables of limits from their files; every fault of every file comes back at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.loading import Strict, build, line_numbers, load, nearest_line, read_yaml
from domain.devices import DeviceKind
from domain.errors import Misconfigured, Problem
from domain.metrics import Catalogue
from rules.entries import MetricEntry, RuleEntry, TableName
from rules.kinds.table import KINDS
from rules.kinds.threshold import ThresholdEntry
from rules.settings import SHIPPED_LIMITS
from rules.tables import LimitTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An entry, and where it stands."""

    entry: RuleEntry
    file: str
    line: int | None

    def problem(self, message: str) -> Problem:
        return Problem(file=self.file, line=self.line, message=f"rule {self.entry.id}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Rules in the order of their files, and the tables they may name."""

    rules: tuple[Rule, ...]
    tables: Mapping[str, LimitTable]
    catalogue: Catalogue


class RulesFile(Strict):
    """The outer shape; each rule is read as its kind asks."""

    rules: tuple[dict[str, Any], ...]


def load_rules(
    paths: Sequence[Path],
    *,
    catalogue: Catalogue,
    kinds: Mapping[str, DeviceKind],
    limits: Sequence[Path] = SHIPPED_LIMITS,
) -> RuleSet:
    """All rules of all files. Raises Misconfigured with all problems of all files."""
    problems: list[Problem] = []
    tables = _load_tables(limits, problems)
    rules: list[Rule] = []
    for path in paths:
        try:
            rules += _load_file(path, problems)
        except Misconfigured as exc:
            problems += exc.problems
    problems += _repeated(rules)
    for rule in rules:
        problems += [rule.problem(fault) for fault in _faults(rule.entry, catalogue, kinds, tables)]
    if problems:
        raise Misconfigured(problems)
    return RuleSet(rules=tuple(rules), tables=tables, catalogue=catalogue)


def _load_tables(paths: Sequence[Path], problems: list[Problem]) -> dict[str, LimitTable]:
    tables: dict[str, LimitTable] = {}
    for path in paths:
        try:
            table = load(path, LimitTable)
        except Misconfigured as exc:
            problems += exc.problems
            continue
        if table.id in tables:
            problems.append(Problem(file=str(path), line=None, message=f"table {table.id} exists already; rename one"))
        tables[table.id] = table
    return tables


def _load_file(path: Path, problems: list[Problem]) -> Iterator[Rule]:
    """The usable rules of one file; faults of single rules are added to `problems`."""
    outer = load(path, RulesFile)
    text, _ = read_yaml(path)
    lines = line_numbers(text)
    for index, content in enumerate(outer.rules):
        line = nearest_line(lines, ("rules", index))
        kind = KINDS.get(str(content.get("kind")))
        if kind is None:
            known = ", ".join(KINDS)
            message = f"rules.{index}.kind: {content.get('kind')!r} is not a kind of rule; write one of {known}"
            where = nearest_line(lines, ("rules", index, "kind"))
            problems.append(Problem(file=str(path), line=where, message=message))
            continue
        try:
            entry = build(kind.entry, content, file=path, text=text, base=("rules", index))
        except Misconfigured as exc:
            problems += exc.problems
            continue
        yield Rule(entry=entry, file=str(path), line=line)


def _repeated(rules: Sequence[Rule]) -> Iterator[Problem]:
    first: dict[str, Rule] = {}
    for rule in rules:
        earlier = first.setdefault(rule.entry.id, rule)
        if earlier is not rule:
            yield rule.problem(f"this id stands already at {earlier.file}:{earlier.line}; give every rule its own")


def _faults(
    entry: RuleEntry, catalogue: Catalogue, kinds: Mapping[str, DeviceKind], tables: Mapping[str, LimitTable]
) -> Iterator[str]:
    """What is wrong with an entry that reads well by itself."""
    unknown = [kind for kind in entry.scope.kinds if kind not in kinds]
    for kind in unknown:
        yield f"scope.kinds: {kind!r} is no kind of device; known are {', '.join(kinds)}"
    if not isinstance(entry, MetricEntry):
        return
    if entry.metric not in catalogue:
        yield f"metric {entry.metric!r} is not in the catalogue; add it there or mend its spelling"
        return
    for kind in entry.scope.kinds:
        if kind in kinds and entry.metric not in kinds[kind].metrics:
            yield f"devices of kind {kind} do not report {entry.metric}; they report {', '.join(kinds[kind].metrics)}"
    if isinstance(entry, ThresholdEntry):
        yield from _threshold_faults(entry, catalogue[entry.metric].unit, tables)


def _threshold_faults(entry: ThresholdEntry, unit: str, tables: Mapping[str, LimitTable]) -> Iterator[str]:
    if entry.unit != unit:
        yield f"unit {entry.unit!r} is not that of {entry.metric}; write the limit in {unit}"
    if not isinstance(entry.limit, TableName):
        return
    table = tables.get(entry.limit.table)
    if table is None:
        yield f"limit.table {entry.limit.table!r} is not known; known are {', '.join(tables) or 'none'}"
    elif table.unit != unit:
        yield f"table {table.id} is in {table.unit}, but {entry.metric} in {unit}; choose another table"
