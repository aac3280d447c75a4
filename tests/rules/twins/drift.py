"""drift, slowly: every window of every device, in plain Python."""

from collections.abc import Mapping, Sequence
from statistics import median

from tests.rules.twin import Event, HoldAndClear, Signals, newest_first_stands


def drift(
    readings: Mapping[str, Sequence[tuple[int, float]]],
    own: str,
    *,
    window: int,
    start: int,
    until: int,
    tolerance: float,
    times: tuple[int, int],
) -> Signals:
    """All others are neighbours; two readings and two neighbours are needed; the spread counts three times."""
    rows = {name: newest_first_stands(series) for name, series in readings.items()}
    events: list[Event] = []
    end = (start // window + 1) * window
    while end <= until:
        values = {name: [v for when, v in series if end - window < when <= end] for name, series in rows.items()}
        medians = {name: median(found) for name, found in values.items() if len(found) >= 2}
        others = [value for name, value in medians.items() if name != own]
        found = "unknown"
        if own in medians and len(others) >= 2:
            middle = median(others)
            spread = 3 * 1.4826 * median(abs(value - middle) for value in others)
            found = "violated" if abs(medians[own] - middle) > max(tolerance, spread) else "ok"
        events.append((end, found))
        end += window
    return HoldAndClear(*times).run(events, until)
