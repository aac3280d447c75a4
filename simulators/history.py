"""The day before the start, sent at once as history in arrays, so that charts are full from the first minute."""

from collections.abc import Iterator

from domain.devices import Registry
from simulators.messages import BATCH, Outgoing, encode, report
from simulators.world.calendar import Calendar
from simulators.world.world import World

STEP_S = 900
"""Noise and PM2.5 every quarter of an hour, the other pollutants on the hour."""
_GATEWAY = "history"


def history(registry: Registry, world: World, *, until_ms: int, hours: float) -> Iterator[Outgoing]:
    """One message for each quarter of an hour before `until_ms`, oldest first, all due then."""
    zone = Calendar(registry.city.timezone).zone
    meters, stations = registry.of_kind("noise_meter"), registry.of_kind("air_station")
    last = until_ms // 1000 // STEP_S
    for step in range(last - int(hours * 3600 / STEP_S) + 1, last + 1):
        at_s = step * STEP_S
        entries: list[dict[str, object]] = []
        for meter in meters:
            values = {"laeq": world.mean_level(meter, at_s, span_s=STEP_S)}
            entries.append({"device": meter.id, **report(at_ms=at_s * 1000, zone=zone, values=values, span_s=STEP_S)})
        for station in stations:
            pollutants = world.pollutants(station, at_s - STEP_S / 2)
            kept = pollutants if at_s % 3600 == 0 else {"pm2_5": pollutants["pm2_5"]}
            entries.append({"device": station.id, **report(at_ms=at_s * 1000, zone=zone, values=kept, span_s=STEP_S)})
        payload = encode([{**entry, "hist": True} for entry in entries])
        if entries:
            yield Outgoing(at=until_ms * 1000, topic=f"{BATCH}/{_GATEWAY}", payload=payload, is_object=False)
