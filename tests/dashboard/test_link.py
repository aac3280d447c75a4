"""The link follows its engine, notices the loss, finds it again elsewhere, and never lies about the age."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.live.calls import EngineRefused
from dashboard.live.frames import MOST_ALERTS, slim
from dashboard.live.link import EngineLink
from domain.errors import Temporary
from runtime.clock import ManualClock
from tests.dashboard.fake_engine import FakeEngine
from tests.dashboard.fake_world import FakeWorld

LIMIT_S = 60


def following(link: EngineLink, scene: Callable[["Watch"], Awaitable[None]]) -> None:
    """Runs the scene while the link follows its engine."""

    async def run() -> None:
        watch = Watch(link)
        tasks = [asyncio.create_task(link.follow(watch.news)), asyncio.create_task(link.keep_trends(watch.news))]
        try:
            await asyncio.wait_for(scene(watch), 3 * LIMIT_S)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())


class Watch:
    """Wakes up at every news of the link."""

    def __init__(self, link: EngineLink) -> None:
        self.link = link
        self._event = asyncio.Event()

    def news(self) -> None:
        self._event.set()

    async def until(self, is_so: Callable[[EngineLink], bool]) -> None:
        while not is_so(self.link):
            self._event.clear()
            await asyncio.wait_for(self._event.wait(), LIMIT_S)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def link(tmp_path: Path, clock: ManualClock) -> EngineLink:
    return EngineLink(tmp_path, clock=clock)


def test_it_learns_city_picture_and_trends(engine: FakeEngine, link: EngineLink) -> None:
    async def scene(watch: Watch) -> None:
        await watch.until(lambda link: bool(link.seen.picture and link.seen.trends))

    following(link, scene)
    assert len((link.seen.city or {})["devices"]) > 1400
    assert [trend["id"] for trend in link.seen.trends] == ["noise", "pm2_5"]


def test_a_loss_keeps_the_last_picture_and_its_age_grows(
    engine: FakeEngine, link: EngineLink, clock: ManualClock
) -> None:
    async def scene(watch: Watch) -> None:
        await watch.until(lambda link: link.connected)
        await asyncio.to_thread(engine.stop)
        await watch.until(lambda link: not link.connected)

    following(link, scene)
    clock.advance(timedelta(seconds=90))
    assert link.seen.picture is not None
    assert link.age_s() == 90


def test_it_finds_a_restarted_engine_at_its_new_address(engine: FakeEngine, link: EngineLink) -> None:
    async def scene(watch: Watch) -> None:
        await watch.until(lambda link: link.connected)
        await asyncio.to_thread(engine.stop)
        await watch.until(lambda link: not link.connected)
        await asyncio.to_thread(engine.start)
        await watch.until(lambda link: link.connected)

    following(link, scene)


def test_trends_are_fetched_again_when_their_version_changes(
    engine: FakeEngine, world: FakeWorld, link: EngineLink
) -> None:
    async def scene(watch: Watch) -> None:
        await watch.until(lambda link: link.seen.trends_version == 1)
        world.trends_version = 2
        await watch.until(lambda link: link.seen.trends_version == 2)

    following(link, scene)


def test_a_picture_that_never_was_has_no_age(link: EngineLink) -> None:
    assert link.age_s() is None


def test_without_an_engine_pages_are_told_at_once(link: EngineLink) -> None:
    with pytest.raises(Temporary):
        asyncio.run(link.alerts(state="open", limit=10, after=None))


def test_the_engines_no_arrives_in_both_languages(engine: FakeEngine, world: FakeWorld, link: EngineLink) -> None:
    alert = world.open("noise-zone", "noise_meter", severity="yellow", value=57, limit=50)

    async def scene(watch: Watch) -> None:
        await watch.until(lambda link: link.connected)
        await link.acknowledge(alert["id"], actor="duty", note="")
        await link.acknowledge(alert["id"], actor="duty", note="")

    with pytest.raises(EngineRefused) as refusal:
        following(link, scene)
    assert (refusal.value.zh, refusal.value.en) == ("该告警已确认", "the alert is already acknowledged")


@pytest.mark.parametrize("identifier", ["..", "../city", "a/b", "", "a b", "x" * 200])
def test_an_id_that_cannot_be_one_never_reaches_the_engine(link: EngineLink, identifier: str) -> None:
    with pytest.raises(EngineRefused):
        asyncio.run(link.alert(identifier))


def test_a_picture_that_lacks_something_is_not_shown_and_not_fatal(
    engine: FakeEngine, world: FakeWorld, link: EngineLink
) -> None:
    world.left_out = "alerts"

    async def scene(watch: Watch) -> None:
        await watch.until(lambda link: link.seen.city is not None)
        assert link.seen.picture is None
        world.left_out = None
        await watch.until(lambda link: link.connected)

    following(link, scene)


def test_a_broken_address_file_is_an_absent_engine(link: EngineLink, tmp_path: Path) -> None:
    (tmp_path / "engine.json").write_text('{"url": 3', encoding="utf-8")

    async def scene(watch: Watch) -> None:
        await asyncio.wait_for(watch._event.wait(), LIMIT_S)

    following(link, scene)
    assert not link.connected


def test_browsers_are_spared_what_no_wall_shows(world: FakeWorld) -> None:
    for _ in range(MOST_ALERTS + 5):
        world.open("noise-zone", "noise_meter", severity="yellow", value=57, limit=50)
    sent = slim(world.picture())
    assert len(sent["alerts"]) == MOST_ALERTS
    assert sent["alerts_total"] == MOST_ALERTS + 5
    assert "figures" not in sent["alerts"][0]
