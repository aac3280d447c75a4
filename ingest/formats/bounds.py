"""Keeps what a message comes to within bounds, whatever its decoder made of it."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.decoded import Decoded, Reject
from runtime.texts import harmless

REJECTS_SHOWN = 100
"""Different rejects of one part; what goes beyond them is counted by its reason."""
LONGEST_DETAIL = 300
"""Letters of one sentence; the quarantine keeps the message itself."""

_MORE = "and more of this reason"
_ELEMENTS_PER_VALUE = 2
"""An array with more elements than so many times the values of a message is not looked into."""
_array = msgspec.json.Decoder(list[msgspec.Raw])


def refuse_crowds(payload: bytes, *, values: int) -> None:
    """Raises Unusable(TOO_MANY_POINTS) for an array whose elements alone say that: a quarter of a megabyte may hold
    131,000 of them, and decoding each would take a hundred times as long as counting them.
    """
    most = _ELEMENTS_PER_VALUE * values
    if len(payload) <= 2 * most or payload.lstrip()[:1] != b"[":
        return
    try:
        count = len(_array.decode(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return  # no JSON: its decoder says why
    if count > most:
        raise Unusable(Reason.TOO_MANY_POINTS, f"{count} elements, at most {values} values; split the message")


def bounded(decoded: Sequence[Decoded], *, values: int) -> Sequence[Decoded]:
    """The same with few and harmless rejects; one reject for all of it where it is more than `values` values, read or
    not. A part without any counts as one: it is no less work.
    """
    if sum(_weight(part) for part in decoded) > values:
        return [_too_many(decoded, values)]
    if any(part.rejects for part in decoded):
        return [replace(part, rejects=_merged(part.rejects)) if part.rejects else part for part in decoded]
    return decoded


def shown(detail: str) -> str:
    """A sentence about words of strangers, fit for quarantine, logs and screens."""
    text = harmless(detail[:LONGEST_DETAIL])
    return text if len(text) <= LONGEST_DETAIL and len(detail) <= LONGEST_DETAIL else f"{text[: LONGEST_DETAIL - 1]}…"


def spelled(content: bytes) -> str:
    """Bytes of strangers as text, for a sentence; those that are no UTF-8 as \\xff."""
    return content.decode("utf-8", "backslashreplace")


def _weight(part: Decoded) -> int:
    if not part.rejects:
        return len(part.measurements) or 1
    return len(part.measurements) + sum(reject.readings for reject in part.rejects)


def _too_many(decoded: Sequence[Decoded], values: int) -> Decoded:
    found = sum(_weight(part) for part in decoded)
    detail = f"{found} values, at most {values}; split the message"
    reject = Reject(reason=Reason.TOO_MANY_POINTS, detail=detail, readings=found)
    return Decoded(device=decoded[0].device, measurements=(), rejects=(reject,))


def _merged(rejects: Sequence[Reject]) -> tuple[Reject, ...]:
    """Equal ones once, with the sum of their readings."""
    counts: dict[tuple[Reason, str], int] = {}
    room = REJECTS_SHOWN - len(Reason)
    for reject in rejects:
        key = reject.reason, shown(reject.detail)
        if key not in counts and len(counts) >= room:
            key = reject.reason, _MORE
        counts[key] = counts.get(key, 0) + reject.readings
    return tuple(Reject(reason=reason, detail=detail, readings=count) for (reason, detail), count in counts.items())
