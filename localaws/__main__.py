"""``python -m localaws --port 4566 --state DIR``: serve until SIGTERM, SIGINT or a POST to /_localaws/stop.

Exit codes: 0 stopped, 3 the port is taken, 4 the state folder cannot be written (or the disk is full),
5 another server holds the state folder.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

from localaws.faults.control import FaultControl
from localaws.front import Front
from localaws.sagemaker.api import runtime_of
from localaws.server import IN_FLIGHT_SECONDS, Server
from localaws.services import services
from localaws.state import StateLocked, StateUnusable, claimed
from localaws.ui.web import Site
from localaws.world import World

PACE_LIMIT = 10.0  # times AWS's own pace; more is a mistake
SIGNAL_SECONDS = 0.5  # how late a signal may be seen
PORT_TAKEN, STATE_UNUSABLE, STATE_LOCKED = 3, 4, 5
log = logging.getLogger("localaws")


def main() -> int:
    """Serve; the exit code."""
    options = _options()
    _forget_aws_settings()
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(threadName)s %(message)s",
    )
    try:
        with claimed(options.state):
            pace = options.pace or float(options.realistic)
            return serve(options.host, options.port, options.state.resolve(), pace)
    except StateLocked as error:
        return _refuse(STATE_LOCKED, str(error))
    except (StateUnusable, sqlite3.OperationalError) as error:
        return _refuse(STATE_UNUSABLE, f"the state folder {options.state} cannot be used: {error}")


def _forget_aws_settings() -> None:
    """Keep out the AWS settings of whoever started the server.

    They are a client's. Botocore and moto would read them, and a profile that is not there would fail calls.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def serve(host: str, port: int, state: Path, pace: float = 0.0) -> int:
    """Listen, start the services, serve until told to stop, stop them; the exit code."""
    try:
        server = Server(host, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return _refuse(PORT_TAKEN, f"cannot listen on {host} port {port}: {error.strerror or error}")
        return _refuse(
            PORT_TAKEN,
            f"port {port} of {host} is taken. `foldline local status` tells whether a local endpoint has it; "
            "choose another with --port (and set AWS_ENDPOINT_URL to it)",
        )
    world = World.open(state, server.url, pace)
    server.folder = state
    server.pace = pace
    server.services = services(world)
    server.fault_control = FaultControl(world.faults)
    server.site = Site(world, server.services)
    server.front = Front(world, server.services, runtime_of(server.services["sagemaker"].handlers))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _tell_to_stop(server))
    accepting = threading.Thread(target=server.serve_forever, args=(0.1,), name="accept", daemon=True)
    accepting.start()
    handlers = [handler for service in server.services.values() for handler in service.handlers]
    try:
        _each(handlers, "start")
        server.state = "ready"
        log.info("ready on %s, state in %s", server.url, state)
        while not server.stopping.wait(SIGNAL_SECONDS):  # a signal just before a wait does not end it
            pass
    finally:
        server.stopping.set()
        log.info("stopping")
        world.faults.stop()
        world.pace.stop()
        server.shutdown()
        server.server_close()
        _each(reversed(handlers), "stop")
        server.closed = True
        server.in_flight.wait_for_none(IN_FLIGHT_SECONDS)
        world.close()
    return 0


def _tell_to_stop(server: Server) -> None:
    """Wake the main thread from a signal handler.

    The handler runs in the main thread, perhaps inside ``stopping.wait()`` with that event's lock in hand: to
    set the event here would then wait for itself. A thread of its own waits for its turn.
    """
    threading.Thread(target=server.stopping.set, name="signal").start()


def _each(handlers: Iterable[object], method: str) -> None:
    for handler in handlers:
        action = getattr(handler, method, None)
        if action is not None:
            action()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m localaws", description="The local AWS endpoint.")
    parser.add_argument("--port", type=int, default=4566, help="0 takes a free one (default: 4566)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument("--state", type=Path, required=True, help="the folder to keep everything in")
    parser.add_argument("--realistic", action="store_true", help="take as long as AWS does to start things")
    parser.add_argument("--pace", type=float, metavar="FACTOR", help="realistic delays times this")
    parser.add_argument("--verbose", action="store_true", help="log every request")
    options = parser.parse_args()
    if options.pace is not None and not (options.realistic and 0 < options.pace <= PACE_LIMIT):
        parser.error(f"--pace FACTOR goes with --realistic, and 0 < FACTOR <= {PACE_LIMIT:.0f} must hold")
    return options


def _refuse(code: int, message: str) -> int:
    sys.stderr.write(f"localaws: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
