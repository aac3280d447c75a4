"""What is wrong with the dialect of a device: names that no table knows."""

from collections.abc import Iterator

from domain.devices import Dialect, Registry
from domain.metrics import Catalogue
from ingest.codecs.table import CODECS


def faults(registry: Registry, catalogue: Catalogue) -> Iterator[str]:
    """A sentence for each, with the device. A dialect that many devices share is told once, with the first of them."""
    seen: set[int] = set()
    for device in registry:
        if id(device.dialect) not in seen:
            seen.add(id(device.dialect))
            yield from (f"device {device.id}: dialect: {fault}" for fault in _faults(device.dialect, catalogue))


def _faults(dialect: Dialect, catalogue: Catalogue) -> Iterator[str]:
    if dialect.codec is not None and dialect.codec not in CODECS:
        yield f"codec {dialect.codec!r} does not exist; known are {', '.join(CODECS)}"
    for code, metric in dialect.metrics.items():
        if metric not in catalogue:
            yield f"metrics: {code} means {metric!r}, which is no metric of the catalogue; mend it or add it there"
