"""Tonight's lamp schedule: from when until when lamps have to be lit, for the wall and the log."""

from datetime import tzinfo

from citybrain.engine.judging import RuleDesk
from domain.instants import from_micros
from rules.figures import next_lighting
from runtime import logs

_log = logs.get(__name__)


class Lighting:
    """The current or next stretch in which lamps have to be lit; None where no rule asks for it."""

    def __init__(self, desk: RuleDesk, zone: tzinfo) -> None:
        self._desk = desk
        self._zone = zone
        self.stretch: tuple[int, int] | None = None

    def renew(self, now: int) -> None:
        """Look it up again; said once for each night."""
        found = next_lighting(self._desk.program, now)
        if found is not None and found != self.stretch:
            begin, end = (from_micros(moment).astimezone(self._zone).isoformat(" ", "minutes") for moment in found)
            _log.info("lamp schedule", lit_from=begin, lit_until=end)
        self.stretch = found
