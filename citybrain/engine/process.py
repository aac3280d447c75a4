"""The engine process: starts the threads around the parts, keeps the picture fresh, and ends them in order."""

import json
import secrets
import socket
import threading
import time
from collections.abc import Callable

import uvicorn

from citybrain.assembly import Installation
from citybrain.edge.address import EngineAddress
from citybrain.edge.api import build_api
from citybrain.edge.stream import PictureStream
from citybrain.engine.building import build
from citybrain.engine.desk import Desk
from citybrain.engine.evaluation import Step
from citybrain.engine.feeds import feed_rows
from citybrain.engine.latencies import AlertLatencies
from citybrain.engine.lighting import Lighting
from citybrain.engine.reloading import tell_doubts
from citybrain.engine.schedule import Schedule
from citybrain.engine.sittings import together
from citybrain.engine.trends_version import TrendsVersion
from citybrain.settings import zone_of
from domain.errors import CitybrainError
from domain.settlements import readings_of
from runtime import logs, memory
from runtime.locking import DirectoryLock
from runtime.stopping import Stop

PICTURE_EVERY_S = 0.5
JOIN_S = 2.0
THREADS_END_WITHIN_S = 4.0
"""The session may give its broker three seconds to take the last acknowledgements."""
GIVE_BACK_EVERY_S = 5.0

_log = logs.get(__name__)


class EngineProcess:
    """One engine over one data directory."""

    def __init__(self, installation: Installation, *, pid: int, supervisor: int | None = None) -> None:
        data = installation.settings.data
        self._lock = DirectoryLock(data, "engine")
        self._pid, self._supervisor = pid, supervisor
        self._parts = build(installation, installation.settings.make_clock())
        self._stream = PictureStream()
        self._latencies = AlertLatencies()
        self._desk = Desk(self._parts, stream=self._stream, latencies=self._latencies)
        zone = zone_of(installation.registry.city.timezone)
        self._lighting = Lighting(self._parts.desk, zone)
        self._hung_up = threading.Event()
        self._schedule = Schedule(self._parts, self._lighting)
        self._trends_version = TrendsVersion()
        self._counter = 0
        self._pictured_at = float("-inf")
        self._failed = False

    def run(self, stop: Stop) -> int:
        """Until asked to stop. The exit code is 1 when a part of it failed: the supervisor should start it anew."""
        parts = self._parts
        parts.evaluation.restore()
        tell_doubts(installation := parts.installation, parts.clock)
        memory.settle()
        self._lighting.renew(parts.clock.micros())
        server, api = self._start_api()
        parts.pump.start()
        self._schedule.start()
        threads = [
            self._thread("intake", stop, lambda: parts.intake.run(stop)),
            self._thread("evaluation", stop, lambda: parts.evaluation.run(stop, self._on_step)),
        ]
        _log.info("engine started", devices=len(installation.registry), rules=len(parts.desk.program.judges))
        given_back_at = parts.clock.monotonic()
        while not stop.wait(1.0):
            if not api.is_alive():
                self._failed = True
                _log.error("part of the engine failed", part="api")
                stop.ask()
            if self._hung_up.is_set():
                self._hung_up.clear()
                self._reload_rules()
            if parts.clock.monotonic() - given_back_at >= GIVE_BACK_EVERY_S:
                memory.give_back()
                given_back_at = parts.clock.monotonic()
        give_up = parts.clock.monotonic() + THREADS_END_WITHIN_S
        for thread in threads:
            thread.join(max(0.0, give_up - parts.clock.monotonic()))
        self._end(server, api)
        return 1 if self._failed else 0

    def reload_soon(self) -> None:
        """Read the rule files anew within a second, as SIGHUP asks. From any thread or signal handler."""
        self._hung_up.set()

    def _reload_rules(self) -> None:
        try:
            self._parts.reload.carry_out(actor="SIGHUP")
        except CitybrainError as exc:
            _log.error("rules stay as they are", reason=str(exc))

    def _end(self, server: uvicorn.Server, api: threading.Thread) -> None:
        self._schedule.stop()
        self._stream.close()
        server.should_exit = True
        api.join(JOIN_S)
        if self._parts.pump.stop():
            self._parts.close()
        self._lock.release()
        _log.info("engine stopped")

    def _thread(self, name: str, stop: Stop, work: Callable[[], None]) -> threading.Thread:
        """A thread whose failure ends the process: half an engine would look alive and do nothing."""

        def guarded() -> None:
            try:
                work()
            except Exception as exc:  # noqa: BLE001  whatever it is, the supervisor starts the engine again
                self._failed = True
                _log.error("part of the engine failed", part=name, exc_info=exc)
                stop.ask()

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

    def _start_api(self) -> tuple[uvicorn.Server, threading.Thread]:
        token = secrets.token_urlsafe(32)
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            build_api(self._desk, token=token),
            loop="asyncio",  # uvloop and websockets, where they happen to be there, would only take room
            ws="none",
            lifespan="off",
            log_level="warning",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="api", daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        address = EngineAddress(url=url, token=token, pid=self._pid, supervisor=self._supervisor)
        address.write(self._parts.installation.settings.data)
        return server, thread

    def _on_step(self, step: Step) -> None:
        parts = self._parts
        self._trends_version.saw(step.entries)
        for entry in step.entries:
            parts.totals.add(entry.settlement.ledger)
        for sitting in together(step.entries):
            if len(readings := readings_of(sitting)):
                parts.latest.update(readings)
        acknowledged = self._desk.take_acknowledged()
        for alert in acknowledged:
            parts.alerts.take(alert)
        for alert, _ in step.moves:
            parts.alerts.take(alert)
        self._latencies.note(step)
        if step.moves or acknowledged:
            self._schedule.deliver_soon()
        if step.moves or acknowledged or parts.clock.monotonic() - self._pictured_at >= PICTURE_EVERY_S:
            self._publish_picture()

    def _publish_picture(self) -> None:
        parts = self._parts
        now = parts.clock.micros()
        self._counter += 1
        self._pictured_at = parts.clock.monotonic()
        if self._trends_version.has_news(stored_through=parts.pump.stored_through):
            parts.trends.forget()
        picture = parts.photographer.take(
            now=now,
            counter=self._counter,
            feeds=feed_rows(parts),
            trends_version=self._trends_version.at(now),
            lighting=self._lighting.stretch,
        )
        self._stream.publish(json.dumps(picture, ensure_ascii=False, separators=(",", ":")).encode())
