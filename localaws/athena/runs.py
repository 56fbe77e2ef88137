"""The runs of queries: the threads they run in, and their way from QUEUED to an end that holds.

A query's end and its change of the catalogue are one transaction. Its files are in S3 before that; they are
listed in its document first, so that a server that died in between takes them back and runs the query again.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from localaws.athena.dialect import parameter_sql
from localaws.athena.engine import Engine, Session
from localaws.athena.executions import Execution, ScanLimitExceeded
from localaws.athena.failures import SYSTEM, QueryCancelled, QueryFailed
from localaws.athena.outcomes import Outcome
from localaws.athena.publishing import publish, to_be_published, withdraw
from localaws.athena.records import KIND, UNDER_WAY, database_of, statistics
from localaws.athena.reuse import earlier_result
from localaws.athena.statements import Statement, statement_of
from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.s3.blobs import split_uri
from localaws.world import World

AT_ONCE = 2  # queries that run at the same time; the others wait, QUEUED
STARTS = 3  # times a query is begun: one that brings the server down each time is given up
STOP_SECONDS = 2.0  # how long a stop waits to see the query end
log = logging.getLogger("localaws")


class Runs:
    """Runs the queries of the store, oldest first, two at a time.

    Args:
        world: The services' common ground.
        catalog: The Glue catalogue.
    """

    def __init__(self, world: World, catalog: Catalog) -> None:
        self.world = world
        self.store = world.store
        self.catalog = catalog
        self.engine = Engine(world.state / "blobs", world.state / "athena")
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="athena")
        self._sessions: dict[str, Session] = {}
        self._ended = threading.Condition()
        # Taken before the server listens: what a client starts from then on is not left over.
        self._left = [
            query["QueryExecutionId"]
            for query in self.store.all(KIND)
            if query["Status"]["State"] in UNDER_WAY
        ]

    def recover(self) -> None:
        """Go on with what an earlier server left under way: nothing it took on is lost, or done twice."""
        self._pool.submit(self.engine.warm)
        for name in self._left:
            query = self.store.get(KIND, name)
            if query is None or query["Status"]["State"] not in UNDER_WAY:
                continue
            try:
                if query["Status"]["State"] == "RUNNING":
                    self._requeue(query)
                self.submit(name, statement_of(query.get("Prepared") or query["Query"]))
            except AwsError as error:  # a later release reads the statement differently
                self._fail(name, QueryFailed(error.message))
            except QueryFailed as error:
                self._fail(name, error)

    def _requeue(self, query: Document) -> None:
        """Take back what a query that ran has published, and let it run again.

        Raises:
            QueryFailed: It was begun often enough.
        """
        withdraw(query.get("Publishing") or [], self.world)
        name = query["QueryExecutionId"]
        if query.get("Stopping"):
            self._end(name, "CANCELLED", reason="Query cancelled by user")
            return
        if query.get("Starts", 1) >= STARTS:
            reason = f"GENERIC_INTERNAL_ERROR: the local endpoint died {STARTS} times while it ran this"
            raise QueryFailed(reason, SYSTEM, 200, retryable=True)
        self.store.update(KIND, name, Status={**query["Status"], "State": "QUEUED"}, Publishing=[])

    def submit(self, name: str, statement: Statement) -> None:
        """Run a query that is QUEUED in the store when there is room."""
        self._pool.submit(self._run, name, statement)

    def close(self) -> None:
        """Interrupt what runs, leaving it to the next start, and let go of DuckDB."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for session in list(self._sessions.values()):
            session.cancel()
        self._pool.shutdown(wait=True)
        self.engine.close()

    def cancel(self, name: str) -> None:
        """Stop a query; one that has ended stays as it is.

        A query that runs is interrupted, and CANCELLED once what it may have published is taken back.
        """
        if self._end(name, "CANCELLED", reason="Query cancelled by user", of=("QUEUED",)):
            return
        with self.store.transaction():
            if (query := self.store.get(KIND, name)) is None or query["Status"]["State"] != "RUNNING":
                return
            self.store.update(KIND, name, Stopping=True)
        if (session := self._sessions.get(name)) is not None:
            session.cancel()
        with self._ended:
            self._ended.wait_for(lambda: self._state(name) not in UNDER_WAY, STOP_SECONDS)

    def _state(self, name: str) -> str:
        query = self.store.get(KIND, name)
        return str(query["Status"]["State"]) if query else ""

    def _run(self, name: str, statement: Statement) -> None:
        """A query from its start to its end; the body of its thread's work."""
        query = self._begin(name)
        if query is None:
            return
        try:
            if (found := earlier_result(query, self.world)) is not None:
                self._end(name, "SUCCEEDED", changes=found)
                return
            with self.engine.session() as session:
                self._sessions[name] = session
                if (self.store.get(KIND, name) or {}).get("Stopping"):
                    session.cancel()  # the stop came before there was a session to tell
                self._carry_out(query, statement, session)
        except QueryCancelled:
            if (self.store.get(KIND, name) or {}).get("Stopping"):
                self._end(name, "CANCELLED", reason="Query cancelled by user")
            else:  # the server is being stopped; that is not held against the query
                status = {**query["Status"], "State": "QUEUED"}
                self.store.update(KIND, name, Status=status, Starts=query["Starts"] - 1)
        except QueryFailed as error:
            self._fail(name, error)
        except ScanLimitExceeded:
            self._end(name, "CANCELLED", reason="Bytes scanned limit was exceeded")
        except Exception as error:
            log.exception("Athena query %s", name)
            self._fail(name, QueryFailed(f"GENERIC_INTERNAL_ERROR: {error!r}", SYSTEM, 200))
        finally:
            self._sessions.pop(name, None)
            with self._ended:
                self._ended.notify_all()

    def _carry_out(self, query: Document, statement: Statement, session: Session) -> None:
        workgroup = self.store.get("athena.workgroup", query["WorkGroup"]) or {"Configuration": {}}
        execution = Execution(
            statement,
            tuple(query.get("Values") or map(parameter_sql, query.get("ExecutionParameters") or ())),
            database_of(query),
            session,
            self.catalog,
            query["QueryExecutionId"],
            query["Folder"],
            query["WorkGroup"],
            workgroup["Configuration"].get("BytesScannedCutoffPerQuery"),
        )
        if statement.query:
            self._finish(query, execution.run(), session)
            return
        with self.store.transaction():  # Hive's statements change the catalogue as they go
            self._finish(query, execution.run(), session)

    def _finish(self, query: Document, outcome: Outcome, session: Session) -> None:
        """Publish what a run has made, and tell its end; all of it, or nothing."""
        name = query["QueryExecutionId"]
        session.check()
        self.store.update(KIND, name, Publishing=to_be_published(outcome, query))
        try:
            changes = publish(outcome, query, session, self.world)
            ended = self._end(name, "SUCCEEDED", changes=changes, commit=outcome.commit)
        except BaseException:
            withdraw(to_be_published(outcome, query), self.world)
            raise
        if not ended:
            withdraw(to_be_published(outcome, query), self.world)

    def _begin(self, name: str) -> Document | None:
        """Move a query from QUEUED to RUNNING; None when it was stopped before."""
        with self.store.transaction():
            query = self.store.get(KIND, name)
            if query is None or query["Status"]["State"] != "QUEUED":
                return None
            status = {**query["Status"], "State": "RUNNING"}
            waited = int((time.time() - status["SubmissionDateTime"]) * 1000)
            measured = {**query["Statistics"], "QueryQueueTimeInMillis": max(1, waited)}
            starts = query.get("Starts", 0) + 1
            return self.store.update(KIND, name, Status=status, Statistics=measured, Starts=starts)

    def _end(
        self,
        name: str,
        state: str,
        *,
        reason: str | None = None,
        error: Document | None = None,
        changes: Document | None = None,
        commit: Any = None,
        of: tuple[str, ...] = UNDER_WAY,
    ) -> bool:
        """Move a query in one of some states to its end; False when it is in another."""
        with self.store.transaction():
            query = self.store.get(KIND, name)
            if query is None or query["Status"]["State"] not in of:
                return False
            if commit is not None:
                commit()
            now = time.time()
            status = {**query["Status"], "State": state, "CompletionDateTime": now}
            status |= {"StateChangeReason": reason} if reason else {}
            status |= {"AthenaError": error} if error else {}
            changed = {**(changes or {}), "Status": status, "Publishing": []}
            changed["Statistics"] = statistics(query, changed.pop("Statistics", {}), now)
            self.store.update(KIND, name, **changed)
            return True

    def _fail(self, name: str, error: QueryFailed) -> None:
        query = self.store.get(KIND, name)
        if query is None:
            return

        def tell() -> None:
            """What Hive fails at is in the text object before anybody sees the query as failed."""
            bucket, key = split_uri(query["ResultConfiguration"]["OutputLocation"])
            if error.hive and key.endswith(".txt") and self.world.objects.bucket_exists(bucket):
                self.world.objects.put_bytes(bucket, key, error.reason.encode())

        self._end(name, "FAILED", reason=error.reason, error=error.athena_error(), commit=tell)
