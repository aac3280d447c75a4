"""Prometheus' own tool for trying alerting rules: whether it agrees with us on when an alert fires."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests import availability

GRID_S = 10
"""Both evaluate here, and every reading stands here."""
ALERT = "Loud"

Story = Sequence[float | None]
"""One value a step of the grid; None: nothing was sent."""


def promtool() -> str:
    """The program. Without one on this machine the test is NOT AVAILABLE."""
    found = shutil.which("promtool")
    if found is None:
        availability.missing("promtool", "no promtool on PATH; on Debian: apt-get install prometheus")
    return found


def disagreements(
    folder: Path, stories: Sequence[tuple[Story, Sequence[bool]]], *, limit: float, hold_s: int, keep_s: int
) -> str:
    """What promtool says against our claim of when the alert of each story fires, step by step; empty: it agrees."""
    rule = {"alert": ALERT, "expr": f"laeq > {limit:g}", "for": f"{hold_s}s", "keep_firing_for": f"{keep_s}s"}
    _write(folder / "rules.yml", {"groups": [{"name": "g", "interval": f"{GRID_S}s", "rules": [rule]}]})
    tests = [_test(story, fires, name=f"story {number}") for number, (story, fires) in enumerate(stories)]
    _write(
        folder / "tests.yml",
        {"rule_files": ["rules.yml"], "evaluation_interval": f"{GRID_S}s", "tests": tests},
    )
    command = [promtool(), "test", "rules", str(folder / "tests.yml")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert "parse" not in ended.stderr.lower(), ended.stderr
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


def _test(story: Story, fires: Sequence[bool], *, name: str) -> Mapping[str, Any]:
    values = " ".join("_" if value is None else f"{value:g}" for value in story)
    return {
        "name": name,
        "interval": f"{GRID_S}s",
        "input_series": [{"series": "laeq", "values": values}],
        "alert_rule_test": [
            {
                "eval_time": f"{step * GRID_S}s",
                "alertname": ALERT,
                "exp_alerts": [{"exp_labels": {}}] if is_firing else [],
            }
            for step, is_firing in enumerate(fires)
        ],
    }


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
