"""What an operator may say, and what is refused with a word of advice."""

from pathlib import Path

import pytest

from config.loading import load
from domain.errors import Misconfigured
from ingest.settings import BrokerSettings, IngestSettings


def loaded(folder: Path, text: str) -> IngestSettings:
    path = folder / "ingest.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, IngestSettings)


def test_nothing_said_is_enough(tmp_path: Path) -> None:
    assert loaded(tmp_path, "") == IngestSettings()


def test_everything_can_be_said_in_the_words_of_a_file(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        "broker: {host: broker.example, protocol: 3.1.1, keepalive: 1m, username: u, password: s}\n"
        "feeds: [{id: lamps, topics: [lamps/#], share: engines}]\nlinger: 5ms\nlate_horizon: 2d\n",
    )
    assert (settings.broker.protocol, settings.broker.keepalive, settings.late_horizon) == ("3.1.1", 60.0, 172_800.0)


def test_version_five_may_be_written_as_a_number(tmp_path: Path) -> None:
    assert loaded(tmp_path, "broker: {protocol: 5}").broker.protocol == "5"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("broker: {keepalive: 0s}", "keepalive"),
        ("broker: {keepalive: 30}", "write 5s"),
        ("broker: {protocol: 4}", "protocol"),
        ("broker: {client_id: ''}", "client_id"),
        ("broker: {password: x}", "add username"),
        ("broker: {username: u, password: x, password_file: y}", "keep one"),
        ("feeds: []", "feeds"),
        ("feeds: [{id: a, topics: [$SYS/#]}]", "SYS"),
        ("feeds: [{id: a, topics: [a/#/b]}]", "whole level"),
        ("feeds: [{id: a}, {id: a}]", "stands twice"),
        ("lingr: 5ms", "mend its spelling"),
    ],
)
def test_mistakes_are_refused_with_advice(tmp_path: Path, text: str, advice: str) -> None:
    with pytest.raises(Misconfigured, match=advice.replace("$", r"\$")):
        loaded(tmp_path, text)


def test_password_is_not_shown() -> None:
    settings = BrokerSettings.model_validate({"username": "u", "password": "hush"})
    assert ("hush" not in repr(settings), settings.secret()) == (True, "hush")


def test_password_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    assert BrokerSettings(username="u", password_file=tmp_path / "secret").secret() == "hush"


def test_password_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="check the path"):
        BrokerSettings(username="u", password_file=tmp_path / "nowhere").secret()


def test_feeds_of_listeners_are_feeds_too_each_once() -> None:
    listeners = [{"kind": "hj212", "port": 9212}, {"kind": "hj212", "port": 9213}]
    settings = IngestSettings.model_validate({"feeds": [{"id": "city"}], "listeners": listeners})
    assert settings.feed_ids == ("city", "hj212")
