"""`citybrain rules`: rules as code: list, check, test, describe for editors, and bring to the running engine."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from citybrain.commands.grouping import ListingGroup
from citybrain.commands.querying import query_options, show
from citybrain.commands.rules_check import checking
from citybrain.commands.rules_reload import reloading
from citybrain.commands.rules_test import testing
from citybrain.rulebook import Ground, Rulebook, read_rulebook, settings_of
from rules.entries import MetricEntry, RuleEntry, TableName
from rules.schema import rules_schema
from runtime.clock import SystemClock

COLUMNS = {
    "id": "编号 id",
    "kind": "类型 kind",
    "zh": "名称",
    "severity": "颜色 severity",
    "scope": "范围 scope",
    "metric": "指标 metric",
    "limit": "限值 limit",
    "hold": "持续 hold",
    "clear": "解除 clear",
    "devices": "设备 devices",
    "clause_zh": "出处 clause",
}
CLAUSE_LETTERS = 16
"""Of the table; --json has the whole clause."""


@click.group(name="rules", cls=ListingGroup)
def command() -> None:
    """规则即代码：列出、检查、试验、热加载 · Rules as code: list, check, test, reload."""


@command.command(name="list")
@query_options
def listing(config: Path | None, data: Path | None, as_json: bool) -> None:
    """列出规则（未指定设置文件时为随附规则）· List the rules of an installation, or those that ship."""
    file = config or (data / "citybrain.yaml" if data else None)
    book = read_rulebook(Ground.of(settings_of(file)), SystemClock())
    rows = _rows(book)
    show(rows if as_json else [_for_people(row) for row in rows], as_json=as_json, columns=COLUMNS)


@command.command(name="schema")
def schema() -> None:
    """输出规则文件的 JSON Schema，供编辑器补全与检查 · Print the JSON Schema of rules files, for editors."""
    click.echo(json.dumps(rules_schema(), ensure_ascii=False, indent=2))


def _rows(book: Rulebook) -> Iterator[Mapping[str, Any]]:
    for rule in book.ruleset.rules:
        entry = rule.entry
        card = entry.card(unit="")
        yield {
            **{"id": entry.id, "kind": entry.kind, "zh": entry.zh, "en": entry.en, "severity": entry.severity},
            "scope": entry.scope.model_dump(mode="json", exclude_defaults=True),
            "metric": entry.metric if isinstance(entry, MetricEntry) else None,
            "limit": _limit(entry),
            "hold_s": entry.hold if isinstance(entry, MetricEntry) else None,
            "clear_s": entry.clear if isinstance(entry, MetricEntry) else None,
            "clause_zh": card.clause.zh,
            "clause_en": card.clause.en,
            "devices": _devices(entry, book),
            **{"file": rule.file, "line": rule.line},
        }


def _limit(entry: RuleEntry) -> str | None:
    """Words of the file: comparison, limit or table, unit; of kinds without a limit what they are about."""
    compare, limit, unit = (getattr(entry, name, None) for name in ("compare", "limit", "unit"))
    if limit is not None:
        words = limit.table if isinstance(limit, TableName) else f"{limit:g}" if isinstance(limit, float) else limit
        return " ".join(str(word) for word in (compare, words, unit) if word)
    for name in ("normal", "missed", "targets"):
        if (value := getattr(entry, name, None)) is not None:
            said = ", ".join(f"{key} {goal:g}" for key, goal in value.items()) if isinstance(value, Mapping) else value
            return f"{name} {said}"
    return None


def _devices(entry: RuleEntry, book: Rulebook) -> int | None:
    if book.registry is None:
        return None
    of = entry.reporting if isinstance(entry, MetricEntry) else entry.scope.devices
    return len(of(book.registry))


def _for_people(row: Mapping[str, Any]) -> Mapping[str, Any]:
    scope = "; ".join(", ".join(values) for values in row["scope"].values()) or "全部 all"
    times = {name: None if row[f"{name}_s"] is None else f"{row[f'{name}_s']:g}s" for name in ("hold", "clear")}
    clause = row["clause_zh"]
    short = clause if len(clause) <= CLAUSE_LETTERS else f"{clause[:CLAUSE_LETTERS]}…"
    return {**row, "scope": scope, **times, "clause_zh": short}


command.add_command(checking)
command.add_command(testing)
command.add_command(reloading)
