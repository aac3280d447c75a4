"""Opens the messages of one micro-batch: decodes each and lays everything that they say side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.errors import Unusable
from domain.messages import Measurement, Message, Reason
from ingest.deduplication import identity_of
from ingest.formats.choosing import Formats
from ingest.formats.decoded import Decoded, Reject
from runtime import logs

_log = logs.get(__name__)


@dataclass(slots=True, kw_only=True)
class Opened:
    """Parallel lists. `part_*` has one entry per decoded part, `row_*` one per measurement."""

    parts: list[Decoded] = field(default_factory=list)
    part_owner: list[int] = field(default_factory=list)
    """Which message the part came in."""
    part_identity: list[int] = field(default_factory=list)
    """64-bit identity, or 0 where the part carries none of its own."""
    rows: list[Measurement] = field(default_factory=list)
    row_owner: list[int] = field(default_factory=list)
    row_part: list[int] = field(default_factory=list)

    def add(self, owner: int, decoded: Decoded) -> None:
        part = len(self.parts)
        self.parts.append(decoded)
        self.part_owner.append(owner)
        self.part_identity.append(identity_of(decoded.device, decoded.identity) if decoded.identity else 0)
        count = len(decoded.measurements)
        self.rows.extend(decoded.measurements)
        self.row_owner.extend([owner] * count)
        self.row_part.extend([part] * count)


class Opener:
    """Decodes; what a decoder cannot use, or trips over, becomes a reject of its message alone."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self._tripped: set[str] = set()

    def open(self, messages: Sequence[Message]) -> Opened:
        opened = Opened()
        for owner, message in enumerate(messages):
            for decoded in self._decode(message):
                opened.add(owner, decoded)
        return opened

    def _decode(self, message: Message) -> Sequence[Decoded]:
        try:
            return self._formats.decode(message)
        except Unusable as exc:
            return _unusable(exc.reason, exc.detail)
        except Exception as exc:  # noqa: BLE001 - a bug in one decoder must not stop the messages of all the others
            self._tell(message, exc)
            return _unusable(Reason.WRONG_SHAPE, f"the decoder failed: {type(exc).__name__}: {str(exc)[:200]}")

    def _tell(self, message: Message, exc: Exception) -> None:
        """Once per kind of failure: the quarantine holds every single one."""
        kind = type(exc).__name__
        if kind not in self._tripped:
            self._tripped.add(kind)
            _log.error("decoder failed", topic=message.topic, payload=message.payload[:200], exc_info=exc)


def _unusable(reason: Reason, detail: str) -> Sequence[Decoded]:
    return [Decoded(device="", measurements=(), rejects=(Reject(reason=reason, detail=detail),))]
