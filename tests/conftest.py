"""What every test of the house may use."""

import pytest
from hypothesis import HealthCheck, settings

from tests import availability

settings.register_profile(
    "citybrain",
    deadline=None,  # how long an example takes is the machine's matter: a busy one must not turn a test red
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("citybrain")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Servers that were not there are named at the end of the run."""
    if absent := availability.report():
        terminalreporter.section("NOT AVAILABLE", red=True, bold=True)
        for what, why in sorted(absent.items()):
            terminalreporter.line(f"{what}: {why}")
