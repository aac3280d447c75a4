"""Reads rules and tables of limits from their files; every fault of every file comes back at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from config.loading import Strict, Where, build, line_numbers, load, nearest_line, read_yaml
from config.suggestions import did_you_mean
from domain.devices import DeviceKind
from domain.errors import Misconfigured, Problem
from domain.metrics import Catalogue
from rules.entries import Ground, RuleEntry
from rules.kinds.table import KINDS
from rules.settings import SHIPPED_LIMITS
from rules.tables import LimitTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An entry, and where it stands."""

    entry: RuleEntry
    file: str
    line: int | None
    lines: Mapping[Where, int] = field(default_factory=dict, repr=False, compare=False)
    """Of its keys, by their path inside of the rule."""

    def problem(self, message: str, *, where: Where = ()) -> Problem:
        """A fault of this rule, or of the key at `where`."""
        line = (nearest_line(self.lines, where) if where else None) or self.line
        return Problem(file=self.file, line=line, message=f"rule {self.entry.id}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Rules in the order of their files, and the tables they may name."""

    rules: tuple[Rule, ...]
    tables: Mapping[str, LimitTable]
    catalogue: Catalogue


class RulesFile(Strict):
    """The outer shape; each rule is read as its kind asks."""

    rules: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A list of rules inside of a file: the whole of a rules file, or a part of another one."""

    file: str
    text: str
    base: Where = ("rules",)


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
            contents = dict(enumerate(load(path, RulesFile).rules))
            rules += read_entries(contents, Passage(file=str(path), text=read_yaml(path)[0]), problems)
        except Misconfigured as exc:
            problems += exc.problems
    return ruleset_of(rules, Ground(catalogue=catalogue, kinds=kinds, tables=tables), problems)


def ruleset_of(rules: Sequence[Rule], ground: Ground, problems: Sequence[Problem] = ()) -> RuleSet:
    """Rules that read well, held against each other and their ground. Raises Misconfigured, with `problems` first."""
    found = [*problems, *_repeated(rules)]
    entries = {rule.entry.id: rule.entry for rule in rules}
    rules = [replace(rule, entry=rule.entry.resolved(entries)) for rule in rules]
    for rule in rules:
        found += [rule.problem(message, where=where) for where, message in rule.entry.faults(ground)]
    if found:
        raise Misconfigured(found)
    return RuleSet(rules=tuple(rules), tables=ground.tables, catalogue=ground.catalogue)


def read_entries(contents: Mapping[int, Any], passage: Passage, problems: list[Problem]) -> Iterator[Rule]:
    """The usable rules of a list, by their place in it; faults of single rules are added to `problems`."""
    lines = line_numbers(passage.text)
    inside = _lines_by_rule(lines, passage.base)
    for index, content in contents.items():
        where = (*passage.base, index)
        if not isinstance(content, Mapping):
            message = (
                f"{'.'.join(map(str, where))}: a rule is a mapping such as {{id: …, kind: …}}, not {content!r:.80}"
            )
            problems.append(Problem(file=passage.file, line=nearest_line(lines, where), message=message))
            continue
        kind = KINDS.get(str(content.get("kind")))
        if kind is None:
            problems.append(_unknown_kind(content.get("kind"), (*where, "kind"), passage, lines))
            continue
        try:
            entry = build(kind.entry, content, file=Path(passage.file), text=passage.text, base=where)
            entries = entry.expanded(Path(passage.file).parent)
        except Misconfigured as exc:
            problems += [_at_rule(problem, where, passage, lines) for problem in exc.problems]
            continue
        line = nearest_line(lines, where)
        yield from (Rule(entry=each, file=passage.file, line=line, lines=inside[index]) for each in entries)


def _at_rule(problem: Problem, where: Where, passage: Passage, lines: Mapping[Where, int]) -> Problem:
    """A file that cannot be read at all has no line: then it is the rule that names it."""
    if problem.line is not None:
        return problem
    name = ".".join(str(part) for part in where)
    message = f"{name}: {problem.file} {problem.message}"
    return Problem(file=passage.file, line=nearest_line(lines, where), message=message)


def _lines_by_rule(lines: Mapping[Where, int], base: Where) -> Mapping[int, dict[Where, int]]:
    found: dict[int, dict[Where, int]] = defaultdict(dict)
    for path, line in lines.items():
        if path[: len(base)] == base and len(path) > len(base):
            found[int(path[len(base)])][path[len(base) + 1 :]] = line
    return found


def load_tables(paths: Sequence[Path]) -> Mapping[str, LimitTable]:
    """Tables of limits by id. Raises Misconfigured with all problems of all files."""
    problems: list[Problem] = []
    tables = _load_tables(paths, problems)
    if problems:
        raise Misconfigured(problems)
    return tables


def _unknown_kind(kind: object, where: Where, passage: Passage, lines: Mapping[Where, int]) -> Problem:
    name, known = ".".join(str(part) for part in where), ", ".join(KINDS)
    message = f"{name}: {kind!r} is not a kind of rule; write one of {known}{did_you_mean(kind, KINDS)}"
    return Problem(file=passage.file, line=nearest_line(lines, where), message=message)


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


def _repeated(rules: Sequence[Rule]) -> Iterator[Problem]:
    first: dict[str, Rule] = {}
    for rule in rules:
        earlier = first.setdefault(rule.entry.id, rule)
        if earlier is not rule:
            yield rule.problem(f"this id stands already at {earlier.file}:{earlier.line}; give every rule its own")
