"""`citybrain quarantine`: what could not be used, with the reason and the bytes."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from citybrain.commands.querying import books_of, query_options, settings_for, show
from domain.instants import from_micros, iso
from domain.messages import Reason
from store.records.quarantine import QuarantineEntry

COLUMNS = {
    "id": "编号 id",
    "received_at": "收到 received",
    "reason": "原因 reason",
    "detail": "说明",
    "topic": "主题 topic",
}


@click.command(name="quarantine")
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), help="only this reason · 仅此原因")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@query_options
def command(reason: str | None, limit: int, config: Path | None, data: Path | None, as_json: bool) -> None:
    """查询隔离区，最新在前 · Query the quarantine, newest first."""
    with books_of(settings_for(config, data)) as books:
        entries = books.quarantine.list(limit=limit, reason=Reason(reason) if reason else None)
    show((_row(entry) for entry in entries), as_json=as_json, columns=COLUMNS)


def _row(entry: QuarantineEntry) -> Mapping[str, Any]:
    content = entry.content
    return {
        "id": entry.id,
        "feed": content.feed,
        "topic": content.topic,
        "received_at": iso(from_micros(content.received)),
        "reason": content.reason.value,
        "detail": content.detail,
        "readings": content.readings,
        **_payload(content.payload),
    }


def _payload(payload: bytes) -> Mapping[str, str]:
    try:
        return {"payload": payload.decode()}
    except UnicodeDecodeError:
        return {"payload_b64": base64.b64encode(payload).decode()}
