"""The web process of a test: the real application under the real server, on a thread."""

import threading
from pathlib import Path

import httpx
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from dashboard.access.roles import Role
from dashboard.access.sessions import SessionStore
from dashboard.app import WebApp
from dashboard.live.link import EngineLink
from dashboard.serving import WallServer, configuration, listen
from dashboard.settings import WebSettings
from dashboard.users import User, UserRoll, hash_password, write_users
from domain.ports import Clock
from runtime.clock import SystemClock

PASSWORDS = {"duty": "duty-pass", "screen": "screen-pass"}
ACCOUNTS = {"duty": Role.OPERATOR, "screen": Role.VIEWER}


def write_accounts(directory: Path) -> None:
    users = [User(name=n, role=role, password=hash_password(PASSWORDS[n])) for n, role in ACCOUNTS.items()]
    write_users(directory / "users.yaml", users)


def build(directory: Path, *, clock: Clock | None = None, settings: WebSettings | None = None) -> WebApp:
    """The application over the files of a folder; nothing runs yet."""
    clock = clock or SystemClock()
    settings = settings or WebSettings(port=0, secure_cookies=False)
    sessions = SessionStore(directory / "web.db", settings=settings.sessions, clock=clock)
    link = EngineLink(directory, clock=clock)
    return WebApp(settings, link, sessions, UserRoll(directory / "users.yaml"), clock)


class Web:
    def __init__(self, directory: Path) -> None:
        self.app = build(directory)
        self._listener = listen(WebSettings(port=0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._is_ready = threading.Event()
        self._server = WallServer(configuration(self.app), app=self.app, on_ready=self._is_ready.set)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True)

    def start(self) -> "Web":
        self._thread.start()
        assert self._is_ready.wait(60), "the wall did not start"
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(60)
        self._listener.close()

    def client(self, name: str | None = None) -> httpx.Client:
        """A browser without scripts; logged in if a name is given."""
        client = httpx.Client(base_url=self.url, timeout=60)
        if name is not None:
            answer = client.post("/login", data={"name": name, "password": PASSWORDS[name]})
            assert answer.status_code == httpx.codes.SEE_OTHER
        return client

    @retry(retry=retry_if_result(lambda is_so: not is_so), stop=stop_after_delay(60), wait=wait_fixed(0.05))
    def until_engine_is(self, expected: bool) -> bool:
        """Waits for the link to have noticed. Raises RetryError when it does not."""
        return bool(httpx.get(f"{self.url}/healthz").json()["engine"] is expected)
