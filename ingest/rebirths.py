"""Wishes for rebirths of Sparkplug edge nodes: from the decoder that lacks a birth to the session that sends them."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from domain.instants import MICROS_PER_S
from domain.ports import Clock
from ingest.formats.sparkplug_payload import rebirth_payload
from ingest.sessions.link import Publication
from ingest.settings import SparkplugSettings
from runtime import logs

MOST_NODES = 5_000
"""Bound of what is remembered; the node that was asked longest ago is forgotten first."""
PATIENCE_S = 2.0
"""A birth that is already on its way makes the wish vanish: after a restart the broker hands over what it kept."""
NEWS_S = 60.0
"""What was received longer ago, and is driven again out of the quarantine, says nothing about the node of today."""
MOST_AT_ONCE = 20
"""In a second: births of a whole city at once would be a flood of our own making."""

_log = logs.get(__name__)


class Rebirths:
    """Asks each node once in `rebirth_every`. Safe to share between threads. Nodes go by the topic of their NCMD."""

    def __init__(self, settings: SparkplugSettings, clock: Clock) -> None:
        self._every_s = settings.rebirth_every
        self._clock = clock
        self._lock = threading.Lock()
        self._wished: OrderedDict[str, float] = OrderedDict()
        """Node → when it was first missed, monotonic seconds."""
        self._asked_at: OrderedDict[str, float] = OrderedDict()
        self._next_take = float("-inf")
        self.asked = 0
        """How many were asked since the start."""

    def want(self, topic: str, *, received: int) -> None:
        """A message of `received` (microseconds) could not be understood for want of a birth, or others before it never
        came.
        """
        if self._clock.micros() - received > NEWS_S * MICROS_PER_S:
            return
        now = self._clock.monotonic()
        with self._lock:
            if now - self._asked_at.get(topic, float("-inf")) < self._every_s or len(self._wished) >= MOST_NODES:
                return
            self._wished.setdefault(topic, now)

    def born(self, topic: str) -> None:
        """It has told everything by itself."""
        with self._lock:
            self._wished.pop(topic, None)

    def take(self) -> Sequence[Publication]:
        """What is to be sent now; it counts as sent."""
        now = self._clock.monotonic()
        with self._lock:
            if not self._wished or now < self._next_take:
                return ()
            due = [topic for topic, since in self._wished.items() if now - since >= PATIENCE_S][:MOST_AT_ONCE]
            for topic in due:
                self._note(topic, now)
            self._next_take = now + 1.0
        content = rebirth_payload(milliseconds=self._clock.micros() // 1000)
        for topic in due:
            _log.info("edge node asked for a rebirth", topic=topic)
        return [Publication(topic=topic, payload=content) for topic in due]

    def _note(self, topic: str, now: float) -> None:
        del self._wished[topic]
        self.asked += 1
        self._asked_at[topic] = now
        self._asked_at.move_to_end(topic)
        if len(self._asked_at) > MOST_NODES:
            self._asked_at.popitem(last=False)
