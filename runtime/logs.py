"""Structured logs: one event per line, constant message, fields as values; JSON unless a person is watching."""

import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import Any

import structlog

from runtime.texts import harmless


class _StderrNow:
    """Writes to whatever stderr is at that moment. A log that cannot be written must not stop what it tells about."""

    def __init__(self, *_: object) -> None: ...

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            print(message, file=sys.stderr, flush=True)

    debug = info = warning = error = critical = msg


def configure(*, process: str, as_json: bool | None = None, level: str = "INFO") -> None:
    """Set up logging of this process, once, at its start. JSON unless stderr is a terminal."""
    machine = (not sys.stderr.isatty()) if as_json is None else as_json
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if machine else structlog.dev.ConsoleRenderer()
    )
    tame: list[Any] = [] if machine else [_tame]  # JSON spells out control characters by itself

    def name_process(_logger: Any, _method: str, event: Any) -> Any:
        """Not a context variable: those stay behind in the main thread."""
        return {"process": process, **event}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        name_process,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if machine else structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, *tame, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=_StderrNow,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Nothing below critical is logged meanwhile: for commands whose page tells it better."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def _tame(_logger: Any, _method: str, event: Any) -> Any:
    """Topics and payloads are words of strangers: on a terminal they must stay words."""
    return {name: value if isinstance(value, int | float) else harmless(str(value)) for name, value in event.items()}


def get(name: str) -> Any:
    """A logger that carries the module's name."""
    return structlog.get_logger(module=name)
