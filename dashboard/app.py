"""Builds the web process's application: Dash on FastAPI, the stream, the login, and the guard around all of it."""

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp

from dashboard.access.guard import CSRF_COOKIE, CSRF_HEADER, Guard
from dashboard.access.lockout import Lockout
from dashboard.access.login import LoginDesk
from dashboard.access.policy import security_headers
from dashboard.access.sessions import SessionStore
from dashboard.languages import LanguageMiddleware, current
from dashboard.live.frames import frame
from dashboard.live.hub import Hub
from dashboard.live.link import EngineLink
from dashboard.live.stream import frames
from dashboard.pages.callbacks import Pages
from dashboard.pages.desk import PageDesk
from dashboard.pages.document import Document, Start
from dashboard.pages.shell import Shell
from dashboard.settings import WebSettings
from dashboard.users import UserRoll
from dashboard.words import load_words
from domain.ports import Clock
from runtime import logs

log = logs.get(__name__)

ASSETS = Path(__file__).with_name("assets")


class WebApp:
    """One web process: `asgi` is what a server runs, `hub.close` ends all streams so that it can stop."""

    def __init__(
        self, settings: WebSettings, engine: EngineLink, sessions: SessionStore, users: UserRoll, clock: Clock
    ) -> None:
        self.hub = Hub()
        self._settings = settings
        self._link = engine
        self._users = users
        self._sessions = sessions
        self._words = load_words()
        self._assets_edition = _fingerprint(ASSETS)
        self._shell = Shell(words=self._words, link=engine)
        self._server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=self._lifespan)
        self._add_stream()
        self._login(clock).add_to(self._server)
        self._headers = self._add_pages()
        inner = LanguageMiddleware(self._server, default=settings.language)
        self._guard = Guard(inner, sessions=sessions, users=users, headers=lambda: self._headers)
        self.asgi: ASGIApp = self._guard

    @property
    def edition(self) -> str:
        """Changes with the city and with what we ship; a page of another edition reloads itself."""
        return f"{self._link.seen.city_edition}-{self._assets_edition}"

    def _frame(self) -> bytes:
        return frame(self._link, edition=self.edition)

    def _publish(self) -> None:
        if len(self.hub):
            self.hub.publish(self._frame())

    @asynccontextmanager
    async def _lifespan(self, _server: FastAPI) -> AsyncIterator[None]:
        followers = [
            asyncio.create_task(self._link.follow(self._publish)),
            asyncio.create_task(self._link.keep_trends(self._publish)),
        ]
        for follower in followers:
            follower.add_done_callback(_stop_when_broken)
        yield
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)

    def _add_stream(self) -> None:
        async def stream(request: Request) -> Response:
            def may_go_on() -> bool:
                return self._guard.recognise(request.headers) is not None

            return StreamingResponse(
                frames(self.hub, first=self._frame, may_go_on=may_go_on),
                media_type="text/event-stream",
                headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
            )

        async def health() -> Response:
            return JSONResponse({"ok": True, "engine": self._link.connected, "age_s": self._link.age_s()})

        self._server.add_api_route("/stream", stream, methods=["GET"])
        self._server.add_api_route("/healthz", health, methods=["GET"])

    def _login(self, clock: Clock) -> LoginDesk:
        return LoginDesk(
            users=self._users,
            sessions=self._sessions,
            lockout=Lockout(self._settings.lockout, clock),
            words=self._words,
            secure_cookies=self._settings.secure_cookies,
            city=self._shell.city_name,
        )

    def _add_pages(self) -> dict[str, str]:
        """Mounts Dash; returns the security headers, which hold the fingerprints of Dash's own start line."""
        document = Document(
            title_of=lambda: f"{self._words('app.title')} · {self._shell.city_name()}",
            start_of=self._start,
            server=self._server,
            assets_folder=str(ASSETS),
            assets_ignore=r"login\.css",  # the login page is not a page of Dash
            serve_locally=True,
            update_title=None,
            suppress_callback_exceptions=True,  # pages come and go; the browser tests visit every one
            csrf_token_name=CSRF_COOKIE,
            csrf_header_name=CSRF_HEADER,
            meta_tags=[
                {"name": "viewport", "content": "width=device-width,initial-scale=1"},
                {"name": "color-scheme", "content": "dark"},
            ],
        )
        document.layout = self._shell.layout
        desk = PageDesk(words=self._words, link=self._link)
        Pages(desk=desk, shell=self._shell, tile_url=self._settings.tile_url).add_to(document)
        return security_headers(script_hashes=document.csp_hashes(), tile_url=self._settings.tile_url)

    def _start(self) -> Start:
        """What the scripts need before the first frame."""
        city, language = self._link.seen.city or {}, current.get()
        return {
            "language": language.value,
            "field": language.field,
            "words": self._words.all(language),
            "edition": self.edition,
            "timezone": city.get("timezone", "UTC"),
            "speed": (city.get("demo") or {}).get("speed", 1.0),
        }


def _stop_when_broken(follower: "asyncio.Task[None]") -> None:
    """A wall that no longer follows its engine is worse than one that is started again by its supervisor."""
    if not follower.cancelled() and (broken := follower.exception()) is not None:
        log.critical("following the engine broke, stopping", exc_info=broken)
        signal.raise_signal(signal.SIGTERM)


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
