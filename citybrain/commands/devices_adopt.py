"""`citybrain devices adopt`: who speaks without being known, and how they become devices."""

import functools
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import click

from citybrain.commands.devices_changing import Wish, change_options
from citybrain.commands.querying import books_of, show
from citybrain.registry.adoption import Template, plan_adoption, plan_alias
from citybrain.registry.changing import Ground
from citybrain.registry.strangers import Stranger, kinds_for, strangers_in
from citybrain.settings import Settings
from config.city import load_registry
from domain.errors import Refused
from domain.instants import from_micros, iso
from domain.messages import Reason
from ingest.formats.choosing import Formats, choice_of
from store.records.quarantine import QuarantineFilter

COLUMNS = {
    "name": "名称 name",
    "feed": "接入源 feed",
    "topic": "主题 topic",
    "messages": "报文 messages",
    "metrics": "指标 metrics",
    "kinds": "可能类别 could be",
    "last": "最近 last",
}

Command = TypeVar("Command", bound=Callable[..., Any])

LATEST = 20_000
"""Quarantined messages that are looked through, newest first."""
REDRIVE = "citybrain quarantine redrive --reason unknown-device"


def template_options(command: Command) -> Callable[..., Any]:
    """What is said about the new device, handed to the command as one `template`; None without --kind."""

    @functools.wraps(command)
    def described(*, kind: str | None, **others: Any) -> Any:
        said = {name: others.pop(name) for name in ("zh", "en", "lon", "lat", "identifier")}
        return command(template=Template(kind=kind, **said) if kind else None, **others)

    for option in (
        click.option("--id", "identifier", help="id, where NAME is to be an alias of it · 编号，NAME 作为别名"),
        click.option("--lat", type=float, help="latitude, WGS-84 · 纬度"),
        click.option("--lon", type=float, help="longitude, WGS-84 · 经度"),
        click.option("--en", help="English name · 英文名称"),
        click.option("--zh", help="Chinese name · 中文名称"),
        click.option("--kind", help="kind of the new device, such as noise_meter · 设备类别"),
    ):
        option(described)
    return described


@click.command(name="adopt")
@click.argument("name", required=False)
@click.option("--as-alias-of", "owner", metavar="ID", help="NAME is another name of device ID · 作为已有设备的别名")
@click.option("--all", "everybody", is_flag=True, help="every unknown name that fits --pattern · 全部匹配的未知设备")
@click.option("--pattern", default="*", show_default=True, help="of names, such as NM-* · 名称样式")
@template_options
@change_options
def adopting(
    name: str | None, owner: str | None, everybody: bool, pattern: str, template: Template | None, wish: Wish
) -> None:
    """收编未知设备；不带参数时列出 · Adopt a device that was seen in quarantine; without NAME list them.

    Nothing is adopted by itself. Without --lon and --lat the device stands in the middle of the city, and its name
    says so. Afterwards its quarantined messages can be driven again.
    """
    if name is None and not everybody:
        _list(wish, pattern)
        return
    if name is not None and owner is not None and template is None:
        done = wish.carry_out(lambda: plan_alias(name, owner, Ground.of(wish.settings)))
    elif template is None or owner is not None:
        raise click.UsageError("say what it is: NAME with --kind, NAME with --as-alias-of ID, or --all with --kind")
    else:
        names = [name] if name is not None else [one.name for one in _strangers(wish.settings, pattern)]
        if not names:
            raise Refused(f"nobody unknown is called like {pattern!r}; `citybrain devices adopt` lists who is")
        done = wish.carry_out(lambda: plan_adoption(names, template, Ground.of(wish.settings)))
    if done["applied"] and not wish.as_json:
        click.echo(f"生效后重新处理其隔离报文 · once that holds, drive their quarantined messages again: {REDRIVE}")


def _strangers(settings: Settings, pattern: str) -> Sequence[Stranger]:
    """Those of the quarantine whose names fit; the registry is the file's, not the one that an engine still has."""
    ground = Ground.of(settings)
    registry = load_registry(settings.devices, city=ground.city, kinds=ground.kinds)
    formats = Formats(choice_of(settings.ingest, registry))
    with books_of(settings) as books:
        entries = books.quarantine.list(limit=LATEST, which=QuarantineFilter(reason=Reason.UNKNOWN_DEVICE))
    found = strangers_in(entries, formats.decode, registry)
    return [one for one in found if fnmatchcase(one.name, pattern)]


def _list(wish: Wish, pattern: str) -> None:
    kinds = Ground.of(wish.settings).kinds
    rows = (
        {
            **{"name": one.name, "feed": one.feed, "topic": one.topic, "messages": len(one.entries)},
            "metrics": dict(one.metrics) if wish.as_json else " ".join(one.metrics),
            "kinds": kinds_for(one, kinds) if wish.as_json else " ".join(kinds_for(one, kinds)) or None,
            **{"first": iso(from_micros(one.first)), "last": iso(from_micros(one.last))},
        }
        for one in _strangers(wish.settings, pattern)
    )
    show(rows, as_json=wish.as_json, columns=COLUMNS)
