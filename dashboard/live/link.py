"""Follows the engine and keeps its last picture: pages read from here and never wait for the engine."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from dashboard.live.calls import Address, EngineCalls, EngineRefused, Json
from domain.errors import Temporary
from domain.ports import Clock
from runtime import logs

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 3.0
PICTURE_FIELDS = (
    *("at", "counter", "supervision", "indicators", "alerts", "alerts_total"),
    *("lamp_roads", "feeds", "offline", "trends_version"),
)
ALERT_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}")

log = logs.get(__name__)


@dataclass(slots=True)
class Seen:
    """The last of everything the engine told, and when (monotonic seconds) it last gave a picture."""

    city: Json | None = None
    city_edition: str = ""
    picture: Json | None = None
    pictured_at: float | None = None
    trends: list[Json] = field(default_factory=list)
    trends_version: int | None = None


class EngineLink:
    """One per web process. `follow` and `keep_trends` run for as long as the process does."""

    def __init__(self, directory: Path, *, clock: Clock) -> None:
        """`directory` is the installation's data directory. `clock` serves durations only."""
        self._directory = directory
        self._clock = clock
        self._calls: EngineCalls | None = None
        self._trends_wanted = asyncio.Event()
        self._told = ""
        self.connected = False
        self.seen = Seen()

    def age_s(self) -> float | None:
        """Seconds since the last picture arrived; None before the first."""
        at = self.seen.pictured_at
        return None if at is None else max(0.0, self._clock.monotonic() - at)

    async def follow(self, on_news: Callable[[], None]) -> None:
        """Forever: find the engine, follow its stream, call `on_news` after each picture and each loss."""
        pause = FIRST_PAUSE_S
        while True:
            pictures_before = self.seen.pictured_at
            try:
                await self._follow_once(on_news)
            except Temporary as exc:
                if str(exc) != self._told:
                    log.warning("engine away", error=str(exc))
                self._told = str(exc)
            self.connected = False
            on_news()
            has_worked = self.seen.pictured_at != pictures_before
            pause = FIRST_PAUSE_S if has_worked else min(2 * pause, LONGEST_PAUSE_S)
            await asyncio.sleep(pause)

    async def keep_trends(self, on_news: Callable[[], None]) -> None:
        """Forever: fetch the trends again whenever a picture names a new version of them."""
        while True:
            await self._trends_wanted.wait()
            self._trends_wanted.clear()
            version = (self.seen.picture or {}).get("trends_version")
            try:
                self.seen.trends = (await self._call("/internal/trends"))["trends"]
            except (Temporary, KeyError) as exc:
                log.warning("trends not fetched, the next picture asks again", error=str(exc))
                await asyncio.sleep(LONGEST_PAUSE_S)
                continue
            self.seen.trends_version = version
            on_news()

    async def alerts(self, *, state: str, limit: int, after: str | None) -> Json:
        """A page of alerts. Raises Temporary or Refused."""
        return await self._call("/internal/alerts", state=state, limit=limit, after=after)

    async def alert(self, alert_id: str) -> Json:
        """Raises Temporary, or Refused for an unknown id or one that cannot be any."""
        if not ALERT_ID.fullmatch(alert_id):
            raise EngineRefused(zh="没有这条告警", en="no such alert")
        return await self._call(f"/internal/alerts/{quote(alert_id, safe='')}")

    async def explanation(self, alert_id: str) -> Json:
        """Why an alert. Raises Temporary or Refused, as `alert` does."""
        if not ALERT_ID.fullmatch(alert_id):
            raise EngineRefused(zh="没有这条告警", en="no such alert")
        return await self._call(f"/internal/alerts/{quote(alert_id, safe='')}/explanation")

    async def acknowledge(self, alert_id: str, *, actor: str, note: str) -> Json:
        """Raises Temporary, or Refused where the alert cannot be acknowledged."""
        order = {"type": "acknowledge", "alert": alert_id, "actor": actor, "note": note}
        return await self._reached().post("/internal/commands", order)

    async def _call(self, path: str, **query: str | int | None) -> Json:
        return await self._reached().get(path, **query)

    def _reached(self) -> EngineCalls:
        if self._calls is None:
            raise Temporary("the engine is away")
        return self._calls

    async def _follow_once(self, on_news: Callable[[], None]) -> None:
        calls = EngineCalls(Address.read(self._directory))
        try:
            self._learn_city(await calls.get("/internal/city"))
            async with calls.pictures() as pictures:
                async for picture in pictures:
                    self._calls = calls
                    if picture:  # empty before the engine has made its first one
                        self._learn_picture(picture)
                        on_news()
            raise Temporary("the engine ended its stream")
        finally:
            self._calls = None
            await calls.close()

    def _learn_city(self, city: Json) -> None:
        self.seen.city = city
        canonical = json.dumps(city, sort_keys=True, ensure_ascii=False)
        self.seen.city_edition = hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def _learn_picture(self, picture: Json) -> None:
        missing = [name for name in PICTURE_FIELDS if name not in picture]
        if missing:
            raise Temporary(f"picture without {', '.join(missing)}; are engine and web of the same version?")
        if not self.connected:
            self._told = ""
            log.info("engine found", pictures_from=picture["counter"])
            self.seen.trends_version = None  # a restarted engine counts its versions anew
        self.connected = True
        self.seen.picture = picture
        self.seen.pictured_at = self._clock.monotonic()
        if picture["trends_version"] != self.seen.trends_version:
            self._trends_wanted.set()
