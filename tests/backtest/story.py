"""Episodes and readings for the tests of history."""

from collections.abc import Iterator, Sequence

from domain.conditions import Target, TargetKind
from domain.instants import MICROS_PER_S
from domain.readings import ReadingBatch, Vocabulary
from rules.history.episodes import Episode
from tests.rules.city import Row, batch

MINUTE = 60 * MICROS_PER_S
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def target(name: str) -> Target:
    return Target(kind=TargetKind.DEVICE, id=name)


def episode(held: float, ended: float | None, *, on: str = "A", since: float | None = None, rule: str = "r") -> Episode:
    """Times in seconds after the epoch."""
    return Episode(
        rule=rule,
        target=target(on),
        since=round((held if since is None else since) * MICROS_PER_S),
        held=round(held * MICROS_PER_S),
        ended=None if ended is None else round(ended * MICROS_PER_S),
    )


def cut(vocabulary: Vocabulary, rows: Sequence[Row], sizes: Sequence[int]) -> Iterator[ReadingBatch]:
    """The rows in order of event time, in batches of these sizes in turn, none of them within an instant."""
    ordered = sorted(rows, key=lambda row: row[2])
    begin, turn = 0, 0
    while begin < len(ordered):
        end = min(begin + sizes[turn % len(sizes)], len(ordered))
        while end < len(ordered) and ordered[end][2] == ordered[end - 1][2]:
            end += 1
        yield batch(vocabulary, ordered[begin:end])
        begin, turn = end, turn + 1
