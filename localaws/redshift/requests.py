"""What a request says of where and as what its statements run, and the documents made of it."""

from __future__ import annotations

import hashlib
import json
import random
import re
import time
import uuid
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Document
from localaws.redshift.dialect import parameter_names

INVALID = "ValidationException"
UNDER_WAY = ("SUBMITTED", "PICKED", "STARTED")
ECHOED = (
    "ClusterIdentifier",
    "WorkgroupName",
    "Database",
    "DbUser",
    "SecretArn",
    "StatementName",
    "ExecutionMode",
)
PLACED = ("ClusterIdentifier", "WorkgroupName", "Database", "DbUser", "SecretArn")
MOST_BYTES = 100_000  # of a statement's text


def invalid(message: str) -> AwsError:
    """The refusal of a request."""
    return AwsError(INVALID, message)


def not_found(message: str, name: str) -> AwsError:
    """The answer for a statement, result or session that is not there."""
    return AwsError("ResourceNotFoundException", message, ResourceId=name)


def place_of(request: Document) -> str:
    """The folder of a request's cluster or workgroup.

    Raises:
        AwsError: It names none, or both.
    """
    cluster, workgroup = request.get("ClusterIdentifier"), request.get("WorkgroupName")
    if bool(cluster) == bool(workgroup):
        raise invalid("Exactly one of ClusterIdentifier and WorkgroupName must be given")
    if workgroup and request.get("DbUser"):
        raise invalid("DbUser cannot be given with WorkgroupName")
    if request.get("DbUser") and request.get("SecretArn"):
        raise invalid("DbUser and SecretArn cannot be given together")
    name = str(cluster or workgroup)
    return f"{'cluster' if cluster else 'workgroup'}-{re.sub(r'[^a-z0-9-]', '_', name)}"


def fingerprint(request: Document) -> str:
    """What must be the same in a request that comes again with its token."""
    kept = {key: value for key, value in request.items() if key not in ("ClientToken", "WaitTimeSeconds")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def check_statements(request: Document, texts: list[str]) -> None:
    """See that the statements and the parameters fit.

    Raises:
        AwsError: A parameter is given twice, is used by no statement, or is missing.
    """
    if any(not text.strip() for text in texts):
        raise invalid("SQL statement cannot be empty")
    if any(len(text.encode()) > MOST_BYTES for text in texts):
        raise invalid("The SQL statement is larger than 100 KB")
    names = [parameter["name"] for parameter in request.get("Parameters") or []]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise invalid(f"Parameters list contains duplicate parameters: [{', '.join(twice)}]")
    used = set().union(*map(parameter_names, texts))
    if unused := [name for name in names if name not in used]:
        message = f"Parameters list contains unused parameters. Unused parameters: [{', '.join(unused)}]"
        raise invalid(message)
    if missing := sorted(used - set(names)):
        raise invalid(f"Parameters list is missing parameters. Missing parameters: [{', '.join(missing)}]")


def statement_document(request: Document, place: str, texts: list[str], *, batch: bool) -> Document:
    """A statement as it is kept, SUBMITTED."""
    now, name = time.time(), str(uuid.uuid4())
    document: dict[str, Any] = {
        "Id": name,
        "Place": place,
        "Status": "SUBMITTED",
        "CreatedAt": now,
        "UpdatedAt": now,
        "Duration": -1,
        "HasResultSet": False,
        "ResultRows": -1,
        "ResultSize": -1,
        "RedshiftPid": random.randrange(1 << 30, 1 << 31),  # noqa: S311  # no secret
        "RedshiftQueryId": random.randrange(1, 1 << 30),  # noqa: S311
        "ResultFormat": request.get("ResultFormat", "JSON"),
        "QueryParameters": request.get("Parameters"),
        "IsBatchStatement": batch,
        **{key: request[key] for key in ECHOED if key in request},
    }
    if not batch:
        return document | {"QueryString": texts[0]}
    document |= {"QueryStrings": texts, "SubStatements": []}
    document["ExecutionMode"] = request.get("ExecutionMode", "TRANSACTION")
    for number, text in enumerate(texts, 1):
        part = {
            key: document[key] for key in ("Status", "CreatedAt", "UpdatedAt", "Duration", "HasResultSet")
        }
        part |= {"ResultRows": -1, "ResultSize": -1, "RedshiftQueryId": document["RedshiftQueryId"] + number}
        document["SubStatements"].append(part | {"Id": f"{name}:{number}", "QueryString": text})
    return document
