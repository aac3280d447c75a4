"""What an installation may say about its wall: where it is served, and how long people stay logged in."""

from pydantic import Field

from config.durations import Seconds
from config.loading import Strict
from dashboard.languages import Language

DAY_S = 86_400.0


class SessionSettings(Strict):
    """`screen` holds for the role viewer and renews itself while the screen is in use; `staff` ends with the shift."""

    staff: Seconds = Field(default=12 * 3600.0, gt=0)
    screen: Seconds = Field(default=365 * DAY_S, gt=0)


class LockoutSettings(Strict):
    """After `failures` wrong passwords in a row from one address for one name, that pair waits for `pause`."""

    failures: int = Field(default=5, ge=1)
    pause: Seconds = Field(default=300.0, gt=0)


class WebSettings(Strict):
    """`port` 0 takes a free one. `tile_url` is a raster of the intranet, such as http://tiles.intra/{z}/{x}/{y}.png.

    `secure_cookies` must be off where the wall is reached by plain http from other machines: browsers then drop
    the cookie, and nobody can log in. Better: TLS at a proxy.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8050, ge=0, le=65_535)
    secure_cookies: bool = True
    language: Language = Language.CHINESE
    tile_url: str | None = Field(default=None, pattern=r"^https?://[^\s'\";,]+$")
    sessions: SessionSettings = SessionSettings()
    lockout: LockoutSettings = LockoutSettings()
