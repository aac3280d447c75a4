"""Every seam of the house on one page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.alerts import Alert, AlertTransition
from domain.messages import Message
from domain.outbox import Notice
from domain.readings import Reading, ReadingBatch
from domain.series import BatchQuery, ReadingQuery, TrendPoint, TrendQuery
from domain.settlements import Journalled, Settlement


class Clock(Protocol):
    """The city's time. Only `runtime.clock` asks the operating system."""

    def now(self) -> datetime:
        """Aware, UTC; never goes back within a process."""

    def micros(self) -> int:
        """The same as microseconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds of real time for durations; unrelated to `now`."""


class Session(Protocol):
    """A subscription at a broker that survives our absence: persistent session, QoS 1, manual acknowledgement."""

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        """Whatever has arrived, waiting up to `wait_s` seconds for the first; [] when nothing came.

        Reconnects by itself with back-off. Never raises for a lost connection.
        """

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Tell the broker that these are durable. A message whose connection is gone will be redelivered: no error."""

    def is_connected(self) -> bool: ...

    def connections(self) -> Mapping[str, bool]:
        """By feed: whether what is sent to it reaches us. One way in may be away while the others are there."""

    def close(self) -> None:
        """Leave without ending the session at the broker."""


class Redrive(Protocol):
    """Quarantined messages that somebody wants to be tried again."""

    def waiting(self) -> Mapping[int, Message]:
        """The next portion by entry number, oldest first, each once; {} nearly always, and cheap to ask."""


class Journal(Protocol):
    """The durable order of everything that was received. Append-only; one writer."""

    def append(self, settlement: Settlement) -> int:
        """Write and fsync; returns the sequence number. Raises Temporary when the disk is full: nothing was written."""

    def read(self, *, after: int, limit: int) -> Sequence[Journalled]:
        """Up to `limit` entries with sequence > `after`, in order. Safe from other threads."""

    def wait(self, *, after: int, timeout_s: float) -> bool:
        """Block until something with sequence > `after` exists; False on time-out."""

    @property
    def last_sequence(self) -> int: ...


class SeriesStore(Protocol):
    """The time-series port: InfluxDB or the embedded file. One contract suite holds both."""

    def write(self, batch: ReadingBatch, *, through: int | None) -> None:
        """Store all of the batch and remember `through`, the last journal sequence in it.

        Idempotent on (device, metric, at): writing a batch again changes nothing. Raises Temporary when the store is
        away; then nothing may be assumed, and the caller writes the same batch again. Raises Refused when the store
        will never take all of it. `through` None: a part of what belongs to the next sequence; the cursor stays.
        """

    def stored_through(self) -> int:
        """The `through` of the last completed write; 0 for a fresh store."""

    def readings(self, query: ReadingQuery) -> Iterator[Reading]:
        """Ordered by (at, device, metric); newest first if the query says so."""

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]:
        """The same as columns, with arrival and `live`, for those who read a lot: no batch is empty, each is ordered by
        `at`, and later than the one before. What is written meanwhile may or may not be among them.
        """

    def trend(self, query: TrendQuery) -> Sequence[TrendPoint]:
        """In order of time."""

    def delete_before(self, moment: datetime) -> int:
        """Retention: drop readings with event time before `moment`. How many, or -1 where the server will not say."""

    def give_back(self) -> None:
        """Called now and then by who writes: leave to the system what earlier writes and questions took and nobody
        needs any more. Changes nothing that is stored, and no question under way.
        """

    def close(self) -> None: ...


class Channel(Protocol):
    """A way to reach people."""

    def deliver(self, notice: Notice) -> None:
        """Hand over once, with `notice.key` as idempotency key. Raises Temporary to be retried, Refused to give up."""


Planner = Callable[[Alert, AlertTransition], Sequence[Notice]]
"""Which notices one alert move is worth; the alert is as the move left it. Pure: it is asked inside a transaction."""

StopAsked = Callable[[], bool]
