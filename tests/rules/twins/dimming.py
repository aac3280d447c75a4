"""dimming, slowly: one lamp at every moment at which anything can have changed."""

from collections.abc import Sequence

from tests.rules.twin import HoldAndClear, Signals, newest_first_stands

Asked = tuple[int, int, float | None, bool, bool]
"""Begin, end (not in it), what is asked in %, whether the finding stays, whether all lamps have to burn."""


def dimming(
    readings: Sequence[tuple[int, float]],
    asked: Sequence[Asked],
    *,
    validity: int,
    tolerance: float,
    dead_band: float,
    hold: int,
    clear: int,
    until: int,
) -> Signals:
    rows = newest_first_stands(readings)
    moments = {when for when, _ in rows} | {when + validity for when, _ in rows}
    moments |= {edge for begin, end, *_ in asked for edge in (begin, end)}

    def look(now: int) -> str:
        last = [row for row in rows if row[0] <= now][-1:]
        plan = [one for one in asked if one[0] <= now < one[1]]
        if not last or now >= last[0][0] + validity or not plan or plan[0][2] is None:
            return "unknown"
        (_, _, dim, stays, whole), value = plan[0], last[0][1]
        if value == 0 and not whole:
            return "unknown"
        off = abs(value - dim)
        if stays:
            return "between"
        return "violated" if off > tolerance else "ok" if off == 0 or off <= tolerance - dead_band else "between"

    events = [(moment, look(moment)) for moment in sorted(moments) if moment <= until]
    return HoldAndClear(hold, clear).run(events, until)
