"""`citybrain check FILE`: everything that can be wrong before anything runs, all of it at once."""

from pathlib import Path

import click

from citybrain.checking import check_everything


@click.command(name="check")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """检查设置文件及其引用的全部文件 · Validate a settings FILE and every file that it names.

    Each problem is one line: file:line, the value, what to write instead. Exit code 1 when there is any.
    """
    report = check_everything(file)
    for problem in report.problems:
        click.echo(str(problem))
    if report.problems:
        click.echo(f"{len(report.problems)} 个问题 · {len(report.problems)} problem(s)", err=True)
        raise SystemExit(1)
    for line in report.summary:
        click.echo(line)
