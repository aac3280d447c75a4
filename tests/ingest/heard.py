"""What a format of the table makes of a message, through the choice of formats as the engine makes it."""

from collections.abc import Mapping, Sequence

import msgspec
from hypothesis import strategies as st

from domain.devices import Dialect
from domain.errors import Unusable
from domain.instants import MICROS_PER_S
from domain.messages import Measurement, Message, Reason
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.decoded import Decoded

NOON = 1_795_348_800 * MICROS_PER_S
"""2026-11-22T12:00:00Z, when every message here arrives."""

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


class Ear:
    """Listens in one format, or in `auto`, with the dialects of some devices."""

    def __init__(
        self, format_name: str = "auto", *, topic: str = "some/topic", dialects: Mapping[str, Dialect] | None = None
    ) -> None:
        by_feed = {} if format_name == "auto" else {"city": format_name}
        self._formats = Formats(FormatChoice(by_feed=by_feed, dialects=dialects or {}))
        self._topic = topic

    def hear(self, content: object, *, topic: str | None = None, retain: bool = False) -> Sequence[Decoded]:
        """`content` is bytes or becomes JSON. Raises Unusable."""
        payload = content if isinstance(content, bytes) else msgspec.json.encode(content)
        arrived = Message(feed="city", topic=topic or self._topic, payload=payload, received=NOON, retain=retain)
        return self._formats.decode(arrived)

    def measurements(self, content: object, *, topic: str | None = None, retain: bool = False) -> list[Measurement]:
        return [one for part in self.hear(content, topic=topic, retain=retain) for one in part.measurements]

    def values(self, content: object, *, topic: str | None = None) -> dict[str, float]:
        return {one.metric: one.value for one in self.measurements(content, topic=topic)}

    def reasons(self, content: object, *, topic: str | None = None) -> list[Reason]:
        """Of a message that is bad in whole or in part."""
        try:
            return [reject.reason for part in self.hear(content, topic=topic) for reject in part.rejects]
        except Unusable as exc:
            return [exc.reason]

    def skipped(self, content: object, *, topic: str | None = None) -> dict[str, str]:
        return {one.field: one.why for part in self.hear(content, topic=topic) for one in part.skipped}
