"""`citybrain rules test`: plays casebooks through the rules, and draws what came otherwise."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from citybrain.rulebook import Ground, settings_of
from domain.errors import Misconfigured, Problem
from rules.casebooks.reading import SHIPPED_CASEBOOKS, Shelf, files_of, load_casebook
from rules.casebooks.running import Manner
from rules.casebooks.timeline import LEGEND, timeline
from rules.casebooks.verdicts import EVERY_MANNER, Verdict, try_case


@click.command(name="test")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--config", type=click.Path(path_type=Path), help="settings file: whose rules are `shipped` · 设置文件")
@click.option("--fast", is_flag=True, help="only as written: not re-cut, doubled, restarted · 只按原样运行")
@click.option("--json", "as_json", is_flag=True, help="one JSON object · 一个 JSON 对象")
@click.option("-v", "--verbose", is_flag=True, help="every case by its name, with what it told · 列出每个案例")
def testing(paths: tuple[Path, ...], config: Path | None, fast: bool, as_json: bool, verbose: bool) -> None:
    """用案例集试验规则 · Try rules on the casebooks of PATHS (files or folders); without any, on those that ship.

    Every case is also played one reading at a time, with every reading doubled, and with a restart between every two
    batches: the same has to come of it. Exit code 0: all passed; 1: differences or faulty files; 2: wrong usage.
    """
    shelf = Ground.of(settings_of(config)).shelf()
    manners = (Manner.AS_WRITTEN,) if fast else EVERY_MANNER
    verdicts: list[Verdict] = []
    problems: list[Problem] = []
    for file in files_of(paths or (SHIPPED_CASEBOOKS,)):
        try:
            verdicts += _try_book(file, shelf, manners)
        except Misconfigured as exc:
            problems += exc.problems
    if as_json:
        click.echo(json.dumps(_report(verdicts, problems), ensure_ascii=False))
    else:
        _tell(verdicts, problems, verbose=verbose)
    raise SystemExit(0 if verdicts and not problems and all(one.is_passed for one in verdicts) else 1)


def _try_book(file: Path, shelf: Shelf, manners: Sequence[Manner]) -> list[Verdict]:
    return [try_case(case, manners) for case in load_casebook(file, shelf).cases]


def _tell(verdicts: Sequence[Verdict], problems: Sequence[Problem], *, verbose: bool) -> None:
    for problem in problems:
        click.echo(str(problem))
    for verdict in verdicts:
        if verbose or not verdict.is_passed:
            mark = "✓" if verdict.is_passed else "✗"
            click.echo(f"{mark} {verdict.case.name}  ({verdict.case.file}:{verdict.case.line})")
        for difference in verdict.differences:
            where = f"{verdict.case.file}:{difference.line}: " if difference.line else ""
            click.echo(f"    {where}{difference.message}")
        for line in timeline(verdict.case, verdict.told, verdict.differences):
            click.echo(f"    {line}")
    failed = sum(not one.is_passed for one in verdicts)
    if failed:
        click.echo(LEGEND)
    if not verdicts and not problems:
        click.echo("没有案例 · no cases", err=True)
    passed = len(verdicts) - failed
    click.echo(
        f"{passed} 个案例通过，{failed} 个未通过，{len(problems)} 个文件问题"
        f" · {passed} cases passed, {failed} failed, {len(problems)} problem(s) in files"
    )


def _report(verdicts: Sequence[Verdict], problems: Sequence[Problem]) -> dict[str, Any]:
    return {
        "ok": bool(verdicts) and not problems and all(one.is_passed for one in verdicts),
        "cases": len(verdicts),
        "passed": sum(one.is_passed for one in verdicts),
        "problems": [{"file": one.file, "line": one.line, "message": one.message} for one in problems],
        "rules": sorted({rule for one in verdicts for rule in one.case.rules}),
        "failed": [
            {
                **{"file": one.case.file, "line": one.case.line, "case": one.case.name},
                "differences": [{"line": other.line, "message": other.message} for other in one.differences],
                "timeline": timeline(one.case, one.told, one.differences),
            }
            for one in verdicts
            if not one.is_passed
        ],
    }
