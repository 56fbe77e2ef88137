"""One good run and one failed run of the observed project, shared by all tests that look at what they told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.dags.observedbed import ObservedBed, Told


@dataclass
class Runs:
    """What two runs left."""

    bed: ObservedBed
    good: Told
    bad: Told


@pytest.fixture(scope="session")
def runs(
    endpoint: Any, connect: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runs]:
    """A run that succeeds, with a deferred task in it; then one whose query gives no rows."""
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = connect(endpoint, service)
        return clients[service]

    bed = ObservedBed(tmp_path_factory.mktemp("observed"), endpoint.url, client)
    bed.prepare()
    yield Runs(bed, bed.run("patient"), bed.run(since=1000))
    bed.slack.server.shutdown()
