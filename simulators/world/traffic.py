"""How much traffic flows: by hour, by weekday, by class of street. 1 is the busiest hour of a weekday."""

from simulators.dice import Dice
from simulators.world.calendar import Calendar, LocalMoment, bump


class Traffic:
    """Shares of the peak flow; sound power follows them in proportion."""

    def __init__(self, calendar: Calendar, seed: int) -> None:
        self._calendar = calendar
        self._dice = Dice(seed, "traffic")

    def through(self, at_s: float) -> float:
        """On expressways and named roads."""
        flow = (
            _weekend(self._calendar.moment(at_s)) if self._is_weekend(at_s) else _workday(self._calendar.moment(at_s))
        )
        return flow * max(0.5, 1.0 + 0.05 * self._dice.wave(at_s, 1200.0))

    def local(self, at_s: float) -> float:
        """On side streets: less early, more in the evening, quieter at night."""
        hour = self._calendar.moment(at_s).hour
        flow = 0.04 + 0.55 * bump(hour, centre=12.5, width=5.2) + 0.45 * bump(hour, centre=18.6, width=2.3)
        return flow * max(0.5, 1.0 + 0.08 * self._dice.wave(at_s + 1e7, 1500.0))

    def _is_weekend(self, at_s: float) -> bool:
        return self._calendar.moment(at_s).is_weekend


def _workday(local: LocalMoment) -> float:
    hour = local.hour
    base = 0.035 + 0.62 * bump(hour, centre=13.6, width=5.3)
    return min(1.0, base + 0.5 * bump(hour, centre=7.9, width=1.3) + 0.45 * bump(hour, centre=18.0, width=1.6))


def _weekend(local: LocalMoment) -> float:
    return 0.035 + 0.75 * bump(local.hour, centre=15.0, width=4.5)
