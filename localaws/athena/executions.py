"""One query run: its statement compiled and carried out, with DuckDB or by hand; the outcome handed back."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import duckdb

from localaws.athena import ddl, prepared
from localaws.athena.columns import ResultColumn, column_info, described
from localaws.athena.compiler import ANONYMOUS, Compiled, Compiler
from localaws.athena.engine import Session
from localaws.athena.failures import refused
from localaws.athena.hive import nothing
from localaws.athena.outcomes import Outcome
from localaws.athena.results import write_csv
from localaws.athena.statements import Statement
from localaws.athena.tablewrites import create_table_as, insert_into, unload
from localaws.athena.translation import translated
from localaws.athena.viewwrites import create_view
from localaws.athena.workgroups import PRIMARY
from localaws.glue.catalog import Catalog


@dataclass
class Execution:
    """A query with all it needs to run.

    Attributes:
        statement: What is asked.
        parameters: SQL expressions for its question marks.
        database: The database of unqualified names.
        session: Its connection.
        catalog: The Glue catalogue.
        query_id: The QueryExecutionId.
        prefix: The S3 URI of the folder of its results, ends in ``/``.
        workgroup: The workgroup it runs in.
        byte_limit: The workgroup's limit of bytes scanned, None for none.
    """

    statement: Statement
    parameters: tuple[str, ...]
    database: str
    session: Session
    catalog: Catalog
    query_id: str
    prefix: str
    workgroup: str = PRIMARY
    byte_limit: int | None = None

    def run(self) -> Outcome:
        """Carry the statement out.

        Raises:
            QueryFailed: It failed.
            QueryCancelled: It was stopped.
            ScanLimitExceeded: It would scan more than its workgroup allows.
        """
        statement = self.statement
        if not statement.served:
            raise refused(f"{statement.name} statements")
        if statement.name in ("PREPARE", "EXECUTE", "DEALLOCATE"):
            prepared.carry_out(statement, self.catalog.store, self.workgroup)
            return nothing()
        if not statement.query:
            return ddl.run(statement, self.catalog, self.database)
        compiler = Compiler(self.session, self.catalog, self.database)
        started = time.monotonic()
        compiled = self._guarded(compiler)
        planned = time.monotonic()
        try:
            outcome = self._carry_out(compiled)
        except duckdb.Error as error:
            raise translated(error, compiled) from error
        outcome.scanned = compiler.scanned
        outcome.planning = planned - started
        outcome.running = time.monotonic() - started
        return outcome

    def _guarded(self, compiler: Compiler) -> Compiled:
        compiled = compiler.compile(self.statement.query, self.parameters)
        if self.byte_limit is not None and compiler.scanned > self.byte_limit:
            raise ScanLimitExceeded
        return compiled

    def _carry_out(self, compiled: Compiled) -> Outcome:
        name = self.statement.name
        if name == "EXPLAIN":
            return self._explain(compiled)
        columns = self._columns(compiled)
        if name == "SELECT":
            return Outcome(
                [described(column) for column in columns], write_csv(self.session, compiled.sql, columns)
            )
        if name == "CREATE_VIEW":
            return create_view(self.statement, columns, self.catalog, self.database)
        write = {"UNLOAD": unload, "CREATE_TABLE_AS_SELECT": create_table_as, "INSERT": insert_into}[name]
        return write(self, compiled, columns)

    def _columns(self, compiled: Compiled) -> list[ResultColumn]:
        """The query's columns; those without a name are ``_col`` and their place."""
        rows = self.session.rows(f"DESCRIBE {compiled.sql}")
        return [
            ResultColumn(f"_col{number}" if str(row[0]).startswith(ANONYMOUS) else str(row[0]), str(row[1]))
            for number, row in enumerate(rows)
        ]

    def _explain(self, compiled: Compiled) -> Outcome:
        """DuckDB's plan: the one thing here that is not worded as Athena's."""
        plan = "\n".join(str(row[1]) for row in self.session.rows(f"EXPLAIN {compiled.sql}"))
        return Outcome([column_info("Query Plan", "varchar", len(plan), case=True)], f"Query Plan\n{plan}\n")

    def results_folder(self) -> str:
        """Where a CTAS without a location puts its table."""
        return f"{self.prefix}tables/{self.query_id}/"


class ScanLimitExceeded(Exception):
    """The query would scan more bytes than its workgroup allows."""


def manifest(outcome: Outcome, folder: Path) -> Path:
    """The list of the files a query wrote, one URI a line."""
    path = folder / f"{uuid.uuid4().hex}-manifest.csv"
    path.write_text("".join(f"s3://{bucket}/{key}\n" for bucket, key, _ in outcome.objects))
    return path
