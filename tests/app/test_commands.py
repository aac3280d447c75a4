"""The command line: one help for all, stable fields, words for an empty answer, exit codes, no tracebacks."""

import csv
import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from citybrain.cli import COMMANDS
from citybrain.edge.address import EngineAddress
from citybrain.engine.dropped import JOURNAL_DROPPED
from domain.ledger import LedgerLine, Tally
from domain.messages import Quarantined, Reason
from tests.app.engine_room import NOON, EngineRoom
from tests.app.installation import Site, write_installation
from tests.app.terminal import Terminal

QUERIES = ("readings", "alerts", "devices", "quarantine", "ledger")
DOCUMENT = Path(__file__).parents[2] / "docs" / "queries.md"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """An installation that has seen one of everything, and has been stopped; queries change nothing in it."""
    room = EngineRoom(write_installation(tmp_path_factory.mktemp("recorded")))
    room.settle([("MC-1", "cover_open", 1.0)], at=0, quarantined=1)
    room.step()
    room.judge(at=10)
    room.parts.store.write(room.batch([("NM-1", "laeq", 51.5), ("AQ-1", "pm2_5", 20.0)], at=0), through=1)
    room.parts.close()
    return room.site


def documented_fields(command: str) -> set[str]:
    """The fields of a line of this command, as its row of the table in docs/queries.md names them."""
    [row] = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if f"`citybrain {command} " in line]
    return set(re.findall(r"`([^`]+)`", row.split("|")[3])[0].split())


