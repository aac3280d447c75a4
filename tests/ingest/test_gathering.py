"""When a micro-batch is full."""

from ingest.gathering import SMALLEST_WINDOW, WINDOWS_KEPT, Gathering
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
    """One that comes at once and is ended by a silence."""
    gathering.arrived(count, now=at)
    gathering.arrived(0, now=at + 0.01)
    assert gathering.patience_s(now=at + 0.01) is None
    gathering.settled(now=at + 0.01)


def is_full(count: int, *silences: int) -> bool:
    """Whether after these batches, each ended by a silence, one of `count` is settled when nothing more is there."""
    gathering = Gathering(SETTINGS)
    for number, silence in enumerate(silences, start=1):
        silent_batch(gathering, silence, at=float(number))
    gathering.arrived(count, now=99.0)
    gathering.arrived(0, now=99.0)
    return gathering.patience_s(now=99.0) is None


def test_a_batch_as_long_as_the_window_of_the_broker_waits_for_nothing() -> None:
    assert is_full(80, 80)
    assert is_full(80, 80, 1, 79)  # rumqttd: one by itself, then the others
    assert not is_full(79, 80)


def test_few_messages_are_no_window() -> None:
    assert not is_full(SMALLEST_WINDOW - 1, SMALLEST_WINDOW - 1, SMALLEST_WINDOW - 1)


def test_a_window_that_was_not_seen_for_long_is_forgotten() -> None:
    assert is_full(40, 80, *[40] * WINDOWS_KEPT)
    assert not is_full(40, 80, *[40] * (WINDOWS_KEPT - 1))


def test_what_is_there_already_joins_a_full_window_and_widens_it() -> None:
    gathering = Gathering(SETTINGS)
    silent_batch(gathering, 40, at=1.0)
    gathering.arrived(40, now=2.0)
    assert gathering.patience_s(now=2.0) == 0
    gathering.arrived(20, now=2.0)
    gathering.settled(now=2.0)
    gathering.arrived(40, now=3.0)
    gathering.arrived(0, now=3.0)
    assert gathering.patience_s(now=3.0) is not None


def test_the_faster_the_feed_the_shorter_the_silence_that_ends_a_batch() -> None:
    gathering = Gathering(SETTINGS)
    for batch in range(20):  # ten thousand messages a second
        gathering.arrived(20, now=batch * 0.002)
        gathering.settled(now=batch * 0.002)
    gathering.arrived(1, now=1.0)
    patience_s = gathering.patience_s(now=1.0)
    assert patience_s is not None and 0.0007 < patience_s < 0.0012


def test_a_slow_feed_waits_for_the_whole_silence_again() -> None:
    gathering = Gathering(SETTINGS)
    for batch in range(20):
        gathering.arrived(1, now=batch * 0.0001)
        gathering.settled(now=batch * 0.0001)
    for batch in range(1, 20):
        gathering.arrived(1, now=float(batch))
        gathering.settled(now=float(batch))
    gathering.arrived(1, now=50.0)
    assert round(gathering.patience_s(now=50.0) or 0, 6) == 0.01
