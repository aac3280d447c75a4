"""The internal API over the engine's real parts: its shapes, its errors in both languages, its token."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette

from citybrain.edge.api import Busy, build_api
from citybrain.edge.batches import batches_of
from domain.errors import Temporary
from tests.app.documented import differences, shapes
from tests.app.engine_room import NOON, EngineRoom
from tests.app.installation import write_installation

TOKEN = "swordfish"
PATHS = (
    "/internal/health",
    "/internal/city",
    "/internal/picture",
    "/internal/stream",
    "/internal/trends",
    "/internal/statistics",
    "/internal/alerts",
    "/internal/alerts/x",
    "/internal/readings",
    "/internal/readings/columns",
)


@dataclass
class Client:
    """Calls the application without a server in between."""

    api: Starlette
    headers: Mapping[str, Any] = field(default_factory=lambda: {"Authorization": f"Bearer {TOKEN}"})

    def get(self, path: str, params: Mapping[str, str] | None = None) -> httpx.Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, *, content: bytes) -> httpx.Response:
        return self.call("POST", path, content=content)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self.api, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
                return await client.request(method, path, headers=self.headers, **more)

        return asyncio.run(call())


@pytest.fixture
def engine(room: EngineRoom) -> Client:
    return Client(build_api(room.desk, token=TOKEN))


@pytest.fixture(scope="module")
def quiet_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineRoom]:
    """For requests that change nothing: nothing was ever heard in it."""
    folder: Path = tmp_path_factory.mktemp("quiet")
    opened = EngineRoom(write_installation(folder))
    yield opened
    opened.close()


@pytest.fixture
def quiet(quiet_room: EngineRoom) -> Client:
    return Client(build_api(quiet_room.desk, token=TOKEN))


@pytest.fixture
def open_cover(room: EngineRoom) -> str:
    """The id of an active alert: a well has had too little oxygen for ten seconds."""
    room.judge([("MC-1", "o2", 10.0)], at=0)
    [(alert, _)] = room.judge(at=10).moves
    return alert.id


@pytest.fixture
def pending_cover(room: EngineRoom) -> str:
    [(alert, _)] = room.judge([("MC-2", "o2", 10.0)], at=0).moves
    return alert.id


def acknowledge(engine: Client, alert: str, **order: Any) -> Any:
    content = json.dumps({"type": "acknowledge", "alert": alert, "actor": "duty", **order})
    return engine.post("/internal/commands", content=content.encode())


def is_error(content: Any) -> bool:
    """The one shape of errors: two sentences."""
    return set(content) == {"error"} and all(content["error"][language] for language in ("zh", "en"))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_without_the_token_nobody_learns_anything(quiet: Client, path: str, header: dict[str, str]) -> None:
    quiet.headers = header
    answer = quiet.get(path)
    assert answer.status_code == 401
    assert is_error(answer.json())


def test_commands_need_the_token_too(engine: Client, open_cover: str) -> None:
    engine.headers = {}
    assert acknowledge(engine, open_cover).status_code == 401


def test_a_token_with_letters_beyond_ascii_is_refused_not_an_error_of_ours(quiet: Client) -> None:
    quiet.headers = {"Authorization": "Bearer schön".encode("latin-1")}
    assert quiet.get("/internal/health").status_code == 401


def test_health_tells_the_citys_time(quiet: Client) -> None:
    assert quiet.get("/internal/health").json() == {"ok": True, "now": int(NOON.timestamp() * 1000)}


def test_the_city_has_exactly_the_fields_that_are_documented(quiet: Client) -> None:
    city = quiet.get("/internal/city").json()
    assert differences(city, shapes()["City"], of=shapes()) == []
    assert [device["id"] for device in city["devices"]][:2] == ["NM-1", "NM-2"]
    assert city["demo"] is None


def test_the_picture_is_the_newest_that_was_published(engine: Client, room: EngineRoom) -> None:
    room.stream.publish(b'{"counter": 1}')
    room.stream.publish(b'{"counter": 2}')
    assert engine.get("/internal/picture").json() == {"counter": 2}


def test_an_alert_has_exactly_the_fields_that_are_documented(engine: Client, open_cover: str) -> None:
    content = engine.get(f"/internal/alerts/{open_cover}").json()
    assert set(content) == {"alert", "transitions", "evidence"}
    assert (
        differences(content, {"alert": "Alert", "transitions": ["Transition"], "evidence": "Evidence"}, of=shapes())
        == []
    )
    assert [(move["sequence"], move["move"]) for move in content["transitions"]] == [(1, "open"), (2, "hold")]


def test_the_list_of_alerts_goes_on_where_the_page_ended(engine: Client, room: EngineRoom) -> None:
    room.judge([("MC-1", "o2", 10.0), ("MC-2", "o2", 10.0)], at=0)
    first = engine.get("/internal/alerts", params={"limit": "1"}).json()
    second = engine.get("/internal/alerts", params={"limit": "1", "after": first["next"]}).json()
    assert {page["alerts"][0]["target"] for page in (first, second)} == {"device:MC-1", "device:MC-2"}
    assert second["next"] is None


def test_closed_alerts_are_listed_only_when_all_are_asked_for(engine: Client, room: EngineRoom) -> None:
    room.judge([("MC-1", "o2", 10.0)], at=0)
    room.judge([("MC-1", "o2", 20.9)], at=2)
    room.judge(at=10)
    assert engine.get("/internal/alerts").json()["alerts"] == []
    assert len(engine.get("/internal/alerts", params={"state": "all"}).json()["alerts"]) == 1


def test_acknowledging_returns_the_alert_as_it_is_now(engine: Client, open_cover: str) -> None:
    answer = acknowledge(engine, open_cover, note="去看看")
    assert answer.status_code == 200
    alert = answer.json()["alert"]
    assert (alert["id"], alert["state"], alert["acknowledged_by"]) == (open_cover, "acknowledged", "duty")
    assert engine.get(f"/internal/alerts/{open_cover}").json()["transitions"][-1]["note"] == "去看看"


def test_two_operators_may_acknowledge_at_once(engine: Client, open_cover: str) -> None:
    acknowledge(engine, open_cover)
    second = acknowledge(engine, open_cover, actor="other")
    assert (second.status_code, second.json()["alert"]["acknowledged_by"]) == (200, "duty")


@pytest.mark.parametrize("path", ["/internal/alerts/0000000000000000", "/internal/alerts/x%27%20OR%201=1"])
def test_an_unknown_alert_is_not_found(quiet: Client, path: str) -> None:
    answer = quiet.get(path)
    assert answer.status_code == 404
    assert "没有编号为" in answer.json()["error"]["zh"] and "there is no alert" in answer.json()["error"]["en"]


def test_acknowledging_an_unknown_alert_is_not_found(quiet: Client) -> None:
    assert acknowledge(quiet, "0000000000000000").status_code == 404


def test_what_cannot_be_acknowledged_is_a_conflict_said_in_both_languages(engine: Client, pending_cover: str) -> None:
    answer = acknowledge(engine, pending_cover)
    assert answer.status_code == 409
    assert "无需确认" in answer.json()["error"]["zh"] and "nothing to acknowledge" in answer.json()["error"]["en"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"\xff",
        b"{}",
        b'{"type": "open", "alert": "x", "actor": "duty"}',
        b'{"type": "acknowledge", "alert": "x"}',
        b'{"type": "acknowledge", "alert": "x", "actor": ""}',
    ],
)
def test_a_command_that_is_none_is_a_bad_request(quiet: Client, body: bytes) -> None:
    answer = quiet.post("/internal/commands", content=body)
    assert answer.status_code == 400
    assert is_error(answer.json())


@pytest.mark.parametrize(
    "query", ["start=yesterday", "start=2026-06-01T00:00:00", "end=" + "9" * 30, "limit=many", "start=-1"]
)
def test_a_question_for_readings_that_is_none_is_a_bad_request(quiet: Client, query: str) -> None:
    answer = quiet.get(f"/internal/readings?{query}")
    assert (answer.status_code, is_error(answer.json())) == (400, True)


@pytest.mark.parametrize("query", ["limit=many", "limit="])
def test_a_question_for_alerts_that_is_none_is_a_bad_request(quiet: Client, query: str) -> None:
    answer = quiet.get(f"/internal/alerts?{query}")
    assert (answer.status_code, is_error(answer.json())) == (400, True)


def test_another_end_of_a_page_is_refused(quiet: Client) -> None:
    answer = quiet.get("/internal/alerts?after=nonsense")
    assert (answer.status_code, is_error(answer.json())) == (409, True)


@pytest.mark.parametrize("path", ["/", "/internal/nothing", "/docs", "/openapi.json"])
def test_an_unknown_path_is_not_found(quiet: Client, path: str) -> None:
    answer = quiet.get(path)
    assert (answer.status_code, is_error(answer.json())) == (404, True)


def test_readings_are_lines_of_json_in_order(engine: Client, room: EngineRoom) -> None:
    room.parts.store.write(room.batch([("NM-1", "laeq", 51.5)], at=0), through=1)
    room.parts.store.write(room.batch([("NM-1", "laeq", 52.5), ("AQ-1", "pm2_5", 20.0)], at=10), through=2)
    lines = engine.get("/internal/readings", params={"device": "NM-1", "metric": "laeq"}).text.splitlines()
    assert [json.loads(line)["value"] for line in lines] == [51.5, 52.5]
    assert json.loads(lines[0]) == {
        "device": "NM-1",
        "metric": "laeq",
        "at": "2026-06-01T04:00:00.000Z",
        "value": 51.5,
        "quality": "good",
        "span_s": 0.0,
        "live": True,
    }


def test_whole_columns_say_what_is_history(engine: Client, room: EngineRoom) -> None:
    heard = room.batch([("NM-1", "laeq", 51.5)], at=0)
    late = replace(room.batch([("NM-1", "laeq", 52.5)], at=10), live=np.array([False]))
    room.parts.store.write(heard, through=1)
    room.parts.store.write(late, through=2)
    answer = engine.get("/internal/readings/columns", params={"device": "NM-1", "metric": "laeq"})
    rows = [row for batch in batches_of([answer.content]) for row in batch.rows()]
    assert rows == [*heard.rows(), *late.rows()]
    assert [row.live for row in rows] == [True, False]


def test_readings_of_a_span_are_half_open(engine: Client, room: EngineRoom) -> None:
    for second in (0, 10, 20):
        room.parts.store.write(room.batch([("NM-1", "laeq", float(second))], at=second), through=None)
    times = {"start": "2026-06-01T12:00:10+08:00", "end": str(int(NOON.timestamp() * 1000) + 20_000)}
    answer = engine.get("/internal/readings", params=times)
    assert [json.loads(line)["value"] for line in answer.text.splitlines()] == [10.0]


def test_what_is_away_for_now_is_unavailable(engine: Client, room: EngineRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_now: object) -> dict[str, Any]:
        raise Temporary("the store is away")

    monkeypatch.setattr(room.parts.trends, "at", away)
    answer = engine.get("/internal/trends")
    assert (answer.status_code, is_error(answer.json())) == (503, True)


def test_an_engine_that_is_busy_says_so_in_both_languages(
    engine: Client, room: EngineRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_alert: str) -> dict[str, Any]:
        raise Busy(zh="稍后", en="later")

    monkeypatch.setattr(room.desk, "explanation", busy)
    answer = engine.get("/internal/alerts/a/explanation")
    assert (answer.status_code, answer.json()) == (503, {"error": {"zh": "稍后", "en": "later"}})


@dataclass
class WaitingDesk:
    """A command that waits for the writer until somebody has asked for the health."""

    begun: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    def command(self, order: dict[str, Any]) -> dict[str, Any]:
        self.begun.set()
        return {"answered_meanwhile": self.asked.wait(60.0)}

    def health(self) -> dict[str, Any]:
        self.asked.set()
        return {"ok": True}


def test_a_command_that_waits_for_the_writer_holds_up_nobody() -> None:
    desk = WaitingDesk()
    api = build_api(cast(Any, desk), token=TOKEN)

    async def both() -> httpx.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        transport = httpx.ASGITransport(api)
        async with httpx.AsyncClient(transport=transport, base_url="http://engine", headers=headers) as client:
            command = asyncio.create_task(client.post("/internal/commands", content=b"{}"))
            while not desk.begun.is_set():
                await asyncio.sleep(0.001)
            await client.get("/internal/health")
            return await command

    assert asyncio.run(both()).json() == {"answered_meanwhile": True}


def test_the_statistics_balance(engine: Client, room: EngineRoom, open_cover: str) -> None:
    found = engine.get("/internal/statistics").json()
    assert found["messages"] == {
        "received": 1, "stored": 1, "duplicate": 0, "quarantined": 0, "late": 0, "imbalance": 0,
    }  # fmt: skip
    assert found["alerts"] == {"opened": 1, "resolved": 0}
    assert found["journal"] == {"last": 2, "judged": 2}
