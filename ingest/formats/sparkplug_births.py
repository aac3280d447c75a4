"""What edge nodes announced in their births: aliases, data types, and the counter of their messages. Bounded."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.errors import Unusable
from domain.messages import Reason

MOST_NODES = 5_000
MOST_METRICS = 500_000
"""Together over all nodes; the nodes that were silent for longest are forgotten first."""
SEQ_RANGE = 256
_OVERTAKEN = 16
"""A message that is so many numbers behind was overtaken on its way; anything else is ahead."""
_ADVICE = "ask the edge node for a rebirth (write true to Node Control/Rebirth)"


@dataclass(frozen=True, slots=True)
class Announced:
    """A metric of a birth."""

    name: str
    datatype: int


@dataclass(slots=True)
class Birth:
    """The last birth of an edge node or of one of its devices. `received` as in Message."""

    received: int
    by_alias: dict[int, Announced] = field(default_factory=dict)
    by_name: dict[str, int] = field(default_factory=dict)
    """Name → data type."""

    def knows(self, name: object, alias: int) -> bool:
        """A metric that comes with its name needs no birth."""
        return bool(name) or alias in self.by_alias

    def announce(self, name: str, datatype: int, alias: int | None) -> None:
        self.by_name[name] = datatype
        if alias is not None:
            self.by_alias[alias] = Announced(name, datatype)


@dataclass(slots=True)
class EdgeNode:
    """One edge node. `births` by device, that of the node itself under ""."""

    bd_seq: int | None = None
    births: dict[str, Birth] = field(default_factory=dict)
    sequence: int | None = None
    """`seq` without its wrap at 256."""

    def misses(self, seq: int | None) -> bool:
        """Whether messages before this one never came."""
        if seq is None or seq >= SEQ_RANGE or self.sequence is None:
            return False
        return 1 < (seq - self.sequence) % SEQ_RANGE < SEQ_RANGE - _OVERTAKEN

    def counted(self, seq: int) -> tuple[int, int]:
        """The running number of a message, and how many messages before it never came."""
        if self.sequence is None:
            self.sequence = seq
            return seq, 0
        ahead = (seq - self.sequence) % SEQ_RANGE
        if ahead >= SEQ_RANGE - _OVERTAKEN:
            return max(0, self.sequence + ahead - SEQ_RANGE), 0
        self.sequence += ahead
        return self.sequence, max(0, ahead - 1)

    def is_past(self, device: str, received: int) -> bool:
        """Whether a message came before the birth that is in force: one that is driven again from the quarantine."""
        return any(birth.received > received for key, birth in self.births.items() if key in ("", device))

    def resolved(self, device: str, alias: int, *, received: int) -> Announced:
        """Raises Unusable(UNKNOWN_METRIC) for an alias that no birth before `received` has announced."""
        birth = self.births.get(device)
        if birth is None:
            raise Unusable(Reason.UNKNOWN_METRIC, f"alias {alias}: no birth was seen that says what it is; {_ADVICE}")
        if self.is_past(device, received):
            detail = (
                f"alias {alias}: the message came before the birth in force, which may call it otherwise; {_ADVICE}"
            )
            raise Unusable(Reason.UNKNOWN_METRIC, detail)
        found = birth.by_alias.get(alias)
        if found is None:
            raise Unusable(Reason.UNKNOWN_METRIC, f"alias {alias} is not in the last birth; {_ADVICE}")
        return found

    def datatype(self, device: str, name: str) -> int:
        birth = self.births.get(device)
        return 0 if birth is None else birth.by_name.get(name, 0)


class EdgeNodes:
    """All edge nodes that were heard of lately."""

    def __init__(self, *, most_nodes: int = MOST_NODES, most_metrics: int = MOST_METRICS) -> None:
        self._most_nodes = most_nodes
        self._most_metrics = most_metrics
        self._nodes: OrderedDict[str, EdgeNode] = OrderedDict()
        self._metrics = 0

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def metrics(self) -> int:
        """How many announced metrics are remembered."""
        return self._metrics

    def node(self, name: str) -> EdgeNode:
        if name not in self._nodes:
            self._nodes[name] = EdgeNode()
            if len(self._nodes) > self._most_nodes:
                self._forget()
        self._nodes.move_to_end(name)
        return self._nodes[name]

    def born(self, name: str, device: str, birth: Birth) -> None:
        """A birth takes the place of the one before; that of a node, "", also ends those of its devices."""
        node = self.node(name)
        self.died(name, device)
        node.births[device] = birth
        self._metrics += len(birth.by_name)
        while self._metrics > self._most_metrics and len(self._nodes) > 1:
            self._forget()

    def died(self, name: str, device: str) -> dict[str, Birth]:
        """The births that ended, by device; for "" those of the node and of all its devices."""
        node = self.node(name)
        ended = {key: node.births.pop(key) for key in [key for key in node.births if device in ("", key)]}
        self._metrics -= sum(_sizes(ended))
        return ended

    def _forget(self) -> None:
        _, node = self._nodes.popitem(last=False)
        self._metrics -= sum(_sizes(node.births))


def _sizes(births: dict[str, Birth]) -> Iterator[int]:
    return (len(birth.by_name) for birth in births.values())
