"""Glue's operations on crawlers, and the threads their runs live in."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Document
from localaws.glue.crawl import Cancelled, Crawl, Outcome, grouping, target_place
from localaws.glue.crawl_history import CRAWLER as KIND
from localaws.glue.crawl_history import LOG_GROUP, CrawlHistory
from localaws.glue.crawler_schedules import schedule
from localaws.glue.paging import page
from localaws.glue.tags import Tags
from localaws.world import World

INVALID = "InvalidInputException"
SETTINGS = (
    "Name",
    "Role",
    "DatabaseName",
    "Description",
    "Targets",
    "Classifiers",
    "TablePrefix",
    "SchemaChangePolicy",
    "RecrawlPolicy",
    "LineageConfiguration",
    "Configuration",
    "CrawlerSecurityConfiguration",
)
DEFAULTS: Document = {
    "Classifiers": [],
    "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"},
    "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
    "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
}


class Crawlers:
    """CreateCrawler and its like; each run is a thread of its own."""

    def __init__(self, world: World, tags: Tags, history: CrawlHistory) -> None:
        self.world = world
        self.store = world.store
        self.tags = tags
        self.history = history
        self._runs: dict[str, tuple[threading.Thread, threading.Event]] = {}

    def start(self) -> None:
        """Settle the runs an earlier server left behind: they failed."""
        for crawler in self.store.all(KIND):
            if crawler["State"] != "READY":
                self._settle(
                    crawler["Name"], "FAILED", Outcome(), "The local endpoint was stopped while it crawled"
                )

    def stop(self) -> None:
        """Cancel what runs and wait for it."""
        for thread, stopped in list(self._runs.values()):
            stopped.set()
            thread.join()

    def CreateCrawler(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add a crawler."""
        _check(request)
        now = time.time()
        body = DEFAULTS | {key: request[key] for key in SETTINGS if key in request}
        body |= {
            "State": "READY",
            "CrawlElapsedTime": 0,
            "CreationTime": now,
            "LastUpdated": now,
            "Version": 1,
        }
        if request.get("Schedule"):
            body["Schedule"] = schedule(request["Schedule"])
        body["Runtimes"], body["Metrics"] = [], {"TablesCreated": 0, "TablesUpdated": 0, "TablesDeleted": 0}
        if not self.store.create(KIND, request["Name"], body):
            raise AwsError("AlreadyExistsException", f"Crawler with name {request['Name']} already exists")
        self.tags.put(self._arn(request["Name"]), request.get("Tags") or {})
        return {}

    def GetCrawler(self, request: dict[str, Any]) -> dict[str, Any]:
        """One crawler with its state and its last run."""
        return {"Crawler": _shown(self._crawler(request["Name"]))}

    def GetCrawlers(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the crawlers."""
        found, token = page(self.store.all(KIND), request, limit=100, code="OperationTimeoutException")
        return {"Crawlers": [_shown(body) for body in found], "NextToken": token}

    def BatchGetCrawlers(self, request: dict[str, Any]) -> dict[str, Any]:
        """Several crawlers; those that are not there are named."""
        found = {name: self.store.get(KIND, name) for name in request["CrawlerNames"]}
        return {
            "Crawlers": [_shown(body) for body in found.values() if body],
            "CrawlersNotFound": [name for name, body in found.items() if not body],
        }

    def ListCrawlers(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the crawlers' names, of those that carry the given tags."""
        wanted = request.get("Tags") or {}
        names = [body["Name"] for body in self.store.all(KIND)]
        names = [name for name in names if wanted.items() <= self.tags.get(self._arn(name)).items()]
        found, token = page(names, request, limit=100, code="OperationTimeoutException")
        return {"CrawlerNames": found, "NextToken": token}

    def UpdateCrawler(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change what is given of a crawler that does not run."""
        with self.store.transaction():
            old = self._idle(request["Name"], "Cannot update Crawler while running")
            body = {**old, **{key: request[key] for key in SETTINGS if key in request}}
            _check(body)
            if "Schedule" in request:
                body["Schedule"] = schedule(request["Schedule"]) if request["Schedule"] else None
            self.store.put(
                KIND, body["Name"], {**body, "LastUpdated": time.time(), "Version": old["Version"] + 1}
            )
        return {}

    def DeleteCrawler(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a crawler that does not run; its tables stay."""
        with self.store.transaction():
            self._idle(request["Name"], f"Crawler with name {request['Name']} is running")
            self.store.delete(KIND, request["Name"])
            self.tags.forget(self._arn(request["Name"]))
            self.history.forget(request["Name"])
        return {}

    def StartCrawler(self, request: dict[str, Any]) -> dict[str, Any]:
        """Start a run."""
        name, run, stopped = request["Name"], str(uuid.uuid4()), threading.Event()
        with self.store.transaction():
            self._idle(name, f"Crawler with name {name} has already started")
            started = time.time()
            self.store.update(KIND, name, State="RUNNING", StartTime=started, Run=run)
            self.history.begin(name, run, started)
            thread = threading.Thread(target=self._run, args=(name, run, stopped), name=f"crawler {name}")
            self._runs[name] = thread, stopped
        thread.start()
        return {}

    def StopCrawler(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask a run to stop; it does so before its next file."""
        name = request["Name"]
        with self.store.transaction():
            state = self._crawler(name)["State"]
            if state == "READY":
                raise AwsError("CrawlerNotRunningException", f"Crawler with name {name} isn't running")
            if state == "STOPPING":
                raise AwsError("CrawlerStoppingException", f"Crawler with name {name} is already stopping")
            self.store.update(KIND, name, State="STOPPING")
            self._runs[name][1].set()
        return {}

    def GetCrawlerMetrics(self, request: dict[str, Any]) -> dict[str, Any]:
        """How long crawlers take and what their last runs wrote."""
        names = request.get("CrawlerNameList") or [body["Name"] for body in self.store.all(KIND)]
        found, token = page(names, request, limit=100, code="OperationTimeoutException")
        crawlers = [body for body in (self.store.get(KIND, name) for name in found) if body]
        return {"CrawlerMetricsList": [_metrics(body) for body in crawlers], "NextToken": token}

    def _run(self, name: str, run: str, stopped: threading.Event) -> None:
        """A run from its start to its settlement; the body of its thread."""
        self._say(name, run, f"BENCHMARK : Running Start Crawl for Crawler {name}")
        crawl = Crawl(
            self.world, self._crawler(name), run, lambda text: self._say(name, run, text), stopped.is_set
        )
        try:
            self.world.pace.pause("crawler.Running", stopped)
            crawl.go()
        except Cancelled:
            self._settle(name, "CANCELLED", crawl.outcome)
        except AwsError as error:
            self._settle(name, "FAILED", crawl.outcome, error.message)
        except Exception as error:
            self._settle(name, "FAILED", crawl.outcome, f"Internal Service Exception: {error!r}")
            raise
        else:
            self.store.update(KIND, name, State="STOPPING")
            self._settle(name, "SUCCEEDED", crawl.outcome)
        finally:
            if self._runs[name][1] is stopped:  # not a newer run's, started since this one settled
                del self._runs[name]

    def _settle(self, name: str, status: str, outcome: Outcome, message: str | None = None) -> None:
        """Write down how a run ended, and be ready for the next."""
        crawler = self._crawler(name)
        run, started = crawler["Run"], crawler["StartTime"]
        if message:
            self._say(name, run, f"ERROR : {message}")
        self._say(name, run, "BENCHMARK : Crawler has finished running and is in state READY")
        last: Document = {"Status": status, "LogGroup": LOG_GROUP, "LogStream": name}
        last |= {"MessagePrefix": run, "StartTime": started}
        if message:
            last["ErrorMessage"] = message[:2048]
        metrics = {
            "TablesCreated": len(outcome.created),
            "TablesUpdated": len(outcome.updated),
            "TablesDeleted": len(outcome.deleted),
        }
        runtimes = [*crawler["Runtimes"], time.time() - started][-20:]
        with self.store.transaction():
            self.history.end(name, run, status, outcome, last.get("ErrorMessage"))
            self.store.update(KIND, name, State="READY", LastCrawl=last, Runtimes=runtimes, Metrics=metrics)

    def _say(self, name: str, run: str, text: str) -> None:
        self.world.logs.append(LOG_GROUP, name, [(time.time_ns() // 1_000_000, f"[{run}] {text}")])

    def _crawler(self, name: str) -> Document:
        found = self.store.get(KIND, name)
        if found is None:
            raise AwsError("EntityNotFoundException", f"Crawler entry with name {name} does not exist")
        return found

    def _idle(self, name: str, otherwise: str) -> Document:
        crawler = self._crawler(name)
        if crawler["State"] != "READY":
            raise AwsError("CrawlerRunningException", otherwise)
        return crawler

    def _arn(self, name: str) -> str:
        return self.world.arn("glue", f"crawler/{name}")


def _shown(body: Document) -> Document:
    """A crawler as GetCrawler shows it."""
    running = body["State"] != "READY"
    elapsed = int((time.time() - body["StartTime"]) * 1000) if running else 0
    return {**body, "CrawlElapsedTime": elapsed}


def _metrics(body: Document) -> Document:
    runtimes = body["Runtimes"]
    middle = sorted(runtimes)[len(runtimes) // 2] if runtimes else 0.0
    return {
        "CrawlerName": body["Name"],
        "TimeLeftSeconds": 0.0,
        "StillEstimating": body["State"] != "READY" and not runtimes,
        "LastRuntimeSeconds": runtimes[-1] if runtimes else 0.0,
        "MedianRuntimeSeconds": middle,
        **body["Metrics"],
    }


def _check(request: Document) -> None:
    """Refuse what is not served, by name.

    Raises:
        AwsError: InvalidInputException for what is wrong, NotImplemented for what is not there.
    """
    targets = request["Targets"]
    for kind, entries in targets.items():
        if kind != "S3Targets" and entries:
            raise AwsError("NotImplemented", f"localaws crawls S3Targets only, not {kind}", 501)
    if not targets.get("S3Targets"):
        raise AwsError(INVALID, "Targets cannot be empty: at least one S3 target must be given")
    for target in targets["S3Targets"]:
        if not target.get("Path"):
            raise AwsError(INVALID, "S3 target path must be given")
        try:
            target_place(target)
        except AwsError as error:
            raise AwsError(INVALID, f"S3 target path {target['Path']} is not s3://bucket/prefix") from error
    if not request.get("DatabaseName"):
        raise AwsError(INVALID, "DatabaseName must be given")
    behaviour = (request.get("RecrawlPolicy") or {}).get("RecrawlBehavior", "CRAWL_EVERYTHING")
    if behaviour != "CRAWL_EVERYTHING":
        raise AwsError("NotImplemented", f"localaws does not implement RecrawlBehavior {behaviour}", 501)
    grouping(request.get("Configuration"))
