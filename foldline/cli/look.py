"""`foldline local jobs|job|logs|endpoints|queries|tables|objects`: the endpoint's pages, as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Optional

import typer

from foldline.cli.options import Output, Port
from foldline.cli.tables import print_table, shown_seconds, shown_time
from foldline.errors import EnvironmentFault
from foldline.localpages import page

STATEMENT = 120  # characters of a query in a list
KINDS = ("training", "processing", "transform", "tuning")
Word = Optional[str]  # noqa: UP045  # typer reads the annotation at run time
Form = Annotated[Output, typer.Option(help="How the result is written.")]


def jobs(
    kind: Annotated[
        str, typer.Argument(help="training, processing, transform, tuning or glue.")
    ] = "training",
    status: Annotated[Word, typer.Option(help="Only jobs of this status, such as Failed.")] = None,
    name: Annotated[Word, typer.Option(help="Only jobs whose name contains this.")] = None,
    port: Port = None,
    output: Form = Output.TEXT,
) -> None:
    """List jobs of a kind, newest first."""
    found = page(f"jobs/{kind}", port, status=status, name=name)
    rows = [
        [row["name"], row["status"], shown_seconds(row["seconds"]), shown_time(row["created"])]
        for row in found["jobs"]
    ]
    _show(found, output, ("job", "status", "ran", "created"), rows, f"no {kind} jobs")


def job(
    name: Annotated[str, typer.Argument(help="The job's name.")],
    port: Port = None,
    output: Form = Output.TEXT,
) -> None:
    """Show one job: its life, metrics, and why it failed."""
    found = _found_job(name, port)
    if output is Output.JSON:
        return _json(found)
    row = found["row"]
    typer.echo(f"{row['kind']} job {row['name']}: {row['status']}, ran {shown_seconds(row['seconds'])}")
    for step in found["transitions"]:
        typer.echo(f"  {shown_time(step['StartTime'])}  {step['Status']:<12} {step.get('StatusMessage', '')}")
    for metric in found["metrics"]:
        typer.echo(f"  {metric['MetricName']} = {metric['Value']}")
    if found["reason"]:
        typer.echo(found["reason"])
    return None


def logs(
    name: Annotated[str, typer.Argument(help="A job's name.")], port: Port = None, output: Form = Output.TEXT
) -> None:
    """Print the last lines of a job's log."""
    found = _found_job(name, port)
    lines = found.get("log", [])
    if output is Output.JSON:
        return _json(lines)
    for line in lines:
        typer.echo(line["text"])
    return None


def endpoints(port: Port = None, output: Form = Output.TEXT) -> None:
    """List endpoints."""
    found = page("endpoints", port)
    rows = [[row["name"], row["status"], shown_time(row["created"])] for row in found["endpoints"]]
    _show(found, output, ("endpoint", "status", "created"), rows, "nothing serves")


def queries(
    workgroup: Annotated[str, typer.Option(help="Of which workgroup.")] = "primary",
    port: Port = None,
    output: Form = Output.TEXT,
) -> None:
    """List Athena queries, newest first."""
    found = page("queries", port, workgroup=workgroup)
    rows = [
        [
            row["id"],
            row["status"],
            shown_seconds(row["seconds"]),
            f"{row['scanned']:,} B",
            " ".join(row["sql"].split())[:STATEMENT],
        ]
        for row in found["queries"]
    ]
    _show(found, output, ("query", "state", "took", "scanned", "statement"), rows, "no queries")


def tables(
    table: Annotated[Word, typer.Argument(help="DATABASE.TABLE, to see its columns.")] = None,
    port: Port = None,
    output: Form = Output.TEXT,
) -> None:
    """List the catalogue's tables, or one table's columns."""
    if table:
        database, _, name = table.partition(".")
        found = page(f"tables/{database}/{name}", port)
        columns = [*found["columns"], *({**key, "comment": "partition key"} for key in found["keys"])]
        rows = [[column["name"], column["type"], column["comment"]] for column in columns]
        return _show(found, output, ("column", "type", "comment"), rows, "no columns")
    found = page("tables", port)
    rows = [
        [f"{database['name']}.{entry['name']}", str(entry["columns"]), entry["location"]]
        for database in found["databases"]
        for entry in database["tables"]
    ]
    return _show(found, output, ("table", "columns", "location"), rows, "the catalogue has no tables")


def objects(
    uri: Annotated[
        Word, typer.Argument(help="s3://bucket/folder/ or an object; every bucket when left out.")
    ] = None,
    port: Port = None,
    output: Form = Output.TEXT,
) -> None:
    """List buckets, or a folder of one; show the beginning of an object."""
    found = page("objects" + (f"/{uri.removeprefix('s3://')}" if uri else ""), port)
    if "preview" in found and output is Output.TEXT:
        return _preview(found["preview"])
    if "buckets" in found:
        return _show(
            found, output, ("bucket",), [[f"s3://{name}"] for name in found["buckets"]], "no buckets"
        )
    rows = [[folder, "", ""] for folder in found.get("folders", [])]
    rows += [
        [item["name"], f"{item['size']:,}", shown_time(item["modified"])] for item in found.get("objects", [])
    ]
    return _show(found, output, ("key", "bytes", "modified"), rows, "empty")


COMMANDS = (jobs, job, logs, endpoints, queries, tables, objects)


def _found_job(name: str, port: int | None) -> dict[str, Any]:
    """The page of the job of a name, whatever its kind.

    Raises:
        EnvironmentFault: No endpoint runs, or no kind has such a job.
    """
    page("jobs", port)  # so that a missing endpoint is not taken for a missing job
    for kind in ("glue",) if "/" in name else KINDS:
        try:
            return page(f"jobs/{kind}/{name}", port)
        except EnvironmentFault:
            continue
    raise EnvironmentFault(f"no job is called {name}", mend="foldline local jobs lists them")


def _preview(found: dict[str, Any]) -> None:
    if found["kind"] == "text":
        typer.echo(found["text"], nl=not found["text"].endswith("\n"))
    elif found["kind"] == "rows":
        print_table([column["name"] for column in found["columns"]], found["rows"])
    else:
        typer.echo("not text")


def _show(
    found: dict[str, Any], output: Output, header: Sequence[str], rows: Sequence[Sequence[str]], empty: str
) -> None:
    if output is Output.JSON:
        _json(found)
    elif rows:
        print_table(header, rows)
    else:
        typer.echo(empty)


def _json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2))
