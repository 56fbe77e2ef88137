"""`foldline local fault add|list|remove|clear`: make the local endpoint fail as AWS does on a bad day."""

from __future__ import annotations

import json
from typing import Annotated, Any, Optional

import typer

from foldline import localfaults
from foldline.cli.options import Output, Port

app = typer.Typer(help="Faults on demand: add, list, remove, clear.", no_args_is_help=True)

Text = Optional[str]  # noqa: UP045
Whole = Optional[int]  # noqa: UP045
Number = Optional[float]  # noqa: UP045


@app.command()
def add(
    effect: Annotated[
        str,
        typer.Argument(
            help="For calls: throttle, error, internal_failure, unavailable, expired_token, limit, drop, "
            "commit_then_drop, delay, stale. For jobs: capacity, internal, spot, bad_container."
        ),
    ],
    *,
    service: Annotated[Text, typer.Option(help="Service, or a glob: sagemaker, s3, 'sagemaker*'.")] = None,
    operation: Annotated[Text, typer.Option(help="Operation, or a glob: 'Describe*'.")] = None,
    resource: Annotated[
        Text, typer.Option(help="Glob of a name in the request, of bucket/key, or of the job's name.")
    ] = None,
    job: Annotated[Text, typer.Option(help="Kind of job: training, processing, transform, glue.")] = None,
    count: Annotated[Whole, typer.Option(help="Strike so many times, then never again.")] = None,
    skip: Annotated[Whole, typer.Option(help="Let so many pass first.")] = None,
    every: Annotated[Whole, typer.Option(help="Strike the first and every so many-th.")] = None,
    probability: Annotated[Number, typer.Option(help="The chance to strike, 0 to 1.")] = None,
    seed: Annotated[Whole, typer.Option(help="Of the chances: the same seed strikes the same calls.")] = None,
    code: Annotated[Text, typer.Option(help="error: the error code.")] = None,
    message: Annotated[Text, typer.Option(help="The error's text.")] = None,
    status: Annotated[Whole, typer.Option(help="error: the HTTP status (default 400).")] = None,
    seconds: Annotated[
        Number, typer.Option(help="delay: how long; stale: how old; spot: when into the program.")
    ] = None,
    writes: Annotated[Whole, typer.Option(help="stale: how many changes a read does not see.")] = None,
    port: Port = None,
    output: Output = Output.TEXT,
) -> None:
    """Add a rule; it strikes from now on, and after restarts too."""
    members = {name: value for name, value in locals().items() if name not in ("port", "output")}
    _show([localfaults.add_fault(members, port)], output, single=True)


@app.command("list")
def list_rules(port: Port = None, output: Output = Output.TEXT) -> None:
    """List the rules, with how often each has matched and struck."""
    rules = localfaults.fault_rules(port)
    if not rules and output is Output.TEXT:
        typer.echo("no fault rules")
    _show(rules, output)


@app.command()
def remove(
    rule: Annotated[str, typer.Argument(help="The rule's id, as `list` shows it.")],
    port: Port = None,
    output: Output = Output.TEXT,
) -> None:
    """Take a rule back."""
    removed = localfaults.remove_fault(rule, port)
    if output is Output.JSON:
        _show([removed], output, single=True)
    else:
        typer.echo(f"removed {_line(removed)}")


@app.command()
def clear(port: Port = None, output: Output = Output.TEXT) -> None:
    """Take every rule back."""
    removed = localfaults.clear_faults(port)
    if output is Output.JSON:
        typer.echo(json.dumps({"removed": removed}))
    else:
        typer.echo(f"removed {removed} fault rule{'' if removed == 1 else 's'}")


def _show(rules: list[dict[str, Any]], output: Output, *, single: bool = False) -> None:
    if output is Output.JSON:
        typer.echo(json.dumps(rules[0] if single else rules, indent=2))
        return
    for rule in rules:
        typer.echo(_line(rule))


def _line(rule: dict[str, Any]) -> str:
    """A rule in a line: ``f1 throttle service=sagemaker count=3 (matched 5, struck 3)``."""
    shown = [
        f"{key}={value}" for key, value in rule.items() if key not in ("id", "effect", "matched", "hits")
    ]
    counts = f"(matched {rule['matched']}, struck {rule['hits']})"
    return " ".join([rule["id"], rule["effect"], *shown, counts])
