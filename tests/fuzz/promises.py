"""What must hold of anything that is decoded or settled, whatever came in."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from domain.ledger import Tally
from domain.messages import Measurement, Message
from domain.settlements import Settlement
from ingest.formats.bounds import LONGEST_DETAIL, REJECTS_SHOWN
from ingest.formats.decoded import Decoded
from ingest.settings import LimitSettings

LONGEST_NAME = 200
_LARGEST_INT64 = 2**63 - 1
_LARGEST_SPAN_S = 3.4e38
_LONGEST_OF_ENTRY = 6 * LONGEST_DETAIL
"""An entry of the quarantine shows the first five sentences, and how many more there are."""
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9.]+|\$\S*")


class BrokenPromise(AssertionError):
    """The sentence says which, with the value."""


def of_decoded(decoded: Sequence[Decoded], limits: LimitSettings) -> Iterator[str]:
    """Holds what was decoded against the promises; yields what is remarkable about it, for the fuzzer to follow."""
    count = 0
    for part in decoded:
        _holds(_is_name(part.device) or part.device == "", f"device {part.device!r}")
        _holds(
            part.identity is None or (part.identity != "" and _is_text(part.identity)), f"identity {part.identity!r}"
        )
        for number in (part.sequence, part.sent):
            _holds(number is None or (type(number) is int and 0 <= number <= _LARGEST_INT64), f"count {number!r}")
        for one in part.measurements:
            _of_measurement(one)
        for reject in part.rejects:
            _of_detail(reject.detail)
            _holds(type(reject.readings) is int and reject.readings >= 0, f"reject of {reject.readings!r} readings")
            yield f"{reject.reason} {_general(reject.detail)}"
        _holds(not part.rejects or sum(one.readings for one in part.rejects) >= 1, "rejects that stand for nothing")
        for skipped in part.skipped:
            _holds(len(skipped.field) <= LONGEST_NAME and len(skipped.why) <= LONGEST_DETAIL, f"skipped {skipped!r}")
            yield f"skipped {_general(skipped.why)}"
        count += len(part.measurements)
        _holds(len(part.rejects) <= REJECTS_SHOWN, f"{len(part.rejects)} rejects in one part")
        yield from (f"{one.metric[:30]} {one.unit} {one.quality} {one.at is None}" for one in part.measurements[:20])
    _holds(count <= limits.values, f"{count} values")
    _holds(len(decoded) <= limits.values, f"{len(decoded)} parts")
    yield f"{min(len(decoded), 3)} parts"


def of_settlement(settlement: Settlement, messages: Sequence[Message]) -> Iterator[str]:
    """Every reading has one fate, and what is stored can be stored."""
    total = sum((line.readings for line in settlement.ledger), Tally())
    whole = sum((line.messages for line in settlement.ledger), Tally())
    _holds(not total.imbalance and not whole.imbalance, f"{total}, {whole}: does not add up")
    _holds(whole.received == len(messages), f"{len(messages)} messages came, {whole.received} are accounted for")
    readings = settlement.readings
    _holds(len(readings) == total.stored, f"{len(readings)} readings for {total.stored} stored")
    _holds(bool(np.isfinite(readings.value).all()), "a value that is not finite")
    _holds(bool((np.isfinite(readings.span) & (readings.span >= 0)).all()), "a span that is no length of time")
    _holds(bool((readings.at > 0).all()), "a time before 1970")
    for entry in settlement.quarantined:
        _of_detail(entry.detail, longest=_LONGEST_OF_ENTRY)
        yield f"{entry.reason} {_general(entry.detail)}"
    _holds(
        all(
            count == 1
            for count in Counter((one.topic, one.payload, one.reason) for one in settlement.quarantined).values()
        ),
        "two entries in quarantine for one message and reason",
    )


def of_refusal(detail: str) -> str:
    _of_detail(detail)
    return _general(detail)


def _of_measurement(one: Measurement) -> None:
    _holds(isinstance(one.value, float) and math.isfinite(one.value), f"value {one.value!r}")
    _holds(_is_name(one.device), f"device {one.device!r}")
    _holds(isinstance(one.metric, str) and _is_text(one.metric), f"metric {one.metric!r}")
    _holds(one.unit is None or (isinstance(one.unit, str) and _is_text(one.unit)), f"unit {one.unit!r}")
    _holds(one.at is None or (type(one.at) is int and abs(one.at) <= _LARGEST_INT64), f"at {one.at!r}")
    _holds(math.isfinite(one.span_s) and 0 <= one.span_s <= _LARGEST_SPAN_S, f"span {one.span_s!r}")


def _of_detail(detail: str, *, longest: int = LONGEST_DETAIL) -> None:
    _holds(detail.isprintable(), f"detail with control characters: {detail!r}")
    _holds(0 < len(detail) <= longest, f"detail of {len(detail)} characters: {detail[:500]!r}")


def _is_name(text: object) -> bool:
    """A word that names a device: not empty, of a fit length, without control characters."""
    return (
        isinstance(text, str)
        and 0 < len(text) <= LONGEST_NAME
        and not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)
    )


def _is_text(text: str) -> bool:
    """It can be written down in UTF-8."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _holds(is_so: bool, sentence: str) -> None:
    if not is_so:
        raise BrokenPromise(sentence[:1000])


def _general(text: str) -> str:
    """The sentence without what stood in this very message."""
    return _PARTICULAR.sub("…", text)[:60]
