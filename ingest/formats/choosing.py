"""The table of formats: which decoder a topic belongs to. A new format is one module and one line here."""

from collections.abc import Sequence

from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats import native
from ingest.formats.decoded import Decode, Decoded, Reject
from ingest.settings import LimitSettings
from ingest.topics import TopicFilter

FORMATS: tuple[tuple[str, Decode], ...] = (
    ("citybrain/v1/up/+", native.decode_up),
    ("citybrain/v1/batch/+", native.decode_batch),
)
"""The first filter that matches wins."""

REMEMBERED_TOPICS = 100_000


class Formats:
    """Decodes a message by its topic, within the limits that hold for every format."""

    def __init__(self, limits: LimitSettings, table: Sequence[tuple[str, Decode]] = FORMATS) -> None:
        self._limits = limits
        self._table = [(TopicFilter(text), decode) for text, decode in table]
        self._by_topic: dict[str, Decode] = {}

    def decode(self, topic: str, payload: bytes) -> Sequence[Decoded]:
        """What the message says; [] for an empty payload. Raises Unusable."""
        if not payload:
            return []
        decode = self._by_topic.get(topic) or self._choose(topic)
        if len(payload) > self._limits.payload_bytes:
            raise Unusable(
                Reason.TOO_LARGE, f"{len(payload)} bytes, at most {self._limits.payload_bytes}; split the message"
            )
        decoded = decode(topic, payload)
        count = sum(len(part.measurements) for part in decoded)
        return decoded if count <= self._limits.values else self._too_many(decoded, count)

    def _choose(self, topic: str) -> Decode:
        for topic_filter, decode in self._table:
            if topic_filter.matches(topic):
                if len(self._by_topic) >= REMEMBERED_TOPICS:
                    self._by_topic.clear()
                self._by_topic[topic] = decode
                return decode
        raise Unusable(Reason.UNKNOWN_TOPIC, f"no format for topic {topic[:200]!r}; see docs/wire.md")

    def _too_many(self, decoded: Sequence[Decoded], count: int) -> Sequence[Decoded]:
        everything = count + sum(reject.readings for part in decoded for reject in part.rejects)
        detail = f"{everything} values, at most {self._limits.values}; split the message"
        reject = Reject(reason=Reason.TOO_MANY_POINTS, detail=detail, readings=everything)
        return [Decoded(device=decoded[0].device, measurements=(), rejects=(reject,))]
