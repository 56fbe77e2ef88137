"""Airflow's own RedshiftDataOperator works against the endpoint, unmodified."""

from __future__ import annotations

import pytest

operators = pytest.importorskip("airflow.providers.amazon.aws.operators.redshift_data")
hooks = pytest.importorskip("airflow.providers.amazon.aws.hooks.redshift_data")


@pytest.fixture
def ask(endpoint, monkeypatch, warehouse):
    """Runs an operator of some SQL as a task would."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)

    def run(sql, **options):
        operator = operators.RedshiftDataOperator(
            task_id="ask",
            sql=sql,
            database="dev",
            workgroup_name=warehouse.workgroup,
            aws_conn_id=None,
            poll_interval=1,
            deferrable=False,
            **options,
        )
        return operator.execute({"ti": None})

    return run


def test_the_operator_waits_and_returns_the_result(ask):
    """
    A query's result is the task's, and a list of statements is a batch.
    """
    [result] = ask("SELECT id FROM t ORDER BY id", return_sql_result=True)
    assert [[{"longValue": 2}], [{"longValue": 7}]] == result["Records"]
    assert ask(["INSERT INTO t (id) VALUES (1)", "SELECT count(*) FROM t"])


def test_the_operator_raises(ask):
    """
    A statement that fails raises with its error.
    """
    with pytest.raises(hooks.RedshiftDataQueryFailedError, match='relation "nosuch" does not exist'):
        ask("SELECT * FROM nosuch")
