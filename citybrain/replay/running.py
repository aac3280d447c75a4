"""Plays a recording through a whole installation of its own, on a clock that begins with the recording."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from citybrain.demo.files import DemoFiles, write_files
from citybrain.demo.summary import drained_statistics
from citybrain.household import Household, broker_member, engine_member
from citybrain.simulation import address_of
from domain.errors import Refused
from domain.ports import Clock
from runtime.clock import Anchor, SystemClock
from runtime.stopping import Stop
from simulators.publisher import Publisher
from simulators.recordings.recording import Recording
from simulators.replay import ReplayReport, first_event, registry_for, replay

LEAD = timedelta(seconds=8)
"""Real time from the moment the clock is fixed until the first message goes out: the engine starts meanwhile."""
DRAIN_S = 30.0
STILL_S = 2.0
"""So long nothing new, and everything has been judged; a slow disk may pause for a second."""
END_WITHIN_S = 8.0
TIMERS_END_S = 4.0
"""Real time after the last reading: twice the default of rules.settle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What was sent, and the files of the installation that judged it."""

    report: ReplayReport
    files: DemoFiles
    balanced: bool


def replay_through(recording: Recording, folder: Path, *, speed: float, stop: Stop) -> Replayed:
    """Start broker and engine over `folder`, send everything, wait until it is judged and stored, end.

    Raises Refused when the engine cannot be asked at the end.
    """
    registry_for(recording).write(folder / "city")
    begin, real = first_event(recording), SystemClock()
    anchor = Anchor(real=real.now() + LEAD, city=begin, speed=speed)
    files = write_files(folder, web_port=0, anchor=anchor)
    household = Household(
        logs=folder / "logs", on_death=lambda _: None, on_restart=lambda *_: None, on_ready=lambda _: None
    )
    clock = files.settings.make_clock()
    try:
        broker = broker_member(files.settings)
        if broker is not None:
            household.start([broker], stop)
        household.start([engine_member(files.settings, files.file)], stop)
        report = _publish(recording, files, clock=clock, stop=stop)
        _let_timers_end(household, stop)
        statistics = drained_statistics(folder, within_s=DRAIN_S, still_s=STILL_S)
    finally:
        household.supervisor.stop(within_s=END_WITHIN_S)
    if statistics is None:
        raise Refused(f"the engine did not answer at the end; its log is {folder / 'logs' / 'engine.log'}")
    balanced = not (statistics["messages"]["imbalance"] or statistics["readings"]["imbalance"])
    return Replayed(report=report, files=files, balanced=balanced)


def _publish(recording: Recording, files: DemoFiles, *, clock: Clock, stop: Stop) -> ReplayReport:
    address = address_of(files.settings.ingest.broker, client_id="citybrain-replay")
    publisher = Publisher(address, clock=clock, stop=stop)
    try:
        return replay(recording, publisher=publisher, clock=clock, stop=stop)
    finally:
        publisher.close()


def _let_timers_end(household: Household, stop: Stop) -> None:
    """What the last reading began is told when the city's clock has passed its time."""
    household.watch(stop, for_s=TIMERS_END_S)
