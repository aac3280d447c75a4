"""`citybrain quarantine`: what could not be used, with the reason and the bytes, and the way back into the city."""

import base64
import getpass
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from citybrain.commands.grouping import ListingGroup
from citybrain.commands.querying import books_of, moment, query_options, settings_for, show, wants_csv
from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from citybrain.settings import Settings
from domain.errors import Refused
from domain.instants import from_micros, iso
from domain.messages import Reason
from runtime.clock import SystemClock
from runtime.texts import harmless
from store.records.quarantine import QuarantineEntry, QuarantineFilter

COLUMNS = {
    "id": "编号 id",
    "received_at": "收到 received",
    "reason": "原因 reason",
    "detail": "说明",
    "topic": "主题 topic",
}
WAIT_S = 60.0
POLL_S = 0.2
SHOWN_BYTES = 512
SHOWN_LETTERS = 4096

Command = TypeVar("Command", bound=Callable[..., Any])


def filter_options(command: Command) -> Command:
    """Which entries are meant."""
    for option in (
        click.option("--since", help="time with zone, or 2h for two hours ago · 带时区的时间，或 2h"),
        click.option("--topic", help="part of the topic · 主题片段"),
        click.option("--feed", help="only this feed · 仅此接入源"),
        click.option("--reason", type=click.Choice([reason.value for reason in Reason]), help="only this · 仅此原因"),
    ):
        command = option(command)
    return command


@click.group(name="quarantine", cls=ListingGroup)
def command() -> None:
    """隔离区：查询、查看、重新处理 · The quarantine: list, show, drive again."""


@command.command(name="list")
@filter_options
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@query_options
def listing(limit: int, config: Path | None, data: Path | None, as_json: bool, **words: str | None) -> None:
    """查询隔离区，最新在前 · Query the quarantine, newest first."""
    which = _filter((), **words)
    with books_of(settings_for(config, data)) as books:
        entries = books.quarantine.list(limit=limit, which=which)
        counts, dropped, expired = books.quarantine.counts(), books.quarantine.dropped(), books.quarantine.expired()
    show([_row(entry) for entry in entries], as_json=as_json, columns=COLUMNS)
    if (counts or dropped or expired) and not as_json and not wants_csv():
        by_reason = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
        click.echo(
            f"共 {sum(counts.values())} 条 entries{f'（{by_reason}）' if by_reason else ''};"
            f" 超限丢弃 dropped by bounds: {dropped}; 过期 expired: {expired}"
        )


@command.command(name="show")
@click.argument("number", type=int)
@query_options
def showing(number: int, config: Path | None, data: Path | None, as_json: bool) -> None:
    """查看一条，含原始字节 · Show one entry with its bytes."""
    with books_of(settings_for(config, data)) as books:
        entry = books.quarantine.get(number)
        dropped, expired = books.quarantine.dropped(), books.quarantine.expired()
    if entry is None:
        raise Refused(_absent(number, dropped, expired))
    if as_json:
        click.echo(json.dumps(_row(entry), ensure_ascii=False))
        return
    for name, value in _row(entry).items():
        if not name.startswith("payload"):
            click.echo(f"{name:<12} {harmless(str(value))}")
    click.echo(_dump(entry.content.payload))


