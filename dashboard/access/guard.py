"""The one door: every request of the wall, page, script, stream or web socket, passes here or is turned away."""

import hmac
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.access.roles import Visitor, visitor
from dashboard.access.sessions import SessionStore
from dashboard.users import UserRoll

SESSION_COOKIE = "citybrain_session"
CSRF_COOKIE = "citybrain_csrf"
CSRF_HEADER = "X-Citybrain-CSRF"
PUBLIC = frozenset({"/login", "/healthz", "/assets/login.css", "/assets/favicon.svg"})
WITHOUT_CSRF_HEADER = frozenset({"/login", "/logout"})
"""Plain forms, which cannot send a header; the Origin check and SameSite=Lax guard them."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY_VIOLATION = 1008


class Guard:
    """Pure ASGI, outside of everything. Sets `visitor`, refuses the rest, and adds the security headers."""

    def __init__(
        self, app: ASGIApp, *, sessions: SessionStore, users: UserRoll, headers: Callable[[], dict[str, str]]
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._users = users
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        someone = self.recognise(headers)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = MutableHeaders(scope=message)
                for name, value in self._headers().items():
                    added.setdefault(name, value)
            await send(message)

        refusal = _refusal(scope, headers, someone)
        before = visitor.set(someone)
        try:
            await (refusal or self._app)(scope, receive, send_guarded)
        finally:
            visitor.reset(before)

    def recognise(self, headers: Headers) -> Visitor | None:
        """Whose session the request carries. It ends with its account's removal, new role or new password."""
        token = session_token(headers)
        session = self._sessions.find(token) if token else None
        if session is None:
            return None
        user = self._users.find(session.user)
        if user is None or (user.role, user.edition) != (session.role, session.edition):
            return None
        return Visitor(name=session.user, role=session.role, csrf=session.csrf)


def session_token(headers: Headers) -> str | None:
    """The token in the request's cookie, if there is one."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _refusal(scope: Scope, headers: Headers, someone: Visitor | None) -> ASGIApp | None:
    """What to answer instead of the page, or None to let the request in."""
    if scope["type"] == "websocket":
        return None if someone and _is_same_origin(headers, must_have=True) else _close_socket
    path, method = scope["path"], scope["method"]
    if method not in SAFE_METHODS and not _is_same_origin(headers, must_have=False):
        return PlainTextResponse("cross-origin request refused", 403)
    if path in PUBLIC:
        return None
    if someone is None:
        wants_page = method == "GET" and "text/html" in headers.get("accept", "")
        return RedirectResponse("/login", 303) if wants_page else PlainTextResponse("log in first", 401)
    if method not in SAFE_METHODS and path not in WITHOUT_CSRF_HEADER and not _has_csrf(headers, someone):
        return PlainTextResponse("CSRF header missing or wrong", 403)
    return None


def _is_same_origin(headers: Headers, *, must_have: bool) -> bool:
    origin = headers.get("origin")
    if origin is None:
        return not must_have
    return origin.partition("://")[2] == headers.get("host")


def _has_csrf(headers: Headers, someone: Visitor) -> bool:
    return hmac.compare_digest(headers.get(CSRF_HEADER, "").encode(), someone.csrf.encode())


async def _close_socket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": POLICY_VIOLATION})
