"""SQL: the least a query costs, and the ingest's join against plain DuckDB over the same files."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.direct import Direct
from bench.measure import Row, alternated, seconds
from foldline.aws import Clients
from foldline.config import Pipeline
from foldline.layout import S3Uri
from foldline.steps.data import IngestSettings
from preprocessing.ingest import literals, unload_statement

SELECT_GOAL, UNLOAD_RATIO = 0.06, 1.5
POLL_SECONDS = 0.002


def query(athena: Any, database: str, bucket: str, sql: str, parameters: list[str]) -> None:
    """Run one statement to SUCCEEDED."""
    request: dict[str, Any] = {
        "QueryString": sql,
        "QueryExecutionContext": {"Database": database},
        "ResultConfiguration": {"OutputLocation": f"s3://{bucket}/bench/athena/"},
    }
    if parameters:
        request["ExecutionParameters"] = parameters
    name = athena.start_query_execution(**request)["QueryExecutionId"]
    while True:
        found = athena.get_query_execution(QueryExecutionId=name)["QueryExecution"]["Status"]
        if found["State"] not in ("QUEUED", "RUNNING"):
            assert found["State"] == "SUCCEEDED", found
            return
        time.sleep(POLL_SECONDS)


def rows(pipeline: Pipeline, fraction: float, times: int = 5) -> list[Row]:
    """``select 1``, and the join-and-UNLOAD beside DuckDB; the pipeline has run, so its tables are there."""
    environment = pipeline.environment
    athena, bucket = Clients(environment).client("athena"), environment.bucket
    settings = pipeline.step("ingest", IngestSettings)
    text = (pipeline.folder / settings.query).read_text()
    stamp = int(time.time())

    def unload(number: list[int] = [0]) -> None:  # noqa: B006  # counts its calls: each has a folder of its own
        number[0] += 1
        target = S3Uri.parse(f"s3://{bucket}/bench/unload/{stamp}/{number[0]}/")
        statement = unload_statement(settings, text, target)
        query(athena, settings.database, bucket, statement, literals(settings.parameters))

    least = median(seconds(lambda: query(athena, "default", bucket, "SELECT 1", [])) for _ in range(21))
    with tempfile.TemporaryDirectory() as scratch:
        direct = Direct(pipeline, Path(scratch))
        connection = direct.raw(fraction)
        ours, theirs = alternated(unload, lambda: direct.ingest(connection), times)
    return [
        Row(
            "Athena `select 1`, submit to SUCCEEDED",
            f"{least * 1000:.0f} ms",
            goal=f"at most {SELECT_GOAL * 1000:.0f} ms",
            met=least <= SELECT_GOAL,
        ),
        Row(
            "the ingest's join and UNLOAD to Parquet",
            f"{ours:.2f} s",
            f"plain DuckDB on the same CSV files {theirs:.2f} s",
            ours / theirs,
            f"ratio at most {UNLOAD_RATIO}",
            ours / theirs <= UNLOAD_RATIO,
        ),
    ]
