"""Nothing is answered to strangers, and nothing is changed without the right headers."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dashboard.access.guard import CSRF_COOKIE, CSRF_HEADER, SESSION_COOKIE
from dashboard.access.roles import Role
from dashboard.settings import WebSettings
from dashboard.users import hash_password, load_users, write_users
from tests.dashboard.web import PASSWORDS, Web, build, write_accounts

HOME = "http://wall.city"
CLOSED = [
    ("GET", "/_dash-layout"),
    ("GET", "/_dash-dependencies"),
    ("POST", "/_dash-update-component"),
    ("GET", "/_dash-component-suites/dash/dcc/dash_core_components.js"),
    ("GET", "/stream"),
    ("GET", "/assets/start.js"),
    ("GET", "/assets/../users.yaml"),
    ("GET", "/alerts"),
    ("GET", "/anything"),
    ("POST", "/logout"),
]
ACKNOWLEDGE = {
    "output": "..ack-result.children...acknowledged.data..",
    "outputs": [{"id": "ack-result", "property": "children"}, {"id": "acknowledged", "property": "data"}],
    "inputs": [{"id": "ack-button", "property": "n_clicks", "value": 1}],
    "changedPropIds": ["ack-button.n_clicks"],
    "state": [
        {"id": "ack-note", "property": "value", "value": ""},
        {"id": "url", "property": "pathname", "value": "/alerts/a-1"},
    ],
}


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A wall where nobody ever logs in."""
    return TestClient(build(tmp_path_factory.mktemp("shut")).asgi, base_url=HOME, follow_redirects=False)


@pytest.fixture
def stranger(tmp_path: Path) -> TestClient:
    write_accounts(tmp_path)
    return TestClient(build(tmp_path).asgi, base_url=HOME, follow_redirects=False)


@pytest.fixture
def duty(stranger: TestClient) -> TestClient:
    return logged_in(stranger, "duty")


def logged_in(client: TestClient, name: str) -> TestClient:
    answer = client.post("/login", data={"name": name, "password": PASSWORDS[name]})
    assert answer.status_code == httpx.codes.SEE_OTHER
    return client


def change(directory: Path, name: str, **fields: Any) -> None:
    """The account as the file has it, but for these fields."""
    users = load_users(directory / "users.yaml")
    write_users(directory / "users.yaml", {**users, name: replace(users[name], **fields)}.values())


def said(answer: httpx.Response) -> str:
    """What the page shows after the button was pressed."""
    return str(answer.json()["response"]["ack-result"]["children"]["props"]["children"])


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_everything_is_closed_to_strangers(shut: TestClient, method: str, path: str) -> None:
    assert shut.request(method, path).status_code == httpx.codes.UNAUTHORIZED


