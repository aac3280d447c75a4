"""Serves the wall with uvicorn: tells its address when it listens, and ends within two seconds when asked to."""

import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from dashboard.access.sessions import SessionStore
from dashboard.app import WebApp
from dashboard.live.link import EngineLink
from dashboard.settings import WebSettings
from dashboard.users import UserRoll
from domain.errors import Refused
from domain.ports import Clock
from runtime import logs

GRACE_S = 1
LOOPBACK = ("127.0.0.1", "::1", "localhost")

log = logs.get(__name__)


class WallServer(uvicorn.Server):
    """uvicorn waits for open responses, and a wall's stream never ends by itself: we end them first."""

    def __init__(self, config: uvicorn.Config, *, app: WebApp, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.hub.close()
        await super().shutdown(sockets)


def serve(settings: WebSettings, *, directory: Path, clock: Clock, on_ready: Callable[[str], None]) -> None:
    """Until SIGTERM or SIGINT. `directory` is the installation's data directory: engine.json, users.yaml, web.db.

    `clock` is the machine's own, not the city's. `on_ready` is given the URL once connections are accepted.
    Raises Refused when the address is taken, Temporary when the sessions file cannot be opened.
    """
    listener = listen(settings)
    host, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if settings.host not in LOOPBACK and not settings.secure_cookies:
        log.warning("session cookies travel unprotected; put TLS in front and set web.secure_cookies", url=url)
    sessions = SessionStore(directory / "web.db", settings=settings.sessions, clock=clock)
    app = WebApp(settings, EngineLink(directory, clock=clock), sessions, UserRoll(directory / "users.yaml"), clock)
    server = WallServer(configuration(app), app=app, on_ready=lambda: on_ready(url))
    try:
        server.run(sockets=[listener])
    finally:
        sessions.dispose()
        listener.close()


def configuration(app: WebApp) -> uvicorn.Config:
    """How uvicorn runs the application."""
    return uvicorn.Config(
        app.asgi,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="on",
    )


def listen(settings: WebSettings) -> socket.socket:
    """The bound socket. Raises Refused when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as exc:
        raise Refused(
            f"cannot listen on {settings.host}:{settings.port}: {exc.strerror}; write another web.port"
        ) from exc
