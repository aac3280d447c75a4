"""The table of kinds: what `kind:` in a rules file may say, how it is read, and how it is compiled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rules.entries import RuleEntry
from rules.judges import Judge, Site
from rules.kinds.absence import AbsenceEntry, compile_absence
from rules.kinds.agreement import AgreementEntry, compile_agreement
from rules.kinds.change import ChangeEntry, compile_change
from rules.kinds.clock import ClockEntry, compile_clock
from rules.kinds.correlation import CorrelationEntry, compile_correlation
from rules.kinds.dimming import DimmingEntry, compile_dimming
from rules.kinds.drift import DriftEntry, compile_drift
from rules.kinds.frozen import FrozenEntry, compile_frozen
from rules.kinds.guarded import GuardedEntry, compile_guarded
from rules.kinds.index import IndexEntry, compile_index
from rules.kinds.outage import OutageEntry, compile_outage
from rules.kinds.ratio import RatioEntry, compile_ratio
from rules.kinds.schedule import ScheduleEntry, compile_schedule
from rules.kinds.state import StateEntry, compile_state
from rules.kinds.threshold import ThresholdEntry, compile_threshold
from rules.kinds.window import WindowEntry, compile_window


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The entry that a file may hold, and what makes a judge of it. `compile` takes exactly that class of entry."""

    entry: type[RuleEntry]
    compile: Callable[[Any, Site], Judge]


KINDS: Mapping[str, Kind] = {
    "threshold": Kind(entry=ThresholdEntry, compile=compile_threshold),
    "state": Kind(entry=StateEntry, compile=compile_state),
    "ratio": Kind(entry=RatioEntry, compile=compile_ratio),
    "absence": Kind(entry=AbsenceEntry, compile=compile_absence),
    "index": Kind(entry=IndexEntry, compile=compile_index),
    "window": Kind(entry=WindowEntry, compile=compile_window),
    "frozen": Kind(entry=FrozenEntry, compile=compile_frozen),
    "agreement": Kind(entry=AgreementEntry, compile=compile_agreement),
    "guarded": Kind(entry=GuardedEntry, compile=compile_guarded),
    "schedule": Kind(entry=ScheduleEntry, compile=compile_schedule),
    "outage": Kind(entry=OutageEntry, compile=compile_outage),
    "change": Kind(entry=ChangeEntry, compile=compile_change),
    "correlation": Kind(entry=CorrelationEntry, compile=compile_correlation),
    "clock": Kind(entry=ClockEntry, compile=compile_clock),
    "dimming": Kind(entry=DimmingEntry, compile=compile_dimming),
    "drift": Kind(entry=DriftEntry, compile=compile_drift),
}
