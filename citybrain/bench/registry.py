"""How long a registry takes to load from each kind of file, against a plain load of YAML, and how big it is."""

import csv
import gc
import json
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from config.catalogue import load_catalogue
from config.city import load_registry
from config.registry.entries import DeviceEntry
from config.registry.writing import fields_of, write_devices
from domain.devices import Registry
from domain.places import City, Named, Place, Road

COLUMNS_PER_DEGREE = 500
CABINET_EVERY = 50
CENTRE = Place(lon=112.5, lat=30.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryResult:
    """Seconds of the processor for one load of each file, checks included. `yaml_load_s`: nothing but a plain load of
    `hand_yaml`; the ratios are against it.
    """

    devices: int
    own_yaml_s: float
    """As `citybrain devices` writes it."""
    csv_s: float
    geojson_s: float
    hand_yaml_s: float
    """As people write it."""
    yaml_load_s: float
    own_yaml_ratio: float
    hand_yaml_ratio: float
    bytes_per_device: float
    """Of memory that the loaded registry holds."""


def bench_registry(folder: Path, *, devices: int, tell: Callable[[str], None]) -> RegistryResult:
    """Write the files into `folder` and load each; `tell` hears what is being done."""
    city = City(
        zh="基准城",
        en="Benchville",
        timezone="Asia/Shanghai",
        centre=CENTRE,
        districts=(Named(id="north", zh="北区", en="North"),),
        roads=(Road(id="R1", zh="一路", en="First Road"),),
        departments=(Named(id="lighting", zh="照明所", en="Lighting"),),
    )
    _, kinds = load_catalogue()
    tell(f"writing {devices} devices four times")
    files = _write(folder, [_entry(number) for number in range(devices)])

    def load(file: Path) -> Registry:
        tell(f"loading {file.name}")
        return load_registry(file, city=city, kinds=kinds)

    took = {name: _seconds(partial(load, file)) for name, file in files.items()}
    tell(f"plain load of {files['hand_yaml'].name}")
    plain = _seconds(lambda: _plain(files["hand_yaml"]))
    tell("weighing")
    return RegistryResult(
        devices=devices,
        **{f"{name}_s": round(seconds, 3) for name, seconds in took.items()},
        yaml_load_s=round(plain, 3),
        own_yaml_ratio=round(took["own_yaml"] / plain, 3),
        hand_yaml_ratio=round(took["hand_yaml"] / plain, 3),
        bytes_per_device=round(_weight(lambda: load(files["own_yaml"])) / devices, 1),
    )


def _entry(number: int) -> DeviceEntry:
    """Lamps, each fiftieth a cabinet that the others hang on; every fifth lamp has an alias and a dialect."""
    is_cabinet = number % CABINET_EVERY == 0
    row, column = divmod(number, COLUMNS_PER_DEGREE)
    fields: dict[str, Any] = {
        "id": f"FC-{number:06d}" if is_cabinet else f"LP-{number:06d}",
        "kind": "feeder_cabinet" if is_cabinet else "lamp",
        "zh": f"一路 {number} 号{'配电箱' if is_cabinet else '路灯'}",
        "en": f"First Road {'cabinet' if is_cabinet else 'lamp'} {number}",
        "lon": round(CENTRE.lon - 0.25 + column * 0.001, 6),
        "lat": round(CENTRE.lat - 0.25 + row * 0.0005, 6),
        "interval": 60.0 if is_cabinet else 300.0,
        "district": "north",
        "road": "R1",
        "grid_cell": f"{990_000_000_000_000 + row}",
        "department": "lighting",
        "parent": None if is_cabinet else f"FC-{number - number % CABINET_EVERY:06d}",
    }
    if number % 5 == 1:
        fields |= {
            "aliases": [f"{number:016x}"],
            "dialect": {"timezone": "Asia/Shanghai", "missing": [-999.0]},
        }
    return DeviceEntry.model_validate(fields)


def _write(folder: Path, entries: Sequence[DeviceEntry]) -> dict[str, Path]:
    files = {
        "own_yaml": folder / "own.yaml",
        "csv": folder / "devices.csv",
        "geojson": folder / "devices.geojson",
        "hand_yaml": folder / "hand.yaml",
    }
    rows = [fields_of(entry) for entry in entries]
    write_devices(files["own_yaml"], entries)
    _write_csv(files["csv"], rows)
    files["geojson"].write_text(json.dumps(_collection(rows), ensure_ascii=False), encoding="utf-8")
    hand = "".join("- " + _by_hand(row).replace("\n", "\n  ").rstrip(" ") for row in rows)
    files["hand_yaml"].write_text(f"devices:\n{hand}", encoding="utf-8")
    return files


def _write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    flat = [
        {key: value for key, value in row.items() if key not in ("aliases", "dialect")}
        | {"aliases": ";".join(row.get("aliases", ())), "timezone": row.get("dialect", {}).get("timezone", "")}
        | {"missing": ";".join(f"{value:g}" for value in row.get("dialect", {}).get("missing", ()))}
        for row in rows
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in flat for key in row)))
        writer.writeheader()
        writer.writerows(flat)


def _collection(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
            "properties": {key: value for key, value in row.items() if key not in ("lon", "lat")},
        }
        for row in rows
    ]
    return {"type": "FeatureCollection", "features": features}


def _by_hand(row: dict[str, Any]) -> str:
    """A block of lines, quotes only where YAML needs them."""
    quoted = {"grid_cell", "zone"}
    return "".join(
        f"{key}: {json.dumps(value) if key in quoted or not isinstance(value, str) else value}\n"
        for key, value in row.items()
    )


def _plain(file: Path) -> object:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def _weight(make: Callable[[], Registry]) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        registry = make()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] if len(registry) else 0
    finally:
        tracemalloc.stop()
