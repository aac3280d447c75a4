"""Readings as InfluxDB line protocol, built from the columns in one go (a point object each costs seven times as much).

One line: `laeq,device=NM-0012 value=58.4,span=60.0,quality=0i,received=1763000000000000i,live=t 1763000000000000`.
"""

import re
from itertools import chain

import numpy as np

from domain.errors import Refused
from domain.readings import ReadingBatch

_LINE = "%s%s value=%r,span=%r,quality=%di,received=%di,live=%s %d\n"
_SPECIAL = re.compile(r"([,= ])")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f]|\\$|^$")


def lines(batch: ReadingBatch) -> bytes:
    """All readings, times in microseconds. Raises Refused for values or names that the protocol cannot carry."""
    finite = np.isfinite(batch.value) & np.isfinite(batch.span)
    if not finite.all():
        raise Refused(f"{int((~finite).sum())} of {len(batch)} readings are not finite numbers; InfluxDB has none such")
    columns = (
        _spelled(batch.metric, batch.vocabulary.metrics, "{}"),
        _spelled(batch.device, batch.vocabulary.devices, ",device={}"),
        batch.value.tolist(),
        batch.span.tolist(),
        batch.quality.tolist(),
        batch.received.tolist(),
        np.where(batch.live, "t", "f").tolist(),
        batch.at.tolist(),
    )
    text = _LINE * len(batch) % tuple(chain.from_iterable(zip(*columns, strict=True)))
    return text.encode()


def escaped(name: str) -> str:
    """A measurement or tag value. Raises Refused for control characters and for a backslash at the end."""
    if _UNWRITABLE.search(name):
        raise Refused(f"name {name!r} cannot be written to InfluxDB; use letters, digits, dots, dashes, underscores")
    return _SPECIAL.sub(r"\\\1", name)


def _spelled(
    ordinals: "np.ndarray[tuple[int], np.dtype[np.signedinteger]]", names: tuple[str, ...], form: str
) -> list[str]:
    used = np.unique(ordinals).tolist()
    spelling = {ordinal: form.format(escaped(names[ordinal])) for ordinal in used}
    return [spelling[ordinal] for ordinal in ordinals.tolist()]
