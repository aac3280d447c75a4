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
    assert gathering.patience_s(now=1.245) <= 0


def test_batch_grows_no_longer_than_its_size() -> None:
    gathering = Gathering(SETTINGS)
    gathering.arrived(100, now=1.0)
    assert gathering.patience_s(now=1.0) <= 0


def test_window_of_the_broker_is_learned_from_a_silence() -> None:
    gathering = Gathering(SETTINGS)
    gathering.arrived(20, now=1.0)
    gathering.settled()
    gathering.arrived(20, now=1.02)
    assert gathering.patience_s(now=1.02) <= 0


def test_smaller_batches_still_wait_for_their_silence() -> None:
    gathering = Gathering(SETTINGS)
    gathering.arrived(20, now=1.0)
    gathering.settled()
    gathering.arrived(19, now=1.02)
    assert gathering.patience_s(now=1.02) > 0


def test_now_and_then_a_batch_finds_its_own_end_again() -> None:
    gathering = Gathering(SETTINGS)
    waited = 0
    for batch in range(3 * (PROBE_EVERY + 1)):
        gathering.arrived(20, now=float(batch))
        waited += gathering.patience_s(now=float(batch)) > 0
        gathering.settled()
    assert waited == 3
