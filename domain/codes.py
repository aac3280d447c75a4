"""What a code on the wire means: which metric, in which unit."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One line of a format's table. Without `metric` the code is understood and left out, `ignored_because`."""

    metric: str | None
    unit: str | None = None
    """What is sent under this code; None = the catalogue's unit."""
    states: Mapping[str, float] = field(default_factory=dict)
    """Word in lower case (also `true`, `false`) → number."""
    missing: frozenset[float] = frozenset()
    """Numbers that stand for "no value"."""
    ignored_because: str | None = None
