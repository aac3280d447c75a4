"""Which of the two languages a visitor reads: asked for, remembered, told by the browser, or the installation's own."""

from contextvars import ContextVar
from enum import StrEnum
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from babel import negotiate_locale
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "citybrain_language"
ONE_YEAR_S = 31_536_000


class Language(StrEnum):
    CHINESE = "zh-CN"
    ENGLISH = "en"

    @property
    def field(self) -> str:
        """The ending of bilingual fields: `title_zh`, `title_en`."""
        return "zh" if self is Language.CHINESE else "en"

    @property
    def other(self) -> "Language":
        return Language.ENGLISH if self is Language.CHINESE else Language.CHINESE


current: ContextVar[Language] = ContextVar("language", default=Language.CHINESE)
"""The language of the request that is being answered."""


def negotiate(*, query: str, cookie: str, accept: str, default: Language) -> Language:
    """`?lang=` before the cookie, before Accept-Language, before the default; what we do not speak is passed over."""
    for wish in (asked(query), _remembered(cookie), _preferred(accept)):
        if wish is not None:
            return wish
    return default


def asked(query: str) -> Language | None:
    """The language of `?lang=`, if it is one of ours."""
    return _known(parse_qs(query).get("lang", [])[:1])


def _remembered(cookie: str) -> Language | None:
    try:
        morsel = SimpleCookie(cookie).get(COOKIE)
    except CookieError:
        return None
    return _known([morsel.value]) if morsel is not None else None


def _preferred(accept: str) -> Language | None:
    wishes = [part.partition(";") for part in accept.split(",") if part.strip()]
    ranked = sorted(wishes, key=lambda wish: -_weight(wish[2]))
    return _known([tag.strip() for tag, _, _ in ranked])


def _weight(parameters: str) -> float:
    """The `q` of one entry of Accept-Language; what is not a number counts as 1."""
    try:
        return float(parameters.strip().removeprefix("q="))
    except ValueError:
        return 1.0


def _known(tags: list[str]) -> Language | None:
    found = negotiate_locale([tag.replace("_", "-") for tag in tags], [*Language, "zh"], sep="-")
    if found is None:
        return None
    return Language.ENGLISH if found == Language.ENGLISH else Language.CHINESE


class LanguageMiddleware:
    """Sets `current` for the request and remembers a language that was asked for."""

    def __init__(self, app: ASGIApp, *, default: Language) -> None:
        self._app = app
        self._default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        query = scope.get("query_string", b"").decode("latin-1")
        language = negotiate(
            query=query,
            cookie=headers.get("cookie", ""),
            accept=headers.get("accept-language", ""),
            default=self._default,
        )
        must_remember = asked(query) is not None

        async def remember(message: Message) -> None:
            if must_remember and message["type"] == "http.response.start":
                value = f"{COOKIE}={language}; Path=/; Max-Age={ONE_YEAR_S}; SameSite=Lax"
                MutableHeaders(scope=message).append("set-cookie", value)
            await send(message)

        before = current.set(language)
        try:
            await self._app(scope, receive, remember)
        finally:
            current.reset(before)
