"""Accounts: what is stored of a password, and when a change of the file counts."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.access.roles import Role
from dashboard.users import User, UserRoll, hash_password, load_users, verify, write_users
from domain.errors import Misconfigured

HASH = hash_password("bado-keru")


@settings(max_examples=5, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_only_the_password_fits_its_hash(password: str) -> None:
    hashed = hash_password(password)
    assert verify(password, hashed)
    assert not verify(password + "x", hashed)


@pytest.mark.parametrize("damaged", ["", "scrypt$", HASH[:-5], HASH.replace("scrypt", "md5"), "scrypt$a$b$c$d$e"])
def test_a_damaged_hash_lets_nobody_in(damaged: str) -> None:
    assert not verify("bado-keru", damaged)


def test_the_same_password_is_hashed_differently_each_time() -> None:
    assert hash_password("x") != hash_password("x")


def test_each_change_of_the_password_makes_another_edition_of_the_account() -> None:
    editions = {User(name="duty", role=Role.OPERATOR, password=hash_password("x")).edition for _ in range(3)}
    assert len(editions) == 3


def test_the_file_is_private_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "users.yaml"
    users = [User(name="duty", role=Role.OPERATOR, password=HASH), User(name="大屏", role=Role.VIEWER, password=HASH)]
    write_users(path, users)
    assert path.stat().st_mode & 0o077 == 0
    assert list(load_users(path).values()) == users


def test_a_plain_password_in_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "users.yaml"
    path.write_text("users:\n  - {name: duty, role: operator, password: secret}\n", encoding="utf-8")
    with pytest.raises(Misconfigured):
        load_users(path)


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "users.yaml"
    write_users(path, [User(name="duty", role=role, password=HASH) for role in (Role.VIEWER, Role.ADMIN)])
    with pytest.raises(Misconfigured, match="duty"):
        load_users(path)


def test_a_new_account_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "users.yaml"
    write_users(path, [])
    roll = UserRoll(path)
    assert roll.find("duty") is None
    write_users(path, [User(name="duty", role=Role.OPERATOR, password=HASH)])
    assert roll.find("duty") is not None


def test_a_broken_file_keeps_the_accounts_known_before(tmp_path: Path) -> None:
    path = tmp_path / "users.yaml"
    write_users(path, [User(name="duty", role=Role.OPERATOR, password=HASH)])
    roll = UserRoll(path)
    assert roll.find("duty") is not None
    path.write_text("users: [", encoding="utf-8")
    assert roll.find("duty") is not None


def test_roles_include_the_ones_below_them() -> None:
    assert Role.ADMIN.includes(Role.VIEWER)
    assert not Role.VIEWER.includes(Role.OPERATOR)
