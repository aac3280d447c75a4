"""`citybrain ledger`: received = stored + duplicate + quarantined + late, by feed and minute."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from citybrain.commands.querying import books_of, moment, query_options, settings_for, show, wants_csv
from citybrain.edge.ledger_json import tally_json
from citybrain.engine.dropped import JOURNAL_DROPPED
from domain.instants import EPOCH, iso
from domain.ledger import LedgerLine

COLUMNS = {
    "minute": "分钟 minute",
    "feed": "接入 feed",
    "received": "收到 received",
    "stored": "入库 stored",
    "duplicate": "重复 duplicate",
    "quarantined": "隔离 quarantined",
    "late": "迟到 late",
    "imbalance": "差额 imbalance",
}


@click.command(name="ledger")
@click.option("--feed", help="only this feed · 仅此接入")
@click.option("--since", help="time with zone, or a duration such as 2h · 起始时间")
@click.option("--until", help="time with zone, or a duration such as 1h · 截止时间")
@query_options
def command(
    feed: str | None, since: str | None, until: str | None, config: Path | None, data: Path | None, as_json: bool
) -> None:
    """守恒账本：收到 = 入库 + 重复 + 隔离 + 迟到 · The conservation ledger; exit code 1 when it does not balance."""
    settings = settings_for(config, data)
    now = settings.make_clock().now()
    start = moment(since, now=now) or EPOCH
    end = moment(until, now=now) or now + timedelta(days=1)
    with books_of(settings) as books:
        lines = books.ledger.list(since=start, until=end, feed=feed)
        dropped = books.cursors.get(JOURNAL_DROPPED)
    of = _json if as_json or wants_csv() else _flat
    show((of(line) for line in lines), as_json=as_json, columns=COLUMNS)
    if lines and of is _flat:
        click.echo("报文 / 读数 · messages / readings")
        if dropped:
            click.echo(
                f"日志超限时丢弃，从未写入时序库的读数 {dropped} 个，已计入“入库”"
                f" · dropped at the journal's limit, never in the store, but among the stored: {dropped} readings"
            )
    if any(line.messages.imbalance or line.readings.imbalance for line in lines):
        raise SystemExit(1)


def _json(line: LedgerLine) -> Mapping[str, Any]:
    return {
        "feed": line.feed,
        "minute": iso(line.minute),
        "messages": tally_json(line.messages),
        "readings": tally_json(line.readings),
    }


def _flat(line: LedgerLine) -> Mapping[str, Any]:
    pairs = zip(tally_json(line.messages).items(), tally_json(line.readings).values(), strict=True)
    return {
        "feed": line.feed,
        "minute": iso(line.minute)[:16],
        **{name: f"{messages} / {readings}" for (name, messages), readings in pairs},
    }
