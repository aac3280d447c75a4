"""Drives compiled rules over stored readings, chunk by chunk of event time, with the same engine that runs live.

Readings come in order of event time, so every reading up to a tick has arrived: compile the program with `settle_s=0`.
"""

from dataclasses import dataclass

import numpy as np

from domain.conditions import Transition
from domain.instants import MICROS_PER_S
from domain.readings import ReadingBatch
from rules import engine
from rules.columns import FOREVER
from rules.program import Program

STEP_US = 1800 * MICROS_PER_S
"""Readings are judged in chunks of at most so much event time; the outcome does not depend on it. Every chunk costs a
tick of all rules: of 600 s they cost two fifths more.
"""
SHORTEST_GAP_US = 120 * MICROS_PER_S
NEVER_BLIND_S = 36_525 * 86_400.0
"""`blind_after_s` of a program that shall count silence through every gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch in which nothing at all was heard from anybody, in microseconds."""

    begin: int
    end: int


class Drive:
    """One way through history. `gap_us`: after so much silence of the whole city nobody listened; None: always.

    In a gap evidence runs out as ever, but the silence of devices is counted from its end: a recording that paused is
    no flood of silent devices. Compile the program with `blind_after_s` equal to the gap, or NEVER_BLIND_S.
    """

    def __init__(self, program: Program, *, start: int, gap_us: int | None) -> None:
        """Raises ValueError for a gap shorter than two minutes: that is how cities talk."""
        if gap_us is not None and gap_us < SHORTEST_GAP_US:
            raise ValueError(f"a gap of {gap_us} µs is shorter than {SHORTEST_GAP_US} µs; give more, or None")
        self._program = program
        self._gap_us = FOREVER if gap_us is None else gap_us
        # two steps within a gap, or the rules would take the steps for gaps
        self._step_us = min(STEP_US, self._gap_us // 2)
        self._heard = start
        self.gaps: list[Gap] = []
        self._state, _ = engine.advance(program, engine.initial_state(program), start)

    def feed(self, batch: ReadingBatch) -> list[Transition]:
        """Judge readings in order of event time, all of them later than what was fed before."""
        told: list[Transition] = []
        begin = 0
        while begin < len(batch):
            first = int(batch.at[begin])
            end = int(np.searchsorted(batch.at, (first // self._step_us + 1) * self._step_us))
            told += self._pause_until(first - 1)
            told += self._evaluate(batch.take(np.arange(begin, end)))
            begin = end
        return told

    def finish(self, until: int) -> list[Transition]:
        """What comes due before `until`, when nothing more was heard."""
        return self._pause_until(until - 1) + self._tick(until - 1)

    def _evaluate(self, chunk: ReadingBatch) -> list[Transition]:
        self._state, told = engine.evaluate(self._program, self._state, chunk)
        self._heard = int(chunk.at[-1])
        return told + self._tick(self._heard)

    def _pause_until(self, now: int) -> list[Transition]:
        """Nothing was heard until `now`. A tick after more than the gap tells the rules that nobody listened."""
        if now - self._heard <= self._step_us:
            return []
        if now - self._heard > self._gap_us:
            self.gaps.append(Gap(begin=self._heard, end=now + 1))
        return self._tick(now)

    def _tick(self, now: int) -> list[Transition]:
        self._state, told = engine.advance(self._program, self._state, now)
        return told
