"""The steps on Glue: by Airflow's own `dag.test()`, and their operators' work replayed and killed."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foldline.aws import Clients
from foldline.cli.plan import planned_calls
from foldline.config import load_pipeline
from foldline.contracts import violations
from foldline.errors import ConfigError, DataError, QualityError
from foldline.layout import PipelineLayout, S3Uri
from foldline.waiting import Staying, Suspended, Waits, Watch
from operators.base import StepOperator
from operators.glue_crawler import GlueCrawlerOperator
from operators.glue_job import GlueJobOperator
from operators.glue_quality import GlueDataQualityOperator
from operators.steprun import Place, StepRun
from tests.airflowhomes import migrated
from tests.conftest import ROOT, Endpoint, start_endpoint
from tests.e2e.conftest import Project, variables_for

pytestmark = pytest.mark.xdist_group("orders")
BUCKET = "foldline-local"
ORDERS = "id,customer,amount,discount\n1,1,10,5\n2,1,3,\n3,2,500,\n4,2,7,\n"
CUSTOMERS = "id,name\n1,Ann\n2,Bob\n"
PACE = "0.06"  # Glue starts a job after 0.9 s, then Python starts: longer than a deferrable worker stays


@dataclass
class LettingGo:
    """Waits of a worker that lets go at every pause."""

    watches: list[Watch]

    def pause(self, seconds: float, watch: Watch) -> None:
        self.watches.append(watch)
        raise Suspended(watch)


@dataclass
class Bed:
    """The project, its endpoint and the raw files."""

    project: Project
    endpoint: Endpoint
    client: Callable[[str], Any]

    def run(self, step: str, run_id: str, waits: Waits | None = None) -> StepRun:
        """A step of a run, as its operator's ``work`` gets it."""
        pipeline = load_pipeline("orders", root=self.project.root, env="local")
        made = StepRun(pipeline, step, Place("orders", run_id, step), Clients(pipeline.environment))
        made.waits = waits or Staying(made.clock)
        return made

    def work(self, operator: type[StepOperator], step: str, run_id: str, **settings: Any) -> dict[str, Any]:
        """The step's result, when a worker lets go at every pause."""
        made = operator(step=f"orders.{step}", task_id=step, **settings)
        watches: list[Watch] = []
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                return {**made.work(self.run(step, run_id, LettingGo(watches))), "pauses": len(watches)}
            except Suspended as suspended:
                time.sleep(min(suspended.watch.seconds, 0.2))
        raise AssertionError(f"{step} does not end")

    def started(self) -> list[int]:
        """How many crawls, evaluations and job runs there have been."""
        glue = self.client("glue")
        crawls = [glue.list_crawls(CrawlerName=one)["Crawls"] for one in glue.list_crawlers()["CrawlerNames"]]
        runs = [glue.get_job_runs(JobName=one)["JobRuns"] for one in glue.list_jobs()["JobNames"]]
        table = {"GlueTable": {"DatabaseName": "orders", "TableName": "orders"}}
        judged = glue.list_data_quality_ruleset_evaluation_runs(Filter={"DataSource": table})["Runs"]
        return [sum(map(len, crawls)), len(judged), sum(map(len, runs))]

    def text(self, uri: S3Uri) -> str:
        """An object."""
        return self.client("s3").get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read().decode()

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in one of the pipeline's files."""
        self.project.edit(f"infra/orders/{file}", old, new)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint that takes a while, as Glue does."""
    running = start_endpoint(
        tmp_path_factory.mktemp("localaws"), 0, "--realistic", "--pace", PACE, warm=False
    )
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(endpoint: Endpoint, connect: Callable[..., Any]) -> Callable[[str], Any]:
    made: dict[str, Any] = {}

    def get(service: str) -> Any:
        return made.setdefault(service, connect(endpoint, service))

    return get


@pytest.fixture
def bed(
    endpoint: Endpoint,
    client: Callable[[str], Any],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Bed:
    """A copy of the project with its raw files in S3."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "docs" / "examples" / "orders", root)
    (root / "infra/env").mkdir()
    shutil.copy(ROOT / "infra/env/local.yaml", root / "infra/env/local.yaml")
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for table, text in (("orders", ORDERS), ("customers", CUSTOMERS)):
        s3.put_object(Bucket=BUCKET, Key=f"orders/raw/{table}/{table}.csv", Body=text.encode())
    variables = variables_for(root, endpoint.url, migrated(tmp_path_factory.getbasetemp() / "airflow-glue"))
    for name in ("AWS_ENDPOINT_URL", "FOLDLINE_ROOT"):
        monkeypatch.setenv(name, variables[name])
    return Bed(Project(root, variables), endpoint, client)


def test_every_request_is_one_that_aws_takes(bed: Bed) -> None:
    """
    Requests are built and checked offline, Spark's too.
    """
    bed.edit("clean.yaml", "runtime: python_shell\ndpu: 0.0625", "runtime: spark\nmodules: [pyarrow==15.0.2]")
    planned = planned_calls(load_pipeline("orders", root=bed.project.root, env="local"))

    found = {call.operation: violations(call.service, call.operation, call.request) for call in planned}
    assert {"CreateJob", "StartJobRun", "StartDataQualityRulesetEvaluationRun"} <= found.keys()
    assert [] == [problem for problems in found.values() for problem in problems]
    (job,) = [call.request for call in planned if call.operation == "CreateJob"]
    assert ("glueetl", "G.1X", 2) == (job["Command"]["Name"], job["WorkerType"], job["NumberOfWorkers"])
    (run,) = [call.request for call in planned if call.operation == "StartJobRun"]
    assert "pyarrow==15.0.2" == run["Arguments"]["--additional-python-modules"]


