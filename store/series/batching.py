"""Makes one batch of the rows that an InfluxDB answers with, of whatever measurements."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from domain.readings import ReadingBatch, Vocabulary, batch_of

_MISSING = {"span": 0.0, "quality": 0, "live": True}
"""What a row means that lacks the field: it was written by somebody else."""


def batch_of_rows(found: Mapping[str, Sequence[Sequence[Any]]]) -> ReadingBatch | None:
    """By metric rows of (time, value, span, quality, live, received, device); in order of time. None of no rows."""
    metrics = [metric for metric, rows in found.items() for _ in rows]
    rows = [row for rows in found.values() for row in rows]
    valued = [n for n, row in enumerate(rows) if row[1] is not None]
    if not valued:
        return None
    at, value, span, quality, live, received, device = zip(*(rows[n] for n in valued), strict=True)
    words = Vocabulary(devices=sorted({name or "" for name in device}), metrics=list(found))
    batch = batch_of(
        words,
        device=[words.device_ordinal[name or ""] for name in device],
        metric=[words.metric_ordinal[metrics[n]] for n in valued],
        at=at,
        value=np.array(value, dtype=np.float64),
        span=_filled(span, "span"),
        quality=_filled(quality, "quality"),
        live=_filled(live, "live"),
        received=[instant if told is None else told for told, instant in zip(received, at, strict=True)],
    )
    return batch.take(np.argsort(batch.at, kind="stable"))


def _filled(column: Sequence[Any], name: str) -> list[Any]:
    return [_MISSING[name] if cell is None else cell for cell in column]
