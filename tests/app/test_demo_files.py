"""The files of a demo: an installation like any other, in a folder of its own, with secrets of its own."""

import re
import signal
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from citybrain.checking import check_everything
from citybrain.demo.files import (
    LOCK,
    MARK,
    DemoFiles,
    claim_folder,
    earlier_city_time,
    empty_folder,
    make_city,
    write_files,
)
from citybrain.demo.running import DEFAULT_DATA, DemoOptions, run_demo
from citybrain.demo.secrets import spoken_password, write_secret
from dashboard.users import load_users, verify
from domain.errors import Refused
from rules.settings import RulesSettings
from runtime.clock import Anchor
from runtime.locking import DirectoryLock
from runtime.ports import any_free

REAL = datetime(2026, 11, 22, 2, tzinfo=UTC)
CITY = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANCHOR = Anchor(real=REAL, city=CITY, speed=10.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo's folder with its city; making the city takes a second."""
    data = tmp_path_factory.mktemp("demo") / "demo-data"
    claim_folder(data)
    make_city(data, seed=1)
    return data


@pytest.fixture(scope="module")
def demo(folder: Path) -> DemoFiles:
    return write_files(folder, web_port=8050, anchor=ANCHOR)


def test_a_folder_with_somebodys_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(Refused, match="holds something that no demo made; give an empty or new folder with --data"):
        claim_folder(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.docx"]


def test_an_empty_folder_and_a_new_one_are_taken(tmp_path: Path) -> None:
    claim_folder(tmp_path)
    claim_folder(tmp_path / "deep" / "new")
    assert (tmp_path / MARK).is_file() and (tmp_path / "deep" / "new" / MARK).is_file()


def test_claiming_the_folder_of_an_earlier_demo_keeps_what_is_in_it(tmp_path: Path) -> None:
    claim_folder(tmp_path)
    (tmp_path / "records.db").touch()
    claim_folder(tmp_path)
    assert (tmp_path / "records.db").exists()


def test_emptying_removes_all_but_mark_and_lock(tmp_path: Path) -> None:
    claim_folder(tmp_path)
    lock = DirectoryLock(tmp_path, LOCK)
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "1").touch()
    (tmp_path / "records.db").touch()
    assert empty_folder(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([MARK, f"{LOCK}.lock"])
    assert not empty_folder(tmp_path)
    lock.release()


def test_emptying_removes_links_and_not_what_they_point_to(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    claim_folder(tmp_path / "demo")
    (tmp_path / "demo" / "link").symlink_to(tmp_path / "precious")
    empty_folder(tmp_path / "demo")
    assert (tmp_path / "precious" / "file").exists() and not (tmp_path / "demo" / "link").exists()


@pytest.fixture
def handlers() -> Iterator[None]:
    """Puts the signal handlers of the test run back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
def test_a_second_demo_leaves_the_files_of_a_running_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    claim_folder(DEFAULT_DATA)
    (DEFAULT_DATA / "records.db").touch()
    running = DirectoryLock(DEFAULT_DATA, LOCK)
    [port] = any_free(1)
    options = DemoOptions(port=port, data=None, seed=1, speed=1.0, scenario="demo", browser=False, exit_after_s=0.0)
    with pytest.raises(Refused, match="is in use by process"):
        run_demo(options)
    assert (DEFAULT_DATA / "records.db").exists()
    running.release()


def test_the_files_of_a_demo_are_a_good_installation(demo: DemoFiles) -> None:
    assert [str(problem) for problem in check_everything(demo.file).problems] == []


def test_no_password_stands_in_the_settings_file(demo: DemoFiles) -> None:
    text = demo.file.read_text(encoding="utf-8")
    passwords = [account.password for account in demo.accounts]
    passwords.append(demo.settings.ingest.broker.secret() or "")
    assert all(passwords)
    assert [password for password in passwords if password in text] == []


def test_secrets_are_readable_by_their_owner_alone(demo: DemoFiles) -> None:
    folder = demo.file.parent
    for name in ("secrets/mqtt-password", "broker.toml", "users.yaml"):
        assert (name, stat.S_IMODE((folder / name).stat().st_mode)) == (name, 0o600)


def test_the_broker_knows_the_password_that_the_engine_gives(demo: DemoFiles) -> None:
    broker = demo.settings.ingest.broker
    text = (demo.file.parent / "broker.toml").read_text(encoding="utf-8")
    assert f'"{broker.username}" = "{broker.secret()}"' in text
    assert f'listen = "127.0.0.1:{broker.port}"' in text and "0.0.0.0" not in text


def test_the_printed_logins_open_the_wall(demo: DemoFiles) -> None:
    users = load_users(demo.file.parent / "users.yaml")
    assert {account.name for account in demo.accounts} == set(users)
    assert all(verify(account.password, users[account.name].password) for account in demo.accounts)


def test_every_start_makes_new_secrets(demo: DemoFiles, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "city").symlink_to(folder / "city")
    again = write_files(tmp_path, web_port=8050, anchor=ANCHOR)
    assert again.settings.ingest.broker.secret() != demo.settings.ingest.broker.secret()
    assert {account.password for account in again.accounts}.isdisjoint(account.password for account in demo.accounts)


def test_a_demo_says_on_every_screen_that_it_is_none_of_a_real_city(demo: DemoFiles) -> None:
    assert demo.settings.demo is not None and "虚构" in demo.settings.demo.zh


def test_the_city_is_made_once(folder: Path) -> None:
    before = (folder / "city" / "devices.yaml").stat().st_mtime_ns
    assert make_city(folder, seed=2) == folder / "city"
    assert (folder / "city" / "devices.yaml").stat().st_mtime_ns == before


def test_a_demo_that_goes_on_finds_its_clock_where_it_would_be(demo: DemoFiles) -> None:
    later = REAL + timedelta(minutes=3)
    assert earlier_city_time(demo.file.parent, real=later) == CITY + timedelta(minutes=30)


@pytest.mark.parametrize("text", [None, "clock: {", "data: ."])
def test_without_a_readable_clock_a_demo_begins_anew(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "citybrain.yaml").write_text(text, encoding="utf-8")
    assert earlier_city_time(tmp_path, real=REAL) is None


def test_a_password_can_be_read_aloud() -> None:
    assert re.fullmatch(r"([bdfghjklmnprstvz][aeiou]){2}(-([bdfghjklmnprstvz][aeiou]){2}){3}", spoken_password())


def test_passwords_differ() -> None:
    assert len({spoken_password() for _ in range(1000)}) == 1000


def test_a_secret_replaces_a_readable_file_privately(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "token"
    file.parent.mkdir()
    file.write_text("old")
    file.chmod(0o644)
    write_secret(file, "new")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o600)


def test_at_a_higher_speed_the_rules_wait_as_much_longer_by_the_citys_clock(tmp_path: Path) -> None:
    fast = write_files(tmp_path, web_port=8050, anchor=replace(ANCHOR, speed=20.0)).settings.rules
    usual = RulesSettings()
    assert (fast.settle, fast.blind_after) == (20 * usual.settle, 20 * usual.blind_after)
