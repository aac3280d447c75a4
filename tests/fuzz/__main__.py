"""The fuzzer by hand: `python -m tests.fuzz --seconds 3600 --format all --seed 1`."""

import sys
import time
import warnings
from collections.abc import Callable

import click

from tests.fuzz.running import Report, chosen, fuzz
from tests.fuzz.targets import targets


def _until(end_s: float) -> Callable[[Report], bool]:
    """CPU time counts, that of making the messages too."""
    return lambda report: time.process_time() < end_s


@click.command()
@click.option("--seconds", default=60.0, show_default=True, help="CPU seconds in total, divided among the targets.")
@click.option("--format", "name", default="all", show_default=True, help="A format, or another target by its name.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same messages.")
def main(seconds: float, name: str, seed: int) -> None:
    """Bend payloads of every format until something breaks; ends with 1 when something did."""
    warnings.simplefilter("error", RuntimeWarning)
    try:
        wanted = chosen(targets(), name)
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--format") from exc
    share_s = seconds / len(wanted)
    reports: list[Report] = []
    for target in wanted:
        reports.append(fuzz(target, seed=seed, goes_on=_until(time.process_time() + share_s)))
        click.echo(str(reports[-1]))
        for finding in reports[-1].findings.values():
            click.echo(str(finding))
    findings = sum(len(report.findings) for report in reports)
    runs, cpu_s = sum(report.executions for report in reports), sum(report.cpu_s for report in reports)
    click.echo(f"{runs:,} runs, {cpu_s:.0f} s CPU, {findings} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
