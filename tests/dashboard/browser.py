"""A real headless browser that may reach nothing but this machine, and whose every complaint is written down."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.dashboard.web import PASSWORDS, Web

ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
WITHIN_MS = 60_000
"""What has to be seen is seen at once, but not while the machine is busy elsewhere."""
HARMLESS = ("[Dash] WebSocket connected", "Autofocus processing was blocked")


def executable() -> str:
    """BROWSER_EXE, Debian's Chromium, or the copy that npm's @sparticuz/chromium unpacks; raises without any."""
    unpacked = Path("/tmp/chromium")  # where that package puts it
    candidates = [os.environ.get("BROWSER_EXE"), shutil.which("chromium"), str(unpacked)]
    for candidate in candidates:
        if candidate and Path(candidate).exists():
            return candidate
    raise FileNotFoundError("no browser: apt-get install chromium, or set BROWSER_EXE to a Chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=WITHIN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One browser window on one wall. `complaints` and `elsewhere` must stay empty."""

    def __init__(self, browser: Browser, web: Web, *, width: int = 1920, height: int = 1080, language: str = "zh-CN"):
        is_phone = width < 900
        self.web = web
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        self._context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": height}, locale=language, is_mobile=is_phone
        )
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(WITHIN_MS)
        self.page.on("console", lambda message: self._note(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self._note(f"page: {error}"))
        self.page.on("response", lambda r: self._note(f"{r.status} {r.url}") if r.status >= 400 else None)
        self.page.on("request", lambda request: self._note_host(request.url))

    def log_in(self, name: str) -> Page:
        self.page.goto(f"{self.web.url}/login")
        self.page.fill("#name", name)
        self.page.fill("#password", PASSWORDS[name])
        self.page.click("button[type=submit]")
        self.page.wait_for_selector("#tiles .tile")
        return self.page

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.web.url}{path}")
        self.page.wait_for_selector("[data-fresh=live] #clock:not(:empty)")
        return self.page

    def wait_for_map(self) -> None:
        self.page.wait_for_selector("#map canvas")
        self.page.wait_for_selector("#chart-1 .trace")
        self.page.wait_for_selector(".pin i")

    def close(self) -> None:
        self._context.close()

    def _note(self, text: str) -> None:
        if not any(harmless in text for harmless in HARMLESS):
            self.complaints.append(text)

    def _note_host(self, url: str) -> None:
        if not url.startswith((self.web.url, "data:", "blob:")):
            self.elsewhere.append(url)
