"""`citybrain decode`: what would come of a payload, said before anything is connected."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.installation import Site
from tests.app.terminal import Ran, Terminal
from tests.ingest.fakes import NOW_MS
from tests.ingest.sparkplug_edge import metric, payload

EXAMPLE = Path(__file__).parents[2] / "examples" / "mapping.yaml"
UP = "citybrain/v1/up/NM-1"
NOISE = {"t": NOW_MS, "span": 60, "v": {"laeq": 58.4}}
TASMOTA = {"Time": "2026-11-22T20:00:00", "DS18B20": {"Temperature": 20}}


def decode(terminal: Terminal, folder: Path, content: object, *options: object) -> Ran:
    file = folder / "payload"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return terminal.run("decode", *options, file)


def rows(ran: Ran, key: str) -> list[dict[str, Any]]:
    return [row for row in ran.rows if key in row]


def test_a_value_says_all_that_would_be_stored(terminal: Terminal, tmp_path: Path) -> None:
    said = {**NOISE, "v": {"temperature": 70}, "u": {"temperature": "F"}, "q": "uncertain", "id": "a", "seq": 4}
    ran = decode(terminal, tmp_path, said, "--topic", UP)
    assert ran.code == 0
    assert [{name: value for name, value in row.items() if name != "hint"} for row in ran.rows] == [
        {
            **{
                "format": "native",
                "device": "NM-1",
                "known": False,
                "metric": "temperature",
                "unit": "F",
                "unit_stored": "°C",
            },
            **{"start": "2026-11-22T11:59:00.000Z", "end": "2026-11-22T12:00:00.000Z"},
            **{"value": 70.0, "value_stored": pytest.approx(21.111, abs=1e-3), "quality": "uncertain", "live": True},
            **{"identity": "a", "sequence": 4, "refused": None, "detail": None},
        }
    ]


def test_rejects_and_what_is_no_reading_have_lines_of_their_own(terminal: Terminal, tmp_path: Path) -> None:
    said = {
        "Time": "2026-11-22T20:00:00",
        "DS18B20": {"Temperature": "x", "Id": "01"},
        "Mystery": 1,
        "AM": {"Humidity": 5},
    }
    ran = decode(terminal, tmp_path, said, "--topic", "tele/sonoff/SENSOR")
    assert ran.code == 0
    assert [(row["device"], row["reason"]) for row in rows(ran, "reason")] == [
        ("sonoff", "bad-number"),
        ("sonoff", "unknown-metric"),
    ]
    assert [row["field"] for row in rows(ran, "field")] == ["DS18B20.Id"]


@pytest.mark.parametrize(("text", "offset"), [(b'{"a": 1,}', 8), (b'{"a":', 5), (b'{"a": NaN}', 6)])
def test_text_that_is_no_json_says_at_which_byte(terminal: Terminal, tmp_path: Path, text: bytes, offset: int) -> None:
    ran = decode(terminal, tmp_path, text, "--topic", UP)
    assert (ran.code, [(row["reason"], row["offset"]) for row in ran.rows]) == (1, [("not-json", offset)])


def test_everything_refused_is_exit_code_1_and_nothing_to_read_is_none(terminal: Terminal, tmp_path: Path) -> None:
    assert decode(terminal, tmp_path, {"v": {"laeq": True}}, "--topic", UP).code == 1
    assert decode(terminal, tmp_path, {**NOISE, "v": {"laeq": 999}}, "--topic", UP).code == 1
    ran = decode(terminal, tmp_path, b"Online", "--topic", "tele/sonoff/LWT")
    assert (ran.code, ran.out, ran.err) == (0, "", "不是读数 · no reading\n")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({**NOISE, "v": {"laeq": 999}}, "out-of-range"),
        ({**NOISE, "v": {"mystery": 1}}, "unknown-metric"),
        ({**NOISE, "u": {"laeq": "furlong"}}, "unknown-unit"),
        ({**NOISE, "t": 5}, "bad-time"),
        ({**NOISE, "t": NOW_MS * 2}, "future-time"),
    ],
)
def test_a_value_that_the_quarantine_would_have_names_the_reason(
    terminal: Terminal, tmp_path: Path, said: object, reason: str
) -> None:
    assert [row["refused"] for row in decode(terminal, tmp_path, said, "--topic", UP).rows] == [reason]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({**NOISE, "v": {"LAeq": 50}}, "NM-1 LAeq: not a metric of this device's kind"),
        ({**NOISE, "t": NOW_MS // 1000}, "seconds where milliseconds belong"),
        ({**NOISE, "t": 5}, "a clock that was never set"),
        ({**NOISE, "t": NOW_MS * 2}, "s ahead of us"),
        ({**NOISE, "v": {"laeq": "50.1"}}, '$.v.laeq: "50.1": '),
        ({"laeq": 50}, "values stand under `v`"),
        ("hello", 'not "hello"'),
    ],
)
def test_what_is_refused_has_the_sentence_of_the_quarantine(
    terminal: Terminal, tmp_path: Path, said: object, words: str
) -> None:
    [row] = decode(terminal, tmp_path, said, "--topic", UP).rows
    assert words in row["detail"] and "b'" not in row["detail"]


def test_a_metric_that_was_misspelled_is_guessed(terminal: Terminal, tmp_path: Path) -> None:
    [row] = decode(terminal, tmp_path, {**NOISE, "v": {"LAeq": 50}}, "--topic", UP).rows
    assert row["hint"] == "did you mean laeq? Capitals count"


def test_a_value_that_would_be_late_by_now_says_so_and_is_not_refused(terminal: Terminal, tmp_path: Path) -> None:
    [row] = decode(terminal, tmp_path, {**NOISE, "t": NOW_MS - 365 * 86_400_000}, "--topic", UP).rows
    assert row["refused"] is None
    assert "refused as late (ingest.late_horizon, 26 h)" in row["hint"]


def test_a_value_of_this_moment_has_no_hint(terminal: Terminal, tmp_path: Path) -> None:
    [row] = decode(terminal, tmp_path, {"v": {"laeq": 50}}, "--topic", UP).rows
    assert (row["refused"], row["detail"], row["hint"]) == (None, None, None)


def test_a_cut_frame_says_how_much_was_announced_and_how_much_came(terminal: Terminal, tmp_path: Path) -> None:
    [row] = decode(terminal, tmp_path, b"##0285QN=20160801085857223;ST=32;CN=2011", "--topic", "hj212/x").rows
    assert "285 bytes announced and 4 of checksum behind them, 34 came" in row["detail"]


def test_one_payload_per_line_with_the_number_of_the_line(terminal: Terminal, tmp_path: Path) -> None:
    text = b"\n".join([json.dumps(NOISE).encode(), b"", b"{", json.dumps(NOISE).encode()])
    ran = decode(terminal, tmp_path, text, "--topic", UP, "--lines")
    assert [(row["line"], "metric" in row) for row in ran.rows] == [(1, True), (3, False), (4, True)]


@pytest.mark.parametrize("option", ["--hex", "--base64"])
def test_a_binary_payload_comes_as_text(terminal: Terminal, tmp_path: Path, option: str) -> None:
    birth = payload([metric("laeq", datatype=10, double_value=50.0)])
    text = birth.hex().encode() if option == "--hex" else base64.encodebytes(birth)
    ran = decode(terminal, tmp_path, text, "--topic", "spBv1.0/city/DBIRTH/edge/NM-1", option)
    assert [(row["device"], row["value"]) for row in rows(ran, "metric")] == [("city/edge/NM-1", 50.0)]


def test_the_dialect_of_a_device_is_read_from_its_file(terminal: Terminal, tmp_path: Path) -> None:
    dialects = tmp_path / "dialects.yaml"
    dialects.write_text("sonoff: {timezone: Asia/Shanghai, units: {DS18B20.Temperature: F}}\n", encoding="utf-8")
    ran = decode(terminal, tmp_path, TASMOTA, "--topic", "tele/sonoff/SENSOR", "--device-settings", dialects)
    [row] = ran.rows
    assert (row["known"], row["unit"], row["end"]) == (True, "F", "2026-11-22T12:00:00.000Z")


def test_every_fault_of_a_file_of_dialects_is_told(terminal: Terminal, tmp_path: Path) -> None:
    dialects = tmp_path / "dialects.yaml"
    dialects.write_text("a: {timezone: Mars/Base}\nb: {colour: red}\n", encoding="utf-8")
    ran = decode(terminal, tmp_path, TASMOTA, "--device-settings", dialects)
    assert ran.code == 1
    *told, count = ran.err.splitlines()
    assert ([line.split(":")[2] for line in told], "2 problems" in count) == (["1", "2"], True)


def test_a_mapping_is_tried_before_it_is_installed(terminal: Terminal, tmp_path: Path) -> None:
    item = {"sn": "TF-1", "ts": "2026-11-22 20:00:00", "len": 60, "noise": {"leq": "58.4"}, "met": {"p": 101.3}}
    ran = decode(
        terminal, tmp_path, {"list": [item]}, "--mapping", EXAMPLE, "--topic", "tingfeng/lujiazui/GW-07/report"
    )
    assert [(row["metric"], row["value_stored"]) for row in ran.rows] == [("laeq", 58.4), ("pressure", 1013.0)]


def test_an_installation_knows_its_devices_and_what_they_may_report(
    terminal: Terminal, tmp_path: Path, site: Site
) -> None:
    said = {**NOISE, "v": {"laeq": 50, "o3": 5}}
    ran = decode(terminal, tmp_path, said, "--topic", UP, "--config", site.file)
    assert [(row["known"], row["refused"]) for row in ran.rows] == [(True, None), (True, "unknown-metric")]


def test_the_names_of_formats_are_listed(terminal: Terminal, tmp_path: Path) -> None:
    ran = decode(terminal, tmp_path, b"", "--format", "help")
    names = [line.split()[0] for line in ran.out.splitlines()]
    assert (ran.code, names[:2], "zigbee2mqtt" in names) == (0, ["native", "native-batch"], True)


@pytest.mark.parametrize("options", [("--format", "telegram"), ("--hex", "--base64"), ("--hex",), ("--base64",)])
def test_wrong_usage_is_told_as_such(terminal: Terminal, tmp_path: Path, options: tuple[str, ...]) -> None:
    ran = decode(terminal, tmp_path, b"{no hex}", *options)
    assert (ran.code, "Error" in ran.err, "Traceback" in ran.err) == (2, True, False)


def test_a_key_that_stands_twice_is_remarked_and_its_last_value_counts(terminal: Terminal, tmp_path: Path) -> None:
    said = b'{"t": %d, "v": {"laeq": 50, "laeq": 51, "laeq": 52}, "t": %d}' % (NOW_MS, NOW_MS)
    ran = decode(terminal, tmp_path, said, "--topic", UP)
    assert [row["value"] for row in rows(ran, "metric")] == [52]
    assert [(row["field"], row["why"][:31]) for row in rows(ran, "field")] == [
        ("laeq", "stands more than once in one ob"),
        ("t", "stands more than once in one ob"),
    ]


def test_the_same_key_in_two_objects_is_no_remark(terminal: Terminal, tmp_path: Path) -> None:
    ran = decode(terminal, tmp_path, [NOISE, {**NOISE, "t": NOW_MS - 60_000}], "--topic", UP)
    assert (ran.code, rows(ran, "field")) == (0, [])
