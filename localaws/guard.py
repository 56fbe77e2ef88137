"""Keeps web pages out: a browser on this machine can reach a loopback port, its pages must not use it."""

from __future__ import annotations

import ipaddress

from localaws.wire import Request

READS = ("GET", "HEAD")


def refusal(request: Request) -> str | None:
    """Why a request must not be answered, None when it may be.

    A page of another origin is let to change nothing (its browser sends ``Origin``), and a name that was bent
    to this address (DNS rebinding) is not answered at all.
    """
    host = request.headers.get("Host", "")
    if not _is_local(_name(host)):
        return f"this server is for its own machine and does not answer to the name {host!r}"
    origin = request.headers.get("Origin")
    if origin is not None and request.method not in READS and origin.partition("://")[2] != host:
        return f"a web page of {origin} may not change anything here"
    return None


def _name(host: str) -> str:
    """A Host header without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_local(name: str) -> bool:
    """Whether a name is an address, localhost, or something in front of these (a bucket)."""
    if not name or name == "localhost" or name.endswith(".localhost"):
        return True
    for candidate in (name, ".".join(name.rsplit(".", 4)[-4:])):
        try:
            ipaddress.ip_address(candidate)
        except ValueError:
            continue
        return True
    return False
