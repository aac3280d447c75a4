"""`citybrain alerts`: open alerts, or all of them, newest first."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from citybrain.assembly import assemble
from citybrain.commands.querying import books_of, query_options, settings_for, show
from citybrain.edge.alert_json import Gazetteer, alert_json
from domain.instants import from_micros, iso
from domain.readings import Vocabulary
from rules.engine import compile_rules

PAGE = 500
COLUMNS = {
    "id": "编号 id",
    "severity": "级别",
    "state": "状态 state",
    "title_zh": "告警",
    "place_zh": "地点",
    "value": "值",
    "limit": "限值",
    "unit": "单位",
    "opened_at": "发生 opened",
}
TIMES = ("opened_at", "active_at", "changed_at", "acknowledged_at", "returned_at", "closed_at")


@click.command(name="alerts")
@click.option("--all", "everything", is_flag=True, help="closed ones too · 含已关闭")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@query_options
def command(everything: bool, limit: int, config: Path | None, data: Path | None, as_json: bool) -> None:
    """查询告警 · Query alerts."""
    settings = settings_for(config, data)
    installation = assemble(settings)
    vocabulary = Vocabulary(devices=tuple(installation.registry.devices), metrics=installation.catalogue.codes)
    cards = compile_rules(installation.ruleset, installation.registry, vocabulary).cards
    gazetteer = Gazetteer(installation.registry)

    def rows() -> Iterator[Mapping[str, Any]]:
        left, after = limit, None
        with books_of(settings) as books:
            while left > 0:
                page = books.alerts.list(open_only=not everything, limit=min(left, PAGE), after=after)
                for alert in page.alerts:
                    yield _with_times(alert_json(alert, cards=cards, gazetteer=gazetteer))
                left -= len(page.alerts)
                if (after := page.next) is None:
                    return

    show(rows(), as_json=as_json, columns=COLUMNS)


def _with_times(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Milliseconds of the internal API as RFC 3339 for scripts."""
    times = {name: None if row[name] is None else iso(from_micros(row[name] * 1000)) for name in TIMES}
    return {**row, **times}
