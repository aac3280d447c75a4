"""Logs of a running process: one JSON object per line, a constant message, fields as values."""

import json
import subprocess
import sys
from typing import Any

PROGRAM = """
import logging
from runtime import logs
logs.configure(process="engine", as_json=True)
log = logs.get("store.journal")
log.debug("too small to tell")
{lines}
"""


def lines_of(program: str) -> list[dict[str, Any]]:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(lines=program)], capture_output=True, text=True, check=True
    )
    assert ended.stdout == ""
    return [json.loads(line) for line in ended.stderr.splitlines()]


def test_an_event_is_one_json_line_with_its_fields() -> None:
    [line] = lines_of('log.warning("feed silent", sensor="NM-1", for_s=120)')
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "feed silent",
        "level": "warning",
        "process": "engine",
        "module": "store.journal",
        "sensor": "NM-1",
        "for_s": 120,
    }


def test_chinese_stays_readable() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(lines='log.info("x", place="澜江")')], capture_output=True, check=True
    )
    assert "澜江".encode() in ended.stderr


def test_an_exception_stays_on_the_line_of_its_event() -> None:
    [line] = lines_of('try:\n    1 / 0\nexcept ZeroDivisionError as exc:\n    log.error("part failed", exc_info=exc)')
    assert line["event"] == "part failed"
    assert "ZeroDivisionError: division by zero" in line["exception"]


def test_values_with_line_ends_do_not_break_the_line() -> None:
    [line] = lines_of('log.info("odd", value="one\\ntwo")')
    assert line["value"] == "one\ntwo"


def test_threads_log_under_the_name_of_their_process() -> None:
    [line] = lines_of('import threading\nt = threading.Thread(target=lambda: log.info("x"))\nt.start()\nt.join()')
    assert line.get("process") == "engine"
