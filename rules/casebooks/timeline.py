"""A story drawn along its time, in plain text: the values, how the rule stood, what was expected and what came."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.conditions import Target, TargetKind, Transition
from domain.instants import MICROS_PER_S, from_micros, to_micros
from rules.casebooks.cases import Case
from rules.casebooks.comparing import Difference, standing
from rules.entries import MetricEntry

COLUMNS = 12
"""Of one picture; a longer story is shown around its first difference."""
BEFORE = 4
"""Columns before the first difference."""
SERIES = 6
"""Rows of values at the most."""
MARKS = {"ok": "·", "violated": "v", "held": "H", "unknown": "?"}
LEGEND = "· ok  v violated 超限  H held 持续  ? unknown 未知 | V violated  H held  C cleared  L lost"


def timeline(case: Case, told: Sequence[Transition], differences: Sequence[Difference]) -> list[str]:
    """Lines of text, one picture for each rule and target that differs."""
    subjects = dict.fromkeys((one.rule, one.target) for one in differences if one.target is not None)
    return [line for rule, target in subjects for line in _picture(case, told, differences, rule, target)]


def _picture(
    case: Case, told: Sequence[Transition], differences: Sequence[Difference], rule: str, target: Target
) -> Iterator[str]:
    edges = _edges(case, [one for one in differences if (one.rule, one.target) == (rule, target)])
    got = [(to_micros(one.at), one.signal.value) for one in told if (one.rule, one.target) == (rule, target)]
    wanted = [(one.at, one.signal.value) for one in case.expected if (one.rule, one.target) == (rule, target)]
    rows = [
        *_values(case, rule, target, edges),
        ("is 状态", [MARKS[standing(told, rule, target, end - 1)] for end in edges[1:]]),
        ("expected 期望", _signals(wanted, edges)),
        ("got 实际", _signals(got, edges)),
    ]
    clocks = [_clock(case, edge) for edge in edges[:-1]]
    width = max(len(cell) for _, cells in [("", clocks), *rows] for cell in cells) + 1
    name = max(_width(title) for title, _ in rows) + 2
    yield f"{rule} · {target}"
    for title, cells in [("", clocks), *rows]:
        yield f"  {title}{' ' * (name - _width(title))}{''.join(cell.ljust(width) for cell in cells)}".rstrip()
    expected, came = rows[-2][1], rows[-1][1]
    differs = "".join(("^" if one != other else "").ljust(width) for one, other in zip(expected, came, strict=True))
    if differs.strip():
        yield f"  {' ' * name}{differs}".rstrip()


def _edges(case: Case, differences: Sequence[Difference]) -> list[int]:
    """Where the columns begin, and where the last one ends."""
    step = max(1, case.step)
    count = (case.until - case.start) // step + 1
    first = min((one.at for one in differences if one.at is not None), default=case.start)
    begin = max(0, min((first - case.start) // step - BEFORE, count - COLUMNS)) if count > COLUMNS else 0
    return [case.start + number * step for number in range(begin, begin + min(count, COLUMNS) + 1)]


def _values(case: Case, rule: str, target: Target, edges: Sequence[int]) -> Iterator[tuple[str, list[str]]]:
    """The series that the rule looks at; those of the target alone, where it is a device."""
    [entry] = [one.entry for one in case.ruleset.rules if one.entry.id == rule]
    metric = entry.metric if isinstance(entry, MetricEntry) else None
    own = target.id if target.kind is TargetKind.DEVICE else None
    lines = [line for line in case.lines if metric in (None, line.metric)]
    if any(line.device == own for line in lines):
        lines = [line for line in lines if line.device == own]
    names = list(dict.fromkeys((line.device, line.metric) for line in lines))
    for device, measured in names[:SERIES]:
        cells = [
            " ".join(
                f"{line.value:g}"
                for line in lines
                if (line.device, line.metric) == (device, measured) and begin <= line.at < end
            )
            for begin, end in pairwise(edges)
        ]
        yield f"{device} {measured}", [cell or "_" for cell in cells]
    if len(names) > SERIES:
        yield f"… {len(names) - SERIES} more 另有", []


def _signals(signals: Sequence[tuple[int, str]], edges: Sequence[int]) -> list[str]:
    return [
        "".join(sorted((signal[0].upper() for at, signal in signals if begin <= at < end), key="VHCL".index)) or "."
        for begin, end in pairwise(edges)
    ]


def _clock(case: Case, at: int) -> str:
    local = from_micros(at).astimezone(ZoneInfo(case.registry.city.timezone))
    return local.strftime("%H:%M" if case.step % (60 * MICROS_PER_S) == 0 else "%H:%M:%S")


def _width(text: str) -> int:
    """Chinese takes two places of a terminal."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
