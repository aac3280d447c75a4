"""The machine: room on the disk, the cost of a durable write, and whether anybody sets the clock."""

import ctypes
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from citybrain.doctor.findings import Finding, Level, Section

LOW_BYTES = 2 * 1024**3
FULL_BYTES = 200 * 1024**2
SLOW_FSYNC_S = 0.02
"""A micro-batch waits for one fsync before it is acknowledged."""
FSYNCS = 20
BLOCK = b"\0" * 4096
UNSYNCHRONISED = 5
"""TIME_ERROR of adjtimex(2): nobody disciplines the kernel's clock."""
TIMEX_BYTES = 512
"""Room for struct timex of every architecture; all zero asks and changes nothing."""


def examine_machine(directory: Path) -> Sequence[Finding]:
    """`directory` is that of the data, or of its nearest parent that exists."""
    place = next(path for path in (directory, *directory.absolute().parents) if path.is_dir())
    return [_room(place), _durability(place), *_clock()]


def _room(place: Path) -> Finding:
    free = shutil.disk_usage(place).free
    zh, en = f"{place} 剩余 {free / 1024**3:.1f} GiB", f"{free / 1024**3:.1f} GiB free in {place}"
    if free >= LOW_BYTES:
        return _finding(Level.OK, zh, en)
    return _finding(
        Level.BAD if free < FULL_BYTES else Level.NOTE,
        zh,
        en,
        advice_zh="释放空间；磁盘写满时停止确认，由代理保管报文，腾出空间后自动恢复",
        advice_en="free space; on a full disk nothing is acknowledged and the broker keeps the messages",
    )


def _durability(place: Path) -> Finding:
    file = place / f".citybrain-doctor-{os.getpid()}"
    try:
        seconds = _fsync_seconds(file)
    except OSError as exc:
        return _finding(Level.BAD, f"{place} 不可写：{exc}", f"{place} cannot be written: {exc}")
    finally:
        file.unlink(missing_ok=True)
    zh, en = f"一次持久写入 {seconds * 1000:.1f} ms", f"one durable write takes {seconds * 1000:.1f} ms"
    if seconds < SLOW_FSYNC_S:
        return _finding(Level.OK, zh, en)
    return _finding(
        Level.NOTE,
        zh,
        en,
        advice_zh="数据目录应放在本地 SSD 上，不要放在网络盘",
        advice_en="put the data directory on a local SSD, not on a network disk",
    )


def _fsync_seconds(file: Path) -> float:
    """The median of some."""
    taken = []
    with file.open("wb", buffering=0) as opened:
        for _ in range(FSYNCS):
            began = time.perf_counter()
            opened.write(BLOCK)
            os.fsync(opened.fileno())
            taken.append(time.perf_counter() - began)
    return median(taken)


def _clock() -> Sequence[Finding]:
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    except (AttributeError, OSError):  # not Linux
        return []
    if 0 <= state < UNSYNCHRONISED:
        return [_finding(Level.OK, "时钟已同步", "the clock is synchronised")]
    return [
        _finding(
            Level.NOTE,
            "时钟未与时间服务器同步",
            "nobody synchronises the clock",
            advice_zh="安装 chrony 并指向本网时间服务器；读数的早晚按本机时钟判断",
            advice_en="run chrony with a time server of your network: early and late are judged by this clock",
        )
    ]


def _finding(level: Level, zh: str, en: str, *, advice_zh: str = "", advice_en: str = "") -> Finding:
    return Finding(section=Section.MACHINE, level=level, zh=zh, en=en, advice_zh=advice_zh, advice_en=advice_en)
