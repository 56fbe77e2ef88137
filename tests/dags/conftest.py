"""Airflow as these tests want it, before anything imports it: no examples, nothing in the developer's home."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Endpoint, start_endpoint
from tests.dags.warehousebed import Bed, fill

os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="foldline-airflow-")


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory, connect: Callable[..., Any]) -> Iterator[Endpoint]:
    """An endpoint with a shop's sales in Athena and in Redshift."""
    running = start_endpoint(tmp_path_factory.mktemp("warehouse"), warm=False)
    fill(running, connect)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def make_bed(
    warehouse: Endpoint, connect: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Bed]:
    """Makes copies of the warehouse project at that endpoint; they share their clients."""
    first = Bed.at(tmp_path_factory.mktemp("project") / "warehouse", warehouse, connect)

    def make() -> Bed:
        bed = Bed.at(tmp_path_factory.mktemp("project") / "warehouse", warehouse, connect)
        bed.clients, bed.ours = first.clients, first.ours
        return bed

    return make


from tests.dags.observedruns import runs  # noqa: E402, F401  # a fixture; Airflow must not be imported before
