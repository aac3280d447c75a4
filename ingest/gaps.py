"""Finds messages that were lost before the broker, by the devices' own counters."""

from array import array
from collections import OrderedDict
from collections.abc import Iterable

NEVER = -2
LARGEST = 2**62
"""Beyond that nobody counts; JSON would let a message say any number."""
RECALLED = 1000
"""How many missing numbers of one device are kept in mind; what is missing longer stays counted as lost."""
LONGEST_GAP = 100_000
"""Who leaps further has not lost so much but counts anew: weeks of a message every ten seconds."""


class SequenceGaps:
    """Those of one feed. One device (by ordinal) counts up by one per message.

    A number that comes late after all is no loss; a restart is none.
    """

    def __init__(self) -> None:
        self.missing = 0
        """Messages that never came, over all devices."""
        self._latest = array("q")
        """By device, or NEVER: eight bytes each, where a dictionary takes ninety."""
        self._absent: dict[int, OrderedDict[int, None]] = {}

    def saw(self, messages: Iterable[tuple[int, int]]) -> None:
        """Device and number of each, as they came."""
        latest = self._latest
        for device, number in messages:
            if device >= len(latest):
                latest.extend([NEVER] * (device + 1 - len(latest)))
            if latest[device] == number - 1:  # nearly always
                latest[device] = number
            else:
                self._saw(device, number)

    def _saw(self, device: int, number: int) -> None:
        latest = self._latest[device]
        if not 0 <= number <= LARGEST:
            return
        if latest in (NEVER, number - 1):
            self._latest[device] = number
        elif number > latest + LONGEST_GAP:
            self._begins_anew(device, number)
        elif number > latest:
            self._skipped(device, latest + 1, number)
        elif number in (absent := self._absent.get(device, OrderedDict())):
            del absent[number]
            self.missing -= 1
        elif latest - number > RECALLED or number == 0:
            self._begins_anew(device, number)

    def _begins_anew(self, device: int, number: int) -> None:
        self._latest[device] = number
        self._absent.pop(device, None)

    def _skipped(self, device: int, first: int, number: int) -> None:
        self.missing += number - first
        absent = self._absent.setdefault(device, OrderedDict())
        for one in range(max(first, number - RECALLED), number):
            absent[one] = None
        while len(absent) > RECALLED:
            absent.popitem(last=False)
        self._latest[device] = number
