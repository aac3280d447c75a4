"""`citybrain demo` as a person starts it, with its output in files; whatever happens, nothing of it stays behind."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from citybrain.household import engine_is_ready, web_is_ready
from runtime.ports import accepts
from tests.free_ports import free_port
from tests.ingest.running import wait_for

READY_WITHIN_S = 180.0
CHILDREN = ("broker", "engine", "web", "simulators")


class Demo:
    """One run. `data` may be the folder of an earlier one."""

    def __init__(self, folder: Path, *options: str, data: Path | None = None, port: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.data = data or folder / "data"
        self._files = folder / f"stdout-{self.port}", folder / f"stderr-{self.port}"
        argv = [sys.executable, "-m", "citybrain", "demo", "--no-browser", "--data", str(self.data)]
        with self._files[0].open("wb") as out, self._files[1].open("wb") as err:
            self.process = subprocess.Popen(
                [*argv, "--port", str(self.port), *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                env={**os.environ, "COLUMNS": "200"},
            )
        self._seen: dict[int, psutil.Process] = {}

    @property
    def told(self) -> str:
        """What it has said on stderr so far."""
        return self._files[1].read_text(encoding="utf-8")

    @property
    def summary(self) -> Mapping[str, Any]:
        """The last line of stdout."""
        found: Mapping[str, Any] = json.loads(self._files[0].read_text(encoding="utf-8").splitlines()[-1])
        return found

    def wait_until_ready(self) -> None:
        """All four children are there, and messages flow."""

        def is_ready() -> bool:
            assert self.process.poll() is None, f"the demo has ended:\n{self.told}"
            return len(self.children()) == len(CHILDREN) and engine_is_ready(self.data) and web_is_ready(self.port)

        wait_for(is_ready, f"a whole demo; it says\n{self.told}", within_s=READY_WITHIN_S)
        self.wait_for_news()

    def wait_for_news(self) -> None:
        """Further messages arrive and are in the ledger."""
        wait_for(lambda: self._received() is not None, "the engine's figures", within_s=READY_WITHIN_S)
        before = self._received() or 0
        wait_for(lambda: (self._received() or 0) > before, "further messages", within_s=READY_WITHIN_S)

    def children(self) -> Mapping[str, psutil.Process]:
        """The living ones by name."""
        found: dict[str, psutil.Process] = {}
        with suppress(psutil.NoSuchProcess):  # it may end while we look
            for child in psutil.Process(self.process.pid).children(recursive=True):
                self._seen[child.pid] = child
                words = child.cmdline()
                if "child" in words and child.status() != psutil.STATUS_ZOMBIE:
                    found[words[words.index("child") + 1]] = child
        return found

    def ports(self) -> Sequence[int]:
        """Every port that somebody listens on for this demo."""
        broker = tomllib.loads((self.data / "broker.toml").read_text(encoding="utf-8"))
        address = EngineAddress.read(self.data)
        own = [self.port] if address is None else [self.port, int(address.url.rpartition(":")[2])]
        return own + [int(broker[version]["1"]["listen"].rpartition(":")[2]) for version in ("v4", "v5")]

    def end(self, number: signal.Signals = signal.SIGTERM, *, within_s: float) -> int:
        """Signal it, and wait; the exit code. Fails when it takes longer."""
        self.children()
        self.process.send_signal(number)
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the demo did not end within {within_s:g} s:\n{self.told}") from None

    def left_behind(self) -> Sequence[str]:
        """Processes that are still there, and ports that somebody still answers on."""
        living = [child for child in self._seen.values() if _is_alive(child)]
        return [f"process {child.pid}" for child in living] + [f"port {p}" for p in self.ports() if accepts(p)]

    def clear_away(self) -> None:
        """SIGKILL to whatever is left."""
        self.children()
        for process in (*self._seen.values(), self.process):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()

    def _received(self) -> int | None:
        address = EngineAddress.read(self.data)
        if address is None or not engine_is_ready(self.data):
            return None
        with EngineClient(address) as engine:
            return int(engine.get("/internal/statistics")["messages"]["received"])


@contextmanager
def running(folder: Path, *options: str, data: Path | None = None, port: int | None = None) -> Iterator[Demo]:
    demo = Demo(folder, *options, data=data, port=port)
    try:
        yield demo
    finally:
        demo.clear_away()


def query(data: Path, command: str, *options: str) -> Sequence[Mapping[str, Any]]:
    """`citybrain COMMAND --json --data DIR`, which must succeed."""
    argv = [sys.executable, "-m", "citybrain", command, *options, "--json", "--data", str(data)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"citybrain {command}: exit {done.returncode}\n{done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
