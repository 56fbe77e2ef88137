"""Fixtures of the Redshift Data API's tests: a workgroup of each test's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

ROLE = "IAM_ROLE 'arn:aws:iam::123456789012:role/redshift'"


@dataclass
class Warehouse:
    """One workgroup, asked through boto3."""

    data: Any
    workgroup: str

    def run(self, sql: str, **members: Any) -> dict:
        """A statement that has ended, as DescribeStatement tells it."""
        where = {} if "SessionId" in members else {"WorkgroupName": self.workgroup, "Database": "dev"}
        started = self.data.execute_statement(Sql=sql, WaitTimeSeconds=30, **where, **members)
        return self.data.describe_statement(Id=started["Id"])

    def rows(self, sql: str, **members: Any) -> list[list]:
        """The rows of a query's result; None for NULL."""
        ended = self.run(sql, **members)
        assert "FINISHED" == ended["Status"], ended["Error"]
        records = self.data.get_statement_result(Id=ended["Id"])["Records"]
        return [
            [None if "isNull" in field else next(iter(field.values())) for field in row] for row in records
        ]

    def error(self, sql: str, **members: Any) -> str:
        """The error of a statement that fails."""
        ended = self.run(sql, **members)
        assert "FAILED" == ended["Status"]
        return ended["Error"]


@pytest.fixture
def warehouse(client: Callable) -> Warehouse:
    """A new workgroup at the session's endpoint, with one table of two rows."""
    found = Warehouse(client("redshift-data"), f"wg-{uuid.uuid4().hex[:8]}")
    found.run("CREATE TABLE t (id int, name varchar(5), price decimal(10,2), big bigint)")
    found.run("INSERT INTO t VALUES (7, 'ann', 1.50, 3), (2, NULL, 2.25, 4)")
    return found
