"""One run: rules over stored readings, and the alerts that they would have told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from citybrain.backtest.census import Census
from citybrain.backtest.source import Source, Wanted
from citybrain.backtest.subject import Period
from domain.conditions import RuleCard
from domain.devices import Registry
from domain.errors import Refused
from domain.instants import MICROS_PER_S, from_micros, iso
from domain.readings import ReadingBatch, Vocabulary
from rules.engine import compile_rules
from rules.history.driving import NEVER_BLIND_S, Drive, Gap
from rules.history.episodes import Episode, EpisodeBook
from rules.loading import RuleSet
from rules.program import Program

Progress = Callable[[int], None]
"""Hears up to which event time (microseconds) the readings are judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`warm_up_us`: so much before the period is judged but not counted, so that windows and holds begin full."""

    period: Period
    gap_s: float | None
    warm_up_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`episodes` were told within the period; `standing` counts those told before it and not over at its begin."""

    episodes: Sequence[Episode]
    standing: int
    cards: dict[str, RuleCard]
    census: Census
    gaps: Sequence[Gap]


def run_rules(ruleset: RuleSet, registry: Registry, source: Source, plan: Plan, progress: Progress) -> Outcome:
    """With the engine that runs live. Raises Misconfigured for rules that do not fit the city, Refused where there is
    nothing to judge: no alert from no reading would read as praise.
    """
    words = Vocabulary(devices=tuple(registry.devices), metrics=ruleset.catalogue.codes)
    blind_s = NEVER_BLIND_S if plan.gap_s is None else plan.gap_s
    program = compile_rules(ruleset, registry, words, settle_s=0.0, blind_after_s=blind_s)
    program = replace(program, lateness={})  # stored readings come in order: nothing has to wait for a straggler
    begin, period = plan.period.start - plan.warm_up_us, plan.period
    gap_us = None if plan.gap_s is None else round(plan.gap_s * MICROS_PER_S)
    drive, book, census = Drive(program, start=begin, gap_us=gap_us), EpisodeBook(), Census()
    for batch in source.batches(begin, period.end, wanted_by(program)):
        census.count(batch, registry)
        book.take(drive.feed(_heard_in_time(batch)))
        progress(int(batch.at[-1]))
    if census.read == census.history:
        raise Refused(_nothing(source, period, census))
    book.take(drive.finish(period.end))
    progress(period.end)
    episodes = book.episodes()
    before = [episode for episode in episodes if episode.held < period.start]
    return Outcome(
        episodes=[episode for episode in episodes if episode.held >= period.start],
        standing=sum(episode.ended is None or episode.ended >= period.start for episode in before),
        cards=dict(program.cards),
        census=census,
        gaps=drive.gaps,
    )


def _heard_in_time(batch: ReadingBatch) -> ReadingBatch:
    """As if each reading had come at its own time. History that was sent later is no sign that anybody listened."""
    heard = batch if batch.live.all() else batch.take(batch.live)
    return replace(heard, received=heard.at)


def _nothing(source: Source, period: Period, census: Census) -> str:
    if census.history:
        times = f"{_time(period.start)} to {_time(period.end)}"
        return (
            f"{source.name} holds {census.history:,} readings for these rules from {times}, but devices sent all of "
            "them later on purpose, as history, which no rule judges; choose a time in which somebody listened"
        )
    extent = source.extent()
    held = (
        f"; it has some from {_time(extent.first)} to {_time(extent.last)}: give --since and --until" if extent else ""
    )
    return f"{source.name} holds no readings for these rules from {_time(period.start)} to {_time(period.end)}{held}"


def _time(micros: int) -> str:
    return iso(from_micros(micros))


def wanted_by(program: Program) -> Wanted:
    """Only the metrics that some rule looks at; where one looks at any (every reading is a sign of life), all."""
    ordinals = {judge.metric_ordinal for judge in program.judges.values() if judge.devices}
    known = {ordinal for ordinal in ordinals if ordinal is not None}
    if len(known) < len(ordinals):
        return Wanted(metrics=None)
    return Wanted(metrics=frozenset(program.vocabulary.metrics[ordinal] for ordinal in known))
