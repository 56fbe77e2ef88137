"""Glue's operations on evaluations of rulesets and their results."""

from __future__ import annotations

import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from localaws.athena.engine import Engine, Session
from localaws.athena.failures import QueryCancelled, QueryFailed
from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.glue.paging import page
from localaws.glue.quality.evaluation import opened, result_of
from localaws.glue.quality.rulesets import INVALID, Rulesets

RUNS, RESULTS, TOKENS = "glue.dq.run", "glue.dq.result", "glue.dq.token"
UNDER_WAY = ("STARTING", "RUNNING")
AT_ONCE = 2
TIMEOUT_MINUTES = 2880
UNSERVED: tuple[str, ...] = (
    "ResultsS3Prefix",
    "RowLevelResults",
    "ProfilingResults",
    "DataQualityRuleResults",
    "ObservationResults",
)
log = logging.getLogger("localaws")


class EvaluationRuns:
    """StartDataQualityRulesetEvaluationRun and its like.

    Args:
        catalog: The catalogue.
        rulesets: The rulesets there are.
    """

    def __init__(self, catalog: Catalog, rulesets: Rulesets) -> None:
        self.catalog = catalog
        self.store = catalog.store
        self.rulesets = rulesets
        state = catalog.world.state
        self.engine = Engine(state / "blobs", state / "quality")
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="quality")
        self._sessions: dict[str, Session] = {}
        for run in self.store.all(RUNS):  # before the server listens: an earlier one left them
            if run["Status"] in UNDER_WAY:
                self._end(run["RunId"], "FAILED", ErrorString="the local endpoint ended while this ran")

    def stop(self) -> None:
        """Interrupt what runs and let go of DuckDB."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for session in list(self._sessions.values()):
            session.cancel()
        self._pool.shutdown(wait=True)
        self.engine.close()

    def StartDataQualityRulesetEvaluationRun(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to evaluate rulesets over a table."""
        token = request.get("ClientToken")
        if token and (known := self.store.get(TOKENS, token)):
            return {"RunId": known["RunId"]}
        self._check(request)
        name, now = f"dqrun-{uuid.uuid4().hex}", time.time()
        kept = ("DataSource", "Role", "NumberOfWorkers", "AdditionalRunOptions", "RulesetNames")
        run = {key: request[key] for key in (*kept, "AdditionalDataSources") if key in request}
        run |= {"RunId": name, "Status": "STARTING", "StartedOn": now, "LastModifiedOn": now, "ResultIds": []}
        with self.store.transaction():
            self.store.put(RUNS, name, run | {"Timeout": request.get("Timeout", TIMEOUT_MINUTES)})
            if token:
                self.store.put(TOKENS, token, {"RunId": name})
        self._pool.submit(self._run, name)
        return {"RunId": name}

    def _check(self, request: Document) -> None:
        options = request.get("AdditionalRunOptions") or {}
        for name in UNSERVED:
            if name in options:
                raise _refused(name)
        if options.get("CompositeRuleEvaluationMethod", "COLUMN") != "COLUMN":
            raise _refused("CompositeRuleEvaluationMethod ROW")
        for source in [request["DataSource"], *(request.get("AdditionalDataSources") or {}).values()]:
            table = source.get("GlueTable")
            if table is None or table.get("AdditionalOptions"):
                raise _refused("DataQualityGlueTable, or a GlueTable's AdditionalOptions,")
            self.catalog.table(table["DatabaseName"], table["TableName"])
        for name in request["RulesetNames"]:
            self.rulesets.ruleset(name)

    def _run(self, name: str) -> None:
        """A run from its start to its end; the body of its thread's work."""
        with self.store.transaction():
            run = self.store.get(RUNS, name)
            if run is None or run["Status"] != "STARTING":
                return
            self.store.update(RUNS, name, Status="RUNNING", LastModifiedOn=time.time())
        try:
            with self.engine.session() as session:
                self._sessions[name] = session
                results = self._results(run, session)
            for result in results:
                self.store.put(RESULTS, result["ResultId"], result)
            self._end(name, "SUCCEEDED", ResultIds=[result["ResultId"] for result in results])
        except QueryCancelled:
            self._end(name, "STOPPED")
        except (QueryFailed, AwsError) as error:
            text = error.reason if isinstance(error, QueryFailed) else error.message
            self._end(name, "FAILED", ErrorString=text)
        except Exception as error:
            log.exception("data quality run %s", name)
            self._end(name, "FAILED", ErrorString=repr(error))
        finally:
            self._sessions.pop(name, None)

    def _results(self, run: Document, session: Session) -> list[Document]:
        others = {
            key: source["GlueTable"] for key, source in (run.get("AdditionalDataSources") or {}).items()
        }
        table = opened(run["DataSource"]["GlueTable"], others, self.catalog, session)
        return [result_of(self.rulesets.ruleset(name), run, table) for name in run["RulesetNames"]]

    def _end(self, name: str, status: str, **changes: Any) -> None:
        with self.store.transaction():
            run = self.store.get(RUNS, name)
            if run is None or run["Status"] not in (*UNDER_WAY, "STOPPING"):
                return
            now = time.time()
            changes |= {"Status": status, "CompletedOn": now, "LastModifiedOn": now}
            self.store.update(RUNS, name, **changes, ExecutionTime=int(now - run["StartedOn"]))

    def _found(self, name: str) -> Document:
        run = self.store.get(RUNS, name)
        if run is None:
            raise AwsError("EntityNotFoundException", f"Cannot find evaluation run {name}")
        return run

    def GetDataQualityRulesetEvaluationRun(self, request: dict[str, Any]) -> dict[str, Any]:
        """One run with its state."""
        return self._found(request["RunId"])

    def CancelDataQualityRulesetEvaluationRun(self, request: dict[str, Any]) -> dict[str, Any]:
        """Stop a run."""
        name = request["RunId"]
        with self.store.transaction():
            run = self._found(name)
            if run["Status"] not in UNDER_WAY:
                raise AwsError(INVALID, f"The run {name} has ended: {run['Status']}")
            if run["Status"] == "STARTING":
                self._end(name, "STOPPED")
        if (session := self._sessions.get(name)) is not None:
            session.cancel()
        return {}

    def ListDataQualityRulesetEvaluationRuns(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the runs, the newest first."""
        wanted = request.get("Filter") or {}
        runs = [
            run
            for run in reversed(self.store.all(RUNS))
            if _fits(run, wanted) and wanted.get("RulesetName", run["RulesetNames"][0]) in run["RulesetNames"]
        ]
        listed, token = page(runs, request, limit=100, code=INVALID)
        return {"Runs": listed, "NextToken": token}

    def GetDataQualityResult(self, request: dict[str, Any]) -> dict[str, Any]:
        """One result with its rules' outcomes."""
        found = self.store.get(RESULTS, request["ResultId"])
        if found is None:
            raise AwsError("EntityNotFoundException", f"Cannot find result {request['ResultId']}")
        return found

    def BatchGetDataQualityResult(self, request: dict[str, Any]) -> dict[str, Any]:
        """Several results; those that are not there are named."""
        found = {name: self.store.get(RESULTS, name) for name in request["ResultIds"]}
        missing = [name for name, body in found.items() if body is None]
        return {"Results": [body for body in found.values() if body], "ResultsNotFound": missing}

    def ListDataQualityResults(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the results, the newest first."""
        wanted = request.get("Filter") or {}
        kept = [body for body in reversed(self.store.all(RESULTS)) if _fits(body, wanted)]
        found = [] if wanted.get("JobName") or wanted.get("JobRunId") else kept
        listed, token = page(found, request, limit=100, code=INVALID)
        return {"Results": listed, "NextToken": token}


def _fits(body: Document, wanted: Document) -> bool:
    table = (wanted.get("DataSource") or {}).get("GlueTable") or {}
    own = body["DataSource"]["GlueTable"]
    same = all(own.get(key) == value for key, value in table.items())
    before, after = wanted.get("StartedBefore"), wanted.get("StartedAfter")
    return same and (not before or body["StartedOn"] < before) and (not after or body["StartedOn"] > after)


def _refused(what: str) -> AwsError:
    return AwsError("NotImplemented", f"localaws does not implement {what} of a data quality run", 501)
