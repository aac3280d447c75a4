"""The wall's charts: what they show, whose limit they draw, and that they are as documented."""

from datetime import timedelta

import pytest

from citybrain.engine.trends import charts_of
from domain.errors import Temporary
from domain.places import NoiseZone
from tests.app.documented import differences, shapes
from tests.app.engine_room import NOON, EngineRoom
from tests.app.installation import Site


def trends(room: EngineRoom) -> dict[str, dict[str, object]]:
    return {trend["id"]: trend for trend in room.parts.trends.at(room.clock.now())["trends"]}


def test_the_trends_have_exactly_the_fields_that_are_documented(room: EngineRoom) -> None:
    room.parts.store.write(room.batch([("NM-1", "laeq", 55.0)], at=-60), through=None)
    for trend in trends(room).values():
        assert differences(trend, shapes()["Trend"], of=shapes()) == []


def test_levels_are_averaged_by_energy_over_time_and_plainly_over_places(room: EngineRoom) -> None:
    for rows, at in (([("NM-1", "laeq", 50.0), ("NM-2", "laeq", 40.0)], -90), ([("NM-1", "laeq", 60.0)], -60)):
        room.parts.store.write(room.batch(rows, at=at), through=None)
    [point] = trends(room)["noise"]["points"]
    assert point[1] == pytest.approx((57.4036 + 40) / 2, abs=0.01)


def test_particles_are_averaged_arithmetically(room: EngineRoom) -> None:
    room.parts.store.write(room.batch([("AQ-1", "pm2_5", 20.0)], at=-90), through=None)
    room.parts.store.write(room.batch([("AQ-1", "pm2_5", 40.0)], at=-60), through=None)
    assert [value for _, value in trends(room)["pm2_5"]["points"]] == [30.0]


def test_only_the_last_day_is_shown(room: EngineRoom) -> None:
    room.parts.store.write(room.batch([("AQ-1", "pm2_5", 20.0)], at=-25 * 3600), through=None)
    assert trends(room)["pm2_5"]["points"] == []


def test_the_limit_of_noise_follows_day_and_night(room: EngineRoom) -> None:
    limits = trends(room)["noise"]["limits"]
    begin, end = NOON - timedelta(hours=24), NOON
    assert [value for _, _, value in limits] == [60.0, 50.0, 60.0]
    assert (limits[0][0], limits[-1][1]) == (begin.timestamp() * 1000, end.timestamp() * 1000)
    assert [step[1] for step in limits[:-1]] == [step[0] for step in limits[1:]]


def test_the_scope_says_how_many_and_how_they_are_averaged(room: EngineRoom) -> None:
    assert trends(room)["noise"]["scope_zh"] == "2 类区 2 个点位算术平均"
    assert trends(room)["noise"]["scope_en"] == "plain mean of 2 class 2 meters"


def test_what_is_forgotten_is_asked_anew(room: EngineRoom) -> None:
    assert trends(room)["pm2_5"]["points"] == []
    room.parts.store.write(room.batch([("AQ-1", "pm2_5", 20.0)], at=-60), through=None)
    room.parts.trends.forget()
    assert [value for _, value in trends(room)["pm2_5"]["points"]] == [20.0]


def test_an_answer_is_given_again_for_half_a_minute(room: EngineRoom) -> None:
    assert trends(room)["pm2_5"]["points"] == []
    room.parts.store.write(room.batch([("AQ-1", "pm2_5", 20.0)], at=-60), through=None)
    assert trends(room)["pm2_5"]["points"] == []
    room.clock.advance(timedelta(seconds=30))
    assert len(trends(room)["pm2_5"]["points"]) == 1


def test_a_store_that_is_away_is_asked_again_next_time(room: EngineRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_query: object) -> None:
        raise Temporary("the store is away")

    with monkeypatch.context() as patched, pytest.raises(Temporary):
        patched.setattr(room.parts.store, "trend", away)
        trends(room)
    assert set(trends(room)) == {"noise", "pm2_5"}


def test_without_meters_of_class_2_the_commonest_class_is_shown(site: Site) -> None:
    file = site.folder / "city" / "devices.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("zone: '2'", "zone: '3'"), encoding="utf-8")
    installation = site.installation()
    noise, _ = charts_of(installation.registry)
    assert (noise.zone, noise.devices) == (NoiseZone.THREE, ("NM-1", "NM-2"))
