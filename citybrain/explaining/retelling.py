"""Judges the stored readings of an alert once more, with the engine that runs live, and compares what it says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from citybrain.explaining.comparing import Retold, compared
from citybrain.explaining.hearing import Go, Way, goes, hear, nearest, resumptions, suspects
from citybrain.explaining.stored import Stored, batch_from
from domain.alerts import AlertMove, AlertTransition
from domain.conditions import Target, Transition
from domain.devices import Registry
from domain.instants import MICROS_PER_S, to_micros
from domain.readings import Vocabulary
from rules.engine import compile_rules
from rules.history.driving import NEVER_BLIND_S, Drive
from rules.loading import Rule, RuleSet
from rules.program import Lateness, Program

TOGETHER_US = 450_000
"""Readings so close may have been judged in one go: a micro-batch of intake, or several that waited."""
AT_ONCE_US = 0
WAYS = (
    Way(together_us=TOGETHER_US),
    Way(together_us=AT_ONCE_US),
    Way(together_us=TOGETHER_US, resumes_us=TOGETHER_US),
    Way(together_us=TOGETHER_US, resumes_us=AT_ONCE_US),
)
MOST_GOES = 1_500
"""Of all ways but that of event time together: as many take the engine a second of CPU, however large the city is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The rules as they stand now, on the city as it stands now; `program` is that of `ruleset`, as it runs live."""

    ruleset: RuleSet
    program: Program
    registry: Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is on record of an alert. `end`: up to when the readings are looked at."""

    target: Target
    moves: Sequence[AlertTransition]
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the rules say when they hear the readings in one of the ways in which these may have been judged."""

    signals: Sequence[Transition]
    watched_from: datetime | None = None
    is_in_event_order: bool = False


def retell(rule: Rule, bench: Bench, readings: Sequence[Stored], record: Record) -> Retold:
    """The account that comes nearest to the record. Raises Misconfigured for a rule that does not fit the city.

    Readings are heard as they came. When some of them came almost at once, or were written again since, or waited for
    an engine that was away, it is not certain what was judged together: then other ways are tried, the last of them all
    readings in order of event time. Ways that would take more than MOST_GOES together are left out; in their stead the
    late readings nearest to the moves are heard one by one, and the others in larger goes.
    """
    heard = [one for one in readings if one.reading.live]  # history sent later on purpose was never judged
    moments = [*(move.at for move in record.moves), *(one.reading.at for one in readings[-1:])]
    known = max(moments, default=record.end)
    within = _tolerance(bench.program, heard)
    best: Retold | None = None
    ways_left_out = False
    for account in _accounts(rule, bench, heard, record):
        if account is None:
            ways_left_out = True
            continue
        # what would come due if nothing more were heard is no part of the story
        signals = [signal for signal in account.signals if signal.target == record.target and signal.at <= known]
        retold = compared(record.moves, signals, within)
        if best is None or len(retold.missing) < len(best.missing):
            best = replace(retold, watched_from=account.watched_from, is_in_event_order=account.is_in_event_order)
        if best.agrees:
            break
    best = best or compared(record.moves, (), within)
    if best.agrees and not best.is_in_event_order:
        return best
    return replace(best, ways_left_out=ways_left_out)


def _tolerance(program: Program, heard: Sequence[Stored]) -> timedelta:
    """None where no reading was late for the engine's clock: then every moment comes out as it was."""
    is_late = any(one.received - to_micros(one.reading.at) > program.settle_us for one in heard)
    return timedelta(microseconds=program.settle_us if is_late else 0)


def _accounts(rule: Rule, bench: Bench, heard: Sequence[Stored], record: Record) -> Iterator[Account | None]:
    """One after the other, the likeliest first; None stands for one that is left out."""
    live = _compiled(rule, bench)
    came = sorted(heard, key=lambda one: (one.received, one.reading.at))
    until = _until(live, rule, heard, record)
    left, since = MOST_GOES, _watched_from(rule, record.moves)
    for start, watched_from, ways in _beginnings(came, since):
        listened = came if watched_from is None else [one for one in came if one.received > start]
        batch = batch_from(live.vocabulary, listened)
        suspect, resumed = suspects(live, batch), resumptions(live, batch)
        few = nearest(suspect, batch, [to_micros(move.at) for move in record.moves], most=MOST_GOES // 3)
        known = set[tuple[Go, ...]]()
        for way in ways:
            judged = tuple(goes(batch, suspect, resumed, way))
            if len(judged) > left and judged not in known:
                yield None
                judged = tuple(goes(batch, few, resumed, way))
            if judged in known or len(judged) > left:
                continue
            left -= len(judged)
            known.add(judged)
            signals = hear(live, batch, judged, start=start, until=until)
            yield Account(signals=signals, watched_from=watched_from)
    if heard:
        yield Account(signals=_in_order(live, heard, until), is_in_event_order=True)


def _beginnings(came: Sequence[Stored], since: datetime | None) -> Iterator[tuple[int, datetime | None, Sequence[Way]]]:
    """From when on somebody listens, whether that is only on record, and the ways to try from there."""
    if came:
        yield came[0].received, None, WAYS
    if since is not None:
        yield to_micros(since), since, WAYS[:1]


def _compiled(rule: Rule, bench: Bench) -> Program:
    """The one rule, as patient as it is live; that nobody listened for a while is not known."""
    program = bench.program
    allowed_s = program.lateness.get(rule.entry.id, 0) / MICROS_PER_S
    return compile_rules(
        replace(bench.ruleset, rules=(rule,)),
        bench.registry,
        Vocabulary(devices=tuple(bench.registry.devices), metrics=bench.ruleset.catalogue.codes),
        settle_s=program.settle_us / MICROS_PER_S,
        blind_after_s=NEVER_BLIND_S,
        late=Lateness(allowed_s=allowed_s, lag_limit_s=program.lag_limit_us / MICROS_PER_S),
    )


def _in_order(live: Program, heard: Sequence[Stored], until: int) -> Sequence[Transition]:
    """As if every reading had come at its event time."""
    program = replace(live, settle_us=0, lateness={})
    drive = Drive(program, start=to_micros(heard[0].reading.at), gap_us=None)
    prompt = [replace(one, received=to_micros(one.reading.at)) for one in heard]
    return [*drive.feed(batch_from(live.vocabulary, prompt)), *drive.finish(until + 1)]


def _until(live: Program, rule: Rule, heard: Sequence[Stored], record: Record) -> int:
    """When everything up to the record's end has been told: all has come, and nothing is waited for any more."""
    last = max([to_micros(record.end), *(one.received for one in heard)])
    late = max([0, *(one.received - to_micros(one.reading.at) for one in heard)])
    interval_s = max([0.0, *(device.interval_s for device in live.judges[rule.entry.id].devices)])
    return last + late + live.slack_us + round(interval_s * MICROS_PER_S) + 1


def _watched_from(rule: Rule, moves: Sequence[AlertTransition]) -> datetime | None:
    """From when a silence was counted, as its first evidence says."""
    opening = next((move for move in moves if move.move is AlertMove.OPEN), None)
    if rule.entry.kind != "absence" or opening is None or opening.evidence.value is None:
        return None
    return opening.at - timedelta(seconds=opening.evidence.value)
