"""How many entries of the journal the rules judge in one go: judging costs by the go more than by the reading."""

from collections.abc import Iterator, Mapping, Sequence

from domain.settlements import Journalled

MOST_READINGS = 30_000
LONGEST_US = 250_000
"""By the city's clock: so much later than at every entry a timer may be seen to be up."""


def together(entries: Sequence[Journalled]) -> Iterator[Sequence[Journalled]]:
    """What is waiting, cut into goes that are neither too large nor too long. An entry is never taken apart."""
    begin = readings = 0
    for number, entry in enumerate(entries):
        count, span = len(entry.settlement.readings), entry.settlement.now - entries[begin].settlement.now
        if number > begin and (readings + count > MOST_READINGS or not 0 <= span <= LONGEST_US):
            yield entries[begin:number]
            begin, readings = number, 0
        readings += count
    if entries:
        yield entries[begin:]


def as_before(entries: Sequence[Journalled], lasts: Mapping[int, int]) -> Iterator[Sequence[Journalled]]:
    """The goes in which they were judged once already; `lasts`: by the first entry of a go of several, its last.

    What is late for one go may not be for a longer one, so that other goes could come to something else than what is
    recorded. A go whose end is not among the entries is left out, unless it is the first.
    """
    number = 0
    while number < len(entries):
        first = entries[number].sequence
        size = lasts.get(first, first) - first + 1
        if number and number + size > len(entries):
            return
        yield entries[number : number + size]
        number += size
