"""A PostgreSQL server of our own for the tests marked `service`; a missing one is reported."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from tests import availability
from tests.free_ports import free_port

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@contextmanager
def server() -> Iterator[str]:
    """Its URL, with the database left to be named; gone afterwards, with everything in it."""
    if not BINARIES:
        availability.missing("postgresql", "no initdb under /usr/lib/postgresql; apt-get install postgresql")
    home = Path(tempfile.mkdtemp(prefix="citybrain-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(home, user="postgres")
    port = free_port()
    _run("initdb", "-D", str(home / "cluster"), "-A", "trust", "-U", "citybrain", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home}"
    _run("pg_ctl", "-D", str(home / "cluster"), "-l", str(home / "log"), "-w", "-t", "180", "-o", options, "start")
    try:
        yield f"postgresql://citybrain@127.0.0.1:{port}"
    finally:
        _run("pg_ctl", "-D", str(home / "cluster"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(home)


def fresh_database(url: str) -> str:
    """The URL of a new, empty database on the server."""
    name = f"citybrain_{uuid4().hex}"
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{url}/{name}"


def _run(program: str, *arguments: str) -> None:
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run([_path(program), *arguments], check=True, user=user, stdout=subprocess.DEVNULL, cwd="/")


def _path(program: str) -> str:
    found: Sequence[Path] = [folder / program for folder in BINARIES if (folder / program).exists()]
    return str(found[-1]) if found else program
