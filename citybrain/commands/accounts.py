"""`citybrain accounts`: who may log in at the wall, and as what."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from citybrain.commands.grouping import ListingGroup
from citybrain.commands.querying import query_options, settings_for, show
from citybrain.settings import Settings
from dashboard.access.roles import Role
from dashboard.users import User, UserEntry, hash_password, load_users, write_users
from domain.errors import Refused
from runtime.locking import DirectoryLock
from runtime.parentage import keep_files_private

FILE = "users.yaml"
LOCK = "users"
COLUMNS = {"name": "账号 name", "role": "角色 role"}
SHORTEST = 10
LONGEST = 1000
FEWEST_LETTERS = 5
_USUAL = re.compile(r"password|passw0rd|p@ssw0rd|qwerty|admin|citybrain|letmein|12345|54321|abcde|11111|00000|88888")
"""What everybody tries first; a password may contain one of them, if enough else stands beside it."""

Command = TypeVar("Command", bound=Callable[..., Any])


def _installation(command: Command) -> Command:
    path = click.Path(path_type=Path)
    command = click.option("--data", type=path, help="演示数据目录 · data directory of a demo")(command)
    return click.option("--config", type=path, help="设置文件 · settings file")(command)


def _password_file(command: Command) -> Command:
    return click.option(
        "--password-file",
        type=click.Path(path_type=Path, allow_dash=True),
        help="从文件首行读取密码，- 为标准输入 · first line of a file, - is stdin; default: asked on the terminal",
    )(command)


@click.group(name="accounts", cls=ListingGroup)
def command() -> None:
    """监测墙账号 · Accounts of the wall: list, add, remove, new password.

    监测墙在下一次请求时即采用 · The wall takes them at its next request.
    """


@command.command(name="list")
@query_options
def listing(config: Path | None, data: Path | None, as_json: bool) -> None:
    """查询账号 · Who may log in; passwords are kept as hashes and never shown."""
    users = _known(settings_for(config, data))
    show(({"name": one.name, "role": one.role.value} for one in users.values()), as_json=as_json, columns=COLUMNS)


@command.command(name="add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="角色 · what they may do")
@_password_file
@_installation
def adding(name: str, role: str, password_file: Path | None, config: Path | None, data: Path | None) -> None:
    """新增账号 · A new account; its password is asked for, or read from a file."""
    with _changing(settings_for(config, data)) as users:
        if name in users:
            raise Refused(f"{name} 已存在 · stands already; `accounts passwd {name}` gives a new password")
        _check_name(name)
        password = _password(name, password_file)
        users[name] = User(name=name, role=Role(role), password=hash_password(password))
    click.echo(f"已新增 {name}（{role}）· added {name} ({role})")


@command.command(name="passwd")
@click.argument("name")
@_password_file
@_installation
def changing_password(name: str, password_file: Path | None, config: Path | None, data: Path | None) -> None:
    """更换密码，角色不变，此前的登录全部失效 · A new password; the role stays. Whoever is logged in is out at once."""
    with _changing(settings_for(config, data)) as users:
        role = _one(users, name).role
        users[name] = User(name=name, role=role, password=hash_password(_password(name, password_file)))
    click.echo(f"已更换 {name} 的密码 · {name} has a new password")


@command.command(name="remove")
@click.argument("name")
@_installation
def removing(name: str, config: Path | None, data: Path | None) -> None:
    """删除账号 · Whoever uses it is out at once."""
    with _changing(settings_for(config, data)) as users:
        del users[_one(users, name).name]
    click.echo(f"已删除 {name} · removed {name}")


def _known(settings: Settings) -> Mapping[str, User]:
    file = settings.data / FILE
    return load_users(file) if file.is_file() else {}


@contextmanager
def _changing(settings: Settings) -> Iterator[dict[str, User]]:
    """The accounts to change, written when nothing went wrong. Two changes at once would undo each other."""
    keep_files_private()
    try:
        lock = DirectoryLock(settings.data, LOCK)
    except OSError as exc:
        raise _not_written(settings, exc) from exc
    try:
        users = dict(_known(settings))
        yield users
        write_users(settings.data / FILE, users.values())
    except OSError as exc:
        raise _not_written(settings, exc) from exc
    finally:
        lock.release()


def _not_written(settings: Settings, exc: OSError) -> Refused:
    advice = "换成运行服务的用户或 root 再试 · do it as the user of the service, or as root"
    return Refused(f"{settings.data / FILE}: {exc.strerror or exc}; {advice}")


def _one(users: Mapping[str, User], name: str) -> User:
    if name not in users:
        known = ", ".join(users) or "nobody"
        raise Refused(f"没有账号 {name} · there is no account {name}; known are {known}")
    return users[name]


def _check_name(name: str) -> None:
    try:
        UserEntry(name=name, role=Role.VIEWER, password="scrypt$")
    except ValidationError as exc:
        raise click.BadParameter(f"{name!r}: 1 to 64 characters without spaces, commas and colons · 账号名") from exc


def _password(name: str, file: Path | None) -> str:
    password = _asked() if file is None else _read(file)
    if (why := why_weak(password, name)) is not None:
        raise Refused(why)
    return password


def _asked() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("no terminal to ask for the password; give --password-file FILE, or - for stdin")
    asked: str = click.prompt("密码 password", hide_input=True, confirmation_prompt="再次输入 once more", err=True)
    return asked


def _read(file: Path) -> str:
    """The first line. An editor's end of line is no part of it."""
    try:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as exc:
        raise Refused(f"{file} cannot be read: {exc}") from exc
    return text.split("\n", 1)[0].rstrip("\r")


def why_weak(password: str, name: str) -> str | None:
    """None for a password that is not guessed at once."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"密码须为 {SHORTEST} 至 {LONGEST} 个字符 · a password has {SHORTEST} to {LONGEST} characters"
    rest = _USUAL.sub("", password.lower()).replace(name.lower(), "")
    if len(set(rest)) < FEWEST_LETTERS:
        return "密码过于常见 · this password is tried first: the account's name, a usual word or few different letters"
    return None
