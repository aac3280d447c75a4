"""What the query commands share: which installation is meant, and how rows are printed for scripts and for people."""

import csv
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from citybrain.settings import Settings, load_settings
from config.durations import parse_duration
from domain.errors import Misconfigured, Problem
from runtime.texts import as_cell, harmless
from store.records.records import Books, Records

WIDTH_OF_PIPES = 160
CSV = "citybrain.csv"

Row = Mapping[str, Any]
Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_FILES = (Path("citybrain.yaml"), Path("demo-data/citybrain.yaml"))


def query_options(command: Command) -> Command:
    """`--config`, `--data`, `--json` and `--csv` for a query command."""
    for option in (
        click.option("--csv", is_flag=True, expose_value=False, callback=_note_csv, help="for a spreadsheet · 表格"),
        click.option("--json", "as_json", is_flag=True, help="NDJSON, one object per line · 每行一个 JSON 对象"),
        click.option("--data", type=click.Path(path_type=Path), help="data directory of a demo · 演示数据目录"),
        click.option("--config", type=click.Path(path_type=Path), help="settings file · 设置文件"),
    ):
        command = option(command)
    return command


def settings_for(config: Path | None, data: Path | None) -> Settings:
    """The installation that is meant. Raises Misconfigured when there is none to be found."""
    return load_settings(settings_file_for(config, data))


def settings_file_for(config: Path | None, data: Path | None) -> Path:
    """Its settings file. Raises Misconfigured when there is none."""
    candidates = [config] if config else [data / "citybrain.yaml"] if data else list(DEFAULT_FILES)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    message = "no settings file here; give --config FILE, or --data DIR of a demo"
    raise Misconfigured([Problem(file=str(candidates[0]), line=None, message=message)])


def _note_csv(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    ctx.meta[CSV] = value


def wants_csv() -> bool:
    """Whether the command that runs was asked for CSV."""
    return bool(click.get_current_context().meta.get(CSV))


@contextmanager
def books_of(settings: Settings) -> Iterator[Books]:
    """The records to read, whether an engine runs or not. Raises Misconfigured when nothing was ever recorded."""
    url = settings.records.url_in(settings.data)
    if settings.records.url is None and not (settings.data / "records.db").is_file():
        message = "nothing was ever recorded here; run `citybrain demo` or `citybrain up` first"
        raise Misconfigured([Problem(file=str(settings.data), line=None, message=message)])
    records = Records.open(url, settings=settings.records, upgrade=False)
    try:
        with records.snapshot() as books:
            yield books
    finally:
        records.close()


def show(rows: Iterable[Row], *, as_json: bool, columns: Mapping[str, str]) -> None:
    """Print rows: all fields as NDJSON or CSV, or the chosen columns as a table with an empty state in words.

    Rows that differ in their fields come as a sequence: the first line of a CSV names the columns of all.
    """
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
    elif wants_csv():
        _write_csv(rows)
    else:
        _print_table(rows, columns)


def _write_csv(rows: Iterable[Row]) -> None:
    """All fields, those of nested objects as `outer.inner`. A text that a spreadsheet would calculate is marked."""
    cells = map(_cells, rows)
    first = list(cells) if isinstance(rows, Sequence) else list(itertools.islice(cells, 1))
    if first:
        names = dict.fromkeys(itertools.chain.from_iterable(first))
        writer = csv.DictWriter(sys.stdout, fieldnames=list(names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(itertools.chain(first, cells))


def _cells(row: Row) -> dict[str, Any]:
    return {name: as_cell(value) if isinstance(value, str) else value for name, value in _flat(row)}


def _flat(row: Row, above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _print_table(rows: Iterable[Row], columns: Mapping[str, str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in columns.values():
        table.add_column(title, overflow="fold")
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007  the last number is the count
        table.add_row(*(_cell(row.get(name)) for name in columns))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_PIPES)
    console.print(table if count else "没有记录 · nothing to show")


def moment(text: str | None, *, now: datetime) -> datetime | None:
    """`2026-11-22T10:00:00+08:00`, or a duration such as `2h`: that long ago. Raises click.BadParameter."""
    if text is None:
        return None
    try:
        return now - timedelta(seconds=parse_duration(text))
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise click.BadParameter(
            f"{text!r} is no time; write 2026-11-22T10:00:00+08:00, or 2h for two hours ago"
        ) from exc
    if found.tzinfo is None:
        raise click.BadParameter(f"{text!r} has no zone; write Z or an offset such as +08:00")
    return found.astimezone(UTC)


def _cell(value: Any) -> Text:
    """Literally: no markup, and no control characters. What came over the wire must not steer a terminal."""
    if value is None:
        return Text("–")
    text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return Text(harmless(text))
