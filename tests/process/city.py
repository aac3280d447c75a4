"""A small city of a hundred devices with rules of its own, written as an installation's files are."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

METERS = [f"NM-{number:03d}" for number in range(1, 61)]
STATIONS = [f"AS-{number:03d}" for number in range(1, 11)]
COVERS = [f"MH-{number:03d}" for number in range(1, 31)]
CITY = {
    "zh": "试验市",
    "en": "Trial City",
    "timezone": "Asia/Shanghai",
    "lon": 120.0,
    "lat": 30.0,
    "districts": [{"id": "north", "zh": "北区", "en": "North"}],
    "roads": [{"id": "main", "zh": "主街", "en": "Main Street", "grade": "main"}],
}
CLAUSE = {"zh": "试验条款", "en": "clause of the trial"}


def write_city(folder: Path) -> None:
    """city.yaml and devices.yaml."""
    folder.mkdir()
    (folder / "city.yaml").write_text(yaml.safe_dump(CITY, allow_unicode=True), encoding="utf-8")
    devices = {"devices": list(_devices())}
    (folder / "devices.yaml").write_text(yaml.safe_dump(devices, allow_unicode=True), encoding="utf-8")


def write_rules(file: Path, *, hold: str, clear: str) -> None:
    """A cover that opens (to be acknowledged) and a meter above 80 dB (closes by itself), with these times."""
    common = {"severity": "red", "clause": CLAUSE, "hold": hold, "clear": clear}
    opened = {
        **{"id": "cover-open", "kind": "state", "zh": "井盖开启", "en": "Cover open", "metric": "cover_open"},
        **{"scope": {"kinds": ["manhole_cover"]}, "normal": 0},
    }
    loud = {
        **{"id": "loud", "kind": "threshold", "zh": "噪声过高", "en": "Too loud", "metric": "laeq", "unit": "dB(A)"},
        **{"scope": {"kinds": ["noise_meter"]}, "compare": "<=", "limit": 80, "needs_acknowledgement": False},
    }
    rules = {"rules": [{**opened, **common}, {**loud, **common}]}
    file.write_text(yaml.safe_dump(rules, allow_unicode=True), encoding="utf-8")


def _devices() -> Iterator[Mapping[str, Any]]:
    for kind, zh, ids in (
        ("noise_meter", "噪声", METERS),
        ("air_station", "空气", STATIONS),
        ("manhole_cover", "井盖", COVERS),
    ):
        for number, device in enumerate(ids):
            place = {"lon": 120.0 + number * 0.001, "lat": 30.0 + len(ids) * 0.001, "district": "north", "road": "main"}
            yield {
                "id": device,
                "kind": kind,
                "zh": f"{zh} {device}",
                "en": f"{kind} {device}",
                "interval": "1d",
                **place,
            }
