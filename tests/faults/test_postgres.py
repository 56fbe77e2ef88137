"""The PostgreSQL server that other tests use."""

from __future__ import annotations

import pytest

from tests.faults.postgres import Postgres


@pytest.fixture(scope="module")
def server(postgres_server: Postgres) -> Postgres:
    return postgres_server


def test_a_server_of_ones_own_keeps_rows(server: Postgres) -> None:
    """
    A database of its own, written and read over TCP with a password.
    """
    name = server.create("rows")
    server.run("CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 1000)", name)

    assert "1000|500500" == server.run("SELECT count(*), sum(n) FROM t", name)
