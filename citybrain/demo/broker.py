"""The embedded broker: rumqttd out of the `iotcore` package, run with our own settings in a process of its own.

Its defaults bind every address without a password and keep gigabytes; these bind loopback, ask for a password made
at start, and keep ten segments of 4 MB for each topic filter.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

_LISTENER = """
[{version}.1]
name = "{version}"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
    [{version}.1.connections]
    connection_timeout_ms = 10000
    max_payload_size = 1048576
    max_inflight_count = 200
    dynamic_filters = true
    [{version}.1.connections.auth]
    "{username}" = "{password}"
"""

_ROUTER = """id = 0

[router]
id = 0
max_connections = 2000
max_outgoing_packet_count = 500
max_segment_size = 4194304
max_segment_count = 10
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedBroker:
    """Ports for MQTT 5 and MQTT 3.1.1 (rumqttd needs one for each) and the only account."""

    port_v5: int
    port_v4: int
    username: str
    password: str

    def write(self, path: Path) -> None:
        """Write rumqttd's TOML, readable by its owner alone: it holds the password."""
        account = {"username": self.username, "password": self.password}
        path.touch(mode=0o600)
        path.write_text(
            _ROUTER
            + _LISTENER.format(version="v5", port=self.port_v5, **account)
            + _LISTENER.format(version="v4", port=self.port_v4, **account),
            encoding="utf-8",
        )


def run_broker(configuration: Path) -> None:
    """Be the broker until killed: rumqttd knows no other end."""
    from iotcore import IotCoreBroker

    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # it logs every packet as an error
    IotCoreBroker(config_path=str(configuration)).run_forever()
