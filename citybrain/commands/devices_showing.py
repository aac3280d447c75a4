"""Shows a change of the registry: what it adds, changes and removes, its problems, and what became of it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from citybrain.commands.querying import WIDTH_OF_PIPES
from citybrain.registry.changing import Plan
from citybrain.registry.difference import Changed, Difference
from config.registry.listing import Spot
from config.registry.writing import fields_of
from runtime.texts import harmless

SHOWN = 50
"""Lines of each part of a difference that people are shown; --json has them all."""
ENGINE = {
    "not-running": "引擎未运行，下次启动生效 · no engine runs here; its next start takes the new registry",
    "reloaded": "引擎已换用新台账，报文未丢失 · the engine works with the new registry; no message was lost",
    "reload-needed": "引擎仍用旧台账 · a running engine keeps the old one until `citybrain devices reload`",
}


def tell(plan: Plan, done: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the difference, its problems and what became of it. Ends the command with 1 where there are problems."""
    if as_json:
        click.echo(json.dumps({**_json(plan), **done}, ensure_ascii=False))
    else:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_PIPES)
        _print_difference(console, plan.difference)
        for note in plan.notes:
            click.echo(f"注意 note: {harmless(note)}")
        _print_problems(plan)
        _print_outcome(plan, done)
    if plan.problems:
        raise SystemExit(1)


def _json(plan: Plan) -> dict[str, Any]:
    found = plan.difference
    return {
        "devices": len(plan.after),
        "added": [fields_of(entry) for entry in found.added],
        "changed": [
            {"id": one.id, "fields": {k: list(pair) for k, pair in one.fields.items()}} for one in found.changed
        ],
        "removed": list(found.removed),
        "unchanged": found.unchanged,
        "faulty": list(found.faulty),
        "notes": list(plan.notes),
        "problems": [{"file": p.file, "line": p.line, "message": p.message} for p in plan.problems],
    }


def _print_difference(console: Console, found: Difference) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", "编号 id", "变化 change"):
        table.add_column(title, overflow="fold")
    for entry in found.added[:SHOWN]:
        place = f"{entry.lon:g}, {entry.lat:g}"
        table.add_row("+", entry.id, harmless(f"{entry.kind}  {entry.zh}  {place}"))
    _and_more(table, len(found.added))
    for changed in found.changed[:SHOWN]:
        table.add_row("~", changed.id, harmless(_change(changed)))
    _and_more(table, len(found.changed))
    for name in found.removed[:SHOWN]:
        table.add_row("-", harmless(name), "")
    _and_more(table, len(found.removed))
    for name, spot in list(found.faulty.items())[:SHOWN]:
        table.add_row("!", harmless(name), harmless(_kept(spot)))
    _and_more(table, len(found.faulty))
    if table.row_count:
        console.print(table)
    faulty = f"，有误未改 faulty, kept as it is {len(found.faulty)}" if found.faulty else ""
    click.echo(
        f"新增 added {len(found.added)}，修改 changed {len(found.changed)}，删除 removed {len(found.removed)}，"
        f"不变 unchanged {found.unchanged}{faulty}"
    )


def _kept(spot: Spot) -> str:
    row = Path(spot.file).name + (f":{spot.line}" if spot.line else "")
    return f"保持不变，{row} 有误，见下 · stays as it is: {row} has a problem, see below"


def _change(changed: Changed) -> str:
    return "; ".join(f"{name}: {_word(old)} → {_word(new)}" for name, (old, new) in changed.fields.items())


def _word(value: Any) -> str:
    return "–" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _and_more(table: Table, count: int) -> None:
    if count > SHOWN:
        table.add_row("", "…", f"另有 {count - SHOWN} 台 · {count - SHOWN} more; --json lists all")


def _print_problems(plan: Plan) -> None:
    for problem in plan.problems[: 4 * SHOWN]:
        click.echo(harmless(str(problem)), err=True)
    if plan.problems:
        click.echo(f"{len(plan.problems)} 个问题，未写入 · {len(plan.problems)} problem(s), nothing written", err=True)


def _print_outcome(plan: Plan, done: Mapping[str, Any]) -> None:
    if plan.problems:
        return
    if not done["applied"]:
        if not plan.difference.is_empty:
            click.echo("尚未写入；加 --apply 写入 · nothing written yet; --apply writes it")
        return
    copy = f"，原文件 the old one is {Path(done['kept']).name}" if done["kept"] else ""
    click.echo(f"已写入 written: {plan.ground.target}{copy}")
    click.echo(ENGINE[done["engine"]])
