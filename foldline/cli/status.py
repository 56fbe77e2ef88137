"""`foldline status [RUN]`: the jobs of a run, or the last runs; no Airflow is asked."""

from __future__ import annotations

import json
from typing import Annotated, Any, Optional

import typer

from foldline.cli.awsruns import AwsRuns, aws_runs
from foldline.cli.options import Form, Output
from foldline.cli.tables import print_table, shown_seconds, shown_time
from foldline.consoles import pages
from foldline.remote.inventory import Owned
from foldline.remote.sightings import Sighting
from foldline.remote.watched import WATCHED
from foldline.runs import JobRecord, TaskRecord

LAST_RUNS = 20


def status(
    run: Annotated[
        Optional[str],  # noqa: UP045  # typer reads the annotation at run time
        typer.Argument(help="A run id or the beginning of one; the last runs when left out."),
    ] = None,
    output: Form = Output.TEXT,
) -> None:
    """Show the jobs of RUN, or the last runs."""
    runs = aws_runs()
    if run is None:
        return _last(runs, output)
    owned = runs.owned(run)
    seen = runs.sightings(owned)
    found = [document(runs, one) for one in seen]
    known = {one.owned.name for one in seen}
    found += [recorded(runs, owned[0], task, job) for task, job in runs.recorded(owned[0], known)]
    if output is Output.JSON:
        typer.echo(json.dumps(found, indent=2))
        return None
    rows = [
        [
            job["task"] if job["map_index"] < 0 else f"{job['task']}[{job['map_index']}]",
            job["label"],
            job["kind"],
            job["name"],
            job["status"],
            shown_seconds(job["seconds"]),
            job["instance"],
            job["link"],
        ]
        for job in found
    ]
    print_table(("task", "part", "kind", "job", "status", "ran", "instance", "link"), rows)
    for job in found:
        if job["reason"]:
            typer.echo(f"{job['name']}: {job['reason']}")
    return None


def document(runs: AwsRuns, one: Sighting) -> dict[str, Any]:
    """One job as plain JSON."""
    return {
        "dag": one.owned.dag,
        "run": one.owned.run,
        "task": one.owned.task,
        "map_index": one.owned.map_index,
        "label": one.owned.label,
        "epoch": one.owned.epoch,
        "generation": one.owned.generation,
        "kind": one.owned.kind,
        "name": one.owned.name,
        "arn": one.owned.arn,
        "status": one.status,
        "created": one.created.isoformat() if one.created else None,
        "seconds": one.seconds,
        "instance": one.instance,
        "reason": one.reason,
        "link": pages(runs.environment).work(one.owned.kind, [one.owned.name]),
    }


def recorded(runs: AwsRuns, of: Owned, task: TaskRecord, job: JobRecord) -> dict[str, Any]:
    """What an ended task keeps of work that is not seen any more, as :func:`document` has it.

    Args:
        runs: Where links lead.
        of: Anything else of the run.
        task: The task.
        job: One of its jobs.
    """
    return {
        "dag": of.dag,
        "run": of.run,
        "task": task.task_id,
        "map_index": task.map_index,
        "label": "",
        "epoch": None,
        "generation": job.generation,
        "kind": job.kind,
        "name": job.name,
        "arn": job.arn,
        "status": job.status,
        "created": job.started or None,
        "seconds": job.seconds,
        "instance": job.instance,
        "reason": "",
        "link": pages(runs.environment).work(job.kind, [job.name]) if job.kind in WATCHED else "",
    }


def _last(runs: AwsRuns, output: Output) -> None:
    found = runs.recent()[:LAST_RUNS]
    if output is Output.JSON:
        typer.echo(json.dumps([vars(line) for line in found], indent=2))
    elif found:
        rows = [
            [
                line.run,
                line.dag,
                ("" if line.whole else "at least ")
                + ", ".join(f"{count} {word}" for word, count in sorted(line.statuses.items())),
                shown_time(line.created),
            ]
            for line in found
        ]
        print_table(("run", "dag", "jobs", "newest"), rows)
    else:
        typer.echo(f"no run has jobs in environment {runs.environment.name}")
