"""`foldline reap`: what no living run owns; stopped and deleted with `--apply`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from foldline.aws import Clients
from foldline.cli.airflowhome import MARKER, airflow_environment
from foldline.cli.options import Form, Output
from foldline.cli.tables import print_table
from foldline.environment import Environment, environment
from foldline.reaper import OneOfSeveral, Reaper
from foldline.reaping import RunState, TaskState
from foldline.remote.calls import SystemClock
from foldline.remote.orphans.survey import Runs

RUN_STATES: dict[str, RunState] = {
    "queued": "living",
    "running": "living",
    "success": "success",
    "failed": "failed",
}
OVER = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
LIVING = frozenset(
    {"", "scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule", "deferred"}
)
PATIENCE_SECONDS = 120


def reap(
    apply: Annotated[bool, typer.Option("--apply", help="Stop and delete what is found.")] = False,
    sole: Annotated[
        bool,
        typer.Option(
            "--sole", help="No other Airflow runs this environment's pipelines: a run it lacks is gone."
        ),
    ] = False,
    output: Form = Output.TEXT,
) -> None:
    """Show what no living run owns: jobs, endpoints, configs, models, staged data, uploads."""
    settings = environment()
    clients = Clients(settings)
    clients.check_account()
    known, knows = airflow_runs(settings)
    runs = known if sole else OneOfSeveral(known)
    reaper = Reaper(settings, clients, SystemClock(settings.polling.patience), runs)
    found = reaper.found()
    audit = str(reaper.apply(found)) if apply and found else ""
    if output is Output.JSON:
        document = {"airflow": knows, "found": [asdict(verdict) for verdict in found], "audit": audit}
        typer.echo(json.dumps(document, indent=2))
        return
    if not knows:
        typer.echo(
            "No Airflow of this project was found, so no run's state is known: no job is judged by it."
        )
    if not found:
        typer.echo("nothing was found that nobody owns")
        return
    rows = [[verdict.action, verdict.kind, verdict.name, verdict.why] for verdict in found]
    print_table(("action", "kind", "name", "why"), rows)
    typer.echo(f"done; audit: {audit}" if audit else "nothing was changed; --apply does it")


@dataclass
class NoRuns:
    """Nobody to ask: nothing is known."""

    def run(self, dag: str, run: str) -> RunState:
        """Unknown."""
        return "unknown"

    def task(self, dag: str, run: str, task: str, map_index: int) -> TaskState:
        """Unknown."""
        return "unknown"


@dataclass
class CommandRuns:
    """What an Airflow knows, asked by its own command line; each DAG and each run once.

    Attributes:
        variables: Environment variables of that Airflow.
    """

    variables: dict[str, str]
    _dags: dict[str, dict[str, str] | None] = field(default_factory=dict, init=False)
    _tasks: dict[tuple[str, str], list[dict[str, str]] | None] = field(default_factory=dict, init=False)

    def run(self, dag: str, run: str) -> RunState:
        """The state of a run; unknown when this Airflow has no such DAG."""
        if dag not in self._dags:
            rows = self._ask("dags", "list-runs", dag)
            self._dags[dag] = None if rows is None else {row["run_id"]: row["state"] for row in rows}
        states = self._dags[dag]
        if states is None:
            return "unknown"
        return RUN_STATES.get(states[run], "unknown") if run in states else "gone"

    def task(self, dag: str, run: str, task: str, map_index: int) -> TaskState:
        """The state of one task instance."""
        if (dag, run) not in self._tasks:
            self._tasks[dag, run] = self._ask("tasks", "states-for-dag-run", dag, run)
        rows = self._tasks[dag, run]
        if rows is None:
            return "unknown"
        index = str(map_index) if map_index >= 0 else ""
        words = [row["state"] for row in rows if (row["task_id"], row.get("map_index", "")) == (task, index)]
        if len(words) != 1:
            return "unknown" if words else "gone"
        return "over" if words[0] in OVER else "living" if words[0] in LIVING else "unknown"

    def _ask(self, *words: str) -> list[dict[str, str]] | None:
        """The rows a command of Airflow's prints; None when it fails or takes too long."""
        try:
            done = subprocess.run(
                [sys.executable, "-m", "airflow", *words, "--output", "json"],
                env=self.variables,
                capture_output=True,
                text=True,
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        if done.returncode != 0:
            return None
        return rows_in(done.stdout)


def rows_in(text: str) -> list[dict[str, str]] | None:
    """The rows in what an Airflow command printed, behind what Airflow may have logged; None without any."""
    at = 0
    for line in text.splitlines(keepends=True):
        if line.startswith("["):
            try:
                rows: list[dict[str, str]] = json.loads(text[at:])
                return rows
            except ValueError:
                pass  # a log line that begins with a bracket
        at += len(line)
    return None


def airflow_runs(settings: Environment) -> tuple[Runs, bool]:
    """Who to ask about runs on this machine, and whether anybody is there."""
    variables = airflow_environment(settings)
    home = Path(variables["AIRFLOW_HOME"])
    if any((home / name).exists() for name in (MARKER, "airflow.cfg", "airflow.db")):
        return CommandRuns(variables), True
    return NoRuns(), False
