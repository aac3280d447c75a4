"""Addresses from the settings, from files and from the environment; wrong ones are told without being shown."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from domain.errors import Misconfigured
from notify.channels import AppriseChannel
from notify.log_channel import LogChannel
from notify.routes import open_channels
from notify.settings import NotifySettings
from tests.notify.receivers import webhook
from tests.records.samples import notice_of


def settings_of(*routes: dict[str, Any]) -> NotifySettings:
    return NotifySettings.model_validate({"routes": routes})


def problems(tmp_path: Path, *routes: dict[str, Any]) -> list[str]:
    with pytest.raises(Misconfigured) as refusal:
        open_channels(settings_of(*routes), directory=tmp_path, environment={})
    return [problem.message for problem in refusal.value.problems]


def test_without_settings_notices_go_to_a_file_in_the_data_directory(tmp_path: Path) -> None:
    channels = open_channels(NotifySettings(), directory=tmp_path, environment={})
    channels["log"].deliver(notice_of())
    assert (tmp_path / "notices.log").exists()


def test_data_directory_need_not_exist_before_the_first_start(tmp_path: Path) -> None:
    assert set(open_channels(NotifySettings(), directory=tmp_path / "later", environment={})) == {"log"}


def test_kind_of_the_address_chooses_the_channel(tmp_path: Path) -> None:
    routes = settings_of({"id": "file", "url": "log://a.log"}, {"id": "hook", "url": "json://localhost"})
    channels = open_channels(routes, directory=tmp_path, environment={})
    assert [type(channel) for channel in channels.values()] == [LogChannel, AppriseChannel]


def test_address_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "hook.url").write_text("log://from-file.log\n")
    routes = settings_of({"id": "hook", "url_file": str(tmp_path / "hook.url")})
    open_channels(routes, directory=tmp_path, environment={})["hook"].deliver(notice_of())
    assert (tmp_path / "from-file.log").exists()


def test_address_may_stand_in_the_environment(tmp_path: Path) -> None:
    with webhook() as hook:
        routes = settings_of({"id": "hook", "url_env": "HOOK_URL"})
        open_channels(routes, directory=tmp_path, environment={"HOOK_URL": hook.url})["hook"].deliver(notice_of())
    assert hook.keys == ["a1:2:sms"]


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ({"id": "x"}, "exactly one"),
        ({"id": "x", "url": "log://a", "url_env": "A"}, "url and url_env"),
        ({"id": "x", "url_env": "HOOK_URL"}, "HOOK_URL is not set"),
        ({"id": "x", "url_file": "/no/such/file"}, "/no/such/file cannot be read"),
        ({"id": "x", "url_file": "/dev/null"}, "is empty"),
        ({"id": "x", "url": "telegrm://secret"}, "does not understand"),
        ({"id": "x", "url": "log://"}, "log://notices.log"),
        ({"id": "x", "url": "log://no/such/notices.log"}, "is not there"),
    ],
)
def test_wrong_address_is_told_with_its_route(tmp_path: Path, route: dict[str, Any], words: str) -> None:
    (message,) = problems(tmp_path, route)
    assert message.startswith("route x: ") and words in message


def test_all_wrong_routes_are_told_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, {"id": "x"}, {"id": "log", "url": "log://a"}, {"id": "y"})) == 2


def test_same_id_twice_is_told(tmp_path: Path) -> None:
    route = {"id": "x", "url": "log://a.log"}
    assert "stands twice" in problems(tmp_path, route, route)[0]


def test_secret_in_a_wrong_address_is_not_told(tmp_path: Path) -> None:
    assert "hunter2" not in str(problems(tmp_path, {"id": "x", "url": "telegrm://hunter2@hunter2/hunter2"}))


def test_address_prints_as_stars() -> None:
    settings = settings_of({"id": "x", "url": "json://user:hunter2@localhost"})
    assert "hunter2" not in repr(settings) and "***" in repr(settings)


def test_route_id_must_fit_into_a_key() -> None:
    with pytest.raises(ValidationError):
        settings_of({"id": "sms:1", "url": "log://a"})
