"""Wishes for other rules, from any thread to the one that judges; it grants them between two journal entries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, TimeoutError
from dataclasses import dataclass
from queue import Empty, Full, Queue

from citybrain.engine.memory import Change
from domain.alerts import Alert, AlertTransition
from domain.errors import CitybrainError, Temporary
from rules.program import Program

WAITING = 4
"""More wishes than this at once are refused."""

Moves = Sequence[tuple[Alert, AlertTransition]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Rules that are read, checked and compiled, with the fingerprint of each."""

    program: Program
    meanings: Mapping[str, str]


class Wishes:
    """A small queue."""

    def __init__(self) -> None:
        self._waiting: Queue[tuple[Ruling, Future[tuple[Change, Moves]]]] = Queue(WAITING)

    def ask(self, ruling: Ruling, *, within_s: float) -> tuple[Change, Moves]:
        """Wait until it is granted; what changed, and the alerts that were closed.

        Raises Temporary when nobody grants it in time or the records are away: then the old rules go on.
        """
        answer: Future[tuple[Change, Moves]] = Future()
        try:
            self._waiting.put_nowait((ruling, answer))
            return answer.result(within_s)
        except Full as exc:
            raise Temporary("other changes of the rules are waiting already; try again") from exc
        except TimeoutError as exc:
            if answer.cancel():
                raise Temporary(f"the rules were busy for {within_s:g} s and stay as they are; try again") from exc
            return answer.result()

    def grant(self, carry_out: Callable[[Ruling], tuple[Change, Moves]]) -> Iterator[Moves]:
        """Carry out what is wished for now; the moves of each wish."""
        while True:
            try:
                ruling, answer = self._waiting.get_nowait()
            except Empty:
                return
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                change, moves = carry_out(ruling)
            except CitybrainError as exc:
                answer.set_exception(exc)
            else:
                answer.set_result((change, moves))
                yield moves
