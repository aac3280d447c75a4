"""The login page, without scripts."""

import asyncio
import tracemalloc
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from dashboard.settings import WebSettings
from tests.dashboard.web import build, write_accounts


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    write_accounts(tmp_path)
    return TestClient(build(tmp_path).asgi, base_url="http://wall.city", follow_redirects=False)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(tmp_path: Path) -> None:
    write_accounts(tmp_path)
    secure = TestClient(
        build(tmp_path, settings=WebSettings()).asgi, base_url="https://wall.city", follow_redirects=False
    )
    answer = secure.post("/login", data={"name": "duty", "password": "duty-pass"})
    cookie = next(c.lower() for c in answer.headers.get_list("set-cookie") if c.startswith("citybrain_session"))
    assert all(word in cookie for word in ("httponly", "secure", "samesite=lax"))


def test_a_wrong_password_says_so_and_keeps_the_name(client: TestClient) -> None:
    answer = client.post("/login", data={"name": "duty", "password": "no"})
    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert "用户名或密码不正确" in answer.text
    assert 'value="duty"' in answer.text


def test_an_unknown_name_gets_the_same_answer(client: TestClient) -> None:
    known = client.post("/login", data={"name": "duty", "password": "no"})
    unknown = client.post("/login", data={"name": "dutz", "password": "no"})
    assert unknown.text == known.text.replace('value="duty"', 'value="dutz"')


def test_the_sixth_try_is_locked_even_with_the_right_password(client: TestClient) -> None:
    for _ in range(5):
        client.post("/login", data={"name": "duty", "password": "no"})
    answer = client.post("/login", data={"name": "duty", "password": "duty-pass"})
    assert answer.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert "5 分钟" in answer.text


def test_tries_at_the_same_moment_are_locked_out_as_well(tmp_path: Path) -> None:
    write_accounts(tmp_path)
    transport = httpx.ASGITransport(build(tmp_path).asgi)

    async def try_at_once(times: int) -> list[int]:
        async with httpx.AsyncClient(transport=transport, base_url="http://wall.city") as client:
            tries = (client.post("/login", data={"name": "duty", "password": f"guess-{n}"}) for n in range(times))
            return [answer.status_code for answer in await asyncio.gather(*tries)]

    statuses = asyncio.run(try_at_once(20))
    assert statuses.count(httpx.codes.UNAUTHORIZED) == 5
    assert statuses.count(httpx.codes.TOO_MANY_REQUESTS) == 15


def test_a_name_is_text_and_never_markup(client: TestClient) -> None:
    answer = client.post("/login", data={"name": '"><script>alert(1)</script>', "password": "no"})
    assert "<script" not in answer.text


def test_the_page_speaks_the_language_of_the_browser(client: TestClient) -> None:
    page = client.get("/login", headers={"Accept-Language": "en-GB"}).text
    assert '<html lang="en">' in page
    assert "User name" in page


def test_an_asked_for_language_is_remembered(client: TestClient) -> None:
    client.get("/login?lang=en")
    assert "User name" in client.get("/login").text


def test_who_is_logged_in_is_sent_on(client: TestClient) -> None:
    client.post("/login", data={"name": "duty", "password": "duty-pass"})
    assert client.get("/login").headers["location"] == "/"


def test_health_is_public_and_names_the_engine(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"ok": True, "engine": False, "age_s": None}


def test_a_stranger_who_sends_without_end_fills_no_memory(tmp_path: Path) -> None:
    write_accounts(tmp_path)
    app, chunk, left, statuses = build(tmp_path).asgi, b"x" * 2**20, iter(range(64)), []
    scope = {
        **{"type": "http", "method": "POST", "path": "/login", "raw_path": b"/login", "query_string": b""},
        **{"headers": [], "scheme": "http", "server": ("wall.city", 80), "client": ("10.0.0.9", 1)},
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": bytes(bytearray(chunk)), "more_body": next(left, None) is not None}

    async def send(message: Any) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    tracemalloc.start()
    asyncio.run(app(scope, receive, send))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert statuses == [httpx.codes.UNAUTHORIZED]
    assert peak < 24 * 2**20  # scrypt alone takes 16 MiB
