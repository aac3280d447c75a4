"""The engine's internal API: loopback, one bearer token, JSON. The contract is docs/internal-api.md."""

import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cases.errors import CommandRefused, RefusalCode
from citybrain.edge.batches import MEDIA_TYPE, frame_of
from citybrain.edge.stream import PictureStream
from domain.errors import Refused, Temporary
from domain.instants import from_micros, iso
from domain.readings import Reading, ReadingBatch
from domain.series import BatchQuery, ReadingQuery

Json = dict[str, Any]


class Busy(Temporary):
    """Too much of a kind is asked for at the moment; said in both languages."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class EngineDesk(Protocol):
    """What the API asks of the engine. Every method may be called from any thread."""

    stream: PictureStream

    def health(self) -> Json: ...

    def city(self) -> bytes: ...

    def trends(self) -> Json: ...

    def statistics(self) -> Json: ...

    def alerts(self, *, open_only: bool, limit: int, after: str | None) -> Json: ...

    def alert(self, alert_id: str) -> Json:
        """Raises CommandRefused for an unknown id."""

    def explanation(self, alert_id: str) -> Json:
        """Raises CommandRefused for an unknown id, Busy, or Temporary when the series store is away."""

    def readings(self, query: ReadingQuery) -> Iterator[Reading]: ...

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]: ...

    def command(self, order: Json) -> Json:
        """Raises Refused when it cannot be carried out."""


def build_api(desk: EngineDesk, *, token: str) -> Starlette:
    """The ASGI application over a desk. Starlette alone: what FastAPI has besides would be 11 MB of every engine."""
    return Starlette(
        routes=[*_live_routes(desk), *_record_routes(desk)],
        middleware=[Middleware(_Guard, token=token)],
        exception_handlers=_REFUSALS,
    )


class _Guard:
    """Nobody gets further without the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).get("authorization", "")
        is_known = hmac.compare_digest(given.encode(), self._expected)
        await (self._app if is_known else _error(401, "需要内部令牌", "internal token needed"))(scope, receive, send)


def _not_possible(_request: Request, exc: Any) -> Response:
    return _error(404 if exc.code is RefusalCode.UNKNOWN_ALERT else 409, exc.zh, exc.en)


def _refused(_request: Request, exc: Exception) -> Response:
    return _error(409, f"请求被拒绝：{exc}", str(exc))


def _temporary(_request: Request, exc: Exception) -> Response:
    return _error(503, f"暂时不可用，请稍后再试：{exc}", str(exc))


def _busy(_request: Request, exc: Any) -> Response:
    return _error(503, exc.zh, exc.en)


def _wrong(_request: Request, exc: Exception) -> Response:
    return _error(400, f"请求有误：{exc}", str(exc))


def _unknown(request: Request, exc: Any) -> Response:
    call = f"{request.method} {request.url.path}"
    return _error(exc.status_code, f"没有此接口：{call}", f"there is no {call}")


_REFUSALS: dict[Any, Callable[[Request, Any], Response]] = {
    CommandRefused: _not_possible,
    Refused: _refused,
    Temporary: _temporary,
    Busy: _busy,
    ValueError: _wrong,
    HTTPException: _unknown,
}
"""Every error in the one shape of docs/internal-api.md."""


def _live_routes(desk: EngineDesk) -> Sequence[Route]:
    def city(_request: Request) -> Response:
        return Response(desk.city(), media_type="application/json")

    def picture(_request: Request) -> Response:
        return Response(desk.stream.latest, media_type="application/json")

    async def stream(_request: Request) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(desk.stream.follow(), media_type="text/event-stream", headers=headers)

    return [
        Route("/internal/health", lambda _: JSONResponse(desk.health())),
        Route("/internal/statistics", lambda _: JSONResponse(desk.statistics())),
        Route("/internal/trends", lambda _: JSONResponse(desk.trends())),
        Route("/internal/city", city),
        Route("/internal/picture", picture),
        Route("/internal/stream", stream),
    ]


def _record_routes(desk: EngineDesk) -> Sequence[Route]:
    def alerts(request: Request) -> Response:
        words = request.query_params
        limit = max(1, min(_count(words.get("limit", "50")), 1000))
        open_only = words.get("state", "open") != "all"
        return JSONResponse(desk.alerts(open_only=open_only, limit=limit, after=words.get("after")))

    def readings(request: Request) -> Response:
        rows = desk.readings(reading_query(dict(request.query_params)))
        return StreamingResponse((reading_line(row) for row in rows), media_type="application/x-ndjson")

    def columns(request: Request) -> Response:
        batches = desk.batches(batch_query(dict(request.query_params)))
        return StreamingResponse((frame_of(batch) for batch in batches), media_type=MEDIA_TYPE)

    async def commands(request: Request) -> Response:
        order = json.loads(await request.body() or b"null")
        if not isinstance(order, dict):
            raise ValueError('a command is an object such as {"type": "acknowledge", "alert": "…", "actor": "…"}')
        # it waits for the writer; the pictures must not
        return JSONResponse(await run_in_threadpool(desk.command, order))

    return [
        Route("/internal/alerts", alerts),
        Route("/internal/alerts/{alert}", lambda request: JSONResponse(desk.alert(request.path_params["alert"]))),
        Route(
            "/internal/alerts/{alert}/explanation",
            lambda request: JSONResponse(desk.explanation(request.path_params["alert"])),
        ),
        Route("/internal/readings", readings),
        Route("/internal/readings/columns", columns),
        Route("/internal/commands", commands, methods=["POST"]),
    ]


def reading_query(words: dict[str, str]) -> ReadingQuery:
    """Query parameters as a query; times are RFC 3339 with zone or milliseconds. Raises ValueError."""
    return ReadingQuery(
        **_choice(words),
        limit=_count(words.get("limit", "1000")),
        newest_first=words.get("newest_first", "") in {"1", "true"},
    )


def batch_query(words: dict[str, str]) -> BatchQuery:
    """The same for whole columns: what it chooses, all of it."""
    return BatchQuery(**_choice(words))


def _choice(words: dict[str, str]) -> Json:
    return {
        "start": _moment(words.get("start", "0")),
        "end": _moment(words.get("end", "4102444800000")),
        "devices": tuple(filter(None, words.get("device", "").split(","))),
        "metrics": tuple(filter(None, words.get("metric", "").split(","))),
    }


def reading_json(reading: Reading) -> Json:
    """The row of `citybrain readings --json`."""
    return {
        "device": reading.device,
        "metric": reading.metric,
        "at": iso(reading.at),
        "value": reading.value,
        "quality": reading.quality.name.lower(),
        "span_s": reading.span_s,
        "live": reading.live,
    }


def reading_line(reading: Reading) -> str:
    return json.dumps(reading_json(reading), ensure_ascii=False) + "\n"


def _count(text: str) -> int:
    try:
        return int(text)
    except ValueError as exc:
        raise ValueError(f"limit {text!r} is no whole number") from exc


def _moment(text: str) -> datetime:
    try:
        moment = from_micros(int(text) * 1000) if text.isdecimal() else datetime.fromisoformat(text)
    except (ValueError, OverflowError) as exc:
        raise ValueError(f"{text!r} is no time; write RFC 3339 with zone, or milliseconds since 1970") from exc
    if moment.tzinfo is None:
        raise ValueError(f"time {text!r} has no zone; write Z or an offset such as +08:00")
    return moment


def _error(status: int, zh: str, en: str) -> Response:
    return JSONResponse({"error": {"zh": zh, "en": en}}, status_code=status)
