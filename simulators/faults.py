"""What goes wrong on the way from the sensor to the broker. Each kind is one entry of a scenario file."""

from typing import Annotated, Literal

from pydantic import Field

from config.durations import Seconds
from simulators.timing import TimedEntry

Share = Annotated[float, Field(gt=0, le=1)]


class DropoutFault(TimedEntry):
    """`share` of the messages is never sent; 1 is silence."""

    fault: Literal["dropout"]
    share: Share = 1.0


class DuplicateFault(TimedEntry):
    """`share` of the messages is sent twice, as after a lost acknowledgement."""

    fault: Literal["duplicate"]
    share: Share = 0.01


class OutOfOrderFault(TimedEntry):
    """`share` of the messages is held back for `by` and overtaken by those after it."""

    fault: Literal["out-of-order"]
    share: Share = 0.01
    by: Annotated[Seconds, Field(gt=0)] = 5.0


class LateFault(TimedEntry):
    """With `share` of the messages the device also sends one from `by` ago that it had forgotten in its memory."""

    fault: Literal["late"]
    share: Share = 0.001
    by: Annotated[Seconds, Field(gt=0)] = 27 * 3600.0


class SkewFault(TimedEntry):
    """The device's clock is ahead by `by` (behind, where `behind`): its event times are off, its values are not."""

    fault: Literal["skew"]
    by: Annotated[Seconds, Field(gt=0)]
    behind: bool = False


class PoisonFault(TimedEntry):
    """`share` of the messages carries a payload that nobody can use; the ways of being useless take turns by chance."""

    fault: Literal["poison"]
    share: Share = 0.001


class StuckFault(TimedEntry):
    """The sensor repeats the values that it had when the fault began."""

    fault: Literal["stuck"]


class DriftFault(TimedEntry):
    """One metric runs away by `per_hour` of its unit, from the begin of the fault."""

    fault: Literal["drift"]
    metric: str
    per_hour: float


class BurstFault(TimedEntry):
    """`share` of the messages comes with `count` more of the same second, 20 ms apart."""

    fault: Literal["burst"]
    share: Share = 0.01
    count: Annotated[int, Field(ge=1, le=500)] = 20


AnyFault = (
    DropoutFault
    | DuplicateFault
    | OutOfOrderFault
    | LateFault
    | SkewFault
    | PoisonFault
    | StuckFault
    | DriftFault
    | BurstFault
)
FaultEntry = Annotated[AnyFault, Field(discriminator="fault")]
