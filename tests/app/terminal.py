"""Runs `citybrain` as a person at a terminal does, within this process."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from citybrain.cli import main


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Terminal:
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: object) -> Ran:
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = self.capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)
