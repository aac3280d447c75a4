"""The US NowCast of particles: a mean of the last 12 hours; the faster the level changes, the less old hours weigh."""

from collections.abc import Sequence
from fractions import Fraction

HOURS = 12


def nowcast(newest_first: Sequence[int | None]) -> Fraction | None:
    """From hourly concentrations in any whole unit, the newest first, None where missing; in that unit.

    EPA-454/B-24-002: w = max(1/2, 1 − (max − min)/max), Σ wⁱ·cᵢ / Σ wⁱ, i hours ago. None unless two of the last three
    hours are there. Exact, because the result is truncated afterwards.
    """
    known = [(ago, value) for ago, value in enumerate(newest_first[:HOURS]) if value is not None]
    if sum(ago < 3 for ago, _ in known) < 2:
        return None
    values = [value for _, value in known]
    lowest, highest = min(values), max(values)
    # w = up / down; both ends multiplied by down^11 stay whole
    up, down = (lowest, highest) if 2 * lowest > highest else (1, 2)
    weights = [up**ago * down ** (HOURS - 1 - ago) for ago, _ in known]
    return Fraction(sum(weight * value for weight, value in zip(weights, values, strict=True)), sum(weights))
