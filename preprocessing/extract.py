"""Processing step: a host's share of a database's rows becomes Parquet. Runs in the container.

Input: ``settings``. Outputs: ``rows``, and ``reports`` with one document per host. The credentials come from
Secrets Manager by the job's own role; they are in no request, no settings and no log (ADR 10).
"""

from __future__ import annotations

import importlib
import json
from contextlib import closing
from itertools import chain
from typing import Any

from foldline.errors import DataError
from preprocessing.columns import batch, glue_type, schema_of
from preprocessing.container import JobDir, run
from preprocessing.parts import write_parts
from preprocessing.source import Source, is_database_error

DATABASE = ("dbname", "database")
"""Members of a secret that name the database; the first is what AWS's own rotation writes."""


def extract(job: JobDir) -> None:
    """Write this host's share.

    Raises:
        DataError: The database, the secret or a value does not allow it; says which.
    """
    settings = job.settings()
    shard, shards = position(job)
    if shards != len(settings["statements"]):
        raise DataError(f"{len(settings['statements'])} shares for {shards} hosts; nothing was read")
    statement = settings["statements"][shard]
    try:
        with closing(connected(settings["driver"], credentials(settings["secret"]))) as connection:
            source = Source(connection, settings["kind"], settings["fetch"])
            snapshot = source.begin()
            description, batches = source.stream(statement["text"], statement["values"])
            first = next(batches)
            schema = schema_of(description, first, settings["types"], settings["kind"] == "postgres")
            arrow = (batch(rows, schema) for rows in chain([first], batches))
            prefix = f"shard-{shard:03d}-"
            folder, limit = job.output("rows"), settings["rows_per_part"]
            parts = list(write_parts(arrow, schema, folder, prefix, limit))
    except Exception as error:
        if not is_database_error(error):
            raise
        raise DataError(
            f"host {shard} cannot read its share of the rows",
            cause=str(error)[:500],
            mend="correct the query, `shard_by` (a whole number), the secret, or the way through the VPC",
        ) from error
    report = {
        "columns": [[field.name, glue_type(field.type)] for field in schema],
        "snapshot": snapshot,
        "parts": [
            {"name": part.path.name, "rows": part.rows, "bytes": part.bytes, "sha256": part.sha256}
            for part in parts
        ],
    }
    (job.output("reports") / f"shard-{shard:03d}.json").write_text(json.dumps(report), "utf-8")
    print(f"host {shard} of {shards}: {sum(part.rows for part in parts)} rows")  # noqa: T201 - the job's log


def position(job: JobDir) -> tuple[int, int]:
    """Which of how many hosts this is, as SageMaker says."""
    document = json.loads((job.root / "config" / "resourceconfig.json").read_text("utf-8"))
    hosts = sorted(document["hosts"], key=lambda host: (len(host), host))
    return hosts.index(document["current_host"]), len(hosts)


def credentials(arn: str) -> dict[str, Any]:
    """The secret's members.

    Raises:
        DataError: The job's role may not read it, or it holds no JSON object.
    """
    import boto3  # SageMaker's images have it; nothing but this call uses it (ADR 10)
    from botocore.exceptions import BotoCoreError, ClientError

    client = boto3.client("secretsmanager", region_name=arn.split(":")[3])
    mend = "let the job's role read it (secretsmanager:GetSecretValue), and reach it from the VPC"
    try:
        text = client.get_secret_value(SecretId=arn)["SecretString"]
    except (BotoCoreError, ClientError) as error:
        raise DataError("the secret cannot be read", where=arn, cause=str(error), mend=mend) from error
    try:
        found = json.loads(text)
        return {**found}
    except (ValueError, TypeError):  # the text itself is in the error: it goes no further
        form = '{"host": …, "port": …, "username": …, "password": …, "dbname": …}'
        raise DataError("the secret is no JSON object", where=arn, mend=f"store {form}") from None


def connected(driver: str, secret: dict[str, Any]) -> Any:
    """A connection of the driver.

    Raises:
        DataError: The image has no such driver, or the secret lacks a member.
    """
    try:
        module = importlib.import_module(driver)
    except ImportError as error:
        raise DataError(
            f"the image has no Python package {driver!r}", mend="use an image that has it"
        ) from error
    database = next((secret[name] for name in DATABASE if name in secret), None)
    missing = [name for name in ("host", "username", "password") if name not in secret]
    if missing or database is None:
        lacking = ", ".join([*missing, *([] if database else ["dbname"])])
        raise DataError(f"the secret has no {lacking}", mend="add what is missing to the secret")
    return module.connect(
        host=secret["host"],
        port=int(secret.get("port", 5432)),
        user=secret["username"],
        password=secret["password"],
        dbname=database,
        connect_timeout=20,
    )


if __name__ == "__main__":
    raise SystemExit(run(extract, "message"))
