"""Athena's queries: a list, and one with its statement, its figures and the beginning of its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.errors import AwsError
from localaws.ui.view import PAGE, Asker, NotThere, View

UNDER_WAY = ("QUEUED", "RUNNING")
ROWS = 20


def queries(asker: Asker, path: tuple[str, ...], query: Mapping[str, str]) -> View:
    """The queries of every workgroup's list, newest first; or one query."""
    if len(path) > 1:
        raise NotThere("no such page of a query")
    if path:
        return _query(asker, path[0])
    workgroup = query.get("workgroup") or "primary"
    request: dict[str, Any] = {"WorkGroup": workgroup, "MaxResults": PAGE}
    if query.get("next"):
        request["NextToken"] = query["next"]
    try:
        answer = asker.ask("athena", "ListQueryExecutions", **request)
        ids = answer["QueryExecutionIds"]
        groups = asker.ask("athena", "ListWorkGroups")["WorkGroups"]
        found = asker.ask("athena", "BatchGetQueryExecution", QueryExecutionIds=ids) if ids else {}
    except AwsError as error:
        raise NotThere(error.message) from error
    by_id = {item["QueryExecutionId"]: item for item in found.get("QueryExecutions", [])}
    rows = [_row(by_id[name]) for name in ids if name in by_id]
    data = {
        "queries": rows,
        "workgroup": workgroup,
        "workgroups": sorted(group["Name"] for group in groups),
        "next": answer.get("NextToken"),
    }
    return View("Queries", "queries.html", data, live=any(row["status"] in UNDER_WAY for row in rows))


def _row(execution: dict[str, Any]) -> dict[str, Any]:
    status, figures = execution["Status"], execution.get("Statistics", {})
    return {
        "id": execution["QueryExecutionId"],
        "sql": execution["Query"],
        "status": status["State"],
        "submitted": status.get("SubmissionDateTime"),
        "seconds": figures.get("TotalExecutionTimeInMillis", 0) / 1000,
        "scanned": figures.get("DataScannedInBytes", 0),
    }


def _query(asker: Asker, name: str) -> View:
    execution = asker.named("query", "athena", "GetQueryExecution", QueryExecutionId=name)["QueryExecution"]
    row = _row(execution)
    data = {
        "row": row,
        "database": execution.get("QueryExecutionContext", {}).get("Database"),
        "reason": execution["Status"].get("StateChangeReason"),
        "output": execution.get("ResultConfiguration", {}).get("OutputLocation"),
        "statistics": execution.get("Statistics", {}),
        **_result(asker, row),
    }
    return View("Query", "query.html", data, live=row["status"] in UNDER_WAY)


def _result(asker: Asker, row: dict[str, Any]) -> dict[str, Any]:
    """The first rows of a result, with the columns' names and types."""
    if row["status"] != "SUCCEEDED":
        return {"columns": [], "rows": []}
    try:
        answer = asker.ask("athena", "GetQueryResults", QueryExecutionId=row["id"], MaxResults=ROWS + 1)
    except AwsError:  # its files were deleted from S3 since
        return {"columns": [], "rows": []}
    found = answer["ResultSet"]
    columns = [
        {"name": column["Name"], "type": column["Type"]}
        for column in found["ResultSetMetadata"]["ColumnInfo"]
    ]
    rows = [[cell.get("VarCharValue") for cell in line["Data"]] for line in found["Rows"]]
    if rows and rows[0] == [column["name"] for column in columns]:  # a SELECT's first row is its header
        rows = rows[1:]
    return {"columns": columns, "rows": rows[:ROWS]}
