"""The web process as a process: it tells its address, and SIGTERM ends it at once even with open streams."""

import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import httpx
import pytest

from dashboard.serving import listen
from dashboard.settings import WebSettings
from domain.errors import Refused
from tests.dashboard.fake_engine import FakeEngine
from tests.dashboard.web import write_accounts

PROGRAM = """
    import sys
    from pathlib import Path
    from dashboard.serving import serve
    from dashboard.settings import WebSettings
    from runtime.clock import SystemClock
    serve(WebSettings(port=0, secure_cookies=False), directory=Path(sys.argv[1]), clock=SystemClock(),
          on_ready=lambda url: print(url, flush=True))
"""


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=str(port)):
            listen(WebSettings(port=port))


@pytest.mark.process
def test_sigterm_ends_it_though_a_stream_is_open(tmp_path: Path, engine: FakeEngine) -> None:
    write_accounts(tmp_path)
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.Client(base_url=url, timeout=60) as client:
            client.post("/login", data={"name": "duty", "password": "duty-pass"})
            with client.stream("GET", "/stream") as stream:
                assert next(stream.iter_lines()).startswith("retry")
                process.send_signal(signal.SIGTERM)
                process.wait(60)  # nobody but us would end the stream
