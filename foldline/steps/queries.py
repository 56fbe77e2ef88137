"""The steps that ask a warehouse: queries, tables that are swapped, sensors, and Redshift's UNLOAD."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from foldline.stepfiles.spellings import Identifier, QueryFile, RoleArn, Spelling, TableName
from foldline.stepfiles.units import Duration
from foldline.steps.data import IngestSettings
from foldline.steps.settings import Conflict, RequestSettings, Scalar, StepSettings

WarehouseName = Annotated[
    str, Spelling("Redshift name", r"[a-z0-9](?:-?[a-z0-9]){0,63}", "lower-case letters, digits and hyphens")
]
SecretArn = Annotated[
    str,
    Spelling(
        "secret",
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+",
        "an ARN such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:warehouse-AbCdEf",
    ),
]
Parameters = dict[Identifier, Scalar]
GiveUp = Literal["fail", "skip"]


class QuerySettings(RequestSettings):
    """`query`: one Athena statement from a file, with values that can never become SQL."""

    database: TableName = Field(description="Glue database the statement's tables are looked up in.")
    query: QueryFile = Field(description="The statement, in a file beside this one.")
    parameters: Parameters = Field(default={}, description="Values of its `?`, in order.")
    read_only: bool = Field(
        default=True, description="Refuse all but SELECT, SHOW, DESCRIBE and EXPLAIN before anything is sent."
    )
    fetch: Literal["nothing", "one"] = Field(
        default="nothing", description="`one`: hand the result's only row to later tasks; it must be small."
    )
    max_runtime: Duration = Field(default=600, description="The query is stopped after this long.")

    def conflicts(self) -> Iterable[Conflict]:
        """A row that is wanted of a statement which has none."""
        if self.fetch == "one" and not self.read_only:
            yield Conflict(("fetch",), "'one' needs `read_only: true`: what writes gives no row")


class TableSettings(RequestSettings):
    """`table`: a query becomes a Glue table that readers see whole, the old one or the new one."""

    database: TableName = Field(description="Glue database the query reads and the table lies in.")
    table: TableName = Field(description="The table readers use.", max_length=200)
    query: QueryFile = Field(description="The SELECT, in a file beside this one.")
    parameters: Parameters = Field(default={}, description="Values of its `?`, in order.")
    compression: Literal["SNAPPY", "ZSTD", "GZIP"] = Field(
        default="SNAPPY", description="Compression of its Parquet files."
    )
    min_rows: int = Field(default=1, ge=0, description="With fewer rows the old table stays.")
    keep: int = Field(
        default=2, ge=1, le=50, description="Earlier versions whose files stay, for who reads them yet."
    )
    max_runtime: Duration = Field(default=1800, description="The query is stopped after this long.")


class SensorSettings(StepSettings):
    """What sensors share."""

    database: TableName = Field(description="Glue database.")
    table: TableName = Field(description="Table that is looked at.")
    partition: Parameters = Field(
        default={}, description="Column and value: only these rows are looked at; name partition columns."
    )
    poke_interval: Duration = Field(default=300, description="From the end of one look to the next.")
    timeout: Duration = Field(default=6 * 3600, description="Looks are given up after this long.")
    on_timeout: GiveUp = Field(
        default="fail", description="`fail` the task then, or `skip` it and what comes after it."
    )


class RowCountSettings(SensorSettings):
    """`rows`: waits until a table, or a partition of it, has enough rows."""

    min_rows: int = Field(default=1, ge=1, description="Rows to wait for.")


class FreshnessSettings(SensorSettings):
    """`freshness`: waits until a table's newest row is young enough."""

    column: Identifier = Field(description="Column with a row's moment in UTC: timestamp, date or text.")
    max_age: Duration = Field(default=26 * 3600, description="Age of the newest row at most.")


class RedshiftUnloadSettings(RequestSettings):
    """`redshift_unload`: a query's rows leave Redshift as Parquet."""

    workgroup: WarehouseName | None = Field(default=None, description="Redshift Serverless workgroup.")
    cluster: WarehouseName | None = Field(default=None, description="Provisioned cluster, in place of it.")
    database: Identifier = Field(description="Redshift database.")
    user: Identifier | None = Field(
        default=None, description="Database user of a cluster, by IAM; null: the role's own."
    )
    secret: SecretArn | None = Field(
        default=None, description="Secret with the database credentials; null: IAM."
    )
    role: RoleArn = Field(description="Role the warehouse writes to S3 with.")
    query: QueryFile = Field(description="The SELECT, in a file beside this one.")
    parameters: Parameters = Field(default={}, description="Values of its `:names`.")
    min_rows: int = Field(default=1, ge=0, description="Fewer rows are an error.")
    max_runtime: Duration = Field(default=1800, description="The statements are cancelled after this long.")

    def conflicts(self) -> Iterable[Conflict]:
        """A warehouse that is named twice or not at all, and two ways to log in."""
        if (self.workgroup is None) == (self.cluster is None):
            has = "none" if self.cluster is None else "both"
            yield Conflict(("workgroup",), f"needs one of workgroup and cluster, has {has}")
        if self.user is not None and self.cluster is None:
            yield Conflict(("user",), "is for a `cluster`; a workgroup takes the role's own name")
        if self.user is not None and self.secret is not None:
            yield Conflict(("user",), "and `secret` are two ways to log in; keep one")


StatementSettings = IngestSettings | QuerySettings | TableSettings | RedshiftUnloadSettings
"""The kinds with a statement in a file."""
