"""The step that brings rows of a database into S3: `extract`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from foldline.stepfiles.spellings import ConnectionId, Identifier, QueryFile, Spelling, TableName
from foldline.stepfiles.units import Seconds
from foldline.steps.queries import Parameters, SecretArn
from foldline.steps.settings import Columns, Conflict, JobSettings, RequestSettings, Settings, repeated

SourceTable = Annotated[
    str,
    Spelling(
        "table",
        r"[A-Za-z_][A-Za-z0-9_]{0,126}(?:\.[A-Za-z_][A-Za-z0-9_]{0,126}){0,2}",
        "a name such as orders, public.orders or shop.public.orders, spelt as the database keeps it",
    ),
]
ColumnType = Annotated[
    str,
    Spelling(
        "column type",
        r"bigint|int|smallint|boolean|double|float|string|binary|date|timestamp|timestamptz"
        r"|decimal\((?:[1-9]|[12]\d|3[0-8]),(?:\d|[12]\d|3[0-8])\)",
        "bigint, int, smallint, boolean, double, float, string, binary, date, timestamp, timestamptz "
        "or decimal(18,2)",
    ),
]
OURS = "foldline_"
"""Parameters that begin so are Foldline's own."""


class Since(Settings):
    """Which rows are new: those whose column is beyond what the last published extract has."""

    column: Identifier = Field(
        description="Column that only grows, such as an id or a moment of change; never NULL."
    )
    lag: Annotated[int, Seconds(at_least="0s", at_most="7d")] = Field(
        default=0,
        description="For moments: rows younger than the newest one less this are left to the next run, "
        "because transactions that began earlier may still commit.",
    )


class PublishedTable(Settings):
    """The Glue table over the extracted rows."""

    database: TableName = Field(description="Glue database; made when it is not there.")
    table: TableName = Field(description="The table readers use.", max_length=200)


class ExtractSettings(RequestSettings):
    """`extract`: a database's rows become Parquet in S3, each row once, and seen whole or not at all."""

    instance_settings: ClassVar = {"job.instance": "CreateProcessingJob"}
    runs_on: Literal["worker", "job"] = Field(
        default="worker",
        description="`worker`: the Airflow worker reads by a `connection`; `job`: a processing job reads, "
        "on one or more hosts, with a `secret`.",
    )
    connection: ConnectionId | None = Field(
        default=None, description="Worker only: Airflow connection of the database; its hook must be DB-API."
    )
    secret: SecretArn | None = Field(
        default=None,
        description="Job only: secret with host, port, username, password and dbname; the job reads it.",
    )
    driver: Literal["psycopg2", "psycopg"] | None = Field(
        default=None, description="Job only: the image's Python package that talks to the database."
    )
    table: SourceTable | None = Field(default=None, description="The table to read; or else `query`.")
    columns: Columns = Field(default=(), description="Columns of `table`, in this order; none: all of them.")
    query: QueryFile | None = Field(default=None, description="A SELECT, in a file beside this one.")
    parameters: Parameters = Field(default={}, description="Values of the query's `:names`.")
    types: dict[Identifier, ColumnType] = Field(
        default={}, description="Types of columns where the database does not say them or they are too wide."
    )
    since: Since | None = Field(default=None, description="Take new rows only; null: all rows, each time.")
    shard_by: Identifier | None = Field(
        default=None, description="Job with several instances: whole-number column that divides the rows."
    )
    publish: PublishedTable | None = Field(
        default=None, description="Glue table over the rows, swapped when they are complete; null: none."
    )
    keep: int = Field(
        default=2, ge=1, le=50, description="Earlier versions whose files stay, for who reads them yet."
    )
    min_rows: int = Field(default=1, ge=0, description="Fewer rows are an error; nothing is published.")
    on_drift: Literal["tell", "fail"] = Field(
        default="tell", description="What columns that changed since the last extract meet."
    )
    rows_per_part: Annotated[int, Field(ge=1, le=50_000_000)] = Field(
        default=500_000, description="Rows of one Parquet file at most."
    )
    fetch: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=10_000, description="Rows held in memory at once."
    )
    allow_public: str | None = Field(
        default=None, min_length=1, description="Job only: why it may reach the database without a VPC."
    )
    job: JobSettings | None = Field(default=None, description="Job only: machine of the processing job.")

    def conflicts(self) -> Iterable[Conflict]:
        """No source or two, and settings of the other place to run."""
        if (self.table is None) == (self.query is None):
            yield Conflict(
                ("query",), f"needs one of table and query, has {'both' if self.table else 'none'}"
            )
        if self.columns and self.table is None:
            yield Conflict(("columns",), "are those of `table`; a query selects its own")
        if self.parameters and self.query is None:
            yield Conflict(("parameters",), "are those of `query`; a table has none")
        for name in self.parameters:
            if name.startswith(OURS):
                yield Conflict(("parameters", name), f"begins with {OURS}, as Foldline's own do; rename it")
        yield from repeated(self.columns, "columns")
        yield from self._job_conflicts() if self.runs_on == "job" else self._worker_conflicts()

    def _worker_conflicts(self) -> Iterable[Conflict]:
        if self.connection is None:
            yield Conflict(("connection",), "must be given for runs_on: worker")
        for name in ("secret", "driver", "shard_by", "job", "allow_public"):
            if getattr(self, name) is not None:
                yield Conflict((name,), "has a meaning for runs_on: job only")
        if self.request:
            yield Conflict(("request",), "has a meaning for runs_on: job only: a worker sends no request")

    def _job_conflicts(self) -> Iterable[Conflict]:
        for name in ("secret", "driver", "job"):
            if getattr(self, name) is None:
                yield Conflict((name,), "must be given for runs_on: job")
        if self.connection is not None:
            yield Conflict(("connection",), "is for a worker; a job takes a `secret`, which it reads itself")
        if self.since is not None:
            yield Conflict(
                ("since",), "needs runs_on: worker, which finds the newest row in the same transaction"
            )
        if self.job is not None and (self.job.instances > 1) != (self.shard_by is not None):
            yield Conflict(("shard_by",), "goes with several `job.instances`, and they with it")
