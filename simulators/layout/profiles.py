"""How often the devices of the fictional city report."""

from collections.abc import Mapping
from enum import StrEnum


class Profile(StrEnum):
    """`demo` shows something every few seconds; `realistic` is what such devices do in a city."""

    DEMO = "demo"
    REALISTIC = "realistic"


INTERVALS: Mapping[Profile, Mapping[str, str]] = {
    Profile.DEMO: {
        "noise_meter": "10s",
        "air_station": "30s",
        "lamp": "30s",
        "feeder_cabinet": "30s",
        "manhole_cover": "60s",
    },
    Profile.REALISTIC: {
        "noise_meter": "60s",
        "air_station": "60s",
        "lamp": "5m",
        "feeder_cabinet": "60s",
        "manhole_cover": "24h",
    },
}
"""By kind of device, as durations of a devices file."""
