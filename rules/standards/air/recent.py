"""The last 24 hourly means of many stations at once, and what every indicator of an hourly report is by them."""

from collections.abc import Sequence

import numpy as np

from rules.columns import Ints
from rules.standards.air.columns import NOTHING, SCALE
from rules.standards.air.editions import Edition
from rules.standards.air.hours import Part, nowcasts
from rules.standards.air.limits import Ambient
from rules.standards.air.reports import Period, accepted
from rules.standards.air.series import in_unit

KEPT = 24


def recent_values(ring: Ints, metrics: Sequence[str], edition: Edition, ambient: Ambient) -> dict[str, Part]:
    """`ring`: stations × metrics × the last 24 hours, the newest last, in millionths; NOTHING where not valid."""
    found = {}
    for name in accepted(edition, Period.HOURLY):
        indicator = edition.indicators[name]
        if indicator.pollutant not in metrics:
            continue
        hours = ring[:, metrics.index(indicator.pollutant)]
        if name in edition.nowcast:
            part = _nowcast(hours)
        elif indicator.mean == "1h":
            part = Part(numerator=hours[:, -1], denominator=np.full(len(hours), SCALE, dtype=np.int64))
        elif indicator.mean == "8h":
            part = _mean(hours[:, -8:], ambient.validity.hours_of_window)
        else:
            part = _mean(hours, ambient.validity.hours_of_day)
        found[name] = in_unit(part, edition, name, ambient)
    return found


def _mean(hours: Ints, least: int) -> Part:
    known = hours >= 0
    count = known.sum(axis=1)
    total = np.where(known, hours, 0).sum(axis=1)
    return Part(numerator=np.where(count >= least, total, NOTHING), denominator=np.maximum(count, 1) * SCALE)


def _nowcast(hours: Ints) -> Part:
    newest = [int(nowcasts(row).numerator[-1]) for row in hours]
    return Part(numerator=np.array(newest, dtype=np.int64), denominator=np.full(len(hours), SCALE, dtype=np.int64))
