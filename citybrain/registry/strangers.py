"""Devices that nobody knows: what the quarantine holds of them, and which kinds of device they could be."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.devices import DeviceKind, Registry
from domain.errors import Unusable
from domain.messages import Message
from domain.names import folded
from ingest.formats.decoded import Decoded
from runtime import logs
from store.records.quarantine import QuarantineEntry

Decoding = Callable[[Message], Sequence[Decoded]]

_log = logs.get(__name__)


@dataclass(slots=True, kw_only=True)
class Stranger:
    """A name on the wire that leads to no device. Times are of receipt, in microseconds since the epoch."""

    name: str
    first: int
    last: int = 0
    feed: str = ""
    topic: str = ""
    """Those of the last message."""
    metrics: Counter[str] = field(default_factory=Counter)
    """Metric code → how many readings."""
    entries: list[int] = field(default_factory=list)
    """Numbers of its messages in the quarantine."""

    def meet(self, entry: QuarantineEntry, metrics: Iterable[str]) -> None:
        content = entry.content
        self.last, self.feed, self.topic = content.received, content.feed, content.topic
        self.metrics.update(metrics)
        self.entries.append(entry.id)


def strangers_in(entries: Sequence[QuarantineEntry], decode: Decoding, registry: Registry) -> list[Stranger]:
    """Who speaks in these entries (newest first, as the records list them) and is not in the registry; the most
    talkative first.
    """
    known = {folded(name) for device in registry for name in (device.id, *device.aliases)}
    found: dict[str, Stranger] = {}
    for entry in reversed(entries):  # some decoders remember: in the order of receipt
        for part in _decoded(entry, decode):
            name = folded(part.device)
            if name and name not in known:
                stranger = found.setdefault(name, Stranger(name=name, first=entry.content.received))
                stranger.meet(entry, (measurement.metric for measurement in part.measurements))
    return sorted(found.values(), key=lambda one: (-len(one.entries), one.name))


def kinds_for(stranger: Stranger, kinds: Mapping[str, DeviceKind]) -> list[str]:
    """Kinds that may report everything that was seen, the narrowest first."""
    seen = stranger.metrics.keys()
    fitting = [kind for kind in kinds.values() if seen and seen <= set(kind.metrics)]
    return [kind.code for kind in sorted(fitting, key=lambda kind: len(kind.metrics))]


def _decoded(entry: QuarantineEntry, decode: Decoding) -> Sequence[Decoded]:
    content = entry.content
    message = Message(feed=content.feed, topic=content.topic, payload=content.payload, received=content.received)
    try:
        return decode(message)
    except Unusable:
        return ()
    except Exception as exc:  # noqa: BLE001  a decoder that trips over one message must not hide the other devices
        _log.warning("quarantined message cannot be decoded", entry=entry.id, error=str(exc)[:200])
        return ()
