"""What a standard says of one level: compliant, not compliant by so many dB, or why nothing can be said.

Only Ld, Ln, the maxima and the measurements of a source get a verdict; a short value above a limit is an alert.
"""

from dataclasses import dataclass
from enum import StrEnum

from rules.standards.noise.samples import Samples
from rules.standards.noise.standards import Limit
from rules.standards.noise.validity import Validity


class Outcome(StrEnum):
    COMPLIANT = "compliant"
    NOT_COMPLIANT = "not-compliant"
    INVALID = "invalid"
    UNDETERMINED = "undetermined"


class Why(StrEnum):
    """Why there is neither compliant nor not compliant."""

    TOO_LITTLE = "too-little"
    """Too few valid hours or minutes."""
    ONLY_A_LOWER_BOUND = "only-a-lower-bound"
    """The maximum was not measured: a mean over more than a second is lower than it."""
    NO_EDITION = "no-edition"
    """No edition of the standard was in force."""
    BACKGROUND = "background"
    """The source is hardly above the background: measure again."""


class PeakBasis(StrEnum):
    """What the maximum level of a series is made of."""

    MEASURED = "lamax"
    SHORT_LEVELS = "levels-of-1-s"
    LOWER_BOUND = "lower-bound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`level` as measured, `judged` as held against the limit, `excess` = judged − limit in dB, never a multiple."""

    quantity: str
    outcome: Outcome
    level: float | None
    judged: float | None = None
    limit: Limit | None = None
    excess: float | None = None
    why: Why | None = None


def peak_basis(samples: Samples) -> PeakBasis:
    """Maxima if they were measured throughout, else levels if they are short enough (GB 22337-2008: at most 1 s)."""
    if len(samples) and samples.peak.min() > 0:  # NaN is not
        return PeakBasis.MEASURED
    is_short = bool(len(samples)) and samples.span.max() <= 1.0
    return PeakBasis.SHORT_LEVELS if is_short else PeakBasis.LOWER_BOUND


def judge(
    quantity: str, level: float | None, limit: Limit | None, *, validity: Validity, why_none: Why = Why.TOO_LITTLE
) -> Verdict:
    """A level at the limit is compliant. No level: invalid, for the reason given."""
    if level is None:
        return Verdict(quantity=quantity, outcome=Outcome.INVALID, level=None, limit=limit, why=why_none)
    if limit is None:
        return Verdict(quantity=quantity, outcome=Outcome.UNDETERMINED, level=level, why=Why.NO_EDITION)
    judged = validity.judged(level)
    excess = round(judged - limit.value, 6)
    outcome = Outcome.COMPLIANT if excess <= 0 else Outcome.NOT_COMPLIANT
    return Verdict(quantity=quantity, outcome=outcome, level=level, judged=judged, limit=limit, excess=excess)


def judge_peak(verdict: Verdict, *, basis: PeakBasis, is_enough: bool) -> Verdict:
    """The verdict on a maximum: one that is too loud counts whatever is missing, one that is not needs all of it."""
    if verdict.outcome is not Outcome.COMPLIANT:
        return verdict
    if not is_enough:
        return _without(verdict, Outcome.INVALID, Why.TOO_LITTLE)
    if basis is PeakBasis.LOWER_BOUND:
        return _without(verdict, Outcome.UNDETERMINED, Why.ONLY_A_LOWER_BOUND)
    return verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """达标率: compliant among valid point-times; one station and day is one for the day and one for the night."""

    valid: int
    compliant: int

    @property
    def rate(self) -> float | None:
        """In percent; None when nothing was valid."""
        return 100.0 * self.compliant / self.valid if self.valid else None


def rate_of(outcomes: list[Outcome]) -> Rate:
    """Counted by point-times, never by averaging levels across points."""
    return Rate(
        valid=sum(outcome in (Outcome.COMPLIANT, Outcome.NOT_COMPLIANT) for outcome in outcomes),
        compliant=outcomes.count(Outcome.COMPLIANT),
    )


def _without(verdict: Verdict, outcome: Outcome, why: Why) -> Verdict:
    return Verdict(
        quantity=verdict.quantity,
        outcome=outcome,
        level=verdict.level,
        judged=verdict.judged,
        limit=verdict.limit,
        excess=verdict.excess,
        why=why,
    )
