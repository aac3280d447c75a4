"""How values become one value per bucket, by numpy; for stores whose server cannot do it itself."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from domain.errors import Refused
from domain.instants import from_micros
from domain.metrics import Averaging, Catalogue
from domain.series import TrendPoint

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Devices = npt.NDArray[np.intp]

NO_DIRECTION = 1e-9
"""A mean vector shorter than this has no direction: winds from all sides at once. The bucket is left out."""


def averaging_of(metric: str, catalogue: Catalogue) -> Averaging:
    """Raises Refused for a metric that nobody has described: how would it be averaged?"""
    if metric not in catalogue:
        raise Refused(f"metric {metric!r} is not in the catalogue; known are {', '.join(catalogue.codes[:5])}…")
    return catalogue[metric].averaging


def trend(averaging: Averaging, *, device: Devices, at: Times, value: Values, bucket_us: int) -> Sequence[TrendPoint]:
    """One point per bucket that has a value, in order of time.

    MEAN and VECTOR go over all readings of a bucket. ENERGY is the plain mean over the devices of each one's energy
    mean, as HJ 640 has it for the places of a city: how often a device speaks gives it no weight. LAST is the mean
    over the devices of each one's last state. COUNTER is the growth within the bucket, summed over the devices: the
    difference to the device's reading before (its first one in the range has none), and the value itself after a
    reset to zero. `count` is how many readings, devices (LAST) or differences (COUNTER) made the value.
    """
    bucket = at // bucket_us * bucket_us
    match averaging:
        case Averaging.MEAN:
            starts, values, counts = _mean(bucket, value)
        case Averaging.ENERGY:
            starts, values, counts = over_places(bucket, device, np.power(10.0, value / 10), np.ones(len(value)))
        case Averaging.VECTOR:
            starts, values, counts = _direction(bucket, value)
        case Averaging.LAST:
            last = _last_of_each(bucket, device, at)
            starts, values, counts = _mean(bucket[last], value[last])
        case Averaging.COUNTER:
            later, growth = _growth(device, at, value)
            starts, means, counts = _mean(bucket[later], growth)
            values = means * counts
    return [
        TrendPoint(at=from_micros(start), value=float(figure), count=int(count))
        for start, figure, count in zip(starts.tolist(), values, counts, strict=True)
    ]


def over_places(
    bucket: Times, device: Devices, power: Values, count: Values
) -> tuple[Times, Values, npt.NDArray[np.intp]]:
    """Start of bucket, level and number of readings from 10^(L/10) of rows that stand for `count` readings each."""
    order = np.lexsort((device, bucket))
    bucket, device, power, count = bucket[order], device[order], power[order], count[order]
    is_first = np.ones(len(bucket), dtype=bool)
    is_first[1:] = (np.diff(bucket) != 0) | (np.diff(device) != 0)
    begins = np.flatnonzero(is_first)
    counts = np.add.reduceat(count, begins)
    levels = 10 * np.log10(np.add.reduceat(power * count, begins) / counts)
    starts, place = np.unique(bucket[begins], return_inverse=True)
    readings = np.rint(np.bincount(place, weights=counts, minlength=len(starts))).astype(np.intp)
    return starts, np.bincount(place, weights=levels) / np.maximum(np.bincount(place), 1), readings


def _mean(bucket: Times, value: Values) -> tuple[Times, Values, npt.NDArray[np.intp]]:
    starts, place = np.unique(bucket, return_inverse=True)
    counts = np.bincount(place, minlength=len(starts))
    return starts, np.bincount(place, weights=value, minlength=len(starts)) / np.maximum(counts, 1), counts


def _direction(bucket: Times, degrees: Values) -> tuple[Times, Values, npt.NDArray[np.intp]]:
    radians = np.radians(degrees)
    starts, east, counts = _mean(bucket, np.sin(radians))
    _, north, _ = _mean(bucket, np.cos(radians))
    pointing = np.hypot(east, north) > NO_DIRECTION
    return starts[pointing], bearing(east, north)[pointing], counts[pointing]


def bearing(east: Values, north: Values) -> Values:
    """Degrees in [0, 360): a hair west of north is 0, since the modulo of -1e-15 is 360 itself."""
    return np.degrees(np.arctan2(east, north)) % 360 % 360


def _last_of_each(bucket: Times, device: Devices, at: Times) -> npt.NDArray[np.intp]:
    order = np.lexsort((at, device, bucket))
    is_last = np.ones(len(order), dtype=bool)
    is_last[:-1] = (np.diff(bucket[order]) != 0) | (np.diff(device[order]) != 0)
    return order[is_last]


def _growth(device: Devices, at: Times, value: Values) -> tuple[npt.NDArray[np.intp], Values]:
    order = np.lexsort((at, device))
    step = np.diff(value[order])
    growth = np.where(step < 0, value[order][1:], step)
    same = np.diff(device[order]) == 0
    return order[1:][same], growth[same]
