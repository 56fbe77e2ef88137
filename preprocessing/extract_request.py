"""The processing job of an extract. Read by Airflow; pure: settings in, plain dicts out."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from foldline.requests import Request, merged, processing_request
from foldline.sourcesql import bound, shard_query, table_query

if TYPE_CHECKING:
    from foldline.environment import Environment
    from foldline.layout import S3Uri
    from foldline.steps.extract import ExtractSettings

STYLE = "pyformat"
"""How psycopg2 and psycopg mark values."""
KIND = "postgres"
"""Type of the databases that these drivers talk to."""


def extract_settings(settings: ExtractSettings, query: str) -> dict[str, Any]:
    """What ``preprocessing.extract`` reads from its settings file: one statement for each host.

    Nothing of it depends on the data or the number of tries, so a job that is started again divides the rows
    in the same way.

    Args:
        settings: The step.
        query: Text of its query file; empty where it names a table.
    """
    assert settings.job is not None, "the settings' own check"
    base = query or table_query(settings.table or "", settings.columns, KIND)
    shards = settings.job.instances
    texts = [shard_query(base, settings.shard_by or "", shard, shards, KIND) for shard in range(shards)]
    values = {name: _plain(one) for name, one in settings.parameters.items()}
    statements = [bound(text, values, STYLE) for text in texts]
    return {
        "driver": settings.driver,
        "kind": KIND,
        "secret": settings.secret,
        "statements": [{"text": one.text, "values": one.values} for one in statements],
        "types": settings.types,
        "rows_per_part": settings.rows_per_part,
        "fetch": settings.fetch,
    }


def extract_request(
    settings: ExtractSettings, environment: Environment, *, code: S3Uri, document: S3Uri, root: S3Uri
) -> Request:
    """The CreateProcessingJob request, without its name.

    The job reaches a database, so it alone of all jobs is not isolated from its network, whatever the
    environment says of the others.

    Args:
        settings: The step.
        environment: Role, image, network.
        code: Source tree.
        document: Folder with ``settings.json`` (see :func:`extract_settings`).
        root: Prefix of the rows and of the hosts' reports.
    """
    assert settings.job is not None, "the settings' own check"
    request = processing_request(
        settings.job,
        environment,
        role=environment.role_for("extract"),
        module="preprocessing.extract",
        code=code,
        inputs={"settings": document},
        outputs={"rows": rows_place(root), "reports": reports_place(root)},
    )
    request["NetworkConfig"]["EnableNetworkIsolation"] = False
    return merged(request, settings.request)


def rows_place(root: S3Uri) -> S3Uri:
    """Where the hosts leave their files."""
    return root / "rows/"


def reports_place(root: S3Uri) -> S3Uri:
    """Where each host says what it has left."""
    return root / "reports/"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
