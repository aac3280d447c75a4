"""Brings a changed registry to the engine that runs: ended in order, and started again by its supervisor."""

import os
import signal
import time
from pathlib import Path

from citybrain.assembly import assemble
from citybrain.checking import check_settings
from citybrain.edge.address import EngineAddress
from citybrain.household import engine_is_ready
from citybrain.settings import Settings
from domain.errors import Misconfigured, Refused
from domain.readings import Vocabulary
from rules.engine import compile_rules

READY_WITHIN_S = 120.0
POLL_S = 0.2


def running_engine(data: Path) -> EngineAddress | None:
    """The engine that answers for this data directory, if one does."""
    return EngineAddress.read(data) if engine_is_ready(data) else None


def reload_engine(settings: Settings) -> None:
    """Let the engine read its files anew. What is published meanwhile waits at the broker, and nothing is lost.

    Raises Misconfigured for files that it could not start with: then it goes on as it is. Raises Refused when none
    runs, when nobody would start it again, or when it is not back in time.
    """
    engine = running_engine(settings.data)
    if engine is None:
        raise Refused("no engine runs here; the next start of `citybrain up` takes the files as they are")
    if not engine.is_supervised:
        raise Refused(
            f"engine {engine.pid} was started by itself: nobody would start it again, so it goes on with what it has"
            " read; end it and start it anew, or let `citybrain up` run it"
        )
    check_startable(settings)
    os.kill(engine.pid, signal.SIGTERM)
    _await_successor(engine, settings.data)


def _await_successor(engine: EngineAddress, data: Path) -> None:
    """Raises Refused when it does not come in time, or when its supervisor is gone."""
    give_up = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < give_up:
        fresh = running_engine(data)
        if fresh is not None and fresh.pid != engine.pid:
            return
        if not engine.is_supervised:
            raise Refused("the engine was ended, and so was its supervisor: start `citybrain up` anew")
        time.sleep(POLL_S)
    raise Refused(f"the engine was ended and did not come back within {READY_WITHIN_S:g} s; look at its log")


def check_startable(settings: Settings) -> None:
    """Raises Misconfigured with all that `citybrain check` would name: an engine that is ended has to start again.

    Not with variables of the environment: the engine has those of its service, whoever asks has others.
    """
    problems = check_settings(settings, variables=False).problems
    if problems:
        raise Misconfigured(problems)


def check_rules(settings: Settings) -> None:
    """Raises Misconfigured when the rules do not fit the installation as its files are."""
    found = assemble(settings)
    vocabulary = Vocabulary(devices=tuple(found.registry.devices), metrics=found.catalogue.codes)
    compile_rules(found.ruleset, found.registry, vocabulary)