HELP = """
import sys
from citybrain.cli import main
try:
    main(["--help"])
finally:
    heavy = {"numpy", "dash", "plotly", "fastapi", "sqlalchemy", "pydantic", "duckdb", "apprise", "httpx"}
    print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    ended = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    assert [name for name in COMMANDS if f"\n  {name}" not in ended.stdout] == []
    assert ended.stderr == "[]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_in_both_languages(terminal: Terminal, name: str) -> None:
    ran = terminal.run(name, "--help")
    assert ran.code == 0
    assert re.search(r"[一-鿿]", ran.out) and re.search(r"[a-z]{4}", ran.out)


def test_the_version_is_that_of_the_package(terminal: Terminal) -> None:
    assert re.fullmatch(r"citybrain, version \d+\.\d+\.\d+\S*\n", terminal.run("--version").out)


@pytest.mark.parametrize("command", QUERIES)
def test_the_fields_of_a_line_are_those_documented(terminal: Terminal, recorded: Site, command: str) -> None:
    ran = terminal.run(command, "--config", recorded.file, "--json")
    assert ran.code == 0 and ran.rows
    assert {name for row in ran.rows for name in row} == documented_fields(command)


def test_the_counts_of_a_ledger_line_are_those_documented(terminal: Terminal, recorded: Site) -> None:
    [row] = terminal.run("ledger", "--config", recorded.file, "--json").rows
    counts = {"received": 2, "stored": 1, "duplicate": 0, "quarantined": 1, "late": 0, "imbalance": 0}
    assert row == {"feed": "city", "minute": "2026-06-01T04:00:00.000Z", "messages": counts, "readings": counts}


def test_a_payload_that_is_no_text_comes_as_base64(terminal: Terminal, room: EngineRoom) -> None:
    bad = Quarantined(feed="city", topic="t", payload=b"\xff\x00", received=0, reason=Reason.NOT_JSON, detail="x")
    with room.parts.records.transaction() as books:
        books.quarantine.add([bad])
    room.parts.close()
    [row] = terminal.run("quarantine", "--config", room.site.file, "--json").rows
    assert row["payload_b64"] == "/wA=" and "payload" not in row


def hostile(room: EngineRoom, topic: str, payload: bytes = b"=1+1") -> None:
    """A quarantine with one entry of somebody who wishes us ill."""
    bad = Quarantined(feed="city", topic=topic, payload=payload, received=0, reason=Reason.NOT_JSON, detail="=x")
    with room.parts.records.transaction() as books:
        books.quarantine.add([bad])
    room.parts.close()


def test_a_spreadsheet_gets_no_formula_from_the_wire(terminal: Terminal, room: EngineRoom) -> None:
    hostile(room, '=HYPERLINK("x")')
    [row] = csv.DictReader(terminal.run("quarantine", "--config", room.site.file, "--csv").out.splitlines())
    assert [row[name] for name in ("topic", "detail", "payload")] == ['\'=HYPERLINK("x")', "'=x", "'=1+1"]


def test_what_only_some_rows_have_is_a_column_all_the_same(terminal: Terminal, room: EngineRoom) -> None:
    def entry(received: int, payload: bytes) -> Quarantined:
        return Quarantined(
            feed="city", topic="t", payload=payload, received=received, reason=Reason.NOT_JSON, detail="x"
        )

    with room.parts.records.transaction() as books:
        books.quarantine.add([entry(0, b"\xff"), entry(1, b"text")])
    room.parts.close()
    new, old = csv.DictReader(terminal.run("quarantine", "--config", room.site.file, "--csv").out.splitlines())
    assert (new["payload"], new["payload_b64"]) == ("text", "")
    assert (old["payload"], old["payload_b64"]) == ("", "/w==")


def test_nested_fields_have_columns_of_their_own(terminal: Terminal, recorded: Site) -> None:
    [row] = csv.DictReader(terminal.run("ledger", "--config", recorded.file, "--csv").out.splitlines())
    assert (row["feed"], row["messages.received"]) == ("city", "2")


def test_a_topic_does_not_steer_the_terminal(terminal: Terminal, room: EngineRoom) -> None:
    hostile(room, "a\x1b[2Jb[red]c", payload=b"\x1b[2J")
    listed = terminal.run("quarantine", "--config", room.site.file).out
    shown = terminal.run("quarantine", "show", "1", "--config", room.site.file).out
    assert "\x1b" not in listed + shown
    assert "[red]" in listed and "1b 5b 32 4a" in shown


def test_an_entry_that_is_not_there_is_said_to_be_missing(terminal: Terminal, recorded: Site) -> None:
    ran = terminal.run("quarantine", "show", "99", "--config", recorded.file)
    assert (ran.code, "no entry 99" in ran.err) == (1, True)
    for why in ("driven again leaves it", "expires (0 so far)", "the oldest go (0 so far)", "citybrain ledger"):
        assert why in ran.err


def test_driving_again_needs_to_be_told_what_and_an_engine(terminal: Terminal, recorded: Site) -> None:
    assert terminal.run("quarantine", "redrive", "--config", recorded.file).code == 2
    counted = terminal.run("quarantine", "redrive", "--all", "--dry-run", "--config", recorded.file, "--json")
    assert counted.rows == [{"found": 1, "driven": 0, "waiting": 1, "cut_off": 0}]
    ran = terminal.run("quarantine", "redrive", "--all", "--config", recorded.file)
    assert (ran.code, "no engine runs" in ran.err) == (1, True)


@pytest.mark.parametrize("command", QUERIES)
def test_people_get_a_table_with_both_languages_in_its_head(terminal: Terminal, recorded: Site, command: str) -> None:
    ran = terminal.run(command, "--config", recorded.file)
    assert ran.code == 0
    assert re.search(r"[一-鿿]", ran.out.splitlines()[0])
    assert len(ran.out.splitlines()) > 1


@pytest.mark.parametrize("command", [name for name in QUERIES if name != "devices"])
def test_an_empty_answer_is_said_in_words_and_is_nothing_in_json(
    terminal: Terminal, room: EngineRoom, command: str
) -> None:
    room.parts.close()
    assert terminal.run(command, "--config", room.site.file).out == "没有记录 · nothing to show\n"
    assert terminal.run(command, "--config", room.site.file, "--json").out == ""


@pytest.mark.parametrize("command", [name for name in QUERIES if name != "readings"])
def test_an_installation_that_never_ran_says_what_to_do(terminal: Terminal, site: Site, command: str) -> None:
    ran = terminal.run(command, "--config", site.file)
    assert ran.code == 1
    assert "nothing was ever recorded here; run `citybrain demo` or `citybrain up` first" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", QUERIES)
def test_without_a_settings_file_a_query_says_what_to_give(
    terminal: Terminal, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = terminal.run(command)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "citybrain: citybrain.yaml: no settings file here; give --config FILE, or --data DIR of a demo\n"


def test_the_settings_file_of_the_folder_is_found(
    terminal: Terminal, recorded: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(recorded.folder)
    assert len(terminal.run("devices", "--json").rows) == 12


def test_the_folder_of_a_demo_is_found_by_data(terminal: Terminal, recorded: Site) -> None:
    assert len(terminal.run("devices", "--data", recorded.folder, "--json").rows) == 12


def test_devices_of_one_kind(terminal: Terminal, recorded: Site) -> None:
    rows = terminal.run("devices", "--config", recorded.file, "--kind", "noise_meter", "--json").rows
    assert [row["id"] for row in rows] == ["NM-1", "NM-2"]


def test_readings_of_one_device_newest_first(terminal: Terminal, recorded: Site) -> None:
    rows = terminal.run("readings", "--config", recorded.file, "--device", "NM-1", "--newest", "--json").rows
    assert [(row["metric"], row["value"], row["quality"]) for row in rows] == [("laeq", 51.5, "good")]


def test_a_stranger_with_the_number_of_a_dead_engine_is_not_asked(terminal: Terminal, recorded: Site) -> None:
    EngineAddress(url="http://127.0.0.1:9", token="of a dead engine", pid=os.getpid()).write(recorded.data)
    try:
        rows = terminal.run("readings", "--config", recorded.file, "--device", "NM-1", "--json").rows
    finally:
        (recorded.data / "engine.json").unlink()
    assert [row["value"] for row in rows] == [51.5]


def test_readings_since_a_time_with_a_zone(terminal: Terminal, recorded: Site) -> None:
    command = ("readings", "--config", recorded.file, "--json", "--since")
    assert len(terminal.run(*command, "2026-06-01T12:00:00+08:00").rows) == 2
    assert terminal.run(*command, "2026-06-01T12:00:01+08:00").rows == []


def test_closed_alerts_are_listed_with_all(terminal: Terminal, room: EngineRoom) -> None:
    room.judge([("MC-1", "cover_open", 1.0)], at=0)
    room.judge([("MC-1", "cover_open", 0.0)], at=2)
    room.judge(at=10)
    room.parts.close()
    command = ("alerts", "--config", room.site.file, "--json")
    assert terminal.run(*command).rows == []
    [row] = terminal.run(*command, "--all").rows
    assert (row["state"], row["opened_at"]) == ("closed", "2026-06-01T04:00:00.000Z")


def test_the_limit_of_alerts_holds_over_pages(terminal: Terminal, recorded: Site) -> None:
    assert len(terminal.run("alerts", "--config", recorded.file, "--json", "--limit", "1").rows) == 1


def test_a_ledger_that_does_not_balance_is_a_problem(terminal: Terminal, room: EngineRoom) -> None:
    lost = LedgerLine(feed="city", minute=NOON, messages=Tally(received=2, stored=1), readings=Tally())
    with room.parts.records.transaction() as books:
        books.ledger.add([lost])
    room.parts.close()
    ran = terminal.run("ledger", "--config", room.site.file, "--json")
    assert (ran.code, ran.rows[0]["messages"]["imbalance"]) == (1, 1)


def test_the_ledger_tells_people_what_the_journals_limit_dropped(terminal: Terminal, room: EngineRoom) -> None:
    line = LedgerLine(feed="city", minute=NOON, messages=Tally(received=1, stored=1), readings=Tally())
    with room.parts.records.transaction() as books:
        books.ledger.add([line])
        books.cursors.set(JOURNAL_DROPPED, 67)
    room.parts.close()
    ran = terminal.run("ledger", "--config", room.site.file)
    assert "among the stored: 67 readings" in ran.out
    assert ran.code == 0
    assert "67" not in terminal.run("ledger", "--config", room.site.file, "--json").out


def test_a_ledger_that_balances_is_none(terminal: Terminal, recorded: Site) -> None:
    assert terminal.run("ledger", "--config", recorded.file).code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["readings", "--nothing"],
        ["readings", "--limit", "many"],
        ["readings", "--limit", "0"],
        ["alerts", "--limit", "-1"],
        ["quarantine", "--reason", "boredom"],
        ["check"],
        ["up"],
        ["up", "--config", "gone.yaml"],
        ["demo", "--port", "70000"],
        ["demo", "--exit-after", "soon"],
        ["demo", "--speed", "0"],
        ["simulate"],
        ["replay", "gone.csv"],
        ["capture"],
        ["bench", "nothing"],
    ],
)
def test_wrong_usage_is_exit_code_2_and_says_what_is_wrong(
    terminal: Terminal, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = terminal.run(*arguments)
    assert ran.code == 2
    assert "Error" in ran.err and "Traceback" not in ran.err


@pytest.mark.parametrize("text", ["yesterday", "2026-06-01", "2026-06-01T12:00:00", "5x"])
def test_a_time_without_a_zone_is_wrong_usage(terminal: Terminal, recorded: Site, text: str) -> None:
    for command in ("readings", "ledger"):
        ran = terminal.run(command, "--config", recorded.file, "--since", text)
        assert (ran.code, "Traceback" in ran.err) == (2, False)


def test_check_tells_a_good_installation(terminal: Terminal, site: Site) -> None:
    ran = terminal.run("check", site.file)
    assert ran.code == 0
    assert ran.out.endswith("没有问题 · no problems\n")


def test_check_tells_every_problem_and_how_many(terminal: Terminal, site: Site) -> None:
    site.file.write_text("data: .\nweb: {port: 0x}\n", encoding="utf-8")
    ran = terminal.run("check", site.file)
    assert ran.code == 1
    assert len(ran.out.splitlines()) == 3 and all(line.startswith(f"{site.file}:") for line in ran.out.splitlines())
    assert ran.err == "3 个问题 · 3 problem(s)\n"


@pytest.mark.parametrize("command", ["up", "readings"])
def test_a_broken_settings_file_is_told_without_a_traceback(terminal: Terminal, site: Site, command: str) -> None:
    site.file.write_text("data: [\n", encoding="utf-8")
    ran = terminal.run(command, "--config", site.file)
    assert ran.code == 1
    assert ran.err.startswith(f"citybrain: {site.file}:2: not YAML") and "Traceback" not in ran.err


def test_a_command_that_keeps_running_tells_a_broken_file_the_same_way(site: Site) -> None:
    site.file.write_text("data: [\n", encoding="utf-8")
    argv = [sys.executable, "-m", "citybrain", "simulate", "--config", str(site.file)]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=240)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"citybrain: {site.file}:2: not YAML") and "Traceback" not in ended.stderr


def test_records_that_are_no_database_are_told_without_a_traceback(terminal: Terminal, site: Site) -> None:
    site.data.mkdir()
    (site.data / "records.db").write_bytes(b"this is no database, but it is long enough to be read as one" * 20)
    ran = terminal.run("alerts", "--config", site.file)
    assert ran.code == 1
    assert "records.db" in ran.err and "Traceback" not in ran.err


def test_a_server_that_is_away_is_told_without_a_traceback(terminal: Terminal, tmp_path: Path) -> None:
    site = write_installation(
        tmp_path,
        series={"kind": "influxdb", "influxdb": {"generation": 1, "url": "http://127.0.0.1:9", "timeout": "2s"}},
    )
    ran = terminal.run("readings", "--config", site.file)
    assert ran.code == 1
    assert ran.err.startswith("citybrain: ") and "Traceback" not in ran.err


def test_json_is_one_object_a_line_with_readable_chinese(terminal: Terminal, recorded: Site) -> None:
    out = terminal.run("alerts", "--config", recorded.file, "--json").out
    assert "井盖开启" in out
    assert [json.loads(line)["severity"] for line in out.splitlines()] == ["red"]


def test_durations_count_back_from_the_citys_clock(terminal: Terminal, tmp_path: Path) -> None:
    real = NOON + timedelta(days=100)
    clock = {"real": real.isoformat(), "city": NOON.isoformat(), "speed": 0.001}
    room = EngineRoom(write_installation(tmp_path, clock=clock))
    room.parts.store.write(room.batch([("NM-1", "laeq", 51.5)], at=0), through=1)
    room.parts.close()
    now = room.site.settings().make_clock().now()
    hours = int((now - NOON).total_seconds() / 3600)
    command = ("readings", "--config", room.site.file, "--json", "--since")
    assert len(terminal.run(*command, f"{abs(hours) + 24}h").rows) == 1
