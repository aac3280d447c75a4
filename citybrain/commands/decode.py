"""`citybrain decode FILE`: what would come of a payload, before anything is connected."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import click

from citybrain.assembly import assemble
from citybrain.decoding import Explainer, Row, by_every_name
from citybrain.settings import Settings, load_settings
from config.catalogue import load_catalogue
from config.loading import build, read_yaml
from config.registry.entries import DialectEntry
from domain.devices import Device, Dialect
from domain.errors import Misconfigured, Problem
from domain.messages import Message
from domain.names import folded
from ingest.formats.bounds import spelled
from ingest.formats.choosing import FormatChoice, Formats, choice_of, mapping_formats
from ingest.settings import AUTO, IngestSettings
from ingest.topics import TopicFilter
from runtime.clock import SystemClock

_FEED = "decode"
_LIST = "help"


@click.command(name="decode")
@click.argument("file", type=click.File("rb"))
@click.option("--topic", default="", help="MQTT 主题，多数格式由它识别 · by which most formats are told")
@click.option(
    "--format", "format_name", default=AUTO, show_default=True, help="格式名；help 列出全部 · help lists them all"
)
@click.option("--device-settings", type=click.Path(path_type=Path), help="YAML：设备名 → 方言 · device → dialect")
@click.option("--config", type=click.Path(path_type=Path), help="设置文件：设备台账与映射 · its registry and mappings")
@click.option("--mapping", "mappings", type=click.Path(path_type=Path), multiple=True, help="映射文件 · a mapping file")
@click.option("--lines", is_flag=True, help="每行一条报文 · one payload per line")
@click.option("--hex", "as_hex", is_flag=True, help="十六进制文本 · hex digits")
@click.option("--base64", "as_base64", is_flag=True, help="Base64 文本 · base64")
def command(  # noqa: PLR0913  the options of a command line are its parameters
    *,
    file: BinaryIO,
    topic: str,
    format_name: str,
    device_settings: Path | None,
    config: Path | None,
    mappings: tuple[Path, ...],
    lines: bool,
    as_hex: bool,
    as_base64: bool,
) -> None:
    """试读一条报文 · Read one payload from FILE (- is stdin) and say what would come of it.

    每个数值、每个拒绝、每个略过的字段各输出一行 JSON。
    NDJSON: a line per value (`metric`), per part that was refused (`reason`), per field that is no reading (`field`).
    `refused` names the reason for which the quarantine would have a value that could be read, `detail` is what would
    stand there, `hint` what it does not say. Exit code 1 when everything was refused.
    """
    if as_hex and as_base64:
        raise click.UsageError("--hex and --base64; give one of them")
    explainer, feed = _explainer(topic, format_name, _dialects(device_settings), config, mappings)
    undress = _unhex if as_hex else _unbase64 if as_base64 else None
    received, is_refused, is_read = SystemClock().micros(), False, False
    for number, payload in _payloads(file, lines=lines, undress=undress):
        rows = explainer.explain(Message(feed=feed, topic=topic, payload=payload, received=received))
        for row in rows:
            _print({"line": number, **row} if lines else row)
        if not rows:
            click.echo("不是读数 · no reading" + (f" (line {number})" if lines else ""), err=True)
        is_read = is_read or any("metric" in row and row["refused"] is None for row in rows)
        is_refused = is_refused or any("reason" in row or row.get("refused") for row in rows)
    if is_refused and not is_read:
        raise SystemExit(1)


def _explainer(
    topic: str, format_name: str, dialects: Mapping[str, Dialect], config: Path | None, mappings: tuple[Path, ...]
) -> tuple[Explainer, str]:
    """With the feed that the message counts as. Raises Misconfigured and click.BadParameter."""
    catalogue, kinds = load_catalogue()
    devices: dict[str, Device] = {}
    intake = IngestSettings()
    feed, choice = _FEED, FormatChoice()
    if config is not None:
        installation = assemble(load_settings(config))
        catalogue, kinds = installation.catalogue, dict(installation.registry.kinds)
        devices = by_every_name(installation.registry)
        intake = installation.settings.ingest
        choice = choice_of(intake, installation.registry)
        feed = _feed_of(topic, installation.settings) or _FEED
    table = (*mapping_formats(mappings), *choice.table)
    if format_name == _LIST:
        for entry in table:
            click.echo(f"{entry.name:<20} {' '.join(entry.topics)}".rstrip())
        raise SystemExit(0)
    names = [entry.name for entry in table]
    if format_name not in (AUTO, *names):
        raise click.BadParameter(f"{format_name!r} is not known; known are {', '.join((AUTO, *names))}")
    by_feed = choice.by_feed if format_name == AUTO else {feed: format_name}
    chosen = replace(choice, table=table, by_feed=by_feed, dialects={**choice.dialects, **dialects})
    explainer = Explainer(
        formats=Formats(chosen),
        catalogue=catalogue,
        devices=devices,
        kinds=kinds,
        named=frozenset(dialects),
        future_skew_s=intake.future_skew,
        late_horizon_s=intake.late_horizon,
    )
    return explainer, feed


def _feed_of(topic: str, settings: Settings) -> str | None:
    """The first feed that would have received it."""
    feeds = (feed for feed in settings.ingest.feeds for text in feed.topics if TopicFilter(text).matches(topic))
    return next((feed.id for feed in feeds), None)


def _dialects(file: Path | None) -> dict[str, Dialect]:
    """Name on the wire, folded → dialect. Raises Misconfigured with all problems."""
    if file is None:
        return {}
    text, content = read_yaml(file)
    if not isinstance(content, dict):
        message = "must be a mapping of device names to dialects; write NM-1: {timezone: Asia/Shanghai}"
        raise Misconfigured([Problem(file=str(file), line=1, message=message)])
    found: dict[str, Dialect] = {}
    problems: list[Problem] = []
    for name, entry in content.items():
        try:
            found[folded(str(name))] = build(DialectEntry, entry, file=file, text=text, base=(name,)).dialect()
        except Misconfigured as exc:
            problems.extend(exc.problems)
    if problems:
        raise Misconfigured(problems)
    return found


def _payloads(file: BinaryIO, *, lines: bool, undress: Callable[[bytes], bytes] | None) -> Iterator[tuple[int, bytes]]:
    """Number of the line, and what it holds; a line without anything is none."""
    texts = (line.rstrip(b"\r\n") for line in file) if lines else iter([file.read()])
    for number, text in enumerate(texts, start=1):
        if text or not lines:
            yield number, text if undress is None else undress(text)


def _unhex(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError as exc:
        raise click.UsageError(f"'{spelled(text[:40])}' is no hex; give pairs of 0-9 a-f") from exc


def _unbase64(text: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as exc:
        raise click.UsageError(f"'{spelled(text[:40])}' is no base64: {exc}") from exc


def _print(row: Row) -> None:
    click.echo(json.dumps(row, ensure_ascii=False))
