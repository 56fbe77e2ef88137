"""The shop's project on a real local endpoint, and its database: a real PostgreSQL, or a SQLite file."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from foldline.aws import Clients
from foldline.config import Pipeline, load_pipeline
from foldline.waiting import Staying, Waits
from operators.extract import SourceExtractOperator
from operators.steprun import Place, StepRun
from tests.conftest import ROOT, Endpoint
from tests.dags.warehousebed import Killed, KillingClients

PROJECT = ROOT / "docs" / "examples" / "shop"
BUCKET = "foldline-local"


@dataclass
class ShopBed:
    """A copy of the project at an endpoint, with a bucket and a Glue database of its own.

    Attributes:
        root: The project.
        endpoint: Where AWS answers.
        client: Gives boto3 clients of it.
        token: What tells it from the others there.
    """

    root: Path
    endpoint: Endpoint
    client: Callable[[str], Any]
    token: str

    @classmethod
    def at(cls, root: Path, endpoint: Endpoint, client: Callable[[str], Any], token: str) -> ShopBed:
        """A copy of the project, pointed at an endpoint."""
        shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "infra" / "env").mkdir()
        local = (ROOT / "infra" / "env" / "local.yaml").read_text()
        here = local.replace("http://127.0.0.1:4566", endpoint.url).replace(BUCKET, f"{BUCKET}-{token}")
        (root / "infra" / "env" / "local.yaml").write_text(here)
        client("s3").create_bucket(Bucket=f"{BUCKET}-{token}")
        bed = cls(root, endpoint, client, token)
        for file in ("extract.yaml", "changes.yaml", "ingest.yaml"):
            bed.edit(file, "database: shop", f"database: {bed.database}")
        return bed

    @property
    def bucket(self) -> str:
        """The environment's bucket."""
        return f"{BUCKET}-{self.token}"

    @property
    def database(self) -> str:
        """The Glue database."""
        return f"shop_{self.token}"

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in one of the pipeline's files."""
        path = self.root / "infra" / "shop" / file
        text = path.read_text()
        assert old in text, f"{file} holds no {old!r}"
        path.write_text(text.replace(old, new))

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as its files are now."""
        return load_pipeline("shop", root=self.root, env="local")

    @cached_property
    def ours(self) -> Clients:
        """The clients a step gets."""
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
        made = StepRun(self.pipeline, step, Place("shop", run_id, step, epoch=epoch), clients or self.ours)
        made.waits = waits or Staying(made.clock)
        return made

    def work(self, step: str, run_id: str, **how: Any) -> dict[str, Any]:
        """The step's result, by the operator's own ``work``."""
        made = SourceExtractOperator(step=f"shop.{step}", task_id=step)
        return dict(made.work(self.run(step, run_id, **how)))

    def killed_everywhere(self, step: str, run_id: str, every: int = 1) -> tuple[dict[str, Any], int]:
        """The result after a worker was killed at its calls in turn, and how many kills that were."""
        kills = 0
        while True:
            clients = KillingClients(self.ours, 1 + kills * every)
            try:
                return self.work(step, run_id, clients=clients), kills
            except Killed:
                kills += 1

    def keys(self, uri: str) -> list[str]:
        """Keys of all objects below an address."""
        pages = self.client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket, Prefix=uri.removeprefix(f"s3://{self.bucket}/"))
        return [item["Key"] for page in found for item in page.get("Contents", ())]

    def text(self, uri: str) -> str:
        """An object."""
        key = uri.removeprefix(f"s3://{self.bucket}/")
        return self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read().decode()

    def latin(self, key: str) -> str:
        """An object's bytes as text, whatever they are."""
        body = self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body.decode("latin-1")

    def table(self, uri: str) -> Any:
        """All rows below an address, as Arrow has them."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        bodies = [
            self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in self.keys(uri)
        ]
        return pa.concat_tables([pq.read_table(io.BytesIO(body)) for body in bodies])

    def athena(self, sql: str) -> list[list[str | None]]:
        """The rows of a query."""
        athena = self.client("athena")
        started = athena.start_query_execution(
            QueryString=sql, ResultConfiguration={"OutputLocation": f"s3://{self.bucket}/tests/"}
        )["QueryExecutionId"]
        while True:
            status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
            if status["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                break
            time.sleep(0.01)
        assert "SUCCEEDED" == status["State"], status
        rows = athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"][1:]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]
