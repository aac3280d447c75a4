"""Writes the files of a demo: an installation like any other, with its secrets made at this start."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from citybrain.demo.broker import EmbeddedBroker
from citybrain.demo.secrets import spoken_password, write_secret
from citybrain.settings import Settings, load_settings
from dashboard.access.roles import Role
from dashboard.users import User, hash_password, write_users
from domain.errors import CitybrainError, Refused
from domain.instants import iso
from rules.settings import RulesSettings
from runtime.clock import Anchor
from runtime.ports import any_free
from simulators.city import write_city

MARK = ".citybrain-demo"
"""A folder with this file was made by the demo, and may be made anew by it."""
LOCK = "demo"
"""Name of the lock that a running demo holds on its folder."""
SETTINGS = "citybrain.yaml"
DEMO_LABEL = {"zh": "演示城市 · 虚构数据", "en": "Demo city · fictional data"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A login of the demo; the password is known only now."""

    name: str
    role: str
    zh: str
    en: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFiles:
    """What was written: the settings file, what it says, and the logins."""

    file: Path
    settings: Settings
    accounts: tuple[Account, ...]


def claim_folder(data: Path) -> None:
    """Make the folder and mark it as a demo's; what is in it stays.

    Raises Refused for a folder with something else in it: a demo does not mix with anybody's files.
    """
    if data.is_dir() and any(data.iterdir()) and not (data / MARK).is_file():
        raise Refused(f"{data} holds something that no demo made; give an empty or new folder with --data")
    data.mkdir(parents=True, exist_ok=True)
    (data / MARK).touch()


def empty_folder(data: Path) -> bool:
    """Remove what an earlier demo left; whether there was anything. Hold the lock: a demo may be running in it."""
    left = [entry for entry in data.iterdir() if entry.name not in {MARK, f"{LOCK}.lock"}]
    for entry in left:
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    return bool(left)


def earlier_city_time(data: Path, *, real: datetime) -> datetime | None:
    """What the city's clock would show now, had it run on since an earlier demo in this folder; None for a new one."""
    file = data / SETTINGS
    if not file.is_file():
        return None
    try:
        clock = load_settings(file, {}).clock
    except CitybrainError:
        return None
    return clock.city + (real - clock.real) * clock.speed if clock else None


def make_city(data: Path, *, seed: int) -> Path:
    """The folder of the demo's city; it is made once, and stays what it is when the demo goes on."""
    folder = data / "city"
    if not (folder / "city.yaml").is_file():
        write_city(folder, seed=seed)
    return folder


def write_files(data: Path, *, web_port: int, anchor: Anchor) -> DemoFiles:
    """Broker, accounts and settings (`rules`: that section of them); secrets are made at every start."""
    port_v5, port_v4 = any_free(2, avoid=[web_port])
    broker = EmbeddedBroker(port_v5=port_v5, port_v4=port_v4, username="citybrain", password=spoken_password())
    broker.write(data / "broker.toml")
    write_secret(data / "secrets" / "mqtt-password", broker.password)
    accounts = (
        Account(name="duty", role="operator", zh="值班员", en="operator", password=spoken_password(3)),
        Account(name="wall", role="viewer", zh="大屏", en="wall screen", password=spoken_password(3)),
    )
    write_users(
        data / "users.yaml",
        [User(name=a.name, role=Role(a.role), password=hash_password(a.password)) for a in accounts],
    )
    file = data / SETTINGS
    content = {**_content(broker, web_port=web_port, anchor=anchor), "rules": _patience(anchor.speed)}
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return DemoFiles(file=file, settings=load_settings(file), accounts=accounts)


def _patience(speed: float) -> Mapping[str, str]:
    """At n times the speed a second of the machine is n of the city's: what was on the way must not look late."""
    fast, usual = max(1.0, speed), RulesSettings()
    return {"settle": f"{usual.settle * fast:.0f}s", "blind_after": f"{usual.blind_after * fast:.0f}s"}


def _content(broker: EmbeddedBroker, *, web_port: int, anchor: Anchor) -> Mapping[str, Any]:
    return {
        "data": ".",
        "city": "city/city.yaml",
        "devices": "city/devices.yaml",
        "ingest": {
            "broker": {
                "host": "127.0.0.1",
                "port": broker.port_v5,
                "username": broker.username,
                "password_file": "secrets/mqtt-password",
            }
        },
        "embedded_broker": {"configuration": "broker.toml"},
        "web": {"host": "127.0.0.1", "port": web_port, "secure_cookies": False},
        "clock": {"real": iso(anchor.real), "city": iso(anchor.city), "speed": anchor.speed},
        "demo": DEMO_LABEL,
    }
