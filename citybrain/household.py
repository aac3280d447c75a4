"""The processes of one installation under one supervisor: started in order, watched, ended in order."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from citybrain.settings import Settings
from domain.errors import Refused
from runtime.log_files import USUAL, LogBound
from runtime.ports import accepts
from runtime.stopping import Stop
from runtime.supervision import ChildDied, ChildSpec, Supervisor

WATCH_EVERY_S = 0.1
READY_WITHIN_S = 60.0
ROUNDS_UNTIL_SLOW = round(READY_WITHIN_S / WATCH_EVERY_S)
ROUNDS_UNTIL_LOGS = round(1.0 / WATCH_EVERY_S)

IsReady = Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One process and how to see that it is ready."""

    name: str
    arguments: Sequence[str]
    is_ready: IsReady
    environment: Mapping[str, str] = field(default_factory=dict)


class Household:
    """Supervises members. `logs` is a folder for their output, within `bound`, or None to share ours (journald)."""

    def __init__(
        self,
        *,
        logs: Path | None,
        on_death: Callable[[ChildDied], None],
        on_restart: Callable[[str, int], None],
        on_ready: Callable[[str], None],
        on_slow: Callable[[str], None] | None = None,
        bound: LogBound = USUAL,
    ) -> None:
        """With `on_slow` nobody gives up on a member that is not ready in time: a database may be away for long."""
        self._logs = logs
        self._bound = bound
        self._own_logs: set[Path] = set()
        self._rounds = 0
        self._on_ready = on_ready
        self._on_slow = on_slow
        self._on_restart = on_restart
        self._started: set[str] = set()
        self.supervisor = Supervisor(on_death=on_death, on_start=self._note_start)

    def start(self, members: Sequence[Member], stop: Stop) -> None:
        """Start these together and wait until all are ready, watching meanwhile.

        Raises Refused when one is not ready in time, unless `on_slow` is told instead.
        """
        self._make_folder()
        for member in members:
            argv = [sys.executable, "-m", "citybrain", "child", *member.arguments]
            log = self._logs / f"{member.name}.log" if self._logs else None
            if log is not None:
                self._own_logs.add(log)
            self.supervisor.start(ChildSpec(name=member.name, argv=argv, log=log, environment=member.environment))
        waiting = list(members)
        rounds = 0
        while waiting and not stop.wait(WATCH_EVERY_S):
            self._look()
            for member in [m for m in waiting if m.is_ready()]:
                waiting.remove(member)
                self._on_ready(member.name)
            rounds += 1
            if rounds % ROUNDS_UNTIL_SLOW == 0 and waiting:
                self._tell_slow(", ".join(member.name for member in waiting))

    def _tell_slow(self, names: str) -> None:
        if self._on_slow is not None:
            self._on_slow(names)
            return
        where = f"; see {self._logs}" if self._logs else ""
        raise Refused(f"{names} did not become ready within {READY_WITHIN_S:g} s{where}")

    def watch(self, stop: Stop, *, for_s: float | None = None) -> None:
        """Until asked to stop, or until the time is over."""
        rounds = 0
        while not stop.wait(WATCH_EVERY_S):
            self._look()
            rounds += 1
            if for_s is not None and rounds * WATCH_EVERY_S >= for_s:
                return

    def _make_folder(self) -> None:
        if self._logs is None:
            return
        try:
            self._logs.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise Refused(f"{self._logs} for logs: {exc.strerror}; give another folder, or make it writable") from exc

    def _look(self) -> None:
        self.supervisor.watch()
        self._rounds += 1
        if self._rounds % ROUNDS_UNTIL_LOGS == 0:
            for log in self._own_logs:  # others may write into the same folder
                self._bound.hold(log)

    def _note_start(self, name: str, pid: int) -> None:
        if name in self._started:
            self._on_restart(name, pid)
        self._started.add(name)


def broker_member(settings: Settings) -> Member | None:
    """The embedded broker, where the settings ask for it."""
    if settings.embedded_broker is None:
        return None
    port = settings.ingest.broker.port
    return Member(
        name="broker",
        arguments=["broker", str(settings.embedded_broker.configuration)],
        is_ready=lambda: accepts(port),
    )


_FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""glibc keeps freed memory apart for every thread: with two arenas an engine of 50,000 devices is 20 MB smaller."""


def engine_member(settings: Settings, file: Path) -> Member:
    return Member(
        name="engine",
        arguments=["engine", "--config", str(file)],
        is_ready=lambda: engine_is_ready(settings.data),
        environment=_FEW_ARENAS,
    )


def web_member(settings: Settings, file: Path) -> Member:
    return Member(
        name="web", arguments=["web", "--config", str(file)], is_ready=lambda: web_is_ready(settings.web.port)
    )


def engine_is_ready(data: Path) -> bool:
    address = EngineAddress.read(data)
    if address is None or not address.is_running:
        return False
    with EngineClient(address) as engine:
        return engine.is_ready()


def web_is_ready(port: int) -> bool:
    """The web process answers; whether it has a picture already is its own page's business."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False
