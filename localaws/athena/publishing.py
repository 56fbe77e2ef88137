"""Where a query's results go, and putting them there."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localaws.athena.engine import Session
from localaws.athena.executions import manifest
from localaws.athena.metadata import metadata
from localaws.athena.outcomes import Outcome
from localaws.athena.statements import Statement
from localaws.athena.workgroups import invalid
from localaws.errors import AwsError
from localaws.glue.catalog import Document
from localaws.s3.blobs import split_uri
from localaws.world import World

NO_LOCATION = (
    "No output location provided. An output location is required either through the Workgroup result "
    "configuration setting or as an API input."
)


def results_folder(request: Document, workgroup: Document, world: World) -> str:
    """The folder of a query's results as an S3 URI that ends in ``/``: the workgroup's if it is enforced.

    Raises:
        AwsError: There is none, or its bucket is not there.
    """
    configuration = workgroup["Configuration"]
    own = (configuration.get("ResultConfiguration") or {}).get("OutputLocation")
    given = (request.get("ResultConfiguration") or {}).get("OutputLocation")
    enforced = configuration.get("EnforceWorkGroupConfiguration") and own
    location = own if enforced else given or own
    if not location:
        raise invalid(NO_LOCATION)
    try:
        bucket, _ = split_uri(location)
    except AwsError as error:
        raise invalid("outputLocation is not a valid S3 path.") from error
    if not world.objects.bucket_exists(bucket):
        raise invalid(f"Unable to verify/create output bucket {bucket}")
    return str(location).rstrip("/") + "/"


def output_location(statement: Statement, folder: str, query_id: str) -> str:
    """Where Athena says a statement's result is."""
    if statement.name == "CREATE_TABLE_AS_SELECT":
        return f"{folder}tables/{query_id}"
    if statement.name in ("INSERT", "UNLOAD"):
        return f"{folder}{query_id}"
    return (
        f"{folder}{query_id}{'.csv' if statement.type == 'DML' and statement.name != 'EXPLAIN' else '.txt'}"
    )


def publish(outcome: Outcome, query: Document, session: Session, world: World) -> Document:
    """Store what a query leaves behind.

    Returns:
        What is to be kept in the query's document.
    """
    location = query["ResultConfiguration"]["OutputLocation"]
    bucket, key = split_uri(location)
    began = time.monotonic()
    statistics: dict[str, Any] = {
        "DataScannedInBytes": outcome.scanned,
        "QueryPlanningTimeInMillis": int(outcome.planning * 1000),
        "EngineExecutionTimeInMillis": int(outcome.running * 1000),
    }
    if outcome.manifest:
        listed = manifest(outcome, session.folder)
        world.objects.put_file(bucket, f"{key}-manifest.csv", listed, move=True)
        statistics["DataManifestLocation"] = f"{location}-manifest.csv"
    for target, name, path in outcome.objects:
        session.check()
        world.objects.put_file(target, name, path, move=True)
    if isinstance(outcome.body, Path):
        world.objects.put_file(bucket, key, outcome.body, move=True)
    elif outcome.body is not None:
        world.objects.put_bytes(bucket, key, outcome.body.encode())
    if outcome.metadata:
        by_engine = query["StatementType"] != "UTILITY"
        message = metadata(
            _engine_id() if by_engine else query["QueryExecutionId"],
            outcome.columns,
            outcome.update,
            outcome.rows,
        )
        world.objects.put_bytes(bucket, f"{key}.metadata", message)
    statistics["ServiceProcessingTimeInMillis"] = int((time.monotonic() - began) * 1000)
    return {
        "Columns": outcome.columns,
        "HasBody": outcome.body is not None,
        "Written": outcome.rows,
        "Statistics": statistics,
    }


def to_be_published(outcome: Outcome, query: Document) -> list[str]:
    """The S3 URIs of all that :func:`publish` will store."""
    location = query["ResultConfiguration"]["OutputLocation"]
    listed = [f"s3://{bucket}/{key}" for bucket, key, _ in outcome.objects]
    listed += [f"{location}-manifest.csv"] if outcome.manifest else []
    listed += [location] if outcome.body is not None else []
    return listed + ([f"{location}.metadata"] if outcome.metadata else [])


def withdraw(uris: list[str], world: World) -> None:
    """Take back what a query that came to no good end has published of these."""
    for uri in uris:
        bucket, key = split_uri(uri)
        if world.objects.bucket_exists(bucket):
            world.objects.delete(bucket, key)


def _engine_id() -> str:
    """An id in the form of Trino's."""
    stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
    return f"{stamp}_{uuid.uuid4().int % 100000:05d}_{uuid.uuid4().hex[:5]}"
