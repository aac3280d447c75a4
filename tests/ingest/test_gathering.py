"""When a micro-batch is full."""

from ingest.gathering import PROBE_EVERY, Gathering
from ingest.settings import IngestSettings

SETTINGS = IngestSettings(batch_size=100, batch_age="200ms", linger="10ms")


def test_batch_waits_for_a_silence() -> None:
    gathering = Gathering(SETTINGS)
    gathering.arrived(5, now=1.0)
    assert round(gathering.patience_s(now=1.004), 6) == 0.006


def test_arrivals_begin_the_silence_anew() -> None:
    gathering = Gathering(SETTINGS)
    gathering.arrived(5, now=1.0)
    gathering.arrived(5, now=1.009)
    assert round(gathering.patience_s(now=1.009), 6) == 0.01


def test_batch_grows_no_older_than_its_age() -> None:
    gathering = Gathering(SETTINGS)
    for step in range(50):
        gathering.arrived(1, now=1.0 + step * 0.005)
    assert gathering.patience_s(now=1.245) is None


def test_batch_grows_no_longer_than_its_size() -> None:
    gathering = Gathering(SETTINGS)
    gathering.arrived(100, now=1.0)
    assert gathering.patience_s(now=1.0) is None


def silent_batch(gathering: Gathering, count: int, *, at: float) -> None:
    gathering.arrived(count, now=at)
    gathering.arrived(0, now=at + 0.01)
    assert gathering.patience_s(now=at + 0.01) is None
    gathering.settled(now=at + 0.01)


def knows_window(count: int, *silences: int) -> bool:
    """Whether after these batches, each ended by a silence, one of `count` is settled when nothing more is there."""
    gathering = Gathering(SETTINGS)
    for number, silence in enumerate(silences, start=1):
        silent_batch(gathering, silence, at=float(number))
    gathering.arrived(count, now=99.0)
    gathering.arrived(0, now=99.0)
    return gathering.patience_s(now=99.0) is None


def test_window_of_the_broker_is_learned_from_two_equal_silences() -> None:
    assert knows_window(20, 20, 20)
    assert not knows_window(20, 20)
    assert not knows_window(20, 19, 20)


def test_few_messages_twice_are_no_window() -> None:
    assert not knows_window(3, 3, 3)


def test_smaller_batches_still_wait_for_their_silence() -> None:
    assert not knows_window(19, 20, 20)


def test_what_is_there_already_joins_a_full_window() -> None:
    gathering = Gathering(SETTINGS)
    silent_batch(gathering, 20, at=1.0)
    silent_batch(gathering, 20, at=2.0)
    gathering.arrived(20, now=3.0)
    assert gathering.patience_s(now=3.0) == 0


def test_window_that_more_goes_through_is_forgotten() -> None:
    gathering = Gathering(SETTINGS)
    silent_batch(gathering, 20, at=1.0)
    silent_batch(gathering, 20, at=2.0)
    gathering.arrived(30, now=3.0)
    gathering.arrived(0, now=3.0)
    gathering.settled(now=3.0)
    gathering.arrived(30, now=4.0)
    gathering.arrived(0, now=4.0)
    assert gathering.patience_s(now=4.0) is not None


def test_now_and_then_a_batch_finds_its_own_end_again() -> None:
    gathering = Gathering(SETTINGS)
    waited = 0
    for batch in range(3 * (PROBE_EVERY + 1) + 1):
        now = float(batch)
        gathering.arrived(20, now=now)
        gathering.arrived(0, now=now)
        if gathering.patience_s(now=now) is not None:
            waited += 1
            now += 0.01
        gathering.settled(now=now)
    assert waited == 4, "two to learn the window, then one for each probe"
