"""S3 beside moto's, in the same run: small calls, a listing, a large object up and down, peak memory."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import Row, alternated, seconds

CALL_GOAL = 0.0015  # seconds of the median call
FASTER_GOAL = 20  # times, the download of the large object
MEMORY_GOAL = 300  # MB at most while it lasts
KEYS = 2000
TIMES = 200
BUCKET = "bench-objects"


@dataclass(frozen=True)
class Server:
    """A server under measurement, with a client of it."""

    process: subprocess.Popen[bytes]
    s3: Any

    @property
    def peak(self) -> float:
        """The most memory it ever held, in MB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def rows(fraction: float = 1.0) -> list[Row]:
    """The figures, beside moto's where it is installed; the large object has that share of a gigabyte."""
    with tempfile.TemporaryDirectory() as folder:
        state = str(Path(folder) / "state")
        with _serve("localaws", "--state", state, port_option="--port") as ours:
            if find_spec("moto") is None:
                return _rows(ours, ours, Path(folder), fraction, beside="moto is not installed")
            with _serve("moto.server", port_option="-p") as moto:
                return _rows(ours, moto, Path(folder), fraction)


def _rows(ours: Server, other: Server, folder: Path, fraction: float, beside: str = "") -> list[Row]:
    found = [_small(ours, other), _listing(ours, other), *_large(ours, other, folder, fraction)]
    return [replace(row, beside=beside, ratio=None) for row in found] if beside else found


def _small(ours: Server, other: Server) -> Row:
    """The median of a put, a get and a head of a kilobyte."""
    calls: dict[str, Callable[[Any], object]] = {
        "put": lambda s3: s3.put_object(Bucket=BUCKET, Key="k", Body=b"x" * 1024),
        "get": lambda s3: s3.get_object(Bucket=BUCKET, Key="k")["Body"].read(),
        "head": lambda s3: s3.head_object(Bucket=BUCKET, Key="k"),
    }
    found = {}
    for name, call in calls.items():
        call(ours.s3), call(other.s3)
        found[name] = alternated(partial(call, ours.s3), partial(call, other.s3), TIMES)
    took, theirs = (median(pair[side] for pair in found.values()) for side in (0, 1))
    each = ", ".join(f"{name} {mine * 1000:.2f} / {its * 1000:.2f}" for name, (mine, its) in found.items())
    return Row(
        f"S3: a boto3 call, median (ms, ours / moto's: {each})",
        f"{took * 1000:.2f} ms",
        f"moto {theirs * 1000:.2f} ms",
        took / theirs,
        f"at most {CALL_GOAL * 1000} ms",
        took <= CALL_GOAL,
    )


def _listing(ours: Server, other: Server) -> Row:
    for server in (ours, other):
        for number in range(KEYS):
            server.s3.put_object(Bucket=BUCKET, Key=f"keys/{number:06}", Body=b"")

    def first_page(s3: Any) -> None:
        assert len(s3.list_objects_v2(Bucket=BUCKET, Prefix="keys/")["Contents"]) == 1000

    took, theirs = alternated(lambda: first_page(ours.s3), lambda: first_page(other.s3), 11)
    figure, beside = f"{took * 1000:.0f} ms", f"moto {theirs * 1000:.0f} ms"
    return Row("S3: a page of 1,000 keys (most of it the client's reading)", figure, beside, took / theirs)


def _large(ours: Server, other: Server, folder: Path, fraction: float) -> list[Row]:
    """A file by boto3's transfer manager, up and down."""
    size = int((1 << 30) * fraction)
    source, target = folder / "source", folder / "target"
    with source.open("wb") as file:
        for _ in range(0, size, 1 << 20):
            file.write(os.urandom(1 << 20))

    def moved(server: Server, times: int) -> tuple[float, float]:
        up = seconds(lambda: server.s3.upload_file(str(source), BUCKET, "large"))
        return up, median(
            seconds(lambda: server.s3.download_file(BUCKET, "large", str(target))) for _ in range(times)
        )

    (up, down), (their_up, their_down) = moved(ours, 3), moved(other, 1)
    assert source.stat().st_size == target.stat().st_size
    what = f"{source.stat().st_size / (1 << 30):.2g} GB"
    return [
        Row(f"S3: upload of {what}", f"{up:.1f} s", f"moto {their_up:.1f} s", up / their_up),
        Row(
            f"S3: download of {what}",
            f"{down:.2f} s",
            f"moto {their_down:.1f} s",
            down / their_down,
            f"{FASTER_GOAL} times faster",
            down * FASTER_GOAL <= their_down if fraction >= 1 else None,  # moto reads all of it for each part
        ),
        Row(
            f"S3: the server's peak memory with {what}",
            f"{ours.peak:.0f} MB",
            f"moto {other.peak:.0f} MB",
            goal=f"at most {MEMORY_GOAL} MB",
            met=ours.peak <= MEMORY_GOAL,
        ),
    ]


@contextmanager
def _serve(module: str, *options: str, port_option: str) -> Iterator[Server]:
    """A server of its own on a free port, with a bucket; ended at the end."""
    import boto3

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", module, port_option, str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url)
        session = boto3.Session("bench", "bench", region_name="us-east-1")
        s3 = session.client("s3", endpoint_url=url)
        s3.create_bucket(Bucket=BUCKET)
        yield Server(process, s3)
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, limit: float = 30.0) -> None:
    """Wait until something answers."""
    deadline = time.monotonic() + limit
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    for found in rows(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(found)
