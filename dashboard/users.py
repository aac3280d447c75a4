"""The accounts of an installation: a small private file with names, roles and password hashes."""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import Field

from config.loading import Strict, load
from dashboard.access.roles import Role
from domain.errors import Misconfigured, Problem
from runtime import logs
from runtime.locking import belongs_as

SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1
"""16 MiB and some 50 ms for each try; the parameters stand in every hash, so that they may grow."""
SALT_BYTES = 16
EDITION_DIGITS = 32

log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    name: str
    role: Role
    password: str
    """A hash from `hash_password`."""

    @property
    def edition(self) -> str:
        """Another one after each change of the password, also to the same one, and after the account was made anew.

        Tells nothing of the password: who holds it would have to guess the salt as well.
        """
        return hashlib.sha256(self.password.encode()).hexdigest()[:EDITION_DIGITS]


class UserEntry(Strict):
    name: str = Field(pattern=r"^[^\s:,]{1,64}$")
    role: Role
    password: str = Field(pattern=r"^scrypt\$")


class UsersFile(Strict):
    users: tuple[UserEntry, ...] = ()


def hash_password(password: str) -> str:
    """`scrypt$n$r$p$salt$key`, salted anew each time."""
    salt = os.urandom(SALT_BYTES)
    key = hashlib.scrypt(password.encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P)
    return f"scrypt${SCRYPT_N}${SCRYPT_R}${SCRYPT_P}${_text(salt)}${_text(key)}"


def verify(password: str, hashed: str) -> bool:
    """Whether the password made that hash. False for anything that is not one of our hashes."""
    try:
        scheme, n, r, p, salt, key = hashed.split("$")
        tried = hashlib.scrypt(password.encode(), salt=base64.b64decode(salt), n=int(n), r=int(r), p=int(p))
        return scheme == "scrypt" and hmac.compare_digest(tried, base64.b64decode(key))
    except (ValueError, binascii.Error):
        return False


def load_users(path: Path) -> dict[str, User]:
    """The accounts of the file by name. Raises Misconfigured."""
    file = load(path, UsersFile)
    users = {entry.name: User(name=entry.name, role=entry.role, password=entry.password) for entry in file.users}
    if len(users) != len(file.users):
        names = [entry.name for entry in file.users]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise Misconfigured([Problem(file=str(path), line=None, message=f"users {', '.join(twice)} stand twice")])
    return users


def write_users(path: Path, users: Iterable[User]) -> None:
    """Replace the file at once; only its owner can read it."""
    content = {"users": [{"name": u.name, "role": u.role.value, "password": u.password} for u in users]}
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    try:
        fresh.touch(mode=0o600)
        belongs_as(fresh, path.parent)
        fresh.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


class UserRoll:
    """The accounts as the file says now: a change of the file counts at the next request, a broken file does not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._users: Mapping[str, User] = {}
        self._nobody = hash_password("nobody has this one")

    def find(self, name: str) -> User | None:
        self._refresh()
        return self._users.get(name)

    def authenticate(self, name: str, password: str) -> User | None:
        """The user, or None. Takes as long for a name that does not exist, so that names cannot be guessed."""
        user = self.find(name)
        fits = verify(password, user.password if user else self._nobody)
        return user if fits else None

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
        except OSError:
            stamp = None
        else:
            stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._users = load_users(self._path)
        except Misconfigured as exc:
            log.error("users file not usable, keeping the accounts known before", problem=str(exc))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
