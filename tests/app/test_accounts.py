"""`citybrain accounts` writes the file by which the wall lets people in, and refuses what is guessed at once."""

import io
import os
import stat
from pathlib import Path

import pytest

from citybrain.commands.accounts import why_weak
from dashboard.access.roles import Role
from dashboard.users import UserRoll, load_users
from runtime.locking import DirectoryLock
from tests.app.installation import Site
from tests.app.terminal import Ran, Terminal

GOOD = "keru-mizo-fula"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(f"{GOOD}\n", encoding="utf-8")
    return file


def accounts(terminal: Terminal, site: Site, *arguments: object) -> Ran:
    return terminal.run("accounts", *arguments, "--config", site.file)


@pytest.fixture
def duty(terminal: Terminal, site: Site, secret: Path) -> Site:
    """With one account."""
    assert accounts(terminal, site, "add", "duty", "--role", "operator", "--password-file", secret).code == 0
    return site


def test_who_was_added_may_log_in_as_what_they_are(duty: Site) -> None:
    user = UserRoll(duty.data / "users.yaml").authenticate("duty", GOOD)
    assert user is not None and user.role is Role.OPERATOR


def test_the_file_is_its_owner_s_alone_and_holds_no_password(duty: Site) -> None:
    file = duty.data / "users.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert GOOD not in file.read_text(encoding="utf-8")


def test_accounts_are_listed_without_their_hashes(duty: Site, terminal: Terminal) -> None:
    assert accounts(terminal, duty, "list", "--json").rows == [{"name": "duty", "role": "operator"}]
    out = accounts(terminal, duty).out
    assert "duty" in out and "scrypt" not in out


def test_without_any_account_the_list_says_so(site: Site, terminal: Terminal) -> None:
    ran = accounts(terminal, site, "list")
    assert (ran.code, ran.out) == (0, "没有记录 · nothing to show\n")


def test_a_name_that_stands_already_is_refused(duty: Site, terminal: Terminal, secret: Path) -> None:
    ran = accounts(terminal, duty, "add", "duty", "--role", "admin", "--password-file", secret)
    assert (ran.code, "stands already" in ran.err) == (1, True)
    assert load_users(duty.data / "users.yaml")["duty"].role is Role.OPERATOR


def test_a_new_password_counts_and_the_old_one_no_longer(
    duty: Site, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("vato-luri-pena\r\nmore\n"))
    assert accounts(terminal, duty, "passwd", "duty", "--password-file", "-").code == 0
    roll = UserRoll(duty.data / "users.yaml")
    user = roll.authenticate("duty", "vato-luri-pena")
    assert user is not None and user.role is Role.OPERATOR
    assert roll.authenticate("duty", GOOD) is None


def test_who_was_removed_is_gone_and_the_others_stay(duty: Site, terminal: Terminal, secret: Path) -> None:
    accounts(terminal, duty, "add", "hall", "--role", "viewer", "--password-file", secret)
    assert accounts(terminal, duty, "remove", "duty").code == 0
    assert list(load_users(duty.data / "users.yaml")) == ["hall"]


@pytest.mark.parametrize("verb", ["remove", "passwd"])
def test_nobody_of_that_name_is_told_with_the_names_that_are_known(duty: Site, terminal: Terminal, verb: str) -> None:
    ran = accounts(terminal, duty, verb, "dury")
    assert (ran.code, "there is no account dury; known are duty" in ran.err) == (1, True)


def test_without_a_terminal_the_password_has_to_come_from_somewhere(
    site: Site, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ran = accounts(terminal, site, "add", "duty", "--role", "operator")
    assert (ran.code, "give --password-file" in ran.err) == (2, True)
    assert not (site.data / "users.yaml").exists()


def test_a_name_that_the_wall_could_not_read_is_refused(site: Site, terminal: Terminal, secret: Path) -> None:
    ran = accounts(terminal, site, "add", "a b", "--role", "viewer", "--password-file", secret)
    assert (ran.code, "without spaces" in ran.err) == (2, True)


def test_two_do_not_write_at_once(duty: Site, terminal: Terminal) -> None:
    other = DirectoryLock(duty.data, "users")
    try:
        ran = accounts(terminal, duty, "remove", "duty")
        assert (ran.code, "in use by process" in ran.err) == (1, True)
    finally:
        other.release()


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 1001, "Password123456", "duty-duty-duty", "aaaaaaaaaaaa", "qwerty12345"]
)
def test_a_password_that_is_guessed_at_once_is_refused(
    site: Site, terminal: Terminal, tmp_path: Path, password: str
) -> None:
    file = tmp_path / "weak"
    file.write_text(password, encoding="utf-8")
    ran = accounts(terminal, site, "add", "duty", "--role", "viewer", "--password-file", file)
    assert (ran.code, (site.data / "users.yaml").exists()) == (1, False)


@pytest.mark.parametrize("password", [GOOD, "password-but-long-enough", "十个汉字的密码也可以的", "Tr0ub4dor&3x"])
def test_any_other_is_taken(password: str) -> None:
    assert why_weak(password, "duty") is None


def test_what_root_writes_belongs_to_the_service_whose_directory_it_is(
    duty: Site, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, uid, gid: given.update({Path(path).name: (uid, gid)}))
    accounts(terminal, duty, "remove", "duty")
    folder = duty.data.stat()
    assert set(given) == {f"users.yaml.{os.getpid()}", "users.lock"}
    assert set(given.values()) == {(folder.st_uid, folder.st_gid)}


def test_a_directory_that_takes_nothing_is_told_with_what_to_do(
    duty: Site, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", refuse)
        ran = accounts(terminal, duty, "remove", "duty")
    assert ran.code != 0
    assert "No space left on device" in ran.err
    assert [file.name for file in duty.data.glob("users.yaml*")] == ["users.yaml"]
