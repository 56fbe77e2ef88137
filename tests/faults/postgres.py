"""A real PostgreSQL server of a test's own, on a free port, from Debian's packages; no root needed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.processes import ENDS_WITH_PARENT, free_port

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "foldline" / "postgresql"
START_SECONDS = 30
USER, PASSWORD = "foldline", "foldline-of-the-tests"


class Unavailable(Exception):
    """There is no PostgreSQL here, and none can be had; says why."""


@dataclass(frozen=True)
class Postgres:
    """A running server.

    Attributes:
        port: Its port on 127.0.0.1.
        log: What it prints.
        programs: Folder with `psql` and its other programs.
    """

    port: int
    log: Path
    programs: Path

    def url(self, database: str = "postgres", driver: str = "postgresql") -> str:
        """SQLAlchemy address of a database."""
        return f"{driver}://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str, database: str = "postgres") -> str:
        """What psql prints for one statement: rows as lines, columns between ``|``."""
        done = subprocess.run(
            [self.programs / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database)],
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def create(self, database: str) -> str:
        """Make an empty database; its name."""
        self.run(f'CREATE DATABASE "{database}"')
        return database


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server with an empty cluster in a temporary folder; ended, and the folder removed, at the end.

    Raises:
        Unavailable: No server's programs are installed, and Debian's packages cannot be fetched.
    """
    programs = server_programs()
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="foldline-postgres-", dir="/tmp"))
    try:
        if owner is not None:
            shutil.chown(folder, owner)
        password = folder / "password"
        password.write_text(PASSWORD)
        data, log, port = folder / "data", folder / "server.log", free_port()
        if owner is not None:
            shutil.chown(password, owner)
        _run(
            owner,
            programs / "initdb",
            *("-D", data, "-U", USER, "--pwfile", password, "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"),
        )
        options = ("-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-F", "-c", "max_connections=200")
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*ENDS_WITH_PARENT, "INT", programs / "postgres", "-D", data, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                user=owner,
                cwd=folder,
                env=_environment(),
                start_new_session=True,
            )
        try:
            server = Postgres(port, log, programs)
            _wait_until_ready(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # "fast" shutdown: clients are let go
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def server_programs() -> Path:
    """The folder of the newest server's programs: installed ones, else Debian's packages unpacked in a cache.

    Raises:
        Unavailable: Neither.
    """
    installed = _newest(Path("/usr/lib/postgresql"))
    if installed is not None:
        return installed
    cached = _newest(CACHE / "usr/lib/postgresql")
    if cached is not None:
        return cached
    _fetch()
    cached = _newest(CACHE / "usr/lib/postgresql")
    if cached is None:
        raise Unavailable(f"Debian's packages hold no server's programs below {CACHE}")
    return cached


def _newest(folder: Path) -> Path | None:
    found = [bin_.parent for bin_ in folder.glob("*/bin/initdb") if bin_.with_name("psql").exists()]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def _fetch() -> None:
    """Unpack the packages that Debian's `postgresql` stands for into the cache; nothing is installed."""
    tools = [tool for tool in ("apt-cache", "apt-get", "dpkg") if shutil.which(tool) is None]
    if tools:
        raise Unavailable(f"no PostgreSQL is installed, and {', '.join(tools)} is not here to fetch one")
    CACHE.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(
        ["apt-cache", "depends", "postgresql"], capture_output=True, text=True, check=False
    )
    server = next(
        (line.split()[-1] for line in listed.stdout.splitlines() if "Depends: postgresql-" in line), ""
    )
    if not server:
        raise Unavailable("apt knows no postgresql (apt-get update)")
    client = server.replace("postgresql-", "postgresql-client-")
    with tempfile.TemporaryDirectory(dir=CACHE) as drafts:
        got = subprocess.run(
            ["apt-get", "download", server, client, "libpq5"],
            cwd=drafts,
            capture_output=True,
            text=True,
            check=False,
        )
        packages = sorted(Path(drafts).glob("*.deb"))
        if not any(package.name.startswith(f"{server}_") for package in packages):
            raise Unavailable(f"Debian's {server} cannot be fetched: {got.stderr.strip()[-300:]}")
        for package in packages:
            subprocess.run(["dpkg", "-x", package, CACHE], check=True)


def _environment() -> dict[str, str]:
    """This process's environment; unpacked programs find the libraries that were unpacked beside them."""
    libraries = [str(folder) for folder in CACHE.glob("usr/lib/*-linux-gnu*")]
    known = os.environ.get("LD_LIBRARY_PATH")
    path = os.pathsep.join([*libraries, *([known] if known else [])])
    return {**os.environ, **({"LD_LIBRARY_PATH": path} if path else {})}


def _owner() -> str | None:
    """Who runs the server: it refuses root, so root lends it to somebody else."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _run(owner: str | None, *command: object) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        user=owner,
        cwd="/tmp",
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Unavailable(f"{command[0]}: {done.stderr.strip()[-500:]}")


def _wait_until_ready(server: Postgres, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            server.run("SELECT 1")
            return
        except RuntimeError:
            time.sleep(0.1)
    raise Unavailable(f"the server did not start:\n{server.log.read_text(errors='replace')[-2000:]}")