def test_a_run_crawls_judges_and_cleans(bed: Bed) -> None:
    """
    Three tasks by `dag.test()`, the job handed over to the triggerer; each started its work once.
    """
    before = bed.started()

    summary = bed.project.foldline("run", "orders", "--output", "json", "-p", "least=6")

    run = json.loads(summary.stdout)
    assert run["succeeded"]
    assert [1, 1, 1] == [now - then for now, then in zip(bed.started(), before, strict=True)]
    (log,) = (bed.project.root / ".foldline/runs").glob("*.log")
    assert "waits in the triggerer for glue-job" in log.read_text()
    layout = PipelineLayout(BUCKET, "orders").run(run["run_id"])
    records = {task: json.loads(bed.text(layout.record(task))) for task in ("catalogue", "rules", "clean")}
    assert ["crawler", "quality-run", "glue-job"] == [one["jobs"][0]["kind"] for one in records.values()]
    assert ['Completeness "discount" > 0.5'] == records["rules"]["result"]["warnings"]
    assert ["PASS", "PASS", "PASS", "FAIL"] == [
        rule["result"] for rule in records["rules"]["evidence"]["rules"]
    ]
    assert isinstance(records["clean"]["result"]["dpu_seconds"], float)
    cleaned = bed.text(S3Uri.parse(records["clean"]["result"]["uri"]) / "clean.csv")
    assert ["1", "3", "4"] == [line.split(",")[0] for line in cleaned.splitlines()[1:]]


@pytest.mark.parametrize(
    ("name", "value"), [("database", {"tables": []}), ("foldline_key", "x"), ("least", None)]
)
def test_a_dag_hands_in_plain_values(bed: Bed, name: str, value: Any) -> None:
    """
    A result without such a member, Foldline's own arguments and nothing at all are refused; no run is started.
    """
    with pytest.raises(ConfigError, match=name):
        bed.work(GlueJobOperator, "clean", "handed", arguments={name: value})


def test_work_that_is_replayed_at_every_pause_starts_once(bed: Bed) -> None:
    """
    A worker that lets go at each look finds its crawl, its evaluation and its job run again.
    """
    before = bed.started()

    crawled = bed.work(GlueCrawlerOperator, "catalogue", "replayed")
    judged = bed.work(GlueDataQualityOperator, "rules", "replayed")
    cleaned = bed.work(GlueJobOperator, "clean", "replayed", arguments={"database": crawled})

    assert [1, 1, 1] == [now - then for now, then in zip(bed.started(), before, strict=True)]
    assert min(crawled["pauses"], judged["pauses"], cleaned["pauses"]) >= 1
    assert {"database": "orders", "tables": ["orders", "customers"]}.items() <= crawled.items()
    assert (0.75, 4, ['Completeness "discount" > 0.5']) == (
        judged["score"],
        judged["rules"],
        judged["warnings"],
    )


@pytest.fixture
def catalogued(bed: Bed) -> Bed:
    """The project with its tables in the catalogue; an earlier test may have crawled them."""
    databases = bed.client("glue").get_databases()["DatabaseList"]
    if "orders" not in [database["Name"] for database in databases]:
        bed.work(GlueCrawlerOperator, "catalogue", "catalogued")
    return bed


def test_a_broken_rule_fails_with_its_offenders(catalogued: Bed) -> None:
    """
    The error names the rule and what Glue saw; with a share that suffices the table is let pass.
    """
    catalogued.edit("orders.dqdl", "between 0 and 1000", "between 0 and 100")

    with pytest.raises(QualityError, match="breaks 1 of 4 rules") as caught:
        catalogued.work(GlueDataQualityOperator, "rules", "broken")
    assert 'FAIL  ColumnValues "amount" between 0 and 100' in caught.value.cause
    assert isinstance(caught.value, DataError)

    catalogued.edit("rules.yaml", "workers: 2", "workers: 2\nmin_score: 0.6")
    assert 0.5 == catalogued.work(GlueDataQualityOperator, "rules", "let-pass")["score"]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("clean.yaml", "clean.py", "claen.py", "did you mean 'clean.py'?"),
        ("clean.py", "def main(", "def main((", "script: clean.py line 16"),
        ("clean.yaml", "dpu: 0.0625", "dpu: 0.5", "dpu: 0.5, must be 0.0625 or 1"),
        ("clean.yaml", "least: 5", "JOB_NAME: x", "arguments.JOB_NAME: is an argument that Glue or Foldline"),
        (
            "clean.yaml",
            "max_runtime",
            "request: {MaxRetries: 3}\nmax_runtime",
            "request.MaxRetries: cannot be",
        ),
        ("rules.yaml", "orders.dqdl", "order.dqdl", "did you mean 'orders.dqdl'?"),
        (
            "orders.dqdl",
            "IsPrimaryKey",
            "IsPrimaryKy",
            "line 3: 'IsPrimaryKy' is no rule type of DQDL; did you",
        ),
        ("orders.dqdl", "Rules =", "rules =", "must be of the form Rules = [ rule, rule ]"),
        ("orders.dqdl", "1000,", "1000,,", "line 4: a rule is missing"),
        ("orders.dqdl", '"id",', '"id,', "a quoted text that opens here is never closed"),
        ("rules.yaml", '"discount" > 0.5', '"discount" > 0.6', "is no rule of orders.dqdl; did you mean"),
        ("rules.yaml", "references: {customers", "references: {primary", "references.primary: is what DQDL"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_sent(
    bed: Bed, file: str, old: str, new: str, told: str
) -> None:
    """
    Scripts, rules and settings are checked when the DAG file is read.
    """
    bed.edit(file, old, new)

    with pytest.raises(ConfigError) as caught:
        load_pipeline("orders", root=bed.project.root, env="local")
    assert told in str(caught.value)
