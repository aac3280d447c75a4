"""Recorded data as messages: times, units, gaps, and a registry that fits."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.catalogue import load_catalogue
from config.city import load_city, load_registry
from domain.devices import Registry
from domain.errors import Refused
from domain.places import NoiseZone
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from ingest.statistics import Statistics
from simulators.recordings.captured import captured_line
from simulators.recordings.recording import Recording, RecordingFormat, RecordingOptions
from simulators.replay import first_event, guess_format, open_recording, registry_for
from tests.simulators.stage import as_message, stage_of, stream

SAMPLES = Path(__file__).parents[1] / "samples"
NOISE = SAMPLES / "laeq_1min_3days.csv"
AIR = SAMPLES / "beijing_Dongsi_20161101-20170228.csv"


def contents(recording: Recording) -> list[dict[str, Any]]:
    return [json.loads(message.payload) for message in recording.messages()]


def noise_file(folder: Path, *rows: str, header: str = "datetime,LEQ dB -A") -> Path:
    path = folder / "noise.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def written_registry(recording: Recording, folder: Path) -> Registry:
    registry_for(recording).write(folder)
    city, _ = load_city(folder / "city.yaml")
    return load_registry(folder / "devices.yaml", city=city, kinds=load_catalogue()[1])


def settled(recording: Recording, registry: Registry) -> int:
    """How many readings the intake stores of the whole recording, each message received when it was made."""
    catalogue, _ = load_catalogue()
    pipeline = Pipeline(registry, catalogue, IngestSettings(), statistics=Statistics(["city"]))
    messages = [as_message(message) for message in recording.messages()]
    return sum(
        len(pipeline.settle(messages[i : i + 200], messages[i].received).readings) for i in range(0, len(messages), 200)
    )


@pytest.mark.parametrize(("file", "format"), [(NOISE, RecordingFormat.NOISE_CSV), (AIR, RecordingFormat.AIR_CSV)])
def test_a_file_is_known_by_its_header(file: Path, format: RecordingFormat) -> None:
    assert guess_format(file) is format


def test_three_days_of_noise_are_as_many_minutes() -> None:
    recording = open_recording(NOISE)
    entries = contents(recording)
    assert len(entries) == 3 * 24 * 60 and recording.skipped.rows == 0
    assert entries[0] == {"t": "2025-03-21T00:00:30.000+08:00", "span": 60, "v": {"laeq": 47.36}}


def test_noise_is_local_time_of_the_zone_that_is_named() -> None:
    recording = open_recording(NOISE, options=RecordingOptions(timezone="America/Toronto"))
    assert first_event(recording) == datetime(2025, 3, 21, 4, 0, 30, tzinfo=UTC)


def test_the_hour_that_comes_twice_is_told_apart_by_its_order(tmp_path: Path) -> None:
    rows = [f"2025-11-02 {h}:{m:02d}:00,50" for h in ("00", "01", "01", "02") for m in (0, 30)]
    recording = open_recording(noise_file(tmp_path, *rows), options=RecordingOptions(timezone="America/Toronto"))
    times = [message.at for message in recording.messages()]
    assert [b - a for a, b in pairwise(times)] == [1800 * 1_000_000] * 7


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Date/Time;LAeq;L10", "2025-03-21 00:01:00;51.5;54"),
        ("\ufefftime,LEQ", "2025-03-21T00:01:00,51.5"),
        ("time,LEQ", "21/03/2025 00:01,51.5"),
        ("time\tLAeq [dB]", "2025/03/21 00:01:00\t51.5"),
        ("time,LEQ", "2025-03-20T16:01:00Z,51.5"),
    ],
)
def test_noise_tables_come_in_many_spellings(header: str, row: str, tmp_path: Path) -> None:
    entry = contents(open_recording(noise_file(tmp_path, row, header=header), format=RecordingFormat.NOISE_CSV))[0]
    assert entry["t"] == "2025-03-21T00:01:00.000+08:00"
    assert entry["v"]["laeq"] == 51.5


def test_rows_that_hold_nothing_are_counted_with_a_reason(tmp_path: Path) -> None:
    rows = ("2025-03-21 00:00:00,50", "2025-03-21 00:01:00,NA", "yesterday,51", "2025-03-21 00:03:00,loud", "", "x")
    recording = open_recording(noise_file(tmp_path, *rows))
    assert len(contents(recording)) == 1
    assert recording.skipped.rows == 4
    assert "line 4: 'yesterday' is not a time" in recording.skipped.samples[1]


def exported(file: Path, folder: Path, *, delimiter: str) -> Path:
    """The first hours of a file as a spreadsheet writes them where commas stand in numbers."""
    found = folder / "exported.csv"
    head, *rows = file.read_text(encoding="utf-8").replace(",", delimiter).splitlines(keepends=True)[:100]
    cells = "".join(rows).replace(".", ",")
    found.write_text(f"\ufeffsep={delimiter}\r\n{head}{cells}", encoding="utf-8")
    return found


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("file", [NOISE, AIR])
def test_a_file_that_a_spreadsheet_wrote_holds_the_same_messages(file: Path, delimiter: str, tmp_path: Path) -> None:
    found = contents(open_recording(exported(file, tmp_path, delimiter=delimiter)))
    first = islice(open_recording(file).messages(), len(found))
    assert len(found) > 90 and found == [json.loads(message.payload) for message in first]


def test_a_bad_row_is_told_with_its_line_in_the_file(tmp_path: Path) -> None:
    rows = ("datetime;LEQ;note", '2025-03-21 00:00;50,5;"two\nlines"', "", "2025-03-21 00:01;loud;")
    recording = open_recording(noise_file(tmp_path, *rows, header="sep=;"))
    assert [entry["v"] for entry in contents(recording)] == [{"laeq": 50.5}]
    assert recording.skipped.samples == ["line 6: could not convert string to float: 'loud'"]


def test_air_hours_end_when_the_next_begins_and_co_is_in_milligrams() -> None:
    entry = contents(open_recording(AIR))[0]
    assert entry["t"] == "2016-11-01T01:00:00.000+08:00" and entry["span"] == 3600
    assert entry["v"]["co"] == 0.5 and entry["v"]["pm2_5"] == 14
    assert entry["v"]["wind_direction"] == 292.5


def test_missing_hours_are_left_out_and_never_zero() -> None:
    entries = contents(open_recording(AIR))
    wanted = [line for line in AIR.read_text().splitlines()[1:] if line.split(",")[5] == "NA"]
    assert wanted and sum("pm2_5" not in entry["v"] for entry in entries) == len(wanted)


@pytest.mark.parametrize("file", [NOISE, AIR])
def test_the_intake_takes_every_value_of_a_recording(file: Path, tmp_path: Path) -> None:
    recording = open_recording(file)
    registry = written_registry(recording, tmp_path)
    assert settled(recording, registry) == sum(len(entry["v"]) for entry in contents(recording))


def test_a_replayed_meter_stands_in_the_zone_that_is_asked_for(tmp_path: Path) -> None:
    options = RecordingOptions(zone=NoiseZone.ONE, device="NM-REC")
    device = next(iter(written_registry(open_recording(NOISE, options=options), tmp_path)))
    assert (device.id, device.zone, device.interval_s) == ("NM-REC", NoiseZone.ONE, 60.0)


def capture_file(folder: Path, lines: Sequence[str]) -> Path:
    path = folder / "traffic.ndjson"
    path.write_text("".join(lines), encoding="utf-8")
    return path


def demo_lines(seconds: float) -> list[str]:
    return [
        captured_line(
            topic=m.topic,
            payload=m.payload,
            qos=1,
            retain=False,
            received_at=datetime.fromtimestamp(m.at / 1e6, UTC).isoformat(),
        )
        for m in stream(stage_of("demo"), seconds=seconds)
    ]


def test_a_capture_is_played_byte_for_byte(tmp_path: Path) -> None:
    original = list(stream(stage_of("demo"), seconds=30))
    played = list(open_recording(capture_file(tmp_path, demo_lines(30))).messages())
    assert [(m.topic, m.payload) for m in played] == [(m.topic, m.payload) for m in original]


def test_bytes_that_are_no_text_survive_a_capture(tmp_path: Path) -> None:
    line = captured_line(topic="a/b", payload=b"\xff\x00\x01", qos=0, retain=True, received_at="2026-11-22T12:00:00Z")
    message = next(iter(open_recording(capture_file(tmp_path, [line])).messages()))
    assert (message.payload, message.qos, message.retain) == (b"\xff\x00\x01", 0, True)


def test_broken_lines_of_a_capture_are_counted(tmp_path: Path) -> None:
    lines = [*demo_lines(2), '{"topic": "a"\n', '{"topic": "a", "payload": "x"}\n']
    recording = open_recording(capture_file(tmp_path, lines))
    assert len(list(recording.messages())) == len(lines) - 2
    assert recording.skipped.rows == 2


def test_the_devices_of_a_capture_are_known_by_what_they_measure(tmp_path: Path) -> None:
    recording = open_recording(capture_file(tmp_path, demo_lines(65)))
    found = yaml.safe_load(registry_for(recording).devices)["devices"]
    real = stage_of("demo").registry.devices
    known = [entry for entry in found if entry["id"] in real]
    assert len(known) > 0.99 * len(real)
    assert [e["id"] for e in known if e["kind"] != real[e["id"]].kind] == []


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "time,LEQ\n", "sep=;\n", "time,LEQ\n1," + "1" * 140_000])
def test_a_file_that_is_no_recording_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "thing.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=str(path)):
        open_recording(path)
