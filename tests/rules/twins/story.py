"""Stories with spans: drawn, driven through the engine in any cut, and as a twin needs them."""

from collections.abc import Sequence

from hypothesis import strategies as st

from domain.conditions import Transition
from domain.devices import Registry
from domain.instants import MICROS_PER_S
from rules import snapshots
from rules.loading import RuleSet
from tests.rules.city import Row, Run
from tests.rules.twins.window import Said

S = MICROS_PER_S
SETTLE = 2
SpannedRow = tuple[Row, float]
Plan = list[tuple[int, int | None, bool]]
"""As in test_twins: after how many readings to cut, where the watermark stands before the next, whether to restart."""
WHOLE: Plan = [(1_000_000, None, False)]

plans = st.lists(
    st.tuples(st.integers(1, 8), st.none() | st.sampled_from([0, 1, 2, 10, 30]), st.booleans()), min_size=1, max_size=12
)


def stories(
    devices: list[str], metric: str, values: Sequence[float], gaps: Sequence[int], spans: Sequence[float], start: int
) -> st.SearchStrategy[list[SpannedRow]]:
    """Rows in order of time; a gap of 0 seconds repeats an instant."""
    step = st.tuples(st.sampled_from(gaps), st.sampled_from(devices), st.sampled_from(values), st.sampled_from(spans))

    def walk(steps: list[tuple[int, str, float, float]]) -> list[SpannedRow]:
        rows, at = [], start
        for gap, name, value, span in steps:
            at += gap * S
            rows.append(((name, metric, at, value), span))
        return rows

    return st.lists(step, max_size=40).map(walk)


def drive(run: Run, rows: Sequence[SpannedRow], plan: Plan, *, start: int, until: int) -> Run:
    """Cut into batches as planned; a watermark never passes what is still to come."""
    run.tick(start)
    rows, step, frontier = list(rows), 0, start - SETTLE * S
    while rows:
        number, before, restart = plan[step % len(plan)]
        head, rows = rows[:number], rows[number:]
        run.readings([row for row, _ in head], span=[span for _, span in head])
        if before is not None and rows:
            frontier = max(frontier, min(row[2] for row, _ in rows) - max(before * S, 1))
            run.tick(frontier + SETTLE * S)
        if restart:
            run.state = snapshots.load(snapshots.dump(run.state), run.program)
        step += 1
    run.tick(until + SETTLE * S)
    return run


def runs(rules: RuleSet, registry: Registry, rows: Sequence[SpannedRow], plan: Plan, *, start: int, until: int) -> Run:
    """As planned; and in one piece, which must say the same, down to the evidence."""
    planned, whole = (
        drive(Run.of(rules, registry, settle_s=SETTLE, blind_after_s=1e6), rows, cuts, start=start, until=until)
        for cuts in (plan, WHOLE)
    )
    assert by_target(planned.told) == by_target(whole.told)
    return planned


def by_target(told: Sequence[Transition]) -> list[Transition]:
    return sorted(told, key=lambda change: (change.rule, str(change.target)))


def said_by(rows: Sequence[SpannedRow], name: str) -> list[Said]:
    return [(when, value, span) for (row, _, when, value), span in rows if row == name]
