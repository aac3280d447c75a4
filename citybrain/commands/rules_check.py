"""`citybrain rules check`: every problem of rule files at once, and what may not be meant."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from citybrain.rulebook import Ground, read_rulebook, settings_of
from domain.errors import Misconfigured, Problem
from runtime.clock import SystemClock


@click.command(name="check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--config", type=click.Path(path_type=Path), help="settings file: whose devices and tables · 设置文件")
@click.option("--strict", is_flag=True, help="warnings fail as well · 警告也算失败")
@click.option("--json", "as_json", is_flag=True, help="one JSON object · 一个 JSON 对象")
def checking(files: tuple[Path, ...], config: Path | None, strict: bool, as_json: bool) -> None:
    """检查规则文件，列出全部问题与警告 · Check rule FILES, or those of the settings, or those that ship.

    Each problem is one line: file:line, the value, what to write instead. Warnings name what may not be meant. Exit
    code 0: no problem; 1: problems (with --strict: or warnings); 2: wrong usage.
    """
    problems: Sequence[Problem] = ()
    warnings: Sequence[Problem] = ()
    rules = 0
    try:
        book = read_rulebook(Ground.of(settings_of(config)), SystemClock(), files=files)
        rules, warnings = len(book.ruleset.rules), book.warnings
    except Misconfigured as exc:
        problems = exc.problems
    fails = bool(problems) or (strict and bool(warnings))
    if as_json:
        told = {"ok": not fails, "rules": rules, "problems": _plain(problems), "warnings": _plain(warnings)}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _tell(problems, warnings, rules)
    raise SystemExit(1 if fails else 0)


def _plain(problems: Sequence[Problem]) -> list[dict[str, object]]:
    return [{"file": one.file, "line": one.line, "message": one.message} for one in problems]


def _tell(problems: Sequence[Problem], warnings: Sequence[Problem], rules: int) -> None:
    for problem in problems:
        click.echo(str(problem))
    for warning in warnings:
        click.echo(f"{warning}  [警告 warning]")
    if problems:
        click.echo(f"{len(problems)} 个问题 · {len(problems)} problem(s)", err=True)
    else:
        count = len(warnings)
        click.echo(f"{rules} 条规则，没有问题，{count} 个警告 · {rules} rules, no problems, {count} warning(s)")
