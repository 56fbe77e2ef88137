"""One run of a job, from its slot to its end: script and modules in, process, bookmark and last words out."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from localaws.errors import AwsError
from localaws.glue.jobs.arguments import argv, merged, spark_conf
from localaws.glue.jobs.bookmarks import Bookmarks
from localaws.glue.jobs.libraries import LibraryError, bring, fetch
from localaws.glue.jobs.program import Ended, Program
from localaws.glue.jobs.rules import SPARK, Document
from localaws.glue.jobs.tail import Tail
from localaws.jobs.leftovers import ProcessRecords
from localaws.world import World

RUNTIME = Path(__file__).parent.parent / "runtime"
MINUTE = 60.0
MAX_MESSAGE = 2048  # characters kept of an ErrorMessage
FAULTS = {
    "capacity": "Resource unavailable: there is not enough capacity for the run. Try again later.",
    "internal": "InternalServiceException: An internal service error occurred. Try again.",
}


@dataclass(frozen=True)
class End:
    """How a run ended: its last state, and why when it failed."""

    state: str
    message: str | None = None


@dataclass
class Attempt:
    """A run under way; stopped through ``stop``, given up through ``abandon``.

    Attributes:
        job: The definition it runs, as it was when the run was asked for.
        folder: Its work folder; nothing is left of it after the run.
        threads: Cores it may keep busy.
    """

    world: World
    bookmarks: Bookmarks
    job: Document
    run: Document
    folder: Path
    records: ProcessRecords
    threads: int = 1
    program: Program = field(init=False)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.program = Program(self.records, self.folder / "work")

    def stop(self) -> None:
        """Ask the run to end."""
        self._cancelled.set()
        self.program.stop()

    def abandon(self) -> None:
        """End the run at once and write nothing: the server goes down."""
        self._cancelled.set()
        self.program.abandon()

    def __call__(self, running: Callable[[], str]) -> End | None:
        """Run to the end; how it ended, or None when the server goes down.

        Args:
            running: Called when the script is about to start; tells the run's state.
        """
        try:
            end = self._run(running)
        except LibraryError as error:
            end = End("FAILED", str(error))
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        return None if self.program.ended is Ended.WITH_THE_SERVER else end

    def _run(self, running: Callable[[], str]) -> End:
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("work", "scripts", "libraries", "home", "tmp", "stage"):
            (self.folder / name).mkdir(parents=True)
        fault = self.world.faults.on_job("glue", self.run["JobName"])
        self.world.pace.pause("glue.Starting", self._cancelled)
        if fault is not None and fault.effect in FAULTS:
            return End("FAILED", FAULTS[fault.effect])
        arguments = merged(self.job, self.run)
        location = arguments.get("--scriptLocation") or self.job["Command"].get("ScriptLocation")
        if not location:
            return End("FAILED", "The job has no script: its Command has no ScriptLocation.")
        script = fetch(self.world.objects, location, self.folder / "scripts")
        paths = bring(self.world.objects, arguments, self.folder / "libraries")
        words = [sys.executable, str(RUNTIME / "runscript.py"), str(self._error), str(script)]
        words += argv(self.job, self.run, arguments)
        if fault is not None and fault.effect == "bad_container":
            words = ["sh", "-c", "exit 127"]
        if running() == "STOPPING":
            self.program.stop()
        code = self._watch(words, self._environment(arguments, paths))
        self._commit()
        return self._end(code)

    def _watch(self, words: list[str], environment: dict[str, str]) -> int:
        """Run the program with its output going to the run's two streams."""
        group = self.run["LogGroupName"]
        for file in self.program.outputs:
            file.touch()
        tails = [
            Tail(self.world.logs, f"{group}/{kind}", self.run["Id"], file)
            for kind, file in zip(("output", "error"), self.program.outputs, strict=True)
        ]
        seconds = self.run["Timeout"] * float(os.environ.get("LOCALAWS_GLUE_MINUTE") or MINUTE)

        def look() -> None:
            for tail in tails:
                tail.follow()

        try:
            return self.program.run(words, environment, seconds, look)
        finally:
            for tail in tails:
                tail.finish()

    def _end(self, code: int) -> End:
        if self.program.ended is Ended.ON_REQUEST:
            return End("STOPPED")
        if self.program.ended is Ended.OUT_OF_TIME:
            return End("TIMEOUT", f"The job run exceeded its timeout of {self.run['Timeout']} minutes.")
        if not code:
            return End("SUCCEEDED")
        if self._error.is_file():
            return End("FAILED", self._error.read_text(errors="replace")[:MAX_MESSAGE])
        return End("FAILED", f"Command failed with exit code {code}")

    def _commit(self) -> None:
        """Keep what the script has committed of its bookmarks."""
        committed = self.folder / "committed.json"
        if committed.is_file():
            self.bookmarks.commit(self.run["JobName"], self.run, json.loads(committed.read_text()))

    @property
    def _error(self) -> Path:
        """Where the script's last exception is put in words."""
        return self.folder / "error"

    def _environment(self, arguments: dict[str, str], paths: list[str]) -> dict[str, str]:
        """The environment of the program: its own, with nothing of the server's but the way to programs."""
        environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join([*paths, str(RUNTIME)]),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_ENDPOINT_URL": self.world.url,
            "AWS_REGION": self.world.region,
            "AWS_DEFAULT_REGION": self.world.region,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
            "OMP_NUM_THREADS": str(self.threads),
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        if arguments.get("--job-bookmark-option") == "job-bookmark-enable":
            states = self.bookmarks.states(self.run["JobName"])
            (self.folder / "bookmarks.json").write_text(json.dumps(states))
            environment["LOCALAWS_GLUE_BOOKMARKS"] = str(self.folder)
        if self.job["Command"]["Name"] == SPARK:
            environment |= self._spark(arguments)
        return environment

    def _spark(self, arguments: dict[str, str]) -> dict[str, str]:
        """What makes a Spark session local, small and quiet."""
        settings = [
            "spark.ui.enabled=false",
            f"spark.sql.shuffle.partitions={self.threads}",
            f"spark.default.parallelism={self.threads}",
            "spark.driver.host=127.0.0.1",
            "spark.driver.bindAddress=127.0.0.1",
            f"spark.sql.warehouse.dir={self.folder / 'warehouse'}",
            "spark.sql.session.timeZone=UTC",
            *spark_conf(arguments),
        ]
        words = [f"--master local[{self.threads}]", "--driver-memory 1g"]
        words += [f'--conf "{setting}"' for setting in settings]
        environment = {
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_SUBMIT_ARGS": " ".join([*words, "pyspark-shell"]),
            "SPARK_LOCAL_DIRS": str(self.folder / "tmp"),
            "LOCALAWS_GLUE_STAGE": str(self.folder / "stage"),
        }
        if "--enable-glue-datacatalog" in arguments and arguments["--enable-glue-datacatalog"] != "false":
            environment["LOCALAWS_GLUE_CATALOG"] = "1"
        return environment | {name: os.environ[name] for name in ("JAVA_HOME",) if name in os.environ}


def missing_for_spark() -> str | None:
    """What a Spark job needs and this computer lacks, in words; None when nothing."""
    from importlib.util import find_spec

    if find_spec("pyspark") is None:
        return "Spark jobs need pyspark; install the extra: pip install 'foldline[spark]'"
    java = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (java and Path(java, "bin", "java").exists()):
        return "Spark jobs need Java 17 or later on PATH or in JAVA_HOME, besides the extra foldline[spark]"
    return None


def refuse_without_spark() -> None:
    """Refuse a Spark run where it cannot run.

    Raises:
        AwsError: NotImplemented, with the way to mend it.
    """
    missing = missing_for_spark()
    if missing:
        raise AwsError("NotImplemented", f"localaws cannot run glue.StartJobRun here: {missing}", 501)
