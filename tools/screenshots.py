"""Takes the pictures of the documentation from a running citybrain.

    python tools/screenshots.py URL USER PASSWORD FOLDER

Writes wall-zh-1920.png, wall-en-1920.png, wall-zh-3840.png, wall-zh-390.png and those of the other pages; needs a
Chromium (BROWSER_EXE, or Debian's) and a font with Chinese characters.
"""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--hide-scrollbars",
)
SETTLE_MS = 12_000
"""Software rendering needs this long until the map and its labels are all drawn; 4K takes twice that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    name: str
    path: str
    width: int
    height: int
    language: str


SHOTS = (
    Shot(name="wall-zh-1920", path="/", width=1920, height=1080, language="zh-CN"),
    Shot(name="wall-en-1920", path="/", width=1920, height=1080, language="en"),
    Shot(name="wall-zh-3840", path="/", width=3840, height=2160, language="zh-CN"),
    Shot(name="wall-en-3840", path="/", width=3840, height=2160, language="en"),
    Shot(name="wall-zh-390", path="/", width=390, height=844, language="zh-CN"),
    Shot(name="wall-en-390", path="/", width=390, height=844, language="en"),
    Shot(name="alerts-zh-1920", path="/alerts", width=1920, height=1080, language="zh-CN"),
    Shot(name="alerts-en-390", path="/alerts", width=390, height=844, language="en"),
    Shot(name="system-zh-1920", path="/system", width=1920, height=1080, language="zh-CN"),
)


def executable() -> str:
    """The browser to drive: BROWSER_EXE, or Debian's Chromium."""
    return os.environ.get("BROWSER_EXE", "/usr/bin/chromium")


def log_in(page: Page, url: str, user: str, password: str) -> None:
    page.goto(f"{url}/login")
    page.fill("#name", user)
    page.fill("#password", password)
    page.click("button[type=submit]")
    page.wait_for_url(f"{url}/")


def take(browser: Browser, shot: Shot, folder: Path, *, url: str, user: str, password: str) -> Path:
    """One picture, in a browser of its own; a phone's picture shows the whole page."""
    is_phone = shot.width < 900
    page = browser.new_page(
        viewport={"width": shot.width, "height": shot.height},
        locale=shot.language,
        device_scale_factor=2 if is_phone else 1,
        is_mobile=is_phone,
    )
    log_in(page, url, user, password)
    if shot.path != "/":
        page.goto(f"{url}{shot.path}")
    page.wait_for_selector("#tiles .tile" if shot.path == "/" else ".column .notice, .column li, .column tr")
    if shot.path == "/":
        page.wait_for_selector("#map canvas", state="attached")
        page.wait_for_selector(".chart .js-plotly-plot .trace", state="attached")
    page.wait_for_timeout(SETTLE_MS * max(1, shot.width // 1920) if shot.path == "/" else 1000)
    path = folder / f"{shot.name}.png"
    page.screenshot(path=path, full_page=is_phone)
    page.close()
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("url", "user", "password"):
        parser.add_argument(name)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", help="names that contain this")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    shots = [shot for shot in SHOTS if not asked.only or asked.only in shot.name]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        for shot in shots:
            path = take(
                browser, shot, asked.folder, url=asked.url.rstrip("/"), user=asked.user, password=asked.password
            )
            sys.stdout.write(f"{path}\n")
        browser.close()


if __name__ == "__main__":
    main()
