"""What every test of the house may use."""

import pytest

from tests import availability


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Servers that were not there are named at the end of the run."""
    if absent := availability.report():
        terminalreporter.section("NOT AVAILABLE", red=True, bold=True)
        for what, why in sorted(absent.items()):
            terminalreporter.line(f"{what}: {why}")
