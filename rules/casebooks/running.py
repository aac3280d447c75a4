"""Plays a case through the engine: as written, and in the other ways that must not make a difference."""

from collections.abc import Iterator, Sequence
from enum import Enum

from domain.conditions import Transition
from domain.instants import MICROS_PER_S, to_micros
from domain.readings import ReadingBatch, Vocabulary, batch_of
from rules.casebooks.cases import Case, Line
from rules.engine import advance, compile_rules, evaluate, initial_state
from rules.program import Program
from rules.snapshots import dump, load

BLIND_AFTER_S = 30.0
"""As the settings have it; a story with slower ticks listens all the time as well."""


class Manner(Enum):
    """How the same readings reach the engine."""

    AS_WRITTEN = "as written"
    SINGLE = "one reading at a time"
    TWICE = "every reading twice"
    RESTARTED = "with a restart between every two batches"


def play(case: Case, manner: Manner = Manner.AS_WRITTEN) -> tuple[Transition, ...]:
    """Every signal up to the case's end, in order of time, rule and target.

    Raises Misconfigured when the rules do not fit the case's city.
    """
    program = program_of(case)
    state = initial_state(program)
    told: list[Transition] = []
    for now, batches in _course(case, manner, slack=program.slack_us):
        for lines in batches:
            state, found = evaluate(program, state, _batch(program.vocabulary, lines))
            told += found
            if manner is Manner.RESTARTED:
                state = load(dump(state), program)
        state, due = advance(program, state, now)
        told += due
    return tuple(sorted((one for one in told if to_micros(one.at) <= case.until), key=order))


def program_of(case: Case) -> Program:
    """The case's rules on its devices. Raises Misconfigured."""
    vocabulary = Vocabulary(devices=tuple(case.registry.devices), metrics=case.ruleset.catalogue.codes)
    blind_after_s = max(BLIND_AFTER_S, 2 * case.tick / MICROS_PER_S)
    return compile_rules(case.ruleset, case.registry, vocabulary, blind_after_s=blind_after_s)


def order(told: Transition) -> tuple[object, ...]:
    """By which transitions are sorted: signals of one instant have no order among each other."""
    return told.at, told.rule, str(told.target), told.signal.value


def _course(case: Case, manner: Manner, *, slack: int) -> Iterator[tuple[int, Sequence[Sequence[Line]]]]:
    """Every tick, and the batches that arrived before it."""
    place, now, end = 0, case.start, case.until + case.settle + slack
    while True:
        begin = place
        while place < len(case.lines) and case.lines[place].arrival <= now:
            place += 1
        yield now, list(_cut(case.lines[begin:place], case.batch, manner))
        if now >= end:
            return
        now = min(now + case.tick, end)


def _cut(lines: Sequence[Line], size: int | None, manner: Manner) -> Iterator[Sequence[Line]]:
    if manner is Manner.SINGLE:
        size = 1
    if manner is Manner.TWICE:
        lines = [line for line in lines for _ in range(2)]
    for begin in range(0, len(lines), size or max(1, len(lines))):
        yield lines[begin : begin + (size or len(lines))]
        if manner is Manner.TWICE:
            yield lines[begin : begin + 1]


def _batch(vocabulary: Vocabulary, lines: Sequence[Line]) -> ReadingBatch:
    return batch_of(
        vocabulary,
        device=[vocabulary.device_ordinal[line.device] for line in lines],
        metric=[vocabulary.metric_ordinal[line.metric] for line in lines],
        at=[line.at for line in lines],
        received=[line.arrival for line in lines],
        value=[line.value for line in lines],
        span=[line.span_s for line in lines],
        quality=[line.quality for line in lines],
    )
