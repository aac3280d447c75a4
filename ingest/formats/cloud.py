"""What the operator clouds have in common: named values of a device, and retries that look like news."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

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


class _Run(NamedTuple):
    """What a device says again and again, since when, and the identity of all of it."""

    content: str
    first: int
    identity: str


class Retries:
    """Knows a message again that a cloud pushes anew, with a new time but the same content, within the window. Once the
    device has said something else, the same content is news: a cover that opens, closes and opens was open twice.
    """

    def __init__(self) -> None:
        self._latest: OrderedDict[str, _Run] = OrderedDict()

    def __len__(self) -> int:
        return len(self._latest)

    def identity(self, device: str, content: str, at: int | None) -> str | None:
        """The same for all of one run of retries, also, as a rule, across a restart. None without a time of pushing."""
        if at is None:
            return None
        window = RETRY_WINDOW_S * MICROS_PER_S
        run = self._latest.get(device)
        if run is None or run.content != content or abs(at - run.first) > window:
            is_change = run is not None and run.content != content
            run = _Run(content, at, f"{content}/{at if is_change else at // window}")
            self._latest[device] = run
            self._latest.move_to_end(device)
            if len(self._latest) > _REMEMBERED:
                self._latest.popitem(last=False)
        return run.identity
