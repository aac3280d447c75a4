"""From the settings of the routes to their channels; what is wrong with any of them comes back at once."""

import os
from collections.abc import Mapping
from pathlib import Path

from domain.errors import Misconfigured, Problem, Refused
from domain.ports import Channel
from notify.log_channel import LogChannel
from notify.settings import NotifySettings, RouteSettings

LOG = "log://"


def open_channels(
    settings: NotifySettings, *, directory: Path, environment: Mapping[str, str] = os.environ
) -> Mapping[str, Channel]:
    """The channel of each route, by the route's id. `directory` is where `log://` files go.

    Raises Misconfigured with every problem; no message of it holds an address, for it may hold a password.
    """
    channels: dict[str, Channel] = {}
    problems: list[str] = []
    for route in settings.routes:
        try:
            if route.id in channels:
                raise Refused("the id stands twice; give every route its own")
            channels[route.id] = _channel(address_of(route, environment), directory)
        except Refused as exc:
            problems.append(f"route {route.id}: {exc}")
    if problems:
        raise Misconfigured([Problem(file="notify.routes", line=None, message=text) for text in problems])
    return channels


def _channel(address: str, directory: Path) -> Channel:
    if not address.startswith(LOG):
        from notify.channels import AppriseChannel  # with all of Apprise, 4 MB, for who reaches people with it

        return AppriseChannel(address)
    file = directory / address.removeprefix(LOG)
    has_folder = file.parent == directory or file.parent.is_dir()  # the data directory is made at the first start
    if not address.removeprefix(LOG) or not has_folder:
        raise Refused(f"the folder {file.parent} is not there; write log://notices.log")
    return LogChannel(file)


def address_of(route: RouteSettings, environment: Mapping[str, str]) -> str:
    """The route's URL, wherever it is kept. Raises Refused when there is none, or more than one."""
    given = [name for name in ("url", "url_file", "url_env") if getattr(route, name) is not None]
    match route:
        case _ if len(given) != 1:
            raise Refused(f"give exactly one of url, url_file and url_env, not {' and '.join(given) or 'none'}")
        case RouteSettings(url_file=Path() as file):
            return _first_line(file)
        case RouteSettings(url_env=str(name)):
            return _variable(name, environment)
        case RouteSettings(url=url):
            return url.get_secret_value() if url else ""


def _first_line(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").split()
    except OSError as exc:
        raise Refused(f"url_file {file} cannot be read: {exc.strerror}; check the path and its rights") from exc
    if not lines:
        raise Refused(f"url_file {file} is empty; write the address on its first line")
    return lines[0]


def _variable(name: str, environment: Mapping[str, str]) -> str:
    if not environment.get(name):
        raise Refused(f"the environment variable {name} is not set; set it to the route's address")
    return environment[name]
