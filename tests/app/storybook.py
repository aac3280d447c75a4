"""Stories of casebooks as an installation has them on record: their alerts with every move, and what is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cases.lifecycle import apply_transition
from citybrain.edge.alert_json import Gazetteer
from citybrain.explaining.explanation import Explainer
from config.catalogue import load_catalogue
from domain.alerts import OPEN_STATES, Alert, AlertTransition
from domain.conditions import Target, Transition
from domain.readings import ReadingBatch, Vocabulary, batch_of
from rules.casebooks.cases import Case, Line
from rules.casebooks.reading import SHIPPED_CASEBOOKS, Shelf, files_of, load_casebook
from rules.casebooks.running import play, program_of
from rules.program import Program
from store.series.memory import MemorySeriesStore


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """One alert as it ended, and all its moves."""

    alert: Alert
    moves: Sequence[AlertTransition]


@cache
def shelf() -> Shelf:
    catalogue, kinds = load_catalogue()
    return Shelf(catalogue=catalogue, kinds=kinds)


def on_record(told: Sequence[Transition], program: Program) -> list[OnRecord]:
    """The alerts that come of these transitions; nobody acknowledges."""
    open_now: dict[tuple[str, Target], Alert] = {}
    moves: dict[str, list[AlertTransition]] = {}
    last: dict[str, Alert] = {}
    for number, transition in enumerate(told):
        key, card = (transition.rule, transition.target), program.cards[transition.rule]
        steps = apply_transition(open_now.get(key), transition, card, now=transition.at, occurrence=number)
        for alert, move in steps:
            moves.setdefault(alert.id, []).append(move)
            last[alert.id] = open_now[key] = alert
            if alert.state not in OPEN_STATES:
                del open_now[key]
    return [OnRecord(alert=alert, moves=moves[identifier]) for identifier, alert in last.items()]


def told_by(case: Case) -> list[Transition]:
    """What the engine says live, in the order in which it becomes true."""
    return list(play(case))


def stored(lines: Sequence[Line]) -> MemorySeriesStore:
    """Written in the order of their arrival, as the pump does."""
    store = MemorySeriesStore(shelf().catalogue)
    words = Vocabulary(devices=sorted({line.device for line in lines}), metrics=sorted({line.metric for line in lines}))
    if lines:
        store.write(batch_from(words, lines), through=None)
    return store


def batch_from(words: Vocabulary, lines: Sequence[Line]) -> ReadingBatch:
    """In their order."""
    return batch_of(
        words,
        device=[words.device_ordinal[line.device] for line in lines],
        metric=[words.metric_ordinal[line.metric] for line in lines],
        at=[line.at for line in lines],
        received=[line.arrival for line in lines],
        value=[line.value for line in lines],
        span=[line.span_s for line in lines],
        quality=[line.quality for line in lines],
    )


@cache
def stories() -> tuple[Case, ...]:
    """Every story that ships."""
    return tuple(case for path in files_of([SHIPPED_CASEBOOKS]) for case in load_casebook(path, shelf()).cases)


def story(name: str) -> Case:
    [case] = [case for case in stories() if case.name == name]
    return case


def records_of(case: Case) -> list[OnRecord]:
    return on_record(told_by(case), program_of(case))


def explained(case: Case, record: OnRecord, *, lines: Sequence[Line] | None = None) -> dict[str, Any]:
    """As the engine explains it, out of a store that holds the story's readings, or these `lines`."""
    program = program_of(case)
    explainer = Explainer(
        ruleset=case.ruleset, program=program, registry=case.registry, gazetteer=Gazetteer(case.registry)
    )
    return explainer.explain(record.alert, record.moves, stored(case.lines if lines is None else lines).batches)


def kind_of(case: Case, rule: str) -> str:
    [kind] = [one.entry.kind for one in case.ruleset.rules if one.entry.id == rule]
    return str(kind)
