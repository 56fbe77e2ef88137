"""The observed project on a real local endpoint: runs it by Airflow's `dag.test()`, keeps all that it tells."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from foldline.cli.airflowhome import airflow_environment
from foldline.environment import environment
from tests.airflowhomes import migrated
from tests.conftest import ROOT

PROJECT = ROOT / "docs" / "examples" / "observed"
BUCKET = "foldline-local"
TOPIC = "arn:aws:sns:us-east-1:123456789012:observed"
SECRET = "T000/B000/this-is-secret"


class Slack:
    """Stands for hooks.slack.com: takes what is posted, and answers as it is told."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.answers: list[int] = []
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = slack.answers.pop(0) if slack.answers else 200
                slack.paths.append(self.path)
                if status == 200:
                    slack.bodies.append(body)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b"ok" if status == 200 else b"no_service")

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/{SECRET}"


@dataclass
class Told:
    """One run, and what it left."""

    run_id: str
    state: str
    log: str
    lineage: list[dict[str, Any]]
    slack: list[dict[str, Any]]
    sns: list[dict[str, Any]]


@dataclass
class ObservedBed:
    """The project, its endpoint, its Airflow home, its Slack and its SNS subscription."""

    root: Path
    url: str
    connect: Any
    slack: Slack = field(default_factory=Slack)
    queue: str = ""

    def prepare(self) -> None:
        """Lay out the project, its raw data, its topic with a queue that listens, and Airflow's database."""
        shutil.copytree(PROJECT, self.root, dirs_exist_ok=True)
        (self.root / "infra" / "env").mkdir()
        local = (ROOT / "infra" / "env" / "local.yaml").read_text()
        (self.root / "infra" / "env" / "local.yaml").write_text(local)
        looks = "polling: {first: 1300ms, longest: 1300ms}"
        assert "polling: {first: 50ms, longest: 500ms, patience: 1m}" in local
        patient = local.replace("polling: {first: 50ms, longest: 500ms, patience: 1m}", looks)
        (self.root / "infra" / "env" / "patient.yaml").write_text(patient)
        s3, sns, sqs = self.connect("s3"), self.connect("sns"), self.connect("sqs")
        s3.create_bucket(Bucket=BUCKET)
        rows = "".join(f"v{number},{number % 2},{number / 10}\n" for number in range(40))
        s3.put_object(
            Bucket=BUCKET, Key="observed/raw/visits/a.csv", Body=f"visit,sold,minutes\n{rows}".encode()
        )
        assert TOPIC == sns.create_topic(Name="observed")["TopicArn"]
        self.queue = sqs.create_queue(QueueName="observed")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)
        migrated(Path(self.variables["AIRFLOW_HOME"]))

    @property
    def variables(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AIRFLOW", "FOLDLINE"))}
        ours = airflow_environment(environment("local", self.root), self.root)
        ours = {
            k: v for k, v in ours.items() if k not in os.environ or k.startswith(("AWS_", "AIRFLOW", "FOLD"))
        }
        transport = {"type": "file", "log_file_path": str(self.root / "lineage.jsonl"), "append": True}
        return {
            **kept,
            **ours,
            "AIRFLOW_HOME": str(self.root / "airflow"),
            "AWS_ENDPOINT_URL": self.url,
            "AIRFLOW__API__BASE_URL": "http://airflow.example:8080",
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
            "AIRFLOW__OPENLINEAGE__NAMESPACE": "tests",
            "AIRFLOW_CONN_SLACK_OBSERVED": json.dumps(
                {"conn_type": "slackwebhook", "password": self.slack.url}
            ),
        }

    def run(self, env: str = "local", **params: Any) -> Told:
        """Run the DAG `observed` to its end; `patient` looks so rarely that a deferrable task is handed over."""
        for file in self.root.glob("lineage.jsonl"):
            file.unlink()
        del self.slack.bodies[:]
        done = subprocess.run(
            [sys.executable, "-m", "foldline.cli.dagrun", "observed", json.dumps(params)],
            env={**self.variables, "FOLDLINE_ENV": env},
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stdout
        with self.database() as database:
            ((run_id, state),) = database.execute(
                "SELECT run_id, state FROM dag_run WHERE dag_id = 'observed' ORDER BY id DESC LIMIT 1"
            ).fetchall()
        events = self.root / "lineage.jsonl"
        lines = events.read_text().splitlines() if events.exists() else []
        return Told(
            run_id,
            state,
            done.stdout,
            [json.loads(line) for line in lines],
            list(self.slack.bodies),
            self.messages(),
        )

    def database(self) -> sqlite3.Connection:
        """Airflow's own database."""
        return sqlite3.connect(self.root / "airflow" / "airflow.db")

    def messages(self) -> list[dict[str, Any]]:
        """What came through SNS since the last look."""
        sqs = self.connect("sqs")
        found: list[dict[str, Any]] = []
        while answer := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in answer:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found
