"""Secrets in everything that a user controls, and a search of everything that others can read."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from foldline.cli.airflowhome import airflow_environment
from foldline.environment import environment

pytestmark = pytest.mark.xdist_group("canaries")
HERE = Path(__file__).parent / "canaries"
FLIES = "Zq7Xv9Lm2Rt5"
"""In every canary, so that a search for parts finds halves too."""
PASSWORD = f"{FLIES}-password"
CANARIES = {
    "log": [
        f"read postgresql://etl:{FLIES}01@db.example.com/raw",
        "key AKIA" + "QZ7XV9LM2RT5W02X",
        f"aws_secret_access_key={FLIES}03vR8k2LmQx0ZpT5yHn3Wc",
        f"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{FLIES}04.{FLIES}04",
        f"-----BEGIN RSA PRIVATE KEY-----\n{FLIES}05\n{FLIES}05\n-----END RSA PRIVATE KEY-----",
        f"Authorization: Bearer {FLIES}06{FLIES}06",
        f"ghp_{FLIES}07{FLIES}07{FLIES}",
        f"https://hooks.slack.com/services/T000/B000/{FLIES}08{FLIES}08",
        f"https://b.s3.amazonaws.com/k?X-Amz-Signature={FLIES}09{FLIES}09",
        f'{{"db_password": "{FLIES}10"}}',
    ],
    "failure": [f"KeyError in mysql://root:{FLIES}11@db/x", f"api_token={FLIES}12"],
    "evidence": [f"amqp://u:{FLIES}13@mq/"],
    "error": f"redis://:{FLIES}14@cache/0 refused",
    "cause": f"login failed, password: '{FLIES}15'",
    "result": {"result is secret": {"client_secret": f"{FLIES}16"}},
}
WORKER = {
    "SNOWFLAKE_PASSWORD": f"{FLIES}19",
    "DATABASE_URL": f"postgresql://u:{FLIES}20@h/d",
    "AIRFLOW_CONN_RAW_DB": f"postgresql://etl:{FLIES}21@db.example.com/raw",
    "CANARY_PARAM": f"postgresql://u:{FLIES}22@h/d",
}
DECLARED = ("canary-17-hyperparameter", "canary-18-environment")
"""Named under not_secret: they go where they were written to go, into the job's request."""
PARTS = (FLIES, FLIES.upper(), *DECLARED)


@dataclass(frozen=True)
class Aftermath:
    """What two runs left."""

    output: str
    home: Path
    lines: str
    triggers: str
    events: str

    @property
    def states(self) -> list[dict[str, str]]:
        """States of the tasks, by run."""
        return [
            json.loads(line.removeprefix("STATES "))
            for line in self.output.splitlines()
            if line.startswith("STATES ")
        ]


@pytest.fixture(scope="module")
def aftermath(make_project, airflow_home, tmp_path_factory):
    """The two runs, on the session's endpoint."""
    project = make_project()
    for folder in ("dags", "infra"):
        shutil.copytree(HERE / folder, project.root / folder, dirs_exist_ok=True)
    scratch = tmp_path_factory.mktemp("canaries")
    (scratch / "said.json").write_text(json.dumps(CANARIES))
    (scratch / "triggers").touch()
    project.foldline("samples", "flight_delays", "--fraction", "0.001")  # makes the bucket
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "AIRFLOW", "FOLDLINE"))]:
            patch.delenv(name)
        for name, value in project.variables.items():
            patch.setenv(name, value)
        variables = airflow_environment(environment("local", project.root), project.root)
    extra = {
        "CANARIES": str(scratch / "said.json"),
        "CANARY_TRIGGERS": str(scratch / "triggers"),
        "CANARY_LINES": str(scratch / "lines"),
        "FOLDLINE_EVENTS": str(scratch / "events"),
        **WORKER,
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "runs.py")],
        env={**variables, **extra},
        cwd=project.root,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Aftermath(
        done.stdout + done.stderr,
        airflow_home,
        (scratch / "lines").read_text(),
        (scratch / "triggers").read_text(),
        (scratch / "events").read_text(),
    )


