"""JSON within limits: strict numbers, no deep nesting."""

from typing import Any

import msgspec

from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.depth import is_deeper
from ingest.formats.looks import why_no_json

MAX_DEPTH = 32


def parsed(payload: bytes) -> Any:
    """The content. Raises Unusable: NOT_JSON (NaN and Infinity are not), WRONG_SHAPE when nested too deep."""
    try:
        content = msgspec.json.decode(payload)
    except RecursionError as exc:
        raise _too_deep() from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise Unusable(Reason.NOT_JSON, why_no_json(payload, exc)) from exc
    if is_deeper(payload, MAX_DEPTH):
        raise _too_deep()
    return content


def _too_deep() -> Unusable:
    return Unusable(Reason.WRONG_SHAPE, f"nested deeper than {MAX_DEPTH} levels; flatten the message")
