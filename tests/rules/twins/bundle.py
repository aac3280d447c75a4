"""agreement and guarded, slowly: at every moment at which anything can have changed, what is known of each metric."""

from collections.abc import Callable, Mapping, Sequence

from tests.rules.twin import Event, HoldAndClear, Signals, newest_first_stands

Readings = Sequence[tuple[int, float]]


def bundle(
    strands: Mapping[str, tuple[Readings, int]],
    look: Callable[[Mapping[str, float | None]], str],
    *,
    hold: int,
    clear: int,
    until: int,
) -> Signals:
    """One target: by name of the strand its readings and how long each is believed; `look` gets None for unknown."""
    rows = {name: newest_first_stands(readings) for name, (readings, _) in strands.items()}
    moments = {when for readings in rows.values() for when, _ in readings}
    moments |= {when + strands[name][1] for name, readings in rows.items() for when, _ in readings}

    def known(name: str, now: int) -> float | None:
        last = [row for row in rows[name] if row[0] <= now][-1:]
        return last[0][1] if last and now < last[0][0] + strands[name][1] else None

    events: list[Event] = [
        (moment, look({name: known(name, moment) for name in strands})) for moment in sorted(moments) if moment <= until
    ]
    return HoldAndClear(hold, clear).run(events, until)
