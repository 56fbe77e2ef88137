"""boto3 sessions with an Airflow connection's credentials."""

from __future__ import annotations

from typing import Any


def airflow_session(aws_conn_id: str | None, region: str) -> Any:
    """The boto3 session of an Airflow connection; None means boto3's default chain."""
    if aws_conn_id is None:
        return None
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    hook = AwsBaseHook(aws_conn_id=aws_conn_id, region_name=region, client_type="sts")
    return hook.get_session()
