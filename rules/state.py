"""All that a program remembers between two batches: every rule's columns, how late the feeds run, and what waits."""

from dataclasses import dataclass, field

from domain.readings import Vocabulary
from rules.columns import RuleState
from rules.core.feeds import Feed
from rules.core.queues import Queue

NO_WORDS = Vocabulary(devices=(), metrics=())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """All that a program remembers. `engine.evaluate` and `engine.advance` consume it and hand it back.

    `vocabulary`: whose ordinals these are. `panels`: columns of rules that are judged together, by the first of them;
    their own RuleStates are views of it. `feeds`: by metric ordinal. `queues`: what waits to be put in order, by
    lateness in µs.
    """

    rules: dict[str, RuleState]
    vocabulary: Vocabulary = NO_WORDS
    panels: dict[str, RuleState] = field(default_factory=dict)
    feeds: dict[int, Feed] = field(default_factory=dict)
    queues: dict[int, Queue] = field(default_factory=dict)
