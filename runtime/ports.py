"""TCP ports of this machine: is one taken, which one is free."""

import socket
from collections.abc import Iterable


def is_taken(port: int, *, host: str = "127.0.0.1") -> bool:
    """True when nobody else could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def next_free(after: int, *, host: str = "127.0.0.1", tries: int = 100) -> int:
    """The first free port above `after`. Raises OSError when none of the next `tries` is."""
    for port in range(after + 1, after + 1 + tries):
        if not is_taken(port, host=host):
            return port
    raise OSError(f"no free port between {after + 1} and {after + tries} on {host}")


def any_free(count: int, *, host: str = "127.0.0.1", avoid: Iterable[int] = ()) -> list[int]:
    """`count` different free ports, chosen by the operating system."""
    avoided = set(avoid)
    probes: list[socket.socket] = []
    found: list[int] = []
    try:
        while len(found) < count:
            probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            probes.append(probe)
            probe.bind((host, 0))
            if (port := probe.getsockname()[1]) not in avoided:
                found.append(port)
    finally:
        for probe in probes:
            probe.close()
    return found


def accepts(port: int, *, host: str = "127.0.0.1", timeout_s: float = 0.2) -> bool:
    """True when somebody answers there."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s):
            return True
    except OSError:
        return False