def test_a_stranger_who_wants_a_page_is_sent_to_the_login(stranger: TestClient) -> None:
    answer = stranger.get("/alerts", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (httpx.codes.SEE_OTHER, "/login")


def test_a_web_socket_of_a_stranger_is_refused(stranger: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        stranger.websocket_connect("/_dash-ws-callback", headers={"Origin": HOME}),
    ):
        pass


def test_a_web_socket_from_another_site_is_refused(duty: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        duty.websocket_connect("/_dash-ws-callback", headers={"Origin": "http://evil.example"}),
    ):
        pass


@pytest.mark.parametrize("path", ["/login", "/healthz", "/_dash-layout", "/assets/login.css"])
def test_every_answer_carries_the_security_headers(shut: TestClient, path: str) -> None:
    headers = shut.get(path).headers
    assert "script-src 'self' 'sha256-" in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


def test_scripts_may_not_be_written_into_the_page(stranger: TestClient) -> None:
    policy = stranger.get("/login").headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe-inline" not in scripts


def test_the_tile_server_is_the_only_other_host(tmp_path: Path) -> None:
    settings = WebSettings(tile_url="http://tiles.intra:81/{z}/{x}/{y}.png")
    client = TestClient(build(tmp_path, settings=settings).asgi, base_url=HOME)
    policy = client.get("/login").headers["content-security-policy"]
    assert [word for word in policy.replace(";", "").split() if "://" in word] == ["http://tiles.intra:81"] * 2


def test_who_is_logged_in_gets_the_page(duty: TestClient) -> None:
    assert duty.get("/_dash-layout").status_code == httpx.codes.OK


def test_a_change_without_the_csrf_header_is_refused(duty: TestClient) -> None:
    assert duty.post("/_dash-update-component", json=ACKNOWLEDGE).status_code == httpx.codes.FORBIDDEN


def test_a_change_from_another_site_is_refused(duty: TestClient) -> None:
    headers = {CSRF_HEADER: duty.cookies[CSRF_COOKIE], "Origin": "http://evil.example"}
    answer = duty.post("/_dash-update-component", json=ACKNOWLEDGE, headers=headers)
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_a_change_with_everything_in_order_is_let_in(duty: TestClient) -> None:
    headers = {CSRF_HEADER: duty.cookies[CSRF_COOKIE], "Origin": HOME}
    answer = duty.post("/_dash-update-component", json=ACKNOWLEDGE, headers=headers)
    assert answer.status_code == httpx.codes.OK
    assert "引擎已断开" in said(answer)


def test_a_viewer_is_refused_by_the_server_and_not_by_a_missing_button_alone(stranger: TestClient) -> None:
    screen = logged_in(stranger, "screen")
    headers = {CSRF_HEADER: screen.cookies[CSRF_COOKIE], "Origin": HOME}
    answer = screen.post("/_dash-update-component", json=ACKNOWLEDGE, headers=headers)
    assert "您的角色不能确认告警" in said(answer)


def test_a_login_from_another_site_is_refused(stranger: TestClient) -> None:
    answer = stranger.post("/login", data={"name": "duty"}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_logging_out_closes_everything(duty: TestClient) -> None:
    token = duty.cookies[SESSION_COOKIE]
    duty.post("/logout", headers={"Origin": HOME})
    answer = duty.get("/_dash-layout", headers={"Cookie": f"{SESSION_COOKIE}={token}"})
    assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_a_user_who_is_removed_is_out_at_once(duty: TestClient, tmp_path: Path) -> None:
    write_users(tmp_path / "users.yaml", [])
    assert duty.get("/_dash-layout").status_code == httpx.codes.UNAUTHORIZED


def test_a_change_of_role_alone_asks_for_a_new_login(duty: TestClient, tmp_path: Path) -> None:
    change(tmp_path, "duty", role=Role.VIEWER)
    assert duty.get("/_dash-layout").status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("name", PASSWORDS)
def test_a_new_password_ends_every_session_of_the_account(stranger: TestClient, tmp_path: Path, name: str) -> None:
    client = logged_in(stranger, name)
    change(tmp_path, name, password=hash_password("another"))
    assert client.get("/_dash-layout").status_code == httpx.codes.UNAUTHORIZED


def test_after_a_new_password_no_stream_is_opened_again(web: Web, tmp_path: Path) -> None:
    def opened(client: httpx.Client) -> int:
        with client.stream("GET", "/stream") as stream:
            return stream.status_code

    with closing(web.client("duty")) as duty, closing(web.client("screen")) as screen:
        before = [opened(duty), opened(screen)]
        change(tmp_path, "duty", password=hash_password("another"))
        assert (before, opened(duty), opened(screen)) == (
            [httpx.codes.OK] * 2,
            httpx.codes.UNAUTHORIZED,
            httpx.codes.OK,
        )


def test_the_same_password_given_anew_ends_them_too(duty: TestClient, tmp_path: Path) -> None:
    change(tmp_path, "duty", password=hash_password(PASSWORDS["duty"]))
    assert duty.get("/_dash-layout").status_code == httpx.codes.UNAUTHORIZED
    assert logged_in(duty, "duty").get("/_dash-layout").status_code == httpx.codes.OK


def test_a_screen_stays_while_others_get_passwords_and_roles_and_go(stranger: TestClient, tmp_path: Path) -> None:
    screen = logged_in(stranger, "screen")
    for changed in ({"password": hash_password("another")}, {"role": Role.ADMIN}):
        change(tmp_path, "duty", **changed)
        assert screen.get("/_dash-layout").status_code == httpx.codes.OK
    write_users(tmp_path / "users.yaml", [load_users(tmp_path / "users.yaml")["screen"]])
    assert screen.get("/_dash-layout").status_code == httpx.codes.OK


def test_who_is_added_anew_under_the_name_of_one_removed_has_none_of_his_sessions(
    duty: TestClient, tmp_path: Path
) -> None:
    users = load_users(tmp_path / "users.yaml")
    write_users(tmp_path / "users.yaml", [users["screen"]])
    write_users(tmp_path / "users.yaml", [users["screen"], replace(users["duty"], password=hash_password("new"))])
    assert duty.get("/_dash-layout").status_code == httpx.codes.UNAUTHORIZED


def test_broken_cookies_are_a_stranger_and_not_an_error(stranger: TestClient) -> None:
    answer = stranger.get("/_dash-layout", headers={"Cookie": f'{SESSION_COOKIE}="\\x; ;=;'})
    assert answer.status_code == httpx.codes.UNAUTHORIZED
