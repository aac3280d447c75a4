"""Transitions become episodes: HELD begins, CLEARED ends, LOST does neither."""

from domain.conditions import Clause, Evidence, Signal, Transition
from domain.instants import from_micros
from rules.history.episodes import MOST_EVIDENCE, Episode, EpisodeBook
from tests.backtest.story import MINUTE, target

EVIDENCE = Evidence(value=61.0, limit=60.0, comparison="<=", unit="dB(A)", clause=Clause(zh="条", en="clause"))


def change(signal: Signal, at: int, since: int | None = None, on: str = "A") -> Transition:
    return Transition(
        rule="r",
        target=target(on),
        signal=signal,
        at=from_micros(at),
        since=from_micros(at if since is None else since),
        evidence=EVIDENCE,
    )


def booked(*changes: Transition) -> list[Episode]:
    book = EpisodeBook()
    book.take(changes)
    return list(book.episodes())


def test_from_held_to_cleared_is_one_episode() -> None:
    (one,) = booked(
        change(Signal.VIOLATED, 0), change(Signal.HELD, MINUTE, since=0), change(Signal.CLEARED, 3 * MINUTE)
    )
    assert (one.since, one.held, one.ended) == (0, MINUTE, 3 * MINUTE)


def test_a_violation_that_was_never_held_is_no_alert() -> None:
    assert not booked(change(Signal.VIOLATED, 0), change(Signal.CLEARED, 1))


def test_unknown_neither_ends_an_alert_nor_begins_another() -> None:
    (one,) = booked(
        change(Signal.HELD, MINUTE, since=0),
        change(Signal.LOST, 2 * MINUTE),
        change(Signal.VIOLATED, 3 * MINUTE, since=0),
        change(Signal.CLEARED, 4 * MINUTE),
    )
    assert one.ended == 4 * MINUTE


def test_held_again_within_an_episode_is_no_second_activation() -> None:
    (one,) = booked(change(Signal.HELD, 1), change(Signal.HELD, 2), change(Signal.CLEARED, 3))
    assert (one.held, one.ended) == (1, 3)


def test_an_episode_that_is_not_over_has_no_end() -> None:
    (one,) = booked(change(Signal.HELD, 1))
    assert one.ended is None
    assert one.end_within(MINUTE) == MINUTE


def test_evidence_is_kept_for_so_many_alerts_and_no_more() -> None:
    many = booked(*(change(Signal.HELD, n, on=f"D{n}") for n in range(MOST_EVIDENCE + 10)))
    assert len(many) == MOST_EVIDENCE + 10
    assert sum(episode.evidence is not None for episode in many) == MOST_EVIDENCE
