"""When a station gets its answer: as soon as its frame is durable, but for parts that mean nothing by themselves.

Such parts (ingest.formats.hj212.parts) are kept in memory until their siblings are there. They are answered together,
so that an engine that ends in between is sent all of them again.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from ingest.formats.hj212.packet import Packet
from ingest.formats.hj212.parts import stands_alone
from ingest.sessions.hj212_connection import StationConnection

WITHHELD_S = 3.0
"""A station may wait for an answer before it sends the next part: after so long it gets it all the same."""
MOST_WITHHELD = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A frame that was handed over, and who may be owed an answer."""

    connection: StationConnection
    packet: Packet | None


@dataclass(slots=True, kw_only=True)
class _Siblings:
    since: float
    seen: set[int] = field(default_factory=set)
    withheld: list[Debt] = field(default_factory=list)


class Answers:
    """Told what is durable, says whom to answer. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._sets: OrderedDict[tuple[str, str, str], _Siblings] = OrderedDict()

    def settled(self, debt: Debt, *, now: float) -> list[Debt]:
        """Whose answers are due now that this one is durable."""
        packet = debt.packet
        if packet is None or packet.parts == 1:
            return [debt]
        key = (packet.mn, packet.qn, packet.cn)
        siblings = self._sets.setdefault(key, _Siblings(since=now))
        siblings.seen.add(packet.part)
        if len(siblings.seen) == packet.parts:
            del self._sets[key]
            return [*siblings.withheld, debt]
        if stands_alone(packet):
            return [debt]
        siblings.withheld.append(debt)
        return self._sets.popitem(last=False)[1].withheld if len(self._sets) > MOST_WITHHELD else []

    def overdue(self, *, now: float) -> list[Debt]:
        """Who has waited long enough."""
        due: list[Debt] = []
        while self._sets and next(iter(self._sets.values())).since <= now - WITHHELD_S:
            due.extend(self._sets.popitem(last=False)[1].withheld)
        return due
