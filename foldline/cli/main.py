"""The `foldline` command: errors of ours are shown as text; anything else is a bug, with its traceback."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import typer
from rich.console import Console

from foldline.cli import demo, local, logs, reap, status, stop, validate
from foldline.cli.schema import schema
from foldline.errors import FoldlineError
from foldline.redaction import redacted

app = typer.Typer(
    help="End-to-end ML pipelines on Airflow, SageMaker, Athena and Glue; for real on a laptop.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("validate")(validate.validate)
app.command("run")(demo.run)
app.command("demo")(demo.demo)
app.command("samples")(demo.samples)
app.command("ui")(demo.ui)
app.command("schema")(schema)
app.command("status")(status.status)
app.command("logs")(logs.logs)
app.command("stop")(stop.stop)
app.command("reap")(reap.reap)
app.add_typer(local.app, name="local")


def main() -> None:
    """Run the command line; exit code 1 for an error of ours, 130 when interrupted.

    SIGTERM is taken as Ctrl-C, so that what a command started is ended with it.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except FoldlineError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"{type(error).__name__}: {redacted(str(error))}", style="red", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
