"""What is kept of a query: its document from QUEUED to its end, and the marks it is known again by."""

from __future__ import annotations

import hashlib
import json
import re
import time

from localaws.athena.publishing import output_location
from localaws.athena.statements import Statement
from localaws.glue.catalog import Document

KIND, TOKENS = "athena.query", "athena.token"
UNDER_WAY = ("QUEUED", "RUNNING")
DATABASE = "default"
TIMES = (
    "QueryQueueTimeInMillis",
    "ServicePreProcessingTimeInMillis",
    "QueryPlanningTimeInMillis",
    "EngineExecutionTimeInMillis",
    "ServiceProcessingTimeInMillis",
    "TotalExecutionTimeInMillis",
)


def fingerprint(request: Document) -> str:
    """What must be the same for a token to stand for the same query."""
    parts = [request.get(name) for name in ("QueryString", "QueryExecutionContext", "ResultConfiguration")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def query_document(
    name: str, request: Document, statement: Statement, workgroup: Document, folder: str
) -> Document:
    """A query's document as it is taken on.

    Args:
        name: The QueryExecutionId.
        request: The request of StartQueryExecution.
        statement: Its statement; of an EXECUTE, the one that was prepared.
        workgroup: The document of its workgroup.
        folder: The S3 URI of the folder of its results, ends in ``/``.
    """
    context = dict(request.get("QueryExecutionContext") or {})
    if "Catalog" in context:
        context["Catalog"] = context["Catalog"].lower()
    given = request.get("ResultConfiguration") or {}
    results = {key: value for key, value in given.items() if key != "OutputLocation"}
    reuse = (request.get("ResultReuseConfiguration") or {}).get("ResultReuseByAgeConfiguration")
    return {
        "QueryExecutionId": name,
        "Query": re.sub(r";\s*$", "", request["QueryString"]),
        "StatementType": statement.type,
        "SubstatementType": statement.name,
        "ResultConfiguration": {"OutputLocation": output_location(statement, folder, name), **results},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": reuse or {"Enabled": False}},
        "QueryExecutionContext": context,
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {"ResultReuseInformation": {"ReusedPreviousResult": False}},
        "WorkGroup": workgroup["Name"],
        "EngineVersion": workgroup["Configuration"]["EngineVersion"],
        "ExecutionParameters": request.get("ExecutionParameters"),
        "Folder": folder,
    }


def database_of(query: Document) -> str:
    """The database of a query's unqualified names; Athena takes it in Hive's quotes, too."""
    return str(query["QueryExecutionContext"].get("Database") or DATABASE).strip("`").lower()


def statistics(query: Document, more: Document, now: float) -> Document:
    """A query's statistics at its end.

    Args:
        query: Its document.
        more: What its run has measured.
        now: The moment of its end.
    """
    total = max(1, int((now - query["Status"]["SubmissionDateTime"]) * 1000))
    return {
        "EngineExecutionTimeInMillis": 0,
        "DataScannedInBytes": 0,
        "ServicePreProcessingTimeInMillis": 0,
        "QueryPlanningTimeInMillis": 0,
        "ServiceProcessingTimeInMillis": 0,
        **query["Statistics"],
        **more,
        "TotalExecutionTimeInMillis": total,
    }
