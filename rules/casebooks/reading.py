"""Reads casebooks: every fault of a file comes back at once, with its line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.city import load_city, load_registry
from config.loading import Where, build, line_numbers, nearest_line, read_yaml
from config.suggestions import did_you_mean
from domain.devices import DeviceKind, Registry
from domain.errors import Misconfigured, Problem
from domain.metrics import Catalogue
from rules.casebooks.cases import Case, Casebook
from rules.casebooks.entries import CasebookFile, CaseEntry
from rules.casebooks.making import Making
from rules.casebooks.places import city_of, devices_of, shared_devices
from rules.entries import Ground
from rules.loading import Passage, Rule, RuleSet, RulesFile, load_tables, read_entries, ruleset_of
from rules.settings import SHIPPED_RULES, RulesSettings

SHIPPED = "shipped"
SHIPPED_CASEBOOKS = SHIPPED_RULES.parents[1] / "casebooks"
_TABLES = SHIPPED_RULES.parents[1] / "limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What casebooks are read against; `rules` and `limits` are what they call `shipped`."""

    catalogue: Catalogue
    kinds: Mapping[str, DeviceKind]
    rules: tuple[Path, ...] = RulesSettings().files
    limits: tuple[Path, ...] = ()

    def tables(self) -> tuple[Path, ...]:
        """Every table that ships, in the settings or not."""
        return self.limits or tuple(sorted(_TABLES.glob("*.yaml")))


def files_of(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Casebooks of folders, sorted by name, and single files."""
    return tuple(file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path]))


def load_casebook(path: Path, shelf: Shelf) -> Casebook:
    """Raises Misconfigured with all problems of the file, and of the rules that it brings along."""
    text, content = read_yaml(path)
    file = build(CasebookFile, content, file=path, text=text)
    ruleset = _rules(file, path, text, shelf)
    lines = line_numbers(text)
    problems: list[Problem] = []
    cases: list[Case] = []
    base = _registry(file, path, shelf)
    for index, entry in enumerate(file.cases):
        desk = _Desk(file=file, path=path, lines=lines, where=("cases", index), ruleset=ruleset, base=base, shelf=shelf)
        cases += desk.case(entry, problems)
    if problems:
        raise Misconfigured(problems)
    return Casebook(file=str(path), cases=tuple(cases))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """One case of one file, while it is read."""

    file: CasebookFile
    path: Path
    lines: Mapping[Where, int]
    where: Where
    ruleset: RuleSet
    base: Registry | None
    shelf: Shelf

    def case(self, entry: CaseEntry, problems: list[Problem]) -> Iterator[Case]:
        """The case, or its faults among the `problems`."""
        found: list[tuple[Where, str]] = []
        rules = self._under_test(entry, found)
        registry = self._registry(entry, found)
        if registry is not None and not found:
            making = Making(entry, registry, self.shelf.catalogue, lines=self.lines, where=self.where)
            case = making.case(file=str(self.path), ruleset=rules)
            found += making.faults
            if not found:
                yield case
        for where, message in found:
            line = nearest_line(self.lines, (*self.where, *where))
            problems.append(Problem(file=str(self.path), line=line, message=f"{entry.name}: {message}"))

    def _registry(self, entry: CaseEntry, found: list[tuple[Where, str]]) -> Registry | None:
        if isinstance(entry.devices, tuple):
            return self._by_id(entry.devices, found)
        try:
            chosen = {**shared_devices(self.file.devices, entry), **entry.devices}
            city = self.base.city if self.base else city_of(self.file.city, entry, chosen)
            devices = devices_of(chosen, city, self.shelf.kinds)
        except ValueError as exc:
            found.append((("devices",), str(exc)))
            return None
        return Registry(city=city, kinds=self.shelf.kinds, devices=devices)

    def _by_id(self, ids: tuple[str, ...], found: list[tuple[Where, str]]) -> Registry | None:
        if self.base is None:
            found.append((("devices",), "devices by id need a registry; write registry: FILE and city: FILE"))
            return None
        known = self.base.devices
        for name in ids:
            if name not in known:
                found.append((("devices",), f"the registry has no device {name!r}{did_you_mean(name, known)}"))
        chosen = {name: known[name] for name in ids if name in known}
        return Registry(city=self.base.city, kinds=self.base.kinds, devices=chosen)

    def _under_test(self, entry: CaseEntry, found: list[tuple[Where, str]]) -> RuleSet:
        """The rules that the case names, and those that they themselves name."""
        known = {rule.entry.id: rule for rule in self.ruleset.rules}
        named: dict[str, Rule] = {}
        for key, index, name in _named(entry):
            if name not in known:
                found.append(((key, index), f"there is no rule {name!r}{did_you_mean(name, known)}"))
                continue
            waiting = [name]
            while waiting:
                rule = known[waiting.pop()]
                if rule.entry.id not in named:
                    named[rule.entry.id] = rule
                    waiting += [
                        other for other in _references(rule.entry.model_dump(warnings="none")) if other in known
                    ]
        rules = tuple(rule for rule in self.ruleset.rules if rule.entry.id in named)
        return RuleSet(rules=rules, tables=self.ruleset.tables, catalogue=self.ruleset.catalogue)


def _named(entry: CaseEntry) -> Iterator[tuple[str, int, str]]:
    yield from (("expect", index, one.rule) for index, one in enumerate(entry.expect))
    yield from (("expect_none", index, name) for index, name in enumerate(entry.expect_none))
    yield from (("checks", index, one.rule) for index, one in enumerate(entry.checks))


def _references(content: Any) -> Iterator[str]:
    """Ids under a key `rule`, at any depth."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            if key == "rule" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(content, list | tuple):
        for item in content:
            yield from _references(item)


def _registry(file: CasebookFile, path: Path, shelf: Shelf) -> Registry | None:
    if not isinstance(file.city, str):
        return None
    city, _ = load_city(path.parent / file.city)
    if file.registry is None:
        return Registry(city=city, kinds=shelf.kinds, devices={})
    return load_registry(path.parent / file.registry, city=city, kinds=shelf.kinds)


def _rules(file: CasebookFile, path: Path, text: str, shelf: Shelf) -> RuleSet:
    """The rules of the files that the casebook names, and those written out in it."""
    tables = [paths for name in file.limits for paths in (shelf.tables() if name == SHIPPED else [path.parent / name])]
    ground = Ground(catalogue=shelf.catalogue, kinds=shelf.kinds, tables=load_tables(tables))
    problems: list[Problem] = []
    rules: list[Rule] = []
    for name in file.rules:
        for source in shelf.rules if name == SHIPPED else [path.parent / name] if isinstance(name, str) else []:
            other, content = read_yaml(source)
            entries = dict(enumerate(build(RulesFile, content, file=source, text=other).rules))
            rules += read_entries(entries, Passage(file=str(source), text=other), problems)
    written = {index: one for index, one in enumerate(file.rules) if isinstance(one, dict)}
    rules += read_entries(written, Passage(file=str(path), text=text), problems)
    return ruleset_of(rules, ground, problems)
