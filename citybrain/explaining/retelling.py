"""Judges the stored readings of an alert once more, with the engine that runs live, and compares what it says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.alerts import AlertMove, AlertTransition
from domain.conditions import Signal, Target, Transition
from domain.devices import Registry
from domain.instants import to_micros
from domain.readings import Reading, ReadingBatch, Vocabulary, batch_of
from rules.engine import compile_rules
from rules.history.driving import NEVER_BLIND_S, Drive
from rules.judges import Judge
from rules.loading import Rule, RuleSet

SIGNAL_OF = {
    AlertMove.OPEN: Signal.VIOLATED,
    AlertMove.HOLD: Signal.HELD,
    AlertMove.RETURN: Signal.CLEARED,
    AlertMove.RETURN_AND_CLOSE: Signal.CLEARED,
    AlertMove.LOSE_EVIDENCE: Signal.LOST,
}
"""What the rules must have said for a move; the other moves are people's, or follow from these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is on record of an alert. `end`: up to when the readings are looked at."""

    target: Target
    moves: Sequence[AlertTransition]
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retold:
    """`signals` on the alert's target. `missing`: recorded moves that the readings in the store do not give again."""

    signals: Sequence[Transition]
    missing: Sequence[AlertTransition]
    judge: Judge

    @property
    def agrees(self) -> bool:
        return not self.missing


def retell(rule: Rule, ruleset: RuleSet, registry: Registry, readings: Sequence[Reading], record: Record) -> Retold:
    """`readings` in order of event time. The rule is taken as it stands now.

    Raises Misconfigured for a rule that does not fit the city.
    """
    words = Vocabulary(devices=tuple(registry.devices), metrics=ruleset.catalogue.codes)
    program = compile_rules(replace(ruleset, rules=(rule,)), registry, words, settle_s=0.0, blind_after_s=NEVER_BLIND_S)
    program = replace(program, lateness={})  # what is stored lies in order
    signals: list[Transition] = []
    heard = [reading for reading in readings if reading.live]  # history sent later on purpose was never judged
    if heard:
        drive = Drive(program, start=to_micros(heard[0].at), gap_us=None)
        signals += drive.feed(_batch(words, heard))
        signals += drive.finish(to_micros(record.end) + 1)
    # what would come due if nothing more were heard is no part of the story
    known = max([*(move.at for move in record.moves), *(reading.at for reading in readings[-1:])])
    mine = [signal for signal in signals if signal.target == record.target and signal.at <= known]
    given = {(signal.signal, signal.at) for signal in mine}
    missing = [one for one in record.moves if one.move in SIGNAL_OF and (SIGNAL_OF[one.move], one.at) not in given]
    return Retold(signals=mine, missing=missing, judge=program.judges[rule.entry.id])


def _batch(words: Vocabulary, readings: Sequence[Reading]) -> ReadingBatch:
    """Readings of devices and metrics that are still known."""
    known = [r for r in readings if r.device in words.device_ordinal and r.metric in words.metric_ordinal]
    return batch_of(
        words,
        device=[words.device_ordinal[reading.device] for reading in known],
        metric=[words.metric_ordinal[reading.metric] for reading in known],
        at=[to_micros(reading.at) for reading in known],
        value=[reading.value for reading in known],
        span=[reading.span_s for reading in known],
        quality=[int(reading.quality) for reading in known],
    )
