"""The table of formats. A new format is one module and one entry here."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.messages import Message
from ingest.formats import native
from ingest.formats.decoded import Decode


def never(message: Message) -> bool:
    """For formats that are known by their topic alone."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format. `topics` are the filters under which it is looked for, `looks_like` tells it on any other topic."""

    name: str
    open: Callable[[], Decode]
    """Makes a decoder; one that remembers something between messages remembers it for its pipeline alone."""
    topics: tuple[str, ...] = ()
    looks_like: Callable[[Message], bool] = never


FORMATS: tuple[Format, ...] = (
    Format(name="native", topics=("citybrain/v1/up/+",), open=lambda: native.decode_up),
    Format(name="native-batch", topics=("citybrain/v1/batch/+",), open=lambda: native.decode_batch),
)
"""For `auto`: the first whose topic matches, then the first that the message looks like."""
