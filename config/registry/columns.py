"""What the columns of a table of devices, or the flat properties of a map feature, are called and how they are read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from config.registry.entries import DIALECT_FIELDS, FIELDS

Read = Callable[[str], Any]

SECTIONS = ("dialect", "figures")
"""Fields with fields of their own: no single cell can say them."""
_BETWEEN = re.compile(r"[;；|]")
CHINESE = {
    "编号": "id",
    "设备编号": "id",
    "类别": "kind",
    "名称": "zh",
    "中文名称": "zh",
    "英文名称": "en",
    "经度": "lon",
    "纬度": "lat",
    "周期": "interval",
    "功能区": "zone",
    "行政区": "district",
    "道路": "road",
    "单元网格": "grid_cell",
    "责任单位": "department",
    "上级设备": "parent",
    "别名": "aliases",
    "时区": "timezone",
    "编解码器": "codec",
    "井深": "figures.depth",
}
"""Heads in Chinese, for tables made by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Where its cells belong inside a device, and how one is read."""

    where: tuple[str, ...]
    read: Read


@lru_cache(maxsize=1000)
def column_of(head: str) -> Column | None:
    """None for a head that nobody knows. `units.CODE` and `metrics.CODE` keep the code as it is written."""
    spelled = CHINESE.get(head, head)
    if spelled.startswith("figures.") and spelled != "figures.":
        return Column(where=("figures", spelled.removeprefix("figures.")), read=str)
    section, _, code = head.removeprefix("dialect.").partition(".")
    if section in ("units", "metrics") and code:
        return Column(where=("dialect", section, code), read=str)
    name = CHINESE.get(head, head.casefold())
    if name in FIELDS and name not in SECTIONS:
        return Column(where=(name,), read=listed if name == "aliases" else str)
    below = name.removeprefix("dialect.")
    if below in DIALECT_FIELDS and below not in ("units", "metrics"):
        return Column(where=("dialect", below), read=listed if below in ("missing", "installed") else str)
    return None


def listed(cell: str) -> list[str]:
    """Several values in one cell, with ; or | between them."""
    return [part.strip() for part in _BETWEEN.split(cell) if part.strip()]
