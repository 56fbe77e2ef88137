"""An endpoint for the tests of faults, whose rules are their own, and the control page as a function."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Endpoint, start_endpoint


def control(endpoint: Endpoint, method: str, path: str = "", body: object = None, **headers: str):
    """Status and JSON of the control page."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"{endpoint.url}/_localaws/faults{path}"
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint of these tests' own: a rule is for everybody who calls."""
    running = start_endpoint(tmp_path_factory.mktemp("faulty"), warm=False)
    yield running
    running.stop()


@pytest.fixture
def fault(faulty: Endpoint) -> Iterator[Callable[..., dict]]:
    """Adds a rule: ``fault("throttle", count=3)``; every rule is gone when the test is over."""

    def add(effect: str, **members) -> dict:
        status, rule = control(faulty, "POST", body={"effect": effect, **members})
        assert 201 == status, rule
        return rule

    yield add
    control(faulty, "DELETE")


@pytest.fixture
def hits(faulty: Endpoint) -> Callable[[], list[int]]:
    """How often each rule has struck."""
    return lambda: [rule["hits"] for rule in control(faulty, "GET")[1]["rules"]]
