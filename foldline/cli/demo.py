"""`foldline run|demo|samples|ui`: pipelines on this machine, with progress and a summary."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from foldline.aws import Clients, endpoint_url
from foldline.cli import samples as sample_data
from foldline.cli.airflowhome import airflow_environment, ensure_migrated
from foldline.cli.live import Display
from foldline.cli.options import Output
from foldline.cli.processgroup import run_as_group
from foldline.cli.run import Finished, parsed_params, run_pipeline
from foldline.cli.summary import print_summary, summary_dict
from foldline.config import Pipeline, load_pipeline
from foldline.layout import PipelineLayout
from foldline.local import endpoint_port, health, start_endpoint, stop_endpoint

Params = Annotated[
    list[str], typer.Option("--param", "-p", help="A param of the run, such as -p folds=3; repeatable.")
]
Fraction = Annotated[float, typer.Option(help="Share of the largest table's rows to use.", max=1.0)]
Form = Annotated[Output, typer.Option(help="How the summary is written.")]
UI_PORT = 8080


def run(pipeline: str, param: Params = [], output: Form = Output.TEXT) -> None:  # noqa: B006  # typer copies it
    """Run PIPELINE's DAG once on this machine, through Airflow, and show its progress."""
    loaded = load_pipeline(pipeline)
    finished = _shown_run(loaded, parsed_params(param, loaded), output)
    _finish(finished, output)


def samples(pipeline: str, fraction: Fraction = 1.0) -> None:
    """Put PIPELINE's sample data into its raw folders in S3."""
    sizes = load_samples(load_pipeline(pipeline), fraction)
    for table, size in sizes.items():
        typer.echo(f"{table:<12} {size / 1e6:8.1f} MB")


def demo(
    pipeline: str = "flight_delays",
    param: Params = [],  # noqa: B006  # typer copies it
    fraction: Fraction = 1.0,
    keep: Annotated[bool, typer.Option(help="Leave the local endpoint running.")] = False,
    output: Form = Output.TEXT,
) -> None:
    """Start the local endpoint, load real data, run PIPELINE end to end, show what came out."""
    loaded = load_pipeline(pipeline)
    params = parsed_params(param, loaded)
    with local_endpoint(loaded, keep=keep):
        sizes = load_samples(loaded, fraction)
        if output is Output.TEXT:
            total = sum(sizes.values()) / 1e6
            typer.echo(f"{len(sizes)} raw tables, {total:.1f} MB, in s3://{loaded.environment.bucket}")
        finished = _shown_run(loaded, params, output)
        _finish(finished, output)
        if keep and output is Output.TEXT:
            url = endpoint_url(loaded.environment)
            typer.echo(f"The local endpoint runs on at {url}; end it with: foldline local stop")
    if not keep and output is Output.TEXT:
        typer.echo(
            "What the demo started has been stopped and its state kept; `make demo KEEP=1` leaves it running."
        )


def ui(
    pipeline: str = "flight_delays",
    fraction: Fraction = 1.0,
    port: Annotated[int, typer.Option(help="Port of Airflow's page.")] = UI_PORT,
) -> None:
    """Open Airflow on this machine with the DAGs and the local endpoint; Ctrl-C ends both."""
    loaded = load_pipeline(pipeline)
    with local_endpoint(loaded, keep=False):
        if loaded.name in sample_data.SAMPLES:
            load_samples(loaded, fraction)
        variables = airflow_environment(loaded.environment, loaded.root) | {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            # On loopback only, so whoever reaches the page is the person at this machine: no login.
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        }
        ensure_migrated(variables)
        typer.echo(f"Airflow starts at http://127.0.0.1:{port}/dags/{loaded.name}  (Ctrl-C ends it)")
        run_as_group([sys.executable, "-m", "airflow", "standalone"], variables)


@contextmanager
def local_endpoint(pipeline: Pipeline, *, keep: bool) -> Iterator[None]:
    """The environment's local endpoint, started when it does not run, and then also stopped again.

    One that ``AWS_ENDPOINT_URL`` names and that runs is taken as it is, whatever its state folder.
    """
    url = endpoint_url(pipeline.environment)
    if url is None:
        yield
        return
    named = "AWS_ENDPOINT_URL" in os.environ
    os.environ["AWS_ENDPOINT_URL"] = url
    port = endpoint_port()
    was_running = health(port) is not None
    if not (named and was_running):
        start_endpoint(port)
    try:
        yield
    finally:
        if not was_running and not keep:
            stop_endpoint(port)


def load_samples(pipeline: Pipeline, fraction: float) -> dict[str, int]:
    """Put the pipeline's sample into its raw folders, in a bucket made when it is missing; bytes by table."""
    environment = pipeline.environment
    clients = Clients(environment)
    clients.check_account()
    s3 = clients.client("s3")
    sample_data.ensure_bucket(s3, environment.bucket, environment.region, environment.account)
    layout = PipelineLayout(environment.bucket, pipeline.name)
    return sample_data.load(s3, layout, environment.account, fraction)


def _shown_run(pipeline: Pipeline, params: dict[str, object], output: Output) -> Finished:
    if output is Output.JSON:
        return run_pipeline(pipeline, params, lambda event: None)
    with Display(Console()) as display:
        return run_pipeline(pipeline, params, display.handle)


def _finish(finished: Finished, output: Output) -> None:
    """Show what came out; a failed run ends the command with exit code 1."""
    failed = [task for task in finished.record.tasks if task.state == "failed"] if finished.record else []
    if output is Output.JSON:
        known = summary_dict(finished.record, finished.report or "") if finished.record else {}
        stop = {"stopped_at": failed[0].task_id, "error": failed[0].error} if failed else {}
        document = {**known, "succeeded": finished.succeeded, "run_id": finished.run_id, **stop}
        typer.echo(json.dumps(document, indent=2, default=str))
    elif finished.record is not None:
        print_summary(Console(), finished.record, finished.report or "")
    if finished.succeeded:
        return
    if output is Output.TEXT:
        for task in failed:
            typer.echo(f"\n{task.task_id} failed: {task.error}", err=True)
        typer.echo(f"\nthe run did not succeed; Airflow's log: {finished.log}", err=True)
    raise typer.Exit(1)
