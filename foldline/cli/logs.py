"""`foldline logs RUN [TASK]`: what the jobs of a run wrote, and write."""

from __future__ import annotations

import json
import time
from typing import Annotated, Optional

import typer

from foldline.cli.awsruns import AwsRuns, aws_runs, place
from foldline.cli.options import Form, Output
from foldline.redaction import redacted
from foldline.remote.inventory import Owned
from foldline.remote.logs.tailing import Tail
from foldline.remote.sightings import Sighting
from foldline.remote.watched import WATCHED

LOOK_SECONDS = 1.0
"""Between two looks at what a followed job wrote."""
READ_SECONDS = 120.0
"""How long the log of one job may take to read."""


def logs(
    run: Annotated[str, typer.Argument(help="A run id, or the beginning of one.")],
    task: Annotated[
        Optional[str],  # noqa: UP045  # typer reads the annotation at run time
        typer.Argument(help="Only the jobs of this task; task/trial-001/fold-001 is one job."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until all jobs are over.")] = False,
    output: Form = Output.TEXT,
) -> None:
    """Print what the jobs of RUN wrote, job by job; with --follow, as they write it."""
    runs = aws_runs()
    owned = [one for one in runs.owned(run, task) if WATCHED[one.kind].log_groups]
    tails = {one: tail(runs, one) for one in owned}
    told = 0
    for seen in runs.sightings(owned):
        told += show(seen.owned, _rest(runs, tails[seen.owned]), output)
    while follow and (running := [one for one in runs.sightings(owned) if not one.over]):
        time.sleep(LOOK_SECONDS)
        told += _round(runs, running, tails, output)
    if follow:
        for one in owned:
            told += show(one, _rest(runs, tails[one]), output)
    if not told and output is Output.TEXT:
        typer.echo(f"no log lines yet: {len(owned)} jobs", err=True)


def tail(runs: AwsRuns, owned: Owned) -> Tail:
    """A reader of one job's log, from its beginning."""
    return Tail(
        connect=lambda: runs.clients.client("logs"),
        clock=runs.clock,
        kind=owned.kind,
        name=owned.name,
        every=LOOK_SECONDS,
    )


def show(owned: Owned, lines: list[str], output: Output) -> int:
    """Print lines under the name of their task; how many there were. Values of secrets are left out."""
    where = f"{place(owned)}/{owned.label}" if owned.label else place(owned)
    clean = redacted("\n".join(lines)).split("\n") if lines else []
    for line in clean:
        if output is Output.JSON:
            typer.echo(json.dumps({"task": where, "job": owned.name, "line": line}))
        else:
            typer.echo(f"[{where}] {line}")
    return len(clean)


def _round(runs: AwsRuns, running: list[Sighting], tails: dict[Owned, Tail], output: Output) -> int:
    return sum(show(one.owned, tails[one.owned].lines(), output) for one in running)


def _rest(runs: AwsRuns, reader: Tail) -> list[str]:
    return reader.rest(runs.clock.monotonic() + READ_SECONDS)
