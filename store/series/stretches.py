"""Cuts event time into stretches of about so many readings each, so that nobody has to hold all of them at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from domain.instants import MICROS_PER_S

MOST_BUCKETS = 2_000
"""Counted in one question; where too many readings lie in one bucket, it is counted again by itself."""
SHORTEST_S = 60
"""No stretch is cut shorter than that: so much of a city has to fit into memory."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """[start, end) in microseconds, to be counted by steps of `step_s` seconds that stand on the epoch."""

    start: int
    end: int
    step_s: int

    def part_of(self, bucket: int) -> tuple[int, int]:
        """What of the bucket that begins here lies within the stretch."""
        return max(bucket, self.start), min(bucket + self.step_s * MICROS_PER_S, self.end)


Count = Callable[[Buckets], Mapping[int, int]]
"""Readings by the start of their bucket (microseconds); empty buckets may be left out."""


def stretches(count: Count, start: int, end: int, *, at_once: int) -> Iterator[tuple[int, int]]:
    """[start, end) in parts that follow each other without a gap, of at most `at_once` readings where that can be."""
    asked = Buckets(start, end, max(SHORTEST_S, -(-(end - start) // (MOST_BUCKETS * MICROS_PER_S))))
    begin, number = start, 0
    for bucket, more in sorted(count(asked).items()):
        here, behind = asked.part_of(bucket)
        if number + more > at_once and here > begin:
            yield begin, here
            begin, number = here, 0
        number += more
        if number > at_once:
            if behind - here > SHORTEST_S * MICROS_PER_S:
                yield from stretches(count, here, behind, at_once=at_once)
            else:
                yield here, behind
            begin, number = behind, 0
    if begin < end:
        yield begin, end
