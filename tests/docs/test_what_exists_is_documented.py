"""Every command, option, setting, metric, kind, rule kind and reason that exists is written down, as it is."""

import importlib
import re
from collections.abc import Iterator

import click
import pytest

from citybrain.cli import COMMANDS
from citybrain.commands.grouping import LIST
from citybrain.settings import Settings
from config.catalogue import load_catalogue
from domain.alerts import MOVES, AlertMove, AlertState
from domain.conditions import Severity, Signal
from domain.messages import Reason
from rules.kinds.table import KINDS
from tests.docs.documents import page, section_tables
from tests.docs.settings_fields import duration, sections

CATALOGUE, DEVICE_KINDS = load_catalogue()
SHARED = {"--config", "--data", "--json", "--csv"}
"""Options of every query command, explained once at the top of docs/commands.md."""
QUERIES = {"readings", "alerts", "devices", "quarantine", "ledger"}


def options_of(command: click.Command) -> set[str]:
    """The long names: a letter is only a shorter way to say one."""
    names = {name for option in command.params if isinstance(option, click.Option) for name in option.opts}
    return {name for name in names if name.startswith("--")}


def query_of(name: str) -> click.Command:
    """The command itself, or the `list` of a group."""
    command: click.Command = importlib.import_module(COMMANDS[name][0]).command
    return command.commands[LIST] if isinstance(command, click.Group) else command


def existing() -> Iterator[tuple[str, set[str]]]:
    """Every command with its options, those of groups by their full name."""
    for name, (module, _) in COMMANDS.items():
        command = importlib.import_module(module).command
        if isinstance(command, click.Group):
            shared = SHARED if name in QUERIES else set()
            yield from ((f"{name} {below}", options_of(found) - shared) for below, found in command.commands.items())
        else:
            yield name, options_of(command) - (SHARED if name in QUERIES else set())


def documented_commands() -> dict[str, set[str]]:
    """Command → options, from the one table of docs/commands.md."""
    found: dict[str, set[str]] = {}
    current = ""
    [rows] = [rows for rows in section_tables(page("commands.md")).values() if rows]
    for command, options, _ in rows:
        current = command.strip("`").removeprefix("citybrain ") or current
        found.setdefault(current, set()).update(re.findall(r"`(--[\w-]+)`", options))
    return found


def test_every_command_and_option_is_documented_and_no_other() -> None:
    assert documented_commands() == dict(existing())


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_the_shared_options_are_those_of_every_query(name: str) -> None:
    assert options_of(query_of(name)) >= SHARED


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_the_options_of_a_query_stand_beside_its_fields(name: str) -> None:
    [row] = [line for line in page("queries.md").splitlines() if f"`citybrain {name} " in line]
    own = options_of(query_of(name)) - SHARED
    assert set(re.findall(r"--\w+", row.split("|")[2])) == own


def test_every_setting_is_documented_with_its_default_and_no_other() -> None:
    documented = {
        heading.split("`")[1].removeprefix("citybrain.yaml"): {row[0].strip("`"): row[1].strip("`") for row in rows}
        for heading, rows in section_tables(page("settings.md")).items()
        if "`" in heading
    }
    assert documented == sections(Settings)


def test_every_setting_has_a_meaning_in_chinese() -> None:
    tables = section_tables(page("settings.md"))
    rows = [row for rows in tables.values() for row in rows]
    assert [row[0] for row in rows if not re.search(r"[一-鿿]|MQTT|rumqttd", row[2])] == []


def test_every_metric_is_documented_as_the_catalogue_has_it() -> None:
    averagings = {"mean", "energy", "vector", "counter", "last"}
    documented = [
        (row[0].strip("`"), row[1], row[2], row[3], averagings.intersection(row[4].split()))
        for row in section_tables(page("catalogue.md"))["Metrics 指标"]
    ]
    assert documented == [
        (m.code, f"{m.zh} · {m.en}", m.unit, f"{m.low:g} … {m.high:g}", {m.averaging.value}) for m in CATALOGUE
    ]


def test_every_kind_of_device_is_documented_as_the_catalogue_has_it() -> None:
    documented = [
        (row[0].strip("`"), row[1], row[2], row[3])
        for row in section_tables(page("catalogue.md"))["Kinds of device 设备类别"]
    ]
    assert documented == [
        (
            kind.code,
            f"{kind.zh} · {kind.en}",
            duration(kind.interval_s),
            " ".join(f"`{metric}`" for metric in kind.metrics),
        )
        for kind in DEVICE_KINDS.values()
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_rule_is_documented(kind: str) -> None:
    assert f"| `{kind}` |" in page("rules.md")


@pytest.mark.parametrize("signal", Signal)
def test_every_signal_of_a_rule_is_documented(signal: Signal) -> None:
    assert f"| {signal.value.upper()} |" in page("rules.md")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_of_the_quarantine_says_what_to_do(reason: Reason) -> None:
    rows = section_tables(page("wire.md"))["What becomes of it"]
    assert [row[1] for row in rows if f"`{reason.value}`" in row[0] and row[1]]


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_is_documented(severity: Severity) -> None:
    assert f"`{severity.value}`" in page("rules.md")


def test_every_state_and_move_of_an_alert_is_documented_and_no_other() -> None:
    [tables] = [rows for heading, rows in section_tables(page("alerts.md")).items() if "life of an alert" in heading]
    words = [row[0].strip("`") for row in tables if row[0].startswith("`")]
    assert words == [*(state.value for state in AlertState), *(move.value for move in AlertMove)]


@pytest.mark.parametrize("state", AlertState)
def test_what_follows_a_state_is_documented_as_the_table_of_moves_has_it(state: AlertState) -> None:
    [row] = [line for line in page("alerts.md").splitlines() if line.startswith(f"| `{state.value}` |")]
    following = set(re.findall(r"`([a-z]+)`", row.split("|")[3]))
    assert following == {to.value for (source, _), to in MOVES.items() if source is state}
