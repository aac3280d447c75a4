"""The readings of a batch as the judges get them: columns in the program's own ordinals."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.columns import Index, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arrivals:
    """The live readings of a batch, in the program's own ordinals, devices that the program does not know left out.

    A judge with one metric gets the readings of that metric alone. With a lateness they come in order of event time for
    each series, else as they arrived.
    """

    device: Index
    metric: Index
    at: Ints
    received: Ints
    """When we got it."""
    value: npt.NDArray[np.float64]
    span: npt.NDArray[np.float32]
    good: npt.NDArray[np.bool_]
    delay: Ints
    """How far the clock of the reading's series runs behind, as of this reading (rules/core/feeds.py); in µs."""
    once: bool = False
    """Known to hold every device at most once."""

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: npt.NDArray[np.bool_] | Index) -> "Arrivals":
        return Arrivals(
            device=self.device[which],
            metric=self.metric[which],
            at=self.at[which],
            received=self.received[which],
            value=self.value[which],
            span=self.span[which],
            good=self.good[which],
            delay=self.delay[which],
            once=self.once,
        )

    def known_once(self) -> "Arrivals":
        """The same, of which somebody made sure that no device comes twice."""
        return replace(self, once=True)

    def joined(self, more: "Arrivals") -> "Arrivals":
        columns: dict[str, Any] = {name: np.concatenate([getattr(self, name), getattr(more, name)]) for name in COLUMNS}
        return Arrivals(**columns)


COLUMNS: Mapping[str, npt.DTypeLike] = {
    "device": np.intp,
    "metric": np.intp,
    "at": np.int64,
    "received": np.int64,
    "value": np.float64,
    "span": np.float32,
    "good": np.bool_,
    "delay": np.int64,
}


def nothing_arrived() -> Arrivals:
    """No rows."""
    columns: dict[str, Any] = {name: np.zeros(0, dtype=dtype) for name, dtype in COLUMNS.items()}
    return Arrivals(**columns)
