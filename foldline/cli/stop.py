"""`foldline stop RUN [TASK]`: stops what a run has under way, and waits until it has stopped."""

from __future__ import annotations

import json
import time
from typing import Annotated, Optional

import typer

from foldline.cli.awsruns import AwsRuns, aws_runs, place
from foldline.cli.options import Form, Output
from foldline.cli.status import document
from foldline.cli.tables import print_table
from foldline.errors import JobTimedOut
from foldline.remote.calls import Backoff
from foldline.remote.inventory import JOBS
from foldline.remote.sightings import Sighting
from foldline.remote.untagged import UNTAGGED
from foldline.remote.watched import WATCHED

STOPPED = (*JOBS, *UNTAGGED)
"""Kinds that are stopped, in this order: what starts other jobs first, or it would start more meanwhile."""


def stop(
    run: Annotated[str, typer.Argument(help="A run id, or the beginning of one.")],
    task: Annotated[
        Optional[str],  # noqa: UP045  # typer reads the annotation at run time
        typer.Argument(help="Only the jobs of this task."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait until all have stopped.")] = 900.0,
    output: Form = Output.TEXT,
) -> None:
    """Stop the jobs and queries of RUN, and wait until they have stopped; endpoints serve on."""
    runs = aws_runs()
    jobs = [one for one in runs.sightings(runs.owned(run, task)) if one.owned.kind in STOPPED]
    running = [one for one in jobs if not one.over]
    if not running:
        return _tell(runs, [], f"nothing to stop: all {len(jobs)} jobs are over", output)
    if not yes:
        for one in running:
            typer.echo(f"{place(one.owned)}  {one.owned.kind}  {one.owned.name}  {one.status}", err=True)
        typer.confirm(f"Stop {len(running)} jobs?", abort=True, err=True)
    stopped = stop_and_wait(runs, running, wait)
    sentence = "their tasks fail with JobStopped; clear a task to run its work again"
    return _tell(runs, stopped, sentence, output)


def stop_and_wait(runs: AwsRuns, running: list[Sighting], seconds: float) -> list[Sighting]:
    """The jobs as they ended.

    Raises:
        JobTimedOut: Some have not ended within ``seconds``; all were asked to.
    """
    for one in sorted(running, key=lambda one: STOPPED.index(one.owned.kind)):
        watched = WATCHED[one.owned.kind]
        watched.end(runs.clients.client(watched.service), runs.clock, one.owned.name)
    polling, deadline, looks = runs.environment.polling, time.monotonic() + seconds, 0
    backoff = Backoff(polling.first, polling.longest)
    while True:
        now = runs.sightings(one.owned for one in running)
        left = [one.owned.name for one in now if not one.over]
        if not left:
            return now
        if time.monotonic() > deadline:
            raise JobTimedOut(
                f"{len(left)} of {len(running)} jobs were asked to stop and did not within {seconds:.0f} s",
                where=", ".join(left[:10]),
                mend="run the same command again: it goes on waiting",
            )
        time.sleep(backoff.seconds(looks))
        looks += 1


def _tell(runs: AwsRuns, stopped: list[Sighting], sentence: str, output: Output) -> None:
    if output is Output.JSON:
        typer.echo(json.dumps([document(runs, one) for one in stopped], indent=2))
        return
    if stopped:
        rows = [[place(one.owned), one.owned.kind, one.owned.name, one.status] for one in stopped]
        print_table(("task", "kind", "job", "status"), rows)
    typer.echo(sentence)
