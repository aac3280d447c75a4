"""Readings of an air station from NDJSON, as `citybrain readings --json` prints them."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from citybrain.air.samples import Samples
from citybrain.air.table_files import Reading, read_table, usual_step_s, why_not
from domain.errors import Refused
from domain.instants import to_micros
from rules.standards.air.limits import Ambient


def read_samples(path: Path, how: Reading, ambient: Ambient) -> Samples:
    """By the first character of the file: an object is NDJSON, anything else CSV. Raises Refused."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            is_json = file.read(1) == "{"
    except OSError as exc:
        raise Refused(f"{path} cannot be read: {exc.strerror}") from exc
    samples = read_readings(path, how, ambient) if is_json else read_table(path, how, ambient)
    if not samples.series:
        raise Refused(f"{path}: {samples.lines} lines, and no concentration that could be used")
    return samples


def read_readings(path: Path, how: Reading, ambient: Ambient) -> Samples:
    """One device's good readings. Raises Refused when the file holds several and none was chosen."""
    samples, devices = Samples(), set[str]()
    instants: set[str] = set()
    for line, row in _rows(path, samples):
        try:
            device, pollutant = str(row["device"]), str(row["metric"])
            if pollutant not in ambient.pollutants or (how.device is not None and device != how.device):
                continue
            devices.add(device)
            at, value = to_micros(datetime.fromisoformat(row["at"])), float(row["value"])
            span_s = float(row.get("span_s", 0.0))
        except (KeyError, TypeError, ValueError) as exc:
            samples.refuse(line, f"no reading: {exc!r}")
            continue
        highest = ambient.believed_up_to[pollutant]
        reason = "quality" if row.get("quality", "good") != "good" else why_not(value, how, highest)
        if reason:
            samples.put_aside(pollutant, reason)
            continue
        if not span_s:
            instants.add(pollutant)
        samples.keep(pollutant, at, span_s, value)
    if len(devices) > 1:
        raise Refused(
            f"{path} holds {len(devices)} devices: {', '.join(sorted(devices)[:8])}; choose one with --device"
        )
    for pollutant in sorted(instants):
        _give_spans(samples, pollutant)
    return samples


def _rows(path: Path, samples: Samples) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            samples.lines += 1
            try:
                row = json.loads(line)
            except ValueError as exc:
                samples.refuse(number, f"not JSON: {exc}")
                continue
            if isinstance(row, dict):
                yield number, row
            else:
                samples.refuse(number, "not a JSON object")


def _give_spans(samples: Samples, pollutant: str) -> None:
    """Instants stand for the usual time between two of them, at most an hour."""
    series = samples.series[pollutant]
    usual = usual_step_s(series.at)
    series.span_s = [span or usual for span in series.span_s]
    samples.remarks.append(f"{pollutant}: 瞬时值按 {usual:g} s 计 · instants stand for {usual:g} s each")
