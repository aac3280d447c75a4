"""An intake in a thread of its own, against a real broker and a journal, as the engine runs it."""

import threading
from collections.abc import Callable
from time import monotonic, sleep

from domain.ledger import Tally
from domain.ports import Journal
from ingest.intake import Intake
from ingest.sessions.bulk import BulkSession
from ingest.sessions.paho import PahoSession
from ingest.sessions.redialled import RedialledSession
from ingest.settings import BrokerSettings, IngestSettings
from runtime.clock import SystemClock
from runtime.stopping import Stop
from tests.ingest.fakes import METERS, FakeJournal, pipeline_of, small_city


class RunningIntake:
    """Use as a context. Leaving it stops the thread; the journal stays to be counted."""

    def __init__(self, broker: BrokerSettings, journal: Journal | None = None) -> None:
        self.settings = IngestSettings(broker=broker)
        self.clock = SystemClock()
        self.journal: Journal = journal or FakeJournal()
        self.pipeline = pipeline_of(small_city(METERS), self.settings)
        make = BulkSession if broker.protocol == "5" else PahoSession
        self.session = make(broker, self.settings.feeds, self.clock)
        self.intake = Intake(self.session, self.pipeline, self.journal, self.clock, self.settings)
        self._stop = Stop()
        self._thread = threading.Thread(target=self.intake.run, args=(self._stop,), daemon=True)

    def __enter__(self) -> "RunningIntake":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.ask()
        self._thread.join(60)
        assert not self._thread.is_alive(), "the intake does not stop"

    def figures(self) -> Tally:
        """Messages of the feed since this intake began."""
        return self.pipeline.statistics.figures(monotonic=self.clock.monotonic()).feeds["city"].messages

    def is_connected(self) -> bool:
        return self.pipeline.statistics.figures(monotonic=self.clock.monotonic()).feeds["city"].connected

    def wait_until_subscribed(self) -> None:
        wait_for(lambda: is_subscribed(self.session), "a subscription")

    def wait_for_quiet(self, count: int) -> None:
        """Until `count` messages were settled; more would be a finding for the caller."""
        wait_for(lambda: self.figures().received >= count, f"{count} messages, {self.figures()} came")


def is_subscribed(session: RedialledSession) -> bool:
    """The broker has said yes to our topics, or has kept them from an earlier connection.

    What is published before is for nobody; the ports do not show it, since the city speaks without being asked.
    """
    link = session._link
    return link is not None and link.state.is_open and (link.state.is_subscribed or link.state.session_present)


def wait_for(happened: Callable[[], bool], what: str, *, within_s: float = 60.0) -> None:
    give_up = monotonic() + within_s
    while not happened():
        assert monotonic() < give_up, f"waited {within_s:g} s in vain for {what}"
        sleep(0.02)


def ledger_total(journal: Journal) -> tuple[Tally, Tally]:
    """Messages and readings of the whole journal."""
    messages, readings = Tally(), Tally()
    for entry in journal.read(after=0, limit=1_000_000):
        for line in entry.settlement.ledger:
            messages, readings = messages + line.messages, readings + line.readings
    return messages, readings


def stored_keys(journal: Journal) -> list[tuple[str, str, int]]:
    """(device, metric, microseconds) of every stored reading."""
    keys = []
    for entry in journal.read(after=0, limit=1_000_000):
        batch = entry.settlement.readings
        devices, metrics = batch.vocabulary.devices, batch.vocabulary.metrics
        keys += [
            (devices[device], metrics[metric], at)
            for device, metric, at in zip(batch.device.tolist(), batch.metric.tolist(), batch.at.tolist(), strict=True)
        ]
    return keys
