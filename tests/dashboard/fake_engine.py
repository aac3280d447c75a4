"""A real server on a free port that speaks docs/internal-api.md about a fake city; run it by hand to look at the wall.

python -m tests.dashboard.fake_engine FOLDER [--day]
"""

import asyncio
import json
import secrets
import socket
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.dashboard.fake_world import FakeWorld

PICTURE_EVERY_S = 0.5


class FakeEngine:
    """Start it as often as needed: each start takes another port and token, as the real one does."""

    def __init__(self, directory: Path, world: FakeWorld) -> None:
        self.world = world
        self._directory = directory
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> "FakeEngine":
        listener = socket.create_server(("127.0.0.1", 0))
        token = secrets.token_urlsafe(16)
        server = uvicorn.Server(
            uvicorn.Config(fake_api(self.world, token), log_config=None, timeout_graceful_shutdown=0, lifespan="off")
        )
        self._server = server
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        address = {"url": f"http://127.0.0.1:{listener.getsockname()[1]}", "token": token, "pid": 1}
        (self._directory / "engine.json").write_text(json.dumps(address), encoding="utf-8")
        return self

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(60)
            self._server = self._thread = None


def fake_api(world: FakeWorld, token: str) -> FastAPI:
    api = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @api.middleware("http")
    async def guard(request: Request, call: Any) -> Response:
        if request.headers.get("authorization") != f"Bearer {token}":
            return _error(401, "需要内部令牌", "internal token needed")
        answer: Response = await call(request)
        return answer

    @api.get("/internal/city")
    async def city() -> Any:
        return world.city

    @api.get("/internal/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(_pictures(world), media_type="text/event-stream")

    @api.get("/internal/trends")
    async def trends() -> Any:
        return {"trends": world.trends()}

    _add_alerts(api, world)
    return api


def _add_alerts(api: FastAPI, world: FakeWorld) -> None:
    @api.get("/internal/alerts")
    async def alerts(state: str = "open", limit: int = 50, after: str | None = None) -> Any:
        listed = world.listed(open_only=state == "open")
        start = int(after or 0)
        next_ = str(start + limit) if len(listed) > start + limit else None
        return {"alerts": listed[start : start + limit], "next": next_}

    @api.get("/internal/alerts/{alert_id}")
    async def alert(alert_id: str) -> Any:
        return world.detail(alert_id) if alert_id in world.alerts else _error(404, "没有这条告警", "no such alert")

    @api.get("/internal/alerts/{alert_id}/explanation")
    async def explanation(alert_id: str) -> Any:
        world.explained += 1
        if world.is_busy:
            return _error(503, "正在复算其他告警", "other alerts are being explained")
        return world.explanation(alert_id) if alert_id in world.alerts else _error(404, "没有这条告警", "no such alert")

    @api.post("/internal/commands")
    async def command(request: Request) -> Any:
        order = await request.json()
        world.commands.append(order)
        done = world.acknowledge(order["alert"], order["actor"], order["note"])
        return {"alert": done} if done else _error(409, "该告警已确认", "the alert is already acknowledged")


async def _pictures(world: FakeWorld) -> AsyncIterator[bytes]:
    while True:
        picture = world.picture()
        yield f"id: {picture['counter']}\ndata: {json.dumps(picture, ensure_ascii=False)}\n\n".encode()
        await asyncio.sleep(PICTURE_EVERY_S)


def _error(status: int, zh: str, en: str) -> Response:
    return JSONResponse({"error": {"zh": zh, "en": en}}, status_code=status)


def main(folder: str, *options: str) -> None:
    world = FakeWorld(is_night="--day" not in options)
    world.fill()
    engine = FakeEngine(Path(folder), world).start()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        engine.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