def hits(text: str) -> list[str]:
    """Canaries in a text, each with the words around it."""
    found = []
    for part in PARTS:
        at = text.find(part)
        while at >= 0:
            found.append(text[max(0, at - 60) : at + 60])
            at = text.find(part, at + 1)
    return found


def rows(home: Path) -> dict[str, list[str]]:
    """Canaries in Airflow's database, by table and column."""
    found: dict[str, list[str]] = {}
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            cursor = database.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                    if seen := hits(text):
                        found.setdefault(f"{table}.{column}", []).extend(seen)
    return found


def test_the_runs_went_as_they_were_told(aftermath):
    """
    One task succeeds, one fails by itself, one by its job, one by its result; a secret param starts nothing.
    """
    first, second = aftermath.states
    expected = {
        "stay_ends": "success",
        "defer_task_fails": "failed",
        "stay_job_fails": "failed",
        "defer_result_is_secret": "failed",
        "report": "success",
    }
    assert expected == first, aftermath.output
    assert {"failed"} == set(second.values()) - {"upstream_failed"}


def test_task_logs_hold_no_secret(aftermath):
    """
    Neither what a job wrote, nor its FailureReason, nor a traceback down to its first cause.
    """
    logs = [file.read_text(errors="replace") for file in (aftermath.home / "logs").rglob("*.log")]
    assert [] == hits(aftermath.output)
    assert [] == [hit for text in logs for hit in hits(text)]
    assert "db.example.com/raw" in aftermath.output, "the log tail is there, less its secrets"


def test_airflows_masker_knows_the_workers_secrets(aftermath):
    """
    A task that prints its environment and its connections shows none: the supervisor's filter of log lines.
    """
    assert "SNOWFLAKE_PASSWORD" in aftermath.lines
    assert [] == hits(aftermath.lines)


def test_airflows_database_holds_no_secret(aftermath):
    """
    No table does (XCom, rendered fields, triggers, DAGs), but for the conf that its user gave to one run.
    """
    assert {"dag_run.conf"} == set(rows(aftermath.home))


def test_triggers_and_progress_hold_no_secret(aftermath):
    """
    What a deferred task hands to the triggerer are names and seconds.
    """
    assert "WaitTrigger" in aftermath.triggers
    assert [] == hits(aftermath.triggers + aftermath.events)


def test_what_lies_in_s3_holds_no_secret(aftermath, client):
    """
    Run record, report page, task records and what tasks remember.
    """
    s3 = client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="foldline-local", Prefix="canaries/")
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    bodies = {
        key: s3.get_object(Bucket="foldline-local", Key=key)["Body"].read().decode(errors="replace")
        for key in keys
    }
    assert [] == [(key, hit) for key, body in bodies.items() for hit in hits(body)]
    assert [key for key in keys if key.endswith("report.html")]


def test_requests_hold_what_was_declared_and_nothing_else(aftermath, client):
    """
    A job's request has the values its file names under not_secret; Jinja, shell and quotes stay as they are written.
    """
    sagemaker = client("sagemaker")
    names = [
        job["TrainingJobName"] for job in sagemaker.list_training_jobs(MaxResults=100)["TrainingJobSummaries"]
    ]
    jobs = [sagemaker.describe_training_job(TrainingJobName=name) for name in names]
    mine = [job for job in jobs if "auth_token" in job.get("HyperParameters", {})]
    assert 4 == len(mine), "a run with a secret param starts no job"
    for job in mine:
        sent = {key: job[key] for key in ("HyperParameters", "Environment", "AlgorithmSpecification")}
        tags = sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
        assert FLIES not in json.dumps([sent, tags])
        assert '"canary-17-hyperparameter"' == job["HyperParameters"]["auth_token"]
        text = "{{ 7 * 7 }} {% for i in x %} $(id) ; rm -rf / ' \" ünï"
        assert text == json.loads(job["HyperParameters"]["text"])
