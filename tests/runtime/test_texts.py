"""What came over the wire steers neither terminals nor spreadsheets nor logs."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.texts import as_cell, harmless


@given(st.text())
def test_harmless_text_has_no_letter_that_steers_and_changes_nothing_else(text: str) -> None:
    shown = harmless(text)
    assert shown.isprintable()
    assert text.isprintable() <= (shown == text)


def test_escape_sequences_and_turned_writing_are_spelled_out() -> None:
    assert harmless("a\x1b[2Jb\u202ec\nd") == "a\\x1b[2Jb\\u202ec\\nd"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_begins_a_formula(text: str) -> None:
    assert as_cell(text) == "'" + text


def test_a_cell_does_not_steer_the_terminal_that_shows_it() -> None:
    assert as_cell("=a\x1b[2Jb\u202ec\nd") == "'=a\\x1b[2Jb\\u202ec\nd"


def test_ordinary_words_stay_as_they_are() -> None:
    assert as_cell("NM-001 噪声") == "NM-001 噪声"


PROGRAM = """
from runtime import logs
logs.configure(process="test", as_json={as_json})
logs.get("test").warning("decoder failed", topic="a\\n2026-11-22 [error] forged\\x1b[31m", names=["b\\nc"])
"""


@pytest.mark.parametrize("as_json", [True, False])
def test_a_topic_cannot_forge_a_line_of_the_log(as_json: bool) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(as_json=as_json)], capture_output=True, text=True, check=True
    )
    [line] = ended.stderr.splitlines()
    assert re.search(r"forged\\+(x|u00)1b\[31m", line), line
