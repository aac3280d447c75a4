"""Lines of `citybrain readings --json` as columns: levels, maxima, wind and rain by device."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from citybrain.noise.rows import NoiseFile, PointRows, Unread
from domain.errors import Refused
from domain.instants import to_micros

LEVEL, PEAK, WIND, RAIN = "laeq", "lamax", "wind_speed", "rain"
_GOOD = "good"
_TOLD_EVERY = 20_000


class _Line(msgspec.Struct):
    device: str
    metric: str
    at: str
    value: float
    quality: str = _GOOD
    span_s: float = 0.0


Value = tuple[int, float, float, bool]
"""Instant, value, span in seconds (NaN: not said), whether its quality is other than good."""


def read_readings(path: Path, told: Callable[[int], None]) -> NoiseFile:
    """All readings that say something of noise. Raises Refused when the file cannot be read."""
    unread = Unread()
    values: defaultdict[tuple[str, str], list[Value]] = defaultdict(list)
    rows = 0
    for number, text in _lines(path, told):
        rows += 1
        try:
            line = msgspec.json.decode(text, type=_Line)
            at = to_micros(datetime.fromisoformat(line.at))
        except (msgspec.MsgspecError, ValueError, UnicodeDecodeError) as exc:
            unread.note(number, f"no reading: {exc}"[:160])
            continue
        values[line.device, line.metric].append((at, line.value, line.span_s or float("nan"), line.quality != _GOOD))
    columns = {"time": "at", "level": LEVEL, "lmax": PEAK, "wind": WIND, "rain": RAIN, "flag": "quality"}
    return noise_file(values, rows=rows, stamps="end", columns=columns, unread=unread)


def noise_file(
    values: Mapping[tuple[str, str], Sequence[Value]],
    *,
    rows: int,
    stamps: str | None,
    columns: Mapping[str, str],
    unread: Unread,
) -> NoiseFile:
    """Of readings by device and metric; those of other metrics are named as ignored."""
    devices = sorted({device for device, metric in values if metric == LEVEL})
    return NoiseFile(
        format="readings",
        rows=rows,
        points=tuple(_point(device, values[device, LEVEL], values.get((device, PEAK), [])) for device in devices),
        weather={
            device: tuple(
                _weather(device, metric, values[device, metric])
                for metric in (WIND, RAIN)
                if (device, metric) in values
            )
            for device in devices
        },
        stamps=stamps,
        columns=dict(columns),
        ignored=tuple(sorted({metric for _, metric in values} - {LEVEL, PEAK, WIND, RAIN})),
        unread=unread,
    )


def _lines(path: Path, told: Callable[[int], None]) -> Iterator[tuple[int, bytes]]:
    passed = 0
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                passed += len(text)
                if number % _TOLD_EVERY == 0:
                    told(passed)
                plain = text.removeprefix(b"\xef\xbb\xbf").strip()
                if plain:
                    yield number, plain
    except OSError as exc:
        raise Refused(
            f"{path} cannot be read: {exc.strerror}; give a CSV or lines of `citybrain readings --json`"
        ) from exc


def _point(device: str, levels: Sequence[Value], peaks: Sequence[Value]) -> PointRows:
    """A maximum belongs to the level of the same instant."""
    loudest = {at: value for at, value, _, is_abnormal in peaks if not is_abnormal}
    at, value, span, flagged = zip(*levels, strict=True)
    return _rows(device, at, span, level=value, peak=[loudest.get(when, np.nan) for when in at], flagged=flagged)


def _weather(device: str, metric: str, values: Sequence[Value]) -> PointRows:
    good = [value for value in values if not value[3]]
    at, value, span, _ = zip(*good, strict=True) if good else ((), (), (), ())
    return _rows(device, at, span, **{"wind" if metric == WIND else "rain": value})


def _rows(
    device: str,
    at: Sequence[int],
    span: Sequence[float],
    *,
    flagged: Sequence[bool] | None = None,
    **columns: Sequence[float],
) -> PointRows:
    count = len(at)
    numbers = {
        name: np.array(columns.get(name, np.full(count, np.nan)), dtype=np.float64)
        for name in ("level", "peak", "wind", "rain")
    }
    return PointRows(
        point=device,
        stamp=np.array(at, dtype=np.int64),
        span=np.array(span, dtype=np.float64),
        foul=np.zeros(count, dtype=np.bool_),
        flagged=np.array(flagged if flagged is not None else np.zeros(count), dtype=np.bool_),
        **numbers,
    )
