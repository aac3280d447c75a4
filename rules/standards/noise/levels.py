"""Figures of noise on columns of levels: what is a mean of energy, what is a percentile, what is neither.

Levels are dB(A), spans any unit of time as long as it is one. No levels give NaN, never an error and never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.core.comparing import Floats

Spans = Floats | Sequence[float]

EXCEEDED = (5, 10, 50, 90, 95)
"""Percents of time of the exceedance levels that HJ 906-2017 keeps."""
DAY_H, NIGHT_H = 16, 8
"""Hours of the day and the night, GB 22337-2008 clause 3.8. A city may move them, not stretch them."""
NIGHT_PENALTY_DB = 10.0


def leq(levels: Floats, spans: Spans | None = None) -> float:
    """Equivalent level: 10·lg[Σ tᵢ·10^(0.1·Lᵢ) / Σ tᵢ]; equal slots without spans. GB 22337-2008 clause 3.4."""
    if not len(levels):
        return float("nan")
    # from the loudest down: powers of absurd levels overflow, differences do not
    loudest = float(np.max(levels))
    return loudest + float(10.0 * np.log10(np.average(10.0 ** (0.1 * (levels - loudest)), weights=spans)))


def ldn(ld: float, ln: float) -> float:
    """Day-night level: 10·lg{[16·10^(0.1·Ld) + 8·10^(0.1·(Ln+10))]/24}. Not a mean of 24 values."""
    return leq(np.array([ld, ln + NIGHT_PENALTY_DB]), (DAY_H, NIGHT_H))


def leq24(ld: float, ln: float) -> float:
    """Leq of the 24 h that begin with the day: 16 h of Ld and 8 h of Ln, without a penalty."""
    return leq(np.array([ld, ln]), (DAY_H, NIGHT_H))


def exceeded(levels: Floats, percent: float, spans: Spans | None = None) -> float:
    """L_N, the level exceeded `percent` of the time: L10 is loud (the 90th percentile), L90 the background.

    Sorted slots lie side by side as long as their spans; between the middles of two neighbours the level is
    interpolated linearly. With equal slots that is the percentile that numpy calls `linear` (Hyndman and Fan, type 7).
    """
    return float(_exceeded(levels, (percent,), spans)[0])


def spread(levels: Floats, spans: Spans | None = None) -> float:
    """SD in dB: the standard deviation of the levels themselves, with n − 1; NaN for fewer than two."""
    if len(levels) < 2:
        return float("nan")
    mean = np.average(levels, weights=spans)
    return float(np.sqrt(np.average((levels - mean) ** 2, weights=spans) * len(levels) / (len(levels) - 1)))


def collection_rate(got: float, due: float) -> float:
    """VDR, the share of valid samples among those due (HJ 906-2017 clause 3.1), 0 to 1; NaN when none were due."""
    return got / due if due > 0 else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is kept of a stretch of time (HJ 906-2017), all in dB(A). `exceeded`: L5 L10 L50 L90 L95.

    `exceeded` is NaN for fewer than two slots: a mean says nothing of how often it was louder.
    """

    leq: float
    lmax: float
    lmin: float
    exceeded: dict[int, float]
    sd: float


def figures(levels: Floats, spans: Floats, peaks: Floats | None = None) -> Figures:
    """Of slots of one stretch. `peaks`: their own maxima (NaN where not measured); without them the loudest slot."""
    if not len(levels):
        nothing = float("nan")
        return Figures(leq=nothing, lmax=nothing, lmin=nothing, exceeded=dict.fromkeys(EXCEEDED, nothing), sd=nothing)
    told = _exceeded(levels, EXCEEDED, spans) if len(levels) > 1 else np.full(len(EXCEEDED), np.nan)
    loudest = float(np.max(levels)) if peaks is None or np.isnan(peaks).all() else float(np.nanmax(peaks))
    return Figures(
        leq=leq(levels, spans),
        lmax=max(loudest, float(np.max(levels))),
        lmin=float(np.min(levels)),
        exceeded=dict(zip(EXCEEDED, told.tolist(), strict=True)),
        sd=spread(levels, spans),
    )


def _exceeded(levels: Floats, percents: tuple[float, ...], spans: Spans | None) -> Floats:
    if not len(levels):
        return np.full(len(percents), np.nan)
    widths = np.ones(len(levels)) if spans is None else np.asarray(spans, dtype=np.float64)
    order = np.lexsort((widths, levels))  # equal levels by span, or the order of the rows would be heard
    widths = widths[order]
    middles = np.cumsum(widths) - widths / 2
    asked = middles[0] + (1.0 - np.array(percents) / 100.0) * (middles[-1] - middles[0])
    found: Floats = np.interp(asked, middles, levels[order])
    return found
