"""How the rules' memory is spelled in a snapshot; docs/rule-state.md says what each field means."""

import msgspec

from rules.core.arrivals import COLUMNS

VERSION = 3
SIGHTINGS = ("at", "value", "span", "watched", "delay", "late")
JUDGEMENTS = ("phase", "lost", "since", "clear_since", "changed")  # `due` follows from the rule's times
WAITING = ("at", "effective", "value")
NOBODYS = ""
"""Stands for the metrics that the program does not know."""
PENDING = tuple(name for name in COLUMNS if name not in ("device", "metric"))


class Columns(msgspec.Struct, frozen=True):
    """Some rows of a table: keys, and each column's bytes in the order of the names above (little-endian)."""

    keys: list[str]
    columns: list[bytes]


class Named(msgspec.Struct, frozen=True):
    """Rows of a kind's own columns: by name the type, the numbers per row (0: one) and the bytes."""

    keys: list[str]
    columns: dict[str, tuple[str, int, bytes]]


class Remembered(msgspec.Struct, frozen=True):
    """One rule. `sightings`: number of its table; rules that are judged together share one."""

    through: int
    now: int
    sightings: int
    judgements: Columns
    waiting: Columns
    own: Named
    rows: Named


class Queued(msgspec.Struct, frozen=True):
    """One queue. `series`: by metric. `device` and `metric` of what is pending are numbers in `devices`, `metrics`."""

    through: int
    forced: int
    series: dict[str, Columns]
    devices: list[str]
    metrics: list[str]
    device: bytes
    metric: bytes
    pending: list[bytes]


class Snapshot(msgspec.Struct, frozen=True):
    """Everything."""

    version: int
    sightings: list[Columns]
    rules: dict[str, Remembered]
    feeds: dict[str, Columns]
    queues: dict[int, Queued]


class Versioned(msgspec.Struct, frozen=True):
    """What every version has."""

    version: int
