"""An installation that ran for a while, and stopped: its store and its records are full."""

from pathlib import Path

import pytest

from tests.app.engine_room import EngineRoom
from tests.app.installation import Site, write_installation
from tests.app.terminal import Terminal

MINUTES = 20


def level(name: str, second: int) -> float:
    """NM-1 is loud for a while, then again; NM-2 hovers around its limit."""
    if name == "NM-1":
        return 68.0 if 120 <= second < 300 or 600 <= second < 780 else 48.0
    return 61.0 if second // 50 % 3 == 1 else 57.0


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The real engine's parts, driven through twenty minutes; nothing runs any more. Tests only read it."""
    site = write_installation(tmp_path_factory.mktemp("lived"))
    site.data.mkdir()
    room = EngineRoom(site)
    for second in range(0, MINUTES * 60, 10):
        rows = [(name, "laeq", level(name, second)) for name in ("NM-1", "NM-2")]
        if second % 60 == 0:
            rows.append(("MC-1", "cover_open", float(420 <= second < 540)))
        room.judge(rows, at=float(second))
    room.judge(at=MINUTES * 60.0)
    while room.parts.pump.status().behind_entries:
        room.parts.pump.step()
    room.close()
    return site


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """One rule on noise, later and wider than the shipped one."""
    file = tmp_path / "new.yaml"
    file.write_text(
        """
rules:
  - id: noise-new
    kind: threshold
    zh: 噪声试行
    en: Noise, on trial
    severity: yellow
    clause: {zh: 试行, en: on trial}
    scope: {kinds: [noise_meter]}
    metric: laeq
    unit: dB(A)
    compare: "<="
    limit: 65
    hold: 60s
    clear: 30s
""",
        encoding="utf-8",
    )
    return file
