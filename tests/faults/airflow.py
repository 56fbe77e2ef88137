"""Airflow's own processes, each by its own pid: started, killed and restarted as a test pleases."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from foldline.cli.airflowhome import ensure_migrated
from tests.airflowhomes import migrated
from tests.faults.processes import ENDS_WITH_PARENT, end_all, free_port, is_alive, parent_of
from tests.faults.rest import Refused, Rest, quoted

ROLES = ("api-server", "scheduler", "dag-processor", "triggerer")
OVER = ("success", "failed")
SECONDS = 180.0
LOOK = 0.3
"""Seconds between two questions to the API server; each costs it some ten milliseconds of a core."""
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
PROBLEM = re.compile(
    r"Traceback|Error\b|\[(warning|error|critical) *\]|\"level\": ?\"(warning|error)", re.IGNORECASE
)

SETTINGS = {
    "CORE__LOAD_EXAMPLES": "False",
    "CORE__EXECUTOR": "LocalExecutor",
    "CORE__PARALLELISM": "4",
    "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "CORE__FERNET_KEY": "YjYxZWM1ZTA2MjQ5NGE2Y2I1YzA5ZWI0YmIxNzg4MWU=",
    "API__WORKERS": "1",
    "API__SECRET_KEY": "of-the-tests",
    "API_AUTH__JWT_SECRET": "of-the-tests-and-long-enough-for-a-sha512-signature-of-a-token-0123",
    "USAGE_DATA_COLLECTION__ENABLED": "False",
    # A lost worker, triggerer or scheduler is noticed in seconds, where the defaults take minutes.
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
    "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
    "SCHEDULER__JOB_HEARTBEAT_SEC": "2",
    "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "12",
    "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "4",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    # A task's start outlasts a restart of the API server, as with Airflow's defaults; it costs no try.
    "WORKERS__EXECUTION_API_RETRIES": "5",
    "WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "8.0",
    "TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "8",
    "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
}


class Airflow:
    """One Airflow: a home, a database, a project, and up to one process per role.

    Args:
        home: AIRFLOW_HOME; also holds each role's log and the gates of held jobs.
        project: Folder with ``dags/`` and ``infra/``.
        variables: Environment of every process, with the endpoint's address.
        database: SQLAlchemy address; a SQLite file in the home when left out.
    """

    def __init__(
        self, home: Path, project: Path, variables: dict[str, str], database: str | None = None
    ) -> None:
        self.home, self.project = home, project
        self.gates = home / "gates"
        self.port = free_port()
        url = f"http://127.0.0.1:{self.port}"
        settings = {
            **SETTINGS,
            "CORE__DAGS_FOLDER": str(project / "dags"),
            "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "API__BASE_URL": url,
            "API__PORT": str(self.port),
        }
        self.variables = {
            **variables,
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
            DATABASE: database or f"sqlite:///{home / 'airflow.db'}",
            "AIRFLOW_HOME": str(home),
            "FAULTS_GATES": str(self.gates),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        }
        self.rest = Rest(url)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.sessions: set[int] = set()

    # Processes

    def start(self, dags: Iterable[str], seconds: float = 180) -> None:
        """Make the database, start every role, and wait until these DAGs can be triggered."""
        self.gates.mkdir(parents=True, exist_ok=True)
        if self.variables[DATABASE].startswith("sqlite"):
            migrated(self.home)
        else:
            ensure_migrated(self.variables)
        for role in ROLES:
            self.restart(role)
        for dag in dags:
            self.until(lambda dag=dag: self._knows(dag), f"DAG {dag} is known", seconds)
        self.until(self.is_healthy, "all roles are healthy", seconds)

    def restart(self, role: str) -> None:
        """Start a role's process that is not running."""
        assert role not in self.processes or self.processes[role].poll() is not None, f"{role} is running"
        options = {"api-server": ["--host", "127.0.0.1"], "scheduler": ["-s"], "triggerer": ["-s"]}
        command = [*ENDS_WITH_PARENT, "TERM", sys.executable, "-m", "airflow", role, *options.get(role, [])]
        with (self.home / f"{role}.log").open("ab") as log:
            self.processes[role] = subprocess.Popen(
                command,
                env=self.variables,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.sessions.add(self.processes[role].pid)

    def kill(self, role: str, number: int = signal.SIGKILL, *, whole: bool = True) -> None:
        """Send a role a signal and wait until its process is gone.

        Args:
            role: One of `ROLES`.
            number: The signal.
            whole: Its whole process group, as when a machine is lost; else the main process alone.
        """
        process = self.processes[role]
        if whole:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.wait(60)

    def stop(self) -> None:
        """End everything that was started here, tasks and stray workers included."""
        end_all(self.sessions)
        for process in self.processes.values():
            process.wait(10)

    # What a user does

    def trigger(self, dag: str, run: str, conf: dict[str, Any] | None = None) -> str:
        """Start a DAG run; its id."""
        body = {"dag_run_id": run, "logical_date": None, "conf": conf or {}}
        self.rest.ask("POST", f"dags/{quoted(dag)}/dagRuns", body)
        return run

    def clear(self, dag: str, run: str, task: str, index: int = -1, *, only_failed: bool = False) -> None:
        """Clear a task of a run, as the page's button does: it is to be done again."""
        body = {
            "dry_run": False,
            "dag_run_id": run,
            "task_ids": [task if index < 0 else [task, index]],
            "only_failed": only_failed,
            "reset_dag_runs": True,
        }
        self.rest.ask("POST", f"dags/{quoted(dag)}/clearTaskInstances", body)

    def mark(self, dag: str, run: str, task: str, state: str, index: int = -1) -> None:
        """Mark a task ``failed`` or ``success``, as the page's button does."""
        path = self._task_path(dag, run, task) + (f"/{index}" if index >= 0 else "")
        self.rest.ask("PATCH", path, {"new_state": state})

    def delete_run(self, dag: str, run: str) -> None:
        """Delete a DAG run."""
        self.rest.ask("DELETE", self._run_path(dag, run))

    def open(self, run: str, task: str = "", index: int = -1, word: str = "ok") -> None:
        """Let held jobs of a run end: one task's, or all of them.

        Args:
            run: The run.
            task: Task id; empty: every job of the run.
            index: Map index.
            word: ``ok`` lets them succeed, anything else fail.
        """
        gate = self.gates / run / (f"{task}.{index}" if task else "all")
        gate.parent.mkdir(parents=True, exist_ok=True)
        draft = gate.with_suffix(".draft")
        draft.write_text(word)
        draft.replace(gate)

    # What there is to see

    def run_state(self, dag: str, run: str) -> str:
        """The run's state."""
        return str(self.rest.get(self._run_path(dag, run))["state"])

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """The task instances of a run, as the API tells them."""
        found = self.rest.get(f"{self._run_path(dag, run)}/taskInstances?limit=500")
        return list(found["task_instances"])

    def task(self, dag: str, run: str, task: str, index: int = -1) -> dict[str, Any]:
        """One task instance."""
        for found in self.tasks(dag, run):
            if found["task_id"] == task and found["map_index"] == index:
                return found
        raise KeyError(f"{task}[{index}] of {dag} {run}")

    def task_states(self, dag: str, run: str) -> dict[tuple[str, int], str | None]:
        """State by task and map index."""
        return {(found["task_id"], found["map_index"]): found["state"] for found in self.tasks(dag, run)}

    def result(self, dag: str, run: str, task: str, index: int = -1) -> Any:
        """What a task returned."""
        path = (
            f"{self._task_path(dag, run, task)}/xcomEntries/return_value?map_index={index}&deserialize=true"
        )
        return self.rest.get(path)["value"]

    def log(self, dag: str, run: str, task: str, index: int = -1) -> str:
        """The logs of all tries of a task, the triggerer's part included."""
        files = sorted(self._logs(dag, run, task, index).glob("attempt=*.log*"))
        return "\n".join(file.read_text(errors="replace") for file in files)

    def is_healthy(self) -> bool:
        """Whether every role is up, as the API server says.

        Raises:
            OSError: It does not answer.
        """
        health = self.rest.get("monitor/health")
        parts = ("scheduler", "triggerer", "dag_processor", "metadatabase")
        return all(health[part]["status"] == "healthy" for part in parts)

    def triggerers(self, dag: str, run: str, task: str, index: int = -1) -> int:
        """How many triggerers have begun to wait for a task; one picks up a deferred task a moment later."""
        return len(
            {file.suffixes[-2] for file in self._logs(dag, run, task, index).glob("*.log.trigger.*.log")}
        )

    def _logs(self, dag: str, run: str, task: str, index: int) -> Path:
        folder = self.home / "logs" / f"dag_id={dag}" / f"run_id={run}" / f"task_id={task}"
        return folder / f"map_index={index}" if index >= 0 else folder

    # Waiting

    def until(
        self,
        condition: Callable[[], Any],
        what: str,
        seconds: float = SECONDS,
        during: tuple[str, str] | None = None,
    ) -> Any:
        """The first true value of ``condition``; a server that gives no answer is asked again.

        Args:
            condition: Asked until it is true.
            what: What is waited for, for the failed assertion.
            seconds: At most this long.
            during: DAG and run during which it must come true: no sense in waiting when that run is over.
        """
        end = time.monotonic() + seconds
        problem = ""
        while True:
            try:
                if found := condition():
                    return found
                problem = ""
                over = during is not None and self.run_state(*during) in OVER
                assert not over, f"run {during} ended before {what}\n{self.problems()}"
            except (OSError, KeyError) as error:  # the API server is down, or the row is not there yet
                problem = f" ({error!r})"
            except Refused as error:
                if error.status < 500 and error.status != 404:
                    raise
                problem = f" ({error})"
            assert time.monotonic() < end, f"waited {seconds:.0f} s until {what}{problem}\n{self.problems()}"
            time.sleep(LOOK)

    def wait(self, dag: str, run: str, states: Sequence[str] = OVER, seconds: float = SECONDS) -> str:
        """The run's state, once it is one of ``states``."""
        found: list[str] = []

        def reached() -> bool:
            found[:] = [self.run_state(dag, run)]
            return found[0] in states

        self.until(reached, f"run {run} of {dag} is {' or '.join(states)}", seconds)
        return found[0]

    def wait_task(
        self,
        dag: str,
        run: str,
        task: str,
        states: Sequence[str],
        index: int = -1,
        *,
        tries: int = 0,
        seconds: float = SECONDS,
    ) -> dict[str, Any]:
        """A task instance, once it is in one of ``states`` and at its try number ``tries`` or a later one."""

        def reached() -> dict[str, Any] | None:
            found = self.task(dag, run, task, index)
            return found if found["state"] in states and found["try_number"] >= tries else None

        return self.until(reached, f"{task}[{index}] is {' or '.join(states)}", seconds)

    def problems(self, lines: int = 12) -> str:
        """What roles and tasks logged as warnings and errors last, for a failed assertion."""
        files = [*self.home.glob("*.log"), *self.home.glob("logs/dag_id=*/**/*.log")]
        found = []
        for file in sorted(files):
            bad = [line for line in file.read_text(errors="replace").splitlines() if PROBLEM.search(line)]
            if bad:
                found += [f"--- {file.relative_to(self.home)}", *(line[:1500] for line in bad[-lines:])]
        return "\n".join(found)

    # Workers

    def worker_of(self, dag: str, run: str, task: str, index: int = -1) -> int:
        """Pid of the process that runs a task's code, from Airflow's own data."""

        def pid() -> int | None:
            found = self.task(dag, run, task, index)
            return found["pid"] if found["state"] == "running" and found["pid"] else None

        return int(self.until(pid, f"{task}[{index}] runs in a process"))

    def kill_worker(
        self, dag: str, run: str, task: str, index: int = -1, number: int = signal.SIGKILL
    ) -> int:
        """Send the process that runs a task's code a signal; its pid. Its supervisor sees it end."""
        pid = self.worker_of(dag, run, task, index)
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        return pid

    def kill_supervisor(self, dag: str, run: str, task: str, index: int = -1) -> int:
        """Kill the worker that supervises a task, which lives on as a zombie; the task's pid."""
        pid = self.worker_of(dag, run, task, index)
        supervisor = parent_of(pid)
        os.kill(supervisor, signal.SIGKILL)
        self.until(lambda: not is_alive(supervisor), "the supervisor is gone")
        return pid

    def _knows(self, dag: str) -> bool:
        broken = self.rest.get("importErrors")["import_errors"]
        assert not broken, "\n".join(error["stack_trace"] for error in broken)
        return self.rest.get(f"dags/{quoted(dag)}")["dag_id"] == dag

    @staticmethod
    def _run_path(dag: str, run: str) -> str:
        return f"dags/{quoted(dag)}/dagRuns/{quoted(run)}"

    def _task_path(self, dag: str, run: str, task: str) -> str:
        return f"{self._run_path(dag, run)}/taskInstances/{quoted(task)}"
