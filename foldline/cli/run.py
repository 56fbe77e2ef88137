"""One pipeline run on this machine: a child process with Airflow in it, events shown, record fetched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from foldline import progress
from foldline.aws import Clients
from foldline.cli.airflowhome import airflow_environment, ensure_migrated, state_folder
from foldline.config import Pipeline
from foldline.errors import ConfigError, FoldlineError
from foldline.layout import PipelineLayout, S3Uri, path_slug
from foldline.remote.calls import error_code
from foldline.runs import RunRecord

END_SECONDS = 5.0
"""How long a child gets to end by itself before it is killed: `dag.test()` swallows SIGTERM."""


@dataclass(frozen=True)
class Finished:
    """A run that ended.

    Attributes:
        succeeded: Whether every task did.
        run_id: Airflow's run id.
        record: The run record, when the report step wrote one.
        report: The fetched report page, likewise.
        log: Airflow's whole output.
    """

    succeeded: bool
    run_id: str
    record: RunRecord | None
    report: Path | None
    log: Path


def parsed_params(pairs: list[str], pipeline: Pipeline) -> dict[str, Any]:
    """``["folds=3"]`` as typed params, checked against the settings they stand for.

    Raises:
        ConfigError: A pair is no ``name=value``, or the pipeline refuses it.
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise ConfigError(f"{pair!r} is no param", mend="write name=value, such as -p folds=3")
        value = yaml.safe_load(text)
        values[name] = value if isinstance(value, str | int | float | bool | None) else text
    pipeline.with_params(values)
    return values


def run_pipeline(
    pipeline: Pipeline, params: Mapping[str, Any], show: Callable[[dict[str, Any]], None]
) -> Finished:
    """Run the pipeline's DAG to its end.

    Args:
        pipeline: The pipeline; its DAG has the same name.
        params: Checked params of the run.
        show: Called with every progress event.

    Raises:
        EnvironmentFault: Nothing answers where the environment file says.
        KeyboardInterrupt: The user interrupted; the child was ended.
    """
    clients = Clients(pipeline.environment)
    clients.check_account()
    variables = airflow_environment(pipeline.environment, pipeline.root)
    ensure_migrated(variables)
    folder = state_folder(pipeline.root) / "runs"
    folder.mkdir(exist_ok=True)
    name = f"{pipeline.name}-{os.getpid()}"
    events, log = folder / f"{name}.events.jsonl", folder / f"{name}.log"
    events.unlink(missing_ok=True)
    command = [sys.executable, "-m", "foldline.cli.dagrun", pipeline.name, json.dumps(dict(params))]
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            env={**variables, progress.VARIABLE: str(events)},
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=pipeline.root,
            start_new_session=True,
        )
        try:
            run_id = _follow(child, events, show)
        except BaseException:
            end(child)
            raise
    if child.returncode not in (0, 1) or not run_id:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise FoldlineError(f"Airflow ended without a run of {pipeline.name}", where=str(log), cause=tail)
    record, report = fetched(clients, pipeline, run_id)
    return Finished(child.returncode == 0, run_id, record, report, log)


def _follow(child: subprocess.Popen[bytes], events: Path, show: Callable[[dict[str, Any]], None]) -> str:
    """Show the child's events until it ends; the run id it told."""
    over, run_id = threading.Event(), ""

    def wait() -> None:
        child.wait()
        over.set()

    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    for event in progress.follow(events, over):
        run_id = event.get("run_id") or run_id
        show(event)
    waiter.join()
    return run_id


def end(child: subprocess.Popen[bytes]) -> None:
    """End the child and what it started."""
    for stop in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            return
        os.killpg(child.pid, stop)
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def fetched(clients: Clients, pipeline: Pipeline, run_id: str) -> tuple[RunRecord | None, Path | None]:
    """The run record and a local copy of the report, where the run left them."""
    layout = PipelineLayout(pipeline.environment.bucket, pipeline.name).run(run_id)
    record = _object(clients, layout.run_json)
    page = _object(clients, layout.report)
    if record is None or page is None:
        return None, None
    folder = state_folder(pipeline.root) / "reports"
    folder.mkdir(exist_ok=True)
    path = folder / f"{pipeline.name}-{path_slug(run_id)}.html"
    path.write_bytes(page)
    return RunRecord.from_json(record.decode()), path


def _object(clients: Clients, uri: S3Uri) -> bytes | None:
    try:
        body: bytes = clients.client("s3").get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()
        return body
    except Exception as error:
        if error_code(error) in ("404", "NoSuchKey"):
            return None
        raise
