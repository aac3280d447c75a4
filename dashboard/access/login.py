"""The login page, which works without scripts, and the way out."""

import asyncio
import html
from collections.abc import Callable
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboard.access.guard import CSRF_COOKIE, SESSION_COOKIE, session_token
from dashboard.access.lockout import Lockout
from dashboard.access.roles import visitor
from dashboard.access.sessions import SessionStore
from dashboard.languages import current
from dashboard.users import User, UserRoll
from dashboard.words import Words

PAGE = Path(__file__).with_name("login.html")
COOKIE_AGE_S = 400 * 86_400
"""What browsers allow at most; the session itself ends on the server."""
MOST_FORM_BYTES = 4096


class LoginDesk:
    """Answers GET and POST /login and POST /logout."""

    def __init__(
        self,
        *,
        users: UserRoll,
        sessions: SessionStore,
        lockout: Lockout,
        words: Words,
        secure_cookies: bool,
        city: Callable[[], str],
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._lockout = lockout
        self._words = words
        self._secure = secure_cookies
        self._city = city
        self._page = Template(PAGE.read_text(encoding="utf-8"))

    def add_to(self, server: FastAPI) -> None:
        server.add_api_route("/login", self.show, methods=["GET"])
        server.add_api_route("/login", self.log_in, methods=["POST"])
        server.add_api_route("/logout", self.log_out, methods=["POST"])

    async def show(self, request: Request) -> Response:
        """The form; who is logged in already is sent on to the wall."""
        if visitor.get() is not None and "lang" not in request.query_params:
            return RedirectResponse("/", 303)
        return self._form()

    async def log_in(self, request: Request) -> Response:
        form = parse_qs((await _beginning(request)).decode("utf-8", "replace"))
        name, password = form.get("name", [""])[0].strip(), form.get("password", [""])[0]
        address = request.client.host if request.client else ""
        if wait_s := self._lockout.wait_s(address, name):
            minutes = max(1, round(wait_s / 60))
            return self._form(name=name, problem=self._words("login.locked").format(minutes=minutes), status=429)
        self._lockout.failed(address, name)  # until it has proved right: of many tries at once each counts
        user = await asyncio.to_thread(self._users.authenticate, name, password)
        if user is None:
            return self._form(name=name, problem=self._words("login.wrong"), status=401)
        self._lockout.succeeded(address, name)
        return self._welcome(user)

    async def log_out(self, request: Request) -> Response:
        token = session_token(request.headers)
        if token:
            self._sessions.close(token)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(SESSION_COOKIE)
        response.delete_cookie(CSRF_COOKIE)
        return response

    def _welcome(self, user: User) -> Response:
        token, session = self._sessions.open(user)
        response = RedirectResponse("/", 303)
        response.set_cookie(
            SESSION_COOKIE, token, max_age=COOKIE_AGE_S, httponly=True, secure=self._secure, samesite="lax"
        )
        response.set_cookie(CSRF_COOKIE, session.csrf, max_age=COOKIE_AGE_S, secure=self._secure, samesite="strict")
        return response

    def _form(self, *, name: str = "", problem: str = "", status: int = 200) -> Response:
        language = current.get()
        words = {key.replace(".", "_"): html.escape(text) for key, text in self._words.all(language).items()}
        page = self._page.substitute(
            words,
            language=language.value,
            other=language.other.value,
            city=html.escape(self._city()),
            name=html.escape(name, quote=True),
            problem=f'<p class="problem" role="alert">{html.escape(problem)}</p>' if problem else "",
        )
        return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})


async def _beginning(request: Request) -> bytes:
    """As much of the body as a form may have: a stranger may send as long as he likes, and we hold none of it."""
    body = b""
    async for chunk in request.stream():
        body = (body + chunk)[:MOST_FORM_BYTES]
    return body
