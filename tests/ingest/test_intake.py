"""The loop: nothing is acknowledged before it is durable."""

from datetime import timedelta

from domain.instants import to_micros
from domain.messages import Message
from ingest.intake import Intake
from ingest.settings import IngestSettings
from ingest.statistics import Statistics
from runtime.clock import ManualClock
from tests.ingest.fakes import (
    NOON,
    NOW,
    NOW_MS,
    FakeJournal,
    FakeSession,
    at_least_a_microsecond,
    message,
    noise,
    pipeline_of,
)

SETTINGS = IngestSettings()


class Bench:
    """An intake with everything around it a fake; the clock moves only while it waits."""

    def __init__(self, *bursts: list[Message]) -> None:
        self.clock = ManualClock(NOON)
        self.session = FakeSession(self.clock, bursts)
        self.journal = FakeJournal()
        self.pipeline = pipeline_of()
        self.intake = Intake(self.session, self.pipeline, self.journal, self.clock, SETTINGS, pause=self.pause)
        self.pauses = 0
        self.full_for = 0
        self.is_stopped = False

    def pause(self, wait_s: float) -> None:
        self.clock.advance(at_least_a_microsecond(wait_s))
        self.pauses += 1
        self.journal.is_full = self.pauses < self.full_for

    def step(self) -> None:
        self.intake.step(lambda: self.is_stopped)


def many(count: int, *, start: int = 0) -> list[Message]:
    return [message(noise(t=NOW_MS - start - one)) for one in range(count)]


def test_messages_are_acknowledged_after_they_are_journalled() -> None:
    bench = Bench(many(3))
    bench.step()
    assert (len(bench.journal.settlements[0].readings), len(bench.session.acknowledged)) == (3, 3)


def test_bursts_that_follow_at_once_make_one_settlement() -> None:
    bench = Bench(many(3), many(4, start=100))
    bench.step()
    assert [len(settlement.readings) for settlement in bench.journal.settlements] == [7]


def test_silence_ends_a_batch_within_the_linger() -> None:
    bench = Bench(many(3))
    bench.step()
    assert bench.clock.now() - NOON <= timedelta(seconds=SETTINGS.linger)


def test_acknowledgements_keep_the_order_of_arrival() -> None:
    bench = Bench(many(3), many(4, start=100))
    arrivals = [one for burst in bench.session.bursts for one in burst]
    bench.step()
    assert bench.session.acknowledged == arrivals


def test_quarantined_and_late_messages_are_acknowledged_too() -> None:
    bench = Bench([message(b"garbage"), message(noise(t=1)), message(b"")])
    bench.step()
    assert len(bench.session.acknowledged) == 3


def test_without_messages_the_clock_is_journalled_once_a_second() -> None:
    bench = Bench()
    while bench.clock.now() < NOON + timedelta(seconds=5):
        bench.step()
    ticks = [settlement.now for settlement in bench.journal.settlements]
    assert ticks == [NOW + second * 1_000_000 for second in range(1, 6)]


def test_full_disk_acknowledges_nothing() -> None:
    bench = Bench(many(3))
    bench.journal.is_full, bench.full_for = True, 10**9

    def stop() -> bool:
        return bench.clock.now() > NOON + timedelta(seconds=60)

    bench.intake.step(stop)
    assert (bench.session.acknowledged, bench.journal.settlements) == ([], [])
    assert bench.pipeline.statistics.figures(monotonic=0).journal_problem is not None


def test_full_disk_is_retried_until_there_is_room_and_nothing_is_lost_or_doubled() -> None:
    bench = Bench(many(3), [], many(3), [])
    bench.journal.is_full, bench.full_for = True, 20
    bench.step()
    bench.step()
    stored = [len(settlement.readings) for settlement in bench.journal.settlements]
    assert (sum(stored), len(bench.session.acknowledged)) == (3, 6)
    assert bench.journal.refused > 1
    assert bench.pipeline.statistics.figures(monotonic=0).journal_problem is None


def test_retries_are_not_hasty() -> None:
    bench = Bench(many(1))
    bench.journal.is_full, bench.full_for = True, 10**9
    bench.intake.step(lambda: bench.clock.now() > NOON + timedelta(seconds=60))
    assert bench.journal.refused < 20


def test_run_knows_again_what_the_journal_holds() -> None:
    before = Bench(many(3))
    before.step()
    after = Bench(many(3))
    after.journal = before.journal
    after.intake = Intake(after.session, after.pipeline, before.journal, after.clock, SETTINGS, pause=after.pause)
    after.intake.run(lambda: not after.session.bursts and len(before.journal.settlements) > 1)
    assert [len(settlement.readings) for settlement in before.journal.settlements] == [3, 0]
    assert before.journal.settlements[1].ledger[0].readings.duplicate == 3


def test_run_leaves_the_session_when_asked_to_stop() -> None:
    bench = Bench()
    bench.intake.run(lambda: True)
    assert bench.session.is_closed


def test_figures_tell_what_happened() -> None:
    bench = Bench([*many(3), message(noise(60, t=NOW_MS - 5000, sent=NOW_MS - 250)), message(b"garbage")])
    bench.step()
    figures = bench.pipeline.statistics.figures(monotonic=bench.clock.monotonic())
    city = figures.feeds["city"]
    assert (city.connected, city.per_s, city.last_message) == (True, 0.5, NOW)
    assert (city.readings.received, city.readings.stored, city.readings.quarantined) == (5, 4, 1)
    assert figures.latency_p50_s is not None
    assert 0.25 <= figures.latency_p50_s <= 0.25 + SETTINGS.linger + 0.001


def test_rate_is_that_of_the_last_ten_seconds() -> None:
    bench = Bench(many(20))
    bench.step()
    bench.clock.advance(timedelta(seconds=11))
    assert bench.pipeline.statistics.figures(monotonic=bench.clock.monotonic()).feeds["city"].per_s == 0


def test_settlement_carries_the_time_of_settling() -> None:
    bench = Bench(many(1))
    bench.step()
    assert bench.journal.settlements[0].now == to_micros(bench.clock.now())


def test_a_feed_that_is_away_is_away_by_itself() -> None:
    statistics = Statistics(["city", "hj212", "city/redriven"])
    before = statistics.figures(monotonic=0.0)
    statistics.connected({"city": True, "hj212": False})
    after = statistics.figures(monotonic=0.0)
    assert [feed.connected for feed in before.feeds.values()] == [False] * 3
    assert {name: feed.connected for name, feed in after.feeds.items()} == {
        "city": True,
        "hj212": False,
        "city/redriven": False,  # no way in of its own: as good as all of them together
    }
