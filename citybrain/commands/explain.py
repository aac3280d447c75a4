"""`citybrain explain`: why an alert, in numbers that a person can check."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from citybrain.commands.querying import books_of, settings_for
from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from citybrain.settings import Settings, zone_of
from domain.alerts import Alert, AlertTransition
from domain.errors import Misconfigured, Problem, Refused

if TYPE_CHECKING:
    from citybrain.assembly import Installation


@click.command(name="explain")
@click.argument("alert")
@click.option("--config", type=click.Path(path_type=Path), help="settings file · 设置文件")
@click.option("--data", type=click.Path(path_type=Path), help="data directory of a demo · 演示数据目录")
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象 · one JSON object")
def command(alert: str, config: Path | None, data: Path | None, as_json: bool) -> None:
    """告警依据：读数、限值、条款与经过 · Why ALERT (its id, or how it begins): readings, limit, clause and way."""
    from citybrain.assembly import assemble

    settings = settings_for(config, data)
    installation = assemble(settings)
    explanation = _explanation(settings, installation, alert)
    if as_json:
        click.echo(json.dumps(explanation, ensure_ascii=False))
    else:
        click.echo(_page(explanation, installation))


def _page(explanation: Mapping[str, Any], installation: "Installation") -> str:
    from citybrain.commands.explain_page import Speech, page_of
    from dashboard.story_words import StoryWords
    from dashboard.words import load_words

    words = load_words()
    names = {metric.code: {"zh": metric.zh, "en": metric.en} for metric in installation.catalogue}
    zone = zone_of(installation.registry.city.timezone)
    return page_of(explanation, zone, Speech(words=words, story=StoryWords(words, names)))


def _explanation(settings: Settings, installation: "Installation", wanted: str) -> Mapping[str, Any]:
    """From the running engine, or out of the records and the store when none runs."""
    from citybrain.edge.alert_json import Gazetteer
    from citybrain.engine.reloading import compiled
    from citybrain.explaining.explanation import Explainer
    from domain.readings import Vocabulary
    from store.series.opening import open_series_store

    alert, moves = _recorded(settings, wanted)
    address = EngineAddress.read(settings.data)
    if address is not None and address.is_running:
        with EngineClient(address) as engine:
            if engine.is_ready():
                return engine.get(f"/internal/alerts/{alert.id}/explanation")
    words = Vocabulary(devices=tuple(installation.registry.devices), metrics=installation.catalogue.codes)
    explainer = Explainer(
        ruleset=installation.ruleset,
        program=compiled(installation.ruleset, settings.rules, installation.registry, words),
        registry=installation.registry,
        gazetteer=Gazetteer(installation.registry),
    )
    store = open_series_store(settings.series, settings.data, installation.catalogue)
    try:
        return explainer.explain(alert, moves, store.batches)
    finally:
        store.close()


def _recorded(settings: Settings, wanted: str) -> tuple[Alert, list[AlertTransition]]:
    """The alert with this id, or the only one whose id begins so."""
    with books_of(settings) as books:
        found = books.alerts.beginning_with(wanted, limit=6)
        if len(found) == 1:
            return found[0], list(books.alerts.transitions(found[0].id))
    if not found:
        message = f"no alert has the id {wanted!r}; `citybrain alerts --all` lists them"
        raise Misconfigured([Problem(file=str(settings.data), line=None, message=message)])
    raise Refused(
        f"several alerts begin with {wanted!r}: {', '.join(alert.id for alert in found[:5])}; write more of it"
    )
