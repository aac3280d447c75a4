"""What the operator clouds have in common: named values of a device, and retries that look like news."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from config.codes import shipped_codes
from domain.errors import Unusable
from domain.instants import MICROS_PER_S
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import canonical
from ingest.formats.properties import Property, tell
from ingest.formats.telling import Moment, Telling

RETRY_WINDOW_S = 300
"""CTWing pushes a message up to three times again, with a pause of a minute at the most. What a device repeats
by itself after this time, an alarm or a heartbeat, is news."""
_REMEMBERED = 20_000


def told(
    device: str,
    properties: Iterable[Property],
    dialects: Dialects,
    *,
    moment: Moment,
    identity: str | None = None,
    problems: Sequence[Unusable] = (),
) -> Decoded:
    """The readings of one device; `problems` are the parts of its message that could not be used."""
    telling = Telling(
        device=device,
        codes=shipped_codes("clouds"),
        dialect=dialects(device),
        moment=moment,
        identity=identity,
    )
    for problem in problems:
        telling.reject(problem.reason, problem.detail)
    tell(telling, properties)
    return telling.decoded()


def digest(content: object) -> str:
    """The same word for the same JSON or bytes."""
    raw = content if isinstance(content, bytes) else canonical(content)
    return hashlib.blake2b(raw, digest_size=8).hexdigest()


class Retries:
    """Knows a message again that a cloud pushes anew, with a new time but the same content, within the window."""

    def __init__(self) -> None:
        self._first: OrderedDict[tuple[str, str], int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._first)

    def identity(self, device: str, content: str, at: int | None) -> str | None:
        """The same for all of one run of retries, also, as a rule, across a restart. None without a time of pushing."""
        if at is None:
            return None
        window = RETRY_WINDOW_S * MICROS_PER_S
        first = self._first.get((device, content))
        if first is None or abs(at - first) > window:
            first = self._first[device, content] = at
            self._first.move_to_end((device, content))
            if len(self._first) > _REMEMBERED:
                self._first.popitem(last=False)
        return f"{content}/{first // window}"
