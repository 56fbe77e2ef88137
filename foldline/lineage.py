"""What a step read and wrote, as data sets whose names stay the same from run to run.

Names follow OpenLineage's naming: S3 by bucket and key, tables by their catalogue. A run's own folder becomes
the pipeline's, such as ``flight_delays/folds``, and the run's address becomes the version: else each run
would be a graph of its own. Pure, and without any lineage library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from foldline.environment import Environment
from foldline.layout import PipelineLayout, S3Uri
from foldline.stepfiles.statements import DIALECT

NO_DATA = frozenset({"settings", "memory", "record", "metrics.json"})
"""Folders of a run that hold how work is done, not what it is done to."""
SAME_AS = {"best": "jobs"}
"""Folders that only point into another one."""


@dataclass(frozen=True)
class Dataset:
    """One data set.

    Attributes:
        namespace: Where it lives, such as ``s3://bucket``.
        name: Its name there.
        version: Which state of it; empty when that is not known.
        fields: Its columns and their types.
        rows: How many rows were written; None when that is not known.
    """

    namespace: str
    name: str
    version: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    rows: int | None = None


def stored(uri: S3Uri, home: PipelineLayout) -> Dataset | None:
    """The data set at an S3 address; None for what is no data, such as settings and code."""
    namespace, root = f"s3://{uri.bucket}", home.root.key
    if uri.bucket != home.bucket or not uri.key.startswith(root):
        return Dataset(namespace, uri.key.strip("/") or "/")
    first, _, rest = uri.key.removeprefix(root).partition("/")
    if first != "runs":
        return Dataset(namespace, uri.key.strip("/")) if first != "code" else None
    folder = rest.partition("/")[2].partition("/")[0]
    if not folder or folder in NO_DATA:
        return None
    return Dataset(namespace, root + SAME_AS.get(folder, folder), version=str(uri))


def table(environment: Environment, database: str, name: str) -> Dataset:
    """A table of the Glue catalogue, which Athena and crawlers share."""
    place = f"arn:{partition(environment.region)}:glue:{environment.region}:{environment.account}"
    return Dataset(place, f"table/{database}/{name}")


def package(arn: str) -> Dataset:
    """A version of a model in SageMaker's registry."""
    place, _, resource = arn.rpartition(":")
    group, _, version = resource.rpartition("/")
    return Dataset(place, group, version=version) if "/" in group else Dataset(place, resource)


def endpoint(environment: Environment, name: str, config: str = "") -> Dataset:
    """What an endpoint serves."""
    place = f"arn:{partition(environment.region)}:sagemaker:{environment.region}:{environment.account}"
    return Dataset(place, f"endpoint/{name}", version=config)


def partition(region: str) -> str:
    """AWS's word for the part of its world that a region belongs to."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")


def handed(value: Any, environment: Environment, home: PipelineLayout) -> list[Dataset]:
    """The data sets that results of tasks name (`operators.results`)."""
    if isinstance(value, list | tuple):
        return [found for item in value for found in handed(item, environment, home)]
    if not isinstance(value, Mapping):
        return []
    rows = value.get("rows")
    found: list[Dataset | None] = []
    for member in ("uri", "model", "report"):
        address = value.get(member)
        if isinstance(address, str) and address.startswith("s3://"):
            one = stored(S3Uri.parse(address), home)
            counted = one is not None and member == "uri" and isinstance(rows, int)
            found.append(Dataset(one.namespace, one.name, one.version, (), rows) if one and counted else one)
    if str(value.get("arn", "")).startswith("arn:") and ":model-package/" in value["arn"]:
        found.append(package(value["arn"]))
    if value.get("endpoint"):
        found.append(endpoint(environment, str(value["endpoint"]), str(value.get("config", ""))))
    if value.get("database"):
        names = value.get("tables") or [value.get("table")]
        found += [table(environment, str(value["database"]), str(name)) for name in names if name]
    return [one for one in found if one is not None]


def read_by(request: Mapping[str, Any], home: PipelineLayout) -> list[Dataset]:
    """What a SageMaker job's request reads from S3."""
    sources = [
        channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in request.get("InputDataConfig") or ()
        if "S3DataSource" in channel.get("DataSource", {})
    ]
    sources += [
        part["S3Input"]["S3Uri"] for part in request.get("ProcessingInputs") or () if "S3Input" in part
    ]
    transform = request.get("TransformInput", {}).get("DataSource", {}).get("S3DataSource", {}).get("S3Uri")
    return _all_stored([*sources, *([transform] if transform else [])], home)


def written_by(request: Mapping[str, Any], home: PipelineLayout) -> list[Dataset]:
    """What a SageMaker job's request writes to S3."""
    outputs = (request.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
    targets = [part["S3Output"]["S3Uri"] for part in outputs if "S3Output" in part]
    path = (request.get("OutputDataConfig") or {}).get("S3OutputPath")
    path = path or (request.get("TransformOutput") or {}).get("S3OutputPath")
    return _all_stored([*targets, *([path] if path else [])], home)


def tables_of(query: str, database: str) -> list[tuple[str, str]]:
    """Database and name of every table that a query reads; none when the query cannot be parsed."""
    import sqlglot
    from sqlglot.errors import SqlglotError
    from sqlglot.expressions import CTE, Table

    try:
        statement = sqlglot.parse_one(query, read=DIALECT)
    except SqlglotError:
        return []
    named = {part.alias.lower() for part in statement.find_all(CTE)}
    found = [(one.db or database, one.name) for one in statement.find_all(Table)]
    return list(dict.fromkeys(pair for pair in found if pair[1].lower() not in named))


def once(found: Iterable[Dataset]) -> list[Dataset]:
    """Each data set once, in order; what one mention of it does not know, another adds."""
    kept: dict[tuple[str, str], Dataset] = {}
    for one in found:
        key = (one.namespace, one.name)
        known = kept.get(key, one)
        kept[key] = Dataset(
            *key,
            known.version or one.version,
            known.fields or one.fields,
            known.rows if known.rows is not None else one.rows,
        )
    return list(kept.values())


def _all_stored(addresses: Iterable[str], home: PipelineLayout) -> list[Dataset]:
    found = [stored(S3Uri.parse(address), home) for address in addresses]
    return [one for one in found if one is not None]
