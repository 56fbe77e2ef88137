"""`foldline local start|stop|status|reset`: the local AWS endpoint from the command line."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Optional

import typer

from foldline import local
from foldline.cli import fault, look
from foldline.cli.options import Output, Port
from foldline.statefolder import delete_state, state_folder

app = typer.Typer(help="The local AWS endpoint: run it, look inside, make it fail.", no_args_is_help=True)
app.add_typer(fault.app, name="fault")

State = Annotated[
    Optional[Path],  # noqa: UP045  # typer reads the annotation at run time
    typer.Option(help="State folder; by default FOLDLINE_STATE, else .foldline/localaws of the project."),
]


@app.command()
def start(
    port: Port = None,
    state: State = None,
    realistic: Annotated[
        bool, typer.Option("--realistic", help="Let jobs, crawlers and endpoints take as long as on AWS.")
    ] = False,
    pace: Annotated[
        float, typer.Option(help="With --realistic: AWS's time times this.", min=0.001, max=10)
    ] = 1,
) -> None:
    """Start the local endpoint in the background, and wait until it is ready."""
    running = local.start_endpoint(port, state, pace=pace if realistic else None)
    typer.echo(f"the local endpoint is {running.state} at {running.url} (process {running.pid})")
    typer.echo(f"state in {running.folder}")
    typer.echo(f"export AWS_ENDPOINT_URL={running.url}")


@app.command()
def stop(port: Port = None) -> None:
    """Stop the local endpoint; its state stays."""
    stopped = local.stop_endpoint(port)
    if stopped is None:
        typer.echo(f"no local endpoint runs on port {local.endpoint_port(port)}")
    else:
        typer.echo(f"stopped the local endpoint at {stopped.url} (process {stopped.pid})")


@app.command()
def status(port: Port = None, output: Output = Output.TEXT) -> None:
    """Show the local endpoint; exit code 1 when none runs."""
    running = local.health(local.endpoint_port(port))
    if output is Output.JSON:
        found = dataclasses.asdict(running) if running else {"state": "stopped"}
        typer.echo(json.dumps(found, default=str, indent=2))
    elif running is None:
        typer.echo(f"no local endpoint runs on port {local.endpoint_port(port)}")
    else:
        typer.echo(f"{running.state} at {running.url} (process {running.pid}, version {running.version})")
        typer.echo(f"state in {running.folder}")
        typer.echo(f"services: {', '.join(running.services)}")
    if running is None:
        raise typer.Exit(1)


@app.command()
def reset(
    state: State = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete the local endpoint's state: every bucket, table, job, model and log."""
    folder = state_folder(state)
    if not folder.exists():
        typer.echo(f"nothing to delete: {folder} does not exist")
        return
    if not yes:
        typer.confirm(f"delete {folder} with everything in it?", abort=True)
    delete_state(folder)
    typer.echo(f"deleted {folder}")


for command in look.COMMANDS:
    app.command()(command)
