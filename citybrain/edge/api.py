"""The engine's internal API: loopback, one bearer token, JSON. The contract is docs/internal-api.md."""

import hmac
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any, Protocol

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException

from cases.errors import CommandRefused, RefusalCode
from citybrain.edge.batches import MEDIA_TYPE, frame_of
from citybrain.edge.stream import PictureStream
from domain.errors import Refused, Temporary
from domain.instants import from_micros, iso
from domain.readings import Reading, ReadingBatch
from domain.series import BatchQuery, ReadingQuery

Json = dict[str, Any]


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
        """Raises CommandRefused for an unknown id, Temporary when the series store is away."""

    def readings(self, query: ReadingQuery) -> Iterator[Reading]: ...

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]: ...

    def command(self, order: Json) -> Json:
        """Raises Refused when it cannot be carried out."""


def build_api(desk: EngineDesk, *, token: str) -> FastAPI:
    """The ASGI application over a desk."""
    api = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @api.middleware("http")
    async def guard(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return _error(401, "需要内部令牌", "internal token needed")
        return await call(request)

    _add_refusals(api)
    _add_live_routes(api, desk)
    _add_record_routes(api, desk)
    return api


def _add_refusals(api: FastAPI) -> None:
    """Every error in the one shape of docs/internal-api.md."""

    @api.exception_handler(CommandRefused)
    async def not_possible(_request: Request, exc: CommandRefused) -> Response:
        return _error(404 if exc.code is RefusalCode.UNKNOWN_ALERT else 409, exc.zh, exc.en)

    @api.exception_handler(Refused)
    async def refused(_request: Request, exc: Exception) -> Response:
        return _error(409, f"请求被拒绝：{exc}", str(exc))

    @api.exception_handler(Temporary)
    async def temporary(_request: Request, exc: Exception) -> Response:
        return _error(503, f"暂时不可用，请稍后再试：{exc}", str(exc))

    @api.exception_handler(ValueError)
    async def wrong(_request: Request, exc: Exception) -> Response:
        return _error(400, f"请求有误：{exc}", str(exc))

    @api.exception_handler(RequestValidationError)
    async def unreadable(_request: Request, exc: RequestValidationError) -> Response:
        words = "; ".join(f"{error['loc'][-1]}: {error['msg']}" for error in exc.errors())
        return _error(400, f"请求有误：{words}", words)

    @api.exception_handler(HTTPException)
    async def unknown(request: Request, exc: HTTPException) -> Response:
        call = f"{request.method} {request.url.path}"
        return _error(exc.status_code, f"没有此接口：{call}", f"there is no {call}")


def _add_live_routes(api: FastAPI, desk: EngineDesk) -> None:
    @api.get("/internal/health")
    def health() -> Json:
        return desk.health()

    @api.get("/internal/statistics")
    def statistics() -> Json:
        return desk.statistics()

    @api.get("/internal/city")
    def city() -> Response:
        return Response(desk.city(), media_type="application/json")

    @api.get("/internal/picture")
    def picture() -> Response:
        return Response(desk.stream.latest, media_type="application/json")

    @api.get("/internal/stream")
    async def stream() -> StreamingResponse:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(desk.stream.follow(), media_type="text/event-stream", headers=headers)

    @api.get("/internal/trends")
    def trends() -> Json:
        return desk.trends()


def _add_record_routes(api: FastAPI, desk: EngineDesk) -> None:
    @api.get("/internal/alerts")
    def alerts(state: str = "open", limit: int = 50, after: str | None = None) -> Json:
        return desk.alerts(open_only=state != "all", limit=max(1, min(limit, 1000)), after=after)

    @api.get("/internal/alerts/{alert_id}")
    def alert(alert_id: str) -> Json:
        return desk.alert(alert_id)

    @api.get("/internal/alerts/{alert_id}/explanation")
    def explanation(alert_id: str) -> Json:
        return desk.explanation(alert_id)

    @api.get("/internal/readings")
    def readings(request: Request) -> StreamingResponse:
        rows = desk.readings(reading_query(dict(request.query_params)))
        return StreamingResponse((reading_line(row) for row in rows), media_type="application/x-ndjson")

    @api.get("/internal/readings/columns")
    def columns(request: Request) -> StreamingResponse:
        batches = desk.batches(batch_query(dict(request.query_params)))
        return StreamingResponse((frame_of(batch) for batch in batches), media_type=MEDIA_TYPE)

    @api.post("/internal/commands")
    async def commands(request: Request) -> Json:
        order = json.loads(await request.body() or b"null")
        if not isinstance(order, dict):
            raise ValueError('a command is an object such as {"type": "acknowledge", "alert": "…", "actor": "…"}')
        return await run_in_threadpool(desk.command, order)  # it waits for the writer; the pictures must not


def reading_query(words: dict[str, str]) -> ReadingQuery:
    """Query parameters as a query; times are RFC 3339 with zone or milliseconds. Raises ValueError."""
    return ReadingQuery(
        **_choice(words),
        limit=int(words.get("limit", "1000")),
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
