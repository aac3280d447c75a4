"""A ladder of severities: one rule in the file, an alarm for each rung, as ISA-18.2 has high and high-high."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator

from config.loading import Strict
from domain.conditions import Severity
from rules.core.comparing import Comparison
from rules.device_limits import Number
from rules.entries import ClauseEntry, Text

RISING = (Severity.WHITE, Severity.YELLOW, Severity.RED)


class Rung(Strict):
    """`zh` and `en` go behind the ladder's names; the clause is the ladder's where it has none of its own."""

    severity: Severity
    limit: Number
    zh: Text | None = None
    en: Text | None = None
    clause: ClauseEntry | None = None


def _one_or_more(value: Any) -> Any:
    if isinstance(value, list | tuple) and value:
        return value
    raise ValueError("is no ladder; write a list such as [{severity: white, limit: 60}, {severity: red, limit: 150}]")


Rungs = Annotated[tuple[Rung, ...], BeforeValidator(_one_or_more, json_schema_input_type=tuple[Rung, ...])]


def fault_of(rungs: Sequence[Rung], compare: str) -> tuple[int, str] | None:
    """The first rung that does not go up, and why: severities rise, limits move on in the direction of the harm."""
    downwards = Comparison(compare) in (Comparison.AT_LEAST, Comparison.ABOVE)
    for number, (lower, higher) in enumerate(pairwise(rungs), start=1):
        if RISING.index(higher.severity) <= RISING.index(lower.severity):
            message = f"{higher.severity} after {lower.severity} does not rise; order them {', '.join(RISING)}"
            return number, message
        if higher.limit == lower.limit or (higher.limit < lower.limit) is not downwards:
            side = "below" if downwards else "above"
            return (
                number,
                f"limit {higher.limit:g} must lie {side} {lower.limit:g}, the rung before (compare {compare})",
            )
    return None
