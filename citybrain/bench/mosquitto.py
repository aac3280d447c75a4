"""A Mosquitto of the benchmark's own, with the settings of docs/brokers.md."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.errors import Refused
from runtime.ports import any_free

READY_WITHIN_S = 10.0
_CONFIGURATION = """
listener {port} 127.0.0.1
allow_anonymous true
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mosquitto:
    port: int
    pid: int


@contextmanager
def mosquitto(directory: Path) -> Iterator[Mosquitto]:
    """Running, on loopback. Raises Refused where there is none on this machine."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise Refused(
            "no mosquitto on this machine (Debian: apt-get install mosquitto); install it or leave --broker out"
        )
    directory.mkdir(parents=True)
    [port] = any_free(1)
    file = directory / "mosquitto.conf"
    file.write_text(_CONFIGURATION.format(port=port), encoding="ascii")
    with (directory / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([program, "-c", str(file)], stdout=log, stderr=log)
    try:
        _await(port)
        yield Mosquitto(port=port, pid=process.pid)
    finally:
        process.terminate()
        process.wait(10)


def _await(port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            raise Refused(f"mosquitto does not listen on {port} within {READY_WITHIN_S:g} s; look at its log")
        time.sleep(0.05)
