"""The warehouse project on a real local endpoint, and its steps run without Airflow, killed where a test likes."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from foldline.aws import Clients
from foldline.config import Pipeline, load_pipeline
from foldline.waiting import Staying, Waits
from operators.base import StepOperator
from operators.steprun import Place, StepRun
from tests.conftest import ROOT, Endpoint

PROJECT = ROOT / "docs" / "examples" / "warehouse"
BUCKET = "foldline-local"
SALES = [(1, "north", 5), (2, "north", 20), (3, "north", 30), (4, "south", 40), (5, "south", 1)]
OVER = ("SUCCEEDED", "FAILED", "CANCELLED")


class Killed(BaseException):
    """The worker is gone; nothing may catch it."""


@dataclass
class Killer:
    """Stands before a client: lets the ``after``-th call be done, then ends the worker before it knows."""

    client: Any
    count: list[int]
    after: int

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        if not callable(found) or name in ("get_paginator", "meta", "exceptions"):
            return found

        def counted(**request: Any) -> Any:
            answer = found(**request)
            self.count[0] += 1
            if self.count[0] == self.after:
                raise Killed(name)
            return answer

        return counted


class KillingClients(Clients):
    """Clients of a worker that is killed right after its ``after``-th call."""

    def __init__(self, clients: Clients, after: int) -> None:
        super().__init__(clients.environment)
        self.clients = clients
        self.count = [0]
        self.after = after

    def client(self, service: str) -> Any:
        return Killer(self.clients.client(service), self.count, self.after)


@dataclass
class Bed:
    """A project, its endpoint and its tables."""

    root: Path
    endpoint: Endpoint
    connect: Callable[..., Any]
    clients: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def at(cls, root: Path, endpoint: Endpoint, connect: Callable[..., Any]) -> Bed:
        """A copy of the project, pointed at an endpoint."""
        shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "infra" / "env").mkdir()
        local = (ROOT / "infra" / "env" / "local.yaml").read_text()
        here = local.replace("http://127.0.0.1:4566", endpoint.url)
        (root / "infra" / "env" / "local.yaml").write_text(here)
        return cls(root, endpoint, connect)

    def client(self, service: str) -> Any:
        """A boto3 client of the endpoint."""
        if service not in self.clients:
            self.clients[service] = self.connect(self.endpoint, service)
        return self.clients[service]

    def athena(self, sql: str) -> str:
        """A statement that has ended well; its id."""
        started = self.client("athena").start_query_execution(
            QueryString=sql, ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/tests/"}
        )["QueryExecutionId"]
        while (status := self.execution(started)["Status"])["State"] not in OVER:
            time.sleep(0.01)
        assert "SUCCEEDED" == status["State"], status
        return started

    def execution(self, query_id: str) -> dict[str, Any]:
        """Athena's description of a query."""
        return self.client("athena").get_query_execution(QueryExecutionId=query_id)["QueryExecution"]

    def executions(self, words: str) -> list[dict[str, Any]]:
        """All queries with these words in their text."""
        pages = self.client("athena").get_paginator("list_query_executions").paginate()
        found = [self.execution(name) for page in pages for name in page["QueryExecutionIds"]]
        return [one for one in found if words in one["Query"]]

    def rows(self, sql: str) -> list[list[str | None]]:
        """The rows of a query."""
        answer = self.client("athena").get_query_results(QueryExecutionId=self.athena(sql))
        rows = answer["ResultSet"]["Rows"][1:]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]

    def keys(self, prefix: str) -> list[str]:
        """Keys of the bucket below a prefix."""
        answer = self.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for item in answer.get("Contents", ())]

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in one of the project's files."""
        path = self.root / "infra" / file
        text = path.read_text()
        assert old in text, f"{file} holds no {old!r}"
        path.write_text(text.replace(old, new))

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as its files are now."""
        return load_pipeline("warehouse", root=self.root, env="local")

    @cached_property
    def ours(self) -> Clients:
        """The clients a step gets; making them anew for each would take most of the time."""
        return Clients(self.pipeline.environment)

    def run(
        self,
        step: str,
        run_id: str,
        *,
        clients: Clients | None = None,
        waits: Waits | None = None,
        epoch: int = 0,
    ) -> StepRun:
        """A step of a run, as its operator's ``work`` gets it."""
        pipeline = self.pipeline
        made = StepRun(
            pipeline,
            step,
            Place("warehouse", run_id, step, epoch=epoch),
            clients or self.ours,
        )
        made.waits = waits or Staying(made.clock)
        return made

    def work(self, operator: type[StepOperator], step: str, run_id: str, **how: Any) -> dict[str, Any]:
        """The step's result, by the operator's own ``work``."""
        made = operator(step=f"warehouse.{step}", task_id=step)
        return dict(made.work(self.run(step, run_id, **how)))

    def killed_everywhere(self, operator: type[StepOperator], step: str, run_id: str) -> tuple[Any, int]:
        """The result after a worker was killed at each call in turn, and how many kills that were.

        The first worker dies after its first call, the second after its second, and so on, until one ends.
        """
        kills = 0
        while True:
            clients = KillingClients(self.ours, kills + 1)
            try:
                return self.work(operator, step, run_id, clients=clients), kills
            except Killed:
                kills += 1


def fill(endpoint: Endpoint, connect: Callable[..., Any]) -> None:
    """Put sales of today into the endpoint's Athena and Redshift."""
    bed = Bed(Path(), endpoint, connect)
    bed.client("s3").create_bucket(Bucket=BUCKET)
    bed.client("glue").create_database(DatabaseInput={"Name": "shop"})
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    lines = "".join(f"{number},{region},{amount},{now}\n" for number, region, amount in SALES)
    bed.client("s3").put_object(Bucket=BUCKET, Key="shop/sales/1.csv", Body=lines.encode())
    bed.athena(
        "CREATE EXTERNAL TABLE shop.sales (id int, region string, amount int, sold_at timestamp) "
        f"ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://{BUCKET}/shop/sales/'"
    )
    values = ", ".join(f"({number}, '{region}', {amount})" for number, region, amount in SALES)
    for sql in (
        "CREATE TABLE sales (id int, region varchar(20), amount int)",
        f"INSERT INTO sales VALUES {values}",
    ):
        bed.client("redshift-data").execute_statement(
            Sql=sql, WorkgroupName="shop", Database="dev", WaitTimeSeconds=30
        )
