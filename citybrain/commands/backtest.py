"""`citybrain backtest`: what rules would have told over stored readings, and what that asks of people."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from citybrain.backtest.page import page_of
from citybrain.backtest.recorded import has_same_subject, is_recorded, recorded_episodes
from citybrain.backtest.report import Frame, comparison_of, report_of, shipped_aims
from citybrain.backtest.running import Outcome, run_rules
from citybrain.backtest.words import comparison_lines, lines_of, rules_table, silent_rules
from citybrain.commands.history import Asked, History, duration, history_options, open_history, progress_of
from citybrain.commands.querying import WIDTH_OF_PIPES, books_of
from domain.errors import Refused
from domain.instants import MICROS_PER_S
from rules.history.matching import match


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """What is tried, and how it is told."""

    rules: tuple[Path, ...]
    against: tuple[Path, ...]
    operators: int
    warm_up_us: int


@click.command(name="backtest")
@click.option(
    "--rules",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="规则文件，可重复；缺省为本系统规则 · rules to try, may be repeated; default: the installation's own",
)
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="对比规则文件；缺省与告警记录对比 · old rules; default: the alerts on record",
)
@history_options
@click.option("--warm-up", default="0s", show_default=True, help="预热，只判不计 · judged before --since, not counted")
@click.option("--operators", type=click.IntRange(1, 1000), default=1, show_default=True, help="岗位数 · positions")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="单文件报告 · a report in one file")
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象 · one JSON object")
def command(
    *,
    rules: tuple[Path, ...],
    against: tuple[Path, ...],
    warm_up: str,
    operators: int,
    html: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """用历史读数试运行规则 · Try rules on stored readings, before they wake anyone.

    \b
    citybrain backtest --data demo-data --since 1d --html report.html
    citybrain backtest --rules new.yaml --against old.yaml --readings week.csv --devices devices.csv

    读数文件：NDJSON（citybrain readings --json），或 CSV：device,metric,at,value[,span_s][,quality][,live]，
    时间须带时区。
    A file of readings is NDJSON as above, or a CSV with these columns and times with their zone. See docs/backtest.md.
    """
    warm_up_us = round(duration(warm_up, "--warm-up") * MICROS_PER_S)
    trying = Trying(rules=rules, against=against, operators=operators, warm_up_us=warm_up_us)
    if html is not None:
        _check_folder(html)
    with open_history(Asked(**given)) as history:
        report = _report(trying, history)
    if html is not None:
        _write(html, page_of(report))
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        _tell(report)
        if html is not None:
            click.echo(f"报告 report {html}")


def _check_folder(html: Path) -> None:
    """A backtest takes minutes: that its report has no place to go is said before."""
    if not html.parent.is_dir():
        raise Refused(f"--html {html}: there is no folder {html.parent}; make it, or choose another")


def _write(html: Path, page: str) -> None:
    try:
        html.write_text(page, encoding="utf-8")
    except OSError as exc:
        raise Refused(f"--html {html} cannot be written: {exc.strerror}; choose another place") from exc


def _report(trying: Trying, history: History) -> dict[str, Any]:
    outcome = _run(trying.rules, trying, history, "回测 backtest")
    frame = Frame(
        registry=history.subject.registry,
        period=history.period,
        operators=trying.operators,
        aims=shipped_aims(),
        source=history.source.name,
    )
    return report_of(outcome, frame, _comparison(trying, history, outcome, frame))


def _run(files: tuple[Path, ...], trying: Trying, history: History, what: str) -> Outcome:
    ruleset = history.subject.rules(files)
    with progress_of(history.period, what) as progress:
        return run_rules(ruleset, history.subject.registry, history.source, history.plan(trying.warm_up_us), progress)


def _comparison(trying: Trying, history: History, outcome: Outcome, frame: Frame) -> dict[str, Any] | None:
    """Against other rules, or the records; None for a file of readings, of which nothing is on record.

    Recorded alerts of rules on other metrics are left out: nobody expects these rules to tell them.
    """
    settings = history.records
    if trying.against:
        old = _run(trying.against, trying, history, "对比规则 old rules").episodes
        against = " ".join(str(file) for file in trying.against)
    elif settings is not None and is_recorded(settings):
        with books_of(settings) as books:
            recorded = recorded_episodes(books, history.period)
        mine, theirs = history.subject.rules(trying.rules), history.subject.rules(())
        old = [episode for episode in recorded if has_same_subject(episode.rule, theirs, mine)]
        against = "告警记录 the alerts on record"
    else:
        return None
    found = match(old, outcome.episodes, until=history.period.end)
    return comparison_of(found, against=against, frame=frame)


def _tell(report: Mapping[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=WIDTH_OF_PIPES, soft_wrap=True)
    for line in lines_of(report):
        console.print(line)
    console.print(rules_table(report))
    if (silent := silent_rules(report)) is not None:
        console.print(silent)
    if report["comparison"] is not None:
        for line in comparison_lines(report["comparison"]):
            console.print(line)
