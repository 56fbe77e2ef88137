"""Endpoint URLs: what stands in place of AWS sees all data, so it is this machine, or it is permitted."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from foldline.redaction import redacted

VARIABLE = "AWS_ENDPOINT_URL"
"""Environment variable that wins over the environment file; with ``_S3`` and the like, for one service."""
REMOTE = (
    "is another machine, which would see all data and credentials; allow_remote_endpoint: true permits it"
)


def endpoint_fault(url: str, *, remote: bool = False) -> str:
    """What is wrong with an endpoint URL; empty when it is a loopback address.

    Args:
        url: The URL.
        remote: Whether it may be on another machine.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"is no URL: {error}"
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
        or "\\" in parts.netloc
    ):
        return "must be of the form http://127.0.0.1:4566"
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return "" if loopback or remote else REMOTE


def variable_faults(variables: Mapping[str, str], *, remote: bool = False) -> list[str]:
    """What is wrong with the endpoint URLs in a process's environment variables.

    Args:
        variables: The process's.
        remote: Whether they may be on another machine.
    """
    urls = {name: url for name, url in sorted(variables.items()) if name.startswith(VARIABLE) and url}
    faults = {name: endpoint_fault(url, remote=remote) for name, url in urls.items()}
    return [f"{name}={redacted(urls[name])!r} {fault}" for name, fault in faults.items() if fault]
