"""Real servers for tests marked `service`, each on free loopback ports with its files in a temporary directory."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests import availability
from tests.free_ports import free_port

INFLUXD_1_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{directory}/meta"
[data]
dir = "{directory}/data"
wal-dir = "{directory}/wal"
series-id-set-cache-size = 100
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{http}"
log-enabled = false
[logging]
level = "error"
"""


def influxd_generation() -> int | None:
    """1 or 2 for the `influxd` on PATH; None without one."""
    if shutil.which("influxd") is None:
        return None
    told = subprocess.run(["influxd", "version"], capture_output=True, text=True, check=True).stdout
    return 2 if "InfluxDB v2" in told or "InfluxDB 2" in told else 1


def influxd_2_program() -> str | None:
    """`influxd2` on PATH (tools/influxd2.sh builds one; 1.x may stand beside it), else an `influxd` that is of 2.x."""
    if shutil.which("influxd2") is not None:
        return "influxd2"
    return "influxd" if influxd_generation() == 2 else None


class Influxd1:
    """Debian's InfluxDB 1.x; can be stopped and started again on the same port and files."""

    def __init__(self, directory: Path) -> None:
        self._config = directory / "influxd.toml"
        self._output = directory / "influxd.log"
        self._port = free_port()
        self._config.write_text(INFLUXD_1_CONFIG.format(rpc=free_port(), http=self._port, directory=directory))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        with self._output.open("ab") as output:
            command = ["influxd", "-config", str(self._config)]
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        _await_answer(f"{self.url}/ping")

    def kill(self) -> None:
        """At once, as in an outage. Killing twice is not an error."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Influxd2:
    """InfluxDB 2.x with one organisation, one bucket and one token, set up at its start."""

    token = "token-of-the-tests"

    def __init__(self, directory: Path, *, program: str) -> None:
        self._directory = directory
        self._program = program
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        files = [f"--{name}-path={self._directory / name}" for name in ("bolt", "engine", "sqlite")]
        address = f"--http-bind-address=127.0.0.1:{self._port}"
        with (self._directory / "influxd.log").open("ab") as output:
            command = [self._program, *files, address, "--reporting-disabled"]
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        _await_answer(f"{self.url}/health")
        owner = {"username": "citybrain", "password": "citybrain-tests", "org": "citybrain", "bucket": "citybrain"}
        httpx.post(f"{self.url}/api/v2/setup", json={**owner, "token": self.token}, timeout=120).raise_for_status()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class VictoriaMetrics:
    """Debian's VictoriaMetrics: takes what is sent to the write API of InfluxDB 2, and tells what it has understood."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        command = [
            "victoria-metrics",
            f"-storageDataPath={self._directory / 'data'}",
            f"-httpListenAddr=127.0.0.1:{self._port}",
            "-retentionPeriod=100y",
            "-memory.allowedPercent=5",
        ]
        with (self._directory / "victoria-metrics.log").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        _await_answer(f"{self.url}/health")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def understood(self) -> dict[tuple[str, str], dict[int, float]]:
        """Of each (measurement_field, device): value by time in milliseconds."""
        httpx.get(f"{self.url}/internal/force_flush", timeout=120).raise_for_status()
        every = {"match[]": '{device!=""}', "start": "0", "end": "4000000000"}
        answer = httpx.get(f"{self.url}/api/v1/export", params=every, timeout=120).raise_for_status()
        series = [json.loads(line) for line in answer.text.splitlines()]
        return {
            (one["metric"]["__name__"], one["metric"]["device"]): dict(
                zip(one["timestamps"], one["values"], strict=True)
            )
            for one in series
        }


@contextmanager
def victoria_metrics(directory: Path) -> Iterator[VictoriaMetrics]:
    """A running server. Without one on this machine the test is NOT AVAILABLE."""
    if shutil.which("victoria-metrics") is None:
        availability.missing(
            "VictoriaMetrics", "no victoria-metrics on PATH; on Debian: apt-get install victoria-metrics"
        )
    server = VictoriaMetrics(directory)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def influxd_2(directory: Path) -> Iterator[Influxd2]:
    """A running server. Without one on this machine the test is NOT AVAILABLE."""
    program = influxd_2_program()
    if program is None:
        availability.missing(
            "InfluxDB 2",
            "no influxd of version 2 on PATH; build one: tools/influxd2.sh, or name a server whose bucket may be "
            "emptied: CITYBRAIN_TEST_INFLUX_URL, _TOKEN, _ORG and _BUCKET. Tried: the requests to it "
            "(test_influx_requests.py), not its answers",
        )
    server = Influxd2(directory, program=program)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def influxd_1(directory: Path) -> Iterator[Influxd1]:
    """A running server. Fails loudly when this machine has none: `apt-get install influxdb`."""
    generation = influxd_generation()
    assert generation == 1, f"influxd 1.x is needed on PATH, found {generation}; on Debian: apt-get install influxdb"
    server = Influxd1(directory)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@retry(
    stop=stop_after_delay(120), wait=wait_fixed(0.05), retry=retry_if_exception_type(httpx.TransportError), reraise=True
)
def _await_answer(url: str) -> None:
    httpx.get(url, timeout=10).raise_for_status()