@command.command(name="redrive")
@click.argument("numbers", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="every entry that the filters leave · 过滤后的全部条目")
@click.option("--dry-run", is_flag=True, help="only say how many · 仅统计")
@filter_options
@query_options
def redriving(
    numbers: tuple[int, ...],
    everything: bool,
    dry_run: bool,
    config: Path | None,
    data: Path | None,
    as_json: bool,
    **words: str | None,
) -> None:
    """重新处理隔离的报文 · Drive entries through the intake again, after the registry or a mapping was mended.

    Their readings are stored as history: no rule judges them. What is still unusable comes back as a new entry.
    The running engine does it; the ledger counts it under FEED/redriven.
    """
    if not numbers and not everything and not any(words.values()):
        raise click.UsageError("say which: numbers, a filter such as --reason, or --all")
    settings = settings_for(config, data)
    which = _filter(numbers, **words)
    with books_of(settings) as books:
        found, cut_off = books.quarantine.count(which), books.quarantine.cut_off(which)
    whole = found - cut_off
    left = whole if dry_run or not whole else _drive(settings, which)
    outcome = {"found": found, "driven": whole - left, "waiting": left, "cut_off": cut_off}
    if as_json:
        click.echo(json.dumps(outcome))
    else:
        click.echo(
            f"符合 found {found}，已重新处理 driven {outcome['driven']}，等待 waiting {outcome['waiting']};"
            f"{f' 仅存开头，无法重新处理 kept only in part: {cut_off};' if cut_off else ''}"
            " `citybrain ledger --json` (feed …/redriven) 说明结果 tells what became of them"
        )


def _absent(number: int, dropped: int, expired: int) -> str:
    return (
        f"there is no entry {number} in the quarantine, or no longer: one that was driven again leaves it, one that is"
        f" too old expires ({expired} so far), and beyond the bounds the oldest go ({dropped} so far); `citybrain"
        " quarantine` lists what there is, `citybrain ledger` counts under FEED/redriven what became of the driven"
    )


def _drive(settings: Settings, which: QuarantineFilter) -> int:
    """Ask the engine, wait until it is done; how many are still waiting then. Raises Refused when no engine runs."""
    address = EngineAddress.read(settings.data)
    if address is None:
        raise Refused("no engine runs here; start `citybrain up` (or `citybrain demo`), it drives what is asked for")
    order = {
        "type": "redrive",
        "actor": getpass.getuser(),
        "ids": list(which.ids),
        "reason": which.reason,
        "feed": which.feed,
        "topic": which.topic,
        "since": which.since.isoformat() if which.since else None,
    }
    with EngineClient(address) as engine, Console(stderr=True).status("重新处理 driving again …") as status:
        engine.command(order)
        give_up = time.monotonic() + WAIT_S
        while (left := _waiting(settings, which)) and time.monotonic() < give_up:
            status.update(f"重新处理 driving again … {left}")
            time.sleep(POLL_S)
    return left


def _waiting(settings: Settings, which: QuarantineFilter) -> int:
    with books_of(settings) as books:
        return books.quarantine.waiting(which)


def _filter(
    numbers: tuple[int, ...], *, reason: str | None, feed: str | None, topic: str | None, since: str | None
) -> QuarantineFilter:
    return QuarantineFilter(
        ids=numbers,
        reason=Reason(reason) if reason else None,
        feed=feed,
        topic=topic,
        since=moment(since, now=SystemClock().now()),
    )


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
        "asked_at": iso(entry.asked_at) if entry.asked_at else None,
        **_payload(content.payload),
    }


def _payload(payload: bytes) -> Mapping[str, str]:
    try:
        return {"payload": payload.decode()}
    except UnicodeDecodeError:
        return {"payload_b64": base64.b64encode(payload).decode()}


def _dump(payload: bytes) -> str:
    """The bytes as text where they are text, else as hex with offsets."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        text = ""
    if text and all(letter.isprintable() or letter in "\r\n\t" for letter in text):
        if len(text) <= SHOWN_LETTERS:
            return text
        return f"{text[:SHOWN_LETTERS]}\n… {len(text) - SHOWN_LETTERS} more letters; --json gives them all"
    rows = [payload[start : start + 16] for start in range(0, min(len(payload), SHOWN_BYTES), 16)]
    lines = [f"{16 * number:06x}  {row.hex(' '):<47}  {_ascii(row)}" for number, row in enumerate(rows)]
    if len(payload) > SHOWN_BYTES:
        lines.append(f"… {len(payload) - SHOWN_BYTES} more bytes; --json gives them all")
    return "\n".join(lines)


def _ascii(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
