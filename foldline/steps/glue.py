"""The steps that run on Glue: scripts of your own, and rules about a table of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, Strict

from foldline.stepfiles.spellings import Identifier, Spelling, TableName
from foldline.stepfiles.units import Duration
from foldline.steps.settings import (
    Conflict,
    OnTimeout,
    RequestSettings,
    Scalar,
    Settings,
    Share,
    repeated,
)

ScriptFile = Annotated[
    str,
    Spelling("script", r"[A-Za-z0-9_-]+\.py", "a .py file beside the step file, such as clean.py"),
]
RulesetFile = Annotated[
    str,
    Spelling("ruleset", r"[A-Za-z0-9_-]+\.dqdl", "a .dqdl file beside the step file, such as flights.dqdl"),
]
ArgumentName = Annotated[
    str,
    Spelling(
        "argument name",
        r"[A-Za-z][A-Za-z0-9_-]{0,200}",
        "letters, digits, _ and -, without the -- in front",
    ),
]
GlueVersion = Annotated[str, Spelling("Glue version", r"\d{1,2}\.\d", 'in quotes, such as "5.0"')]
Module = Annotated[
    str, Spelling("Python module", r"[A-Za-z0-9][^\s,]{0,200}", "as pip takes it, such as pyarrow==15.0.2")
]
OWN_PREFIX = "foldline_"
"""Arguments that begin so are Foldline's own."""
OWN_ARGUMENTS = frozenset({"scriptLocation", "additional-python-modules", "JOB_NAME", "JOB_ID", "JOB_RUN_ID"})
OWN_MEMBERS = {
    "Name": "the job is named after the task",
    "Command": "the script is named by `script`",
    "ExecutionProperty": "one run at a time is what finds a run whose answer was lost",
    "MaxRetries": "Foldline starts again by itself, and knows when not to",
    "JobRunQueuingEnabled": "a queued run would be a second one",
    "Tags": "they say whose job it is",
}
"""Members of CreateJob that `request` may not change."""
SHELL_DPU = (0.0625, 1.0)


def is_own_argument(name: str) -> bool:
    """Whether an argument is Glue's or Foldline's to give."""
    return name in OWN_ARGUMENTS or name.startswith(OWN_PREFIX)


class Workers(Settings):
    """The machines of a Spark job."""

    type: Literal["G.1X", "G.2X", "G.4X", "G.8X", "G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X"] = Field(
        default="G.1X", description="Glue's worker type; G.1X is 4 cores and 16 GiB, one DPU."
    )
    count: int = Field(default=2, ge=2, le=299, description="Number of workers, the driver's included.")


class GlueJobSettings(RequestSettings):
    """`glue_job`: a script of yours, run by Glue exactly once, in Python or on Spark."""

    script: ScriptFile = Field(description="The script, in a file beside this one.")
    runtime: Literal["python_shell", "spark"] = Field(
        default="python_shell", description="Plain Python 3.9 on one machine, or PySpark on several."
    )
    glue_version: GlueVersion = Field(default="5.0", description="Spark only: decides Spark and Python.")
    workers: Workers = Field(default_factory=Workers, description="Spark only: its machines.")
    dpu: float = Field(default=0.0625, description="Python shell only: 0.0625 or 1 data processing unit.")
    arguments: dict[ArgumentName, Scalar] = Field(
        default={}, description="Arguments of the script by name, without the `--`; never a secret."
    )
    modules: Annotated[tuple[Module, ...], Strict(False)] = Field(
        default=(), description="Python modules Glue installs first."
    )
    max_runtime: Duration = Field(default=3600, description="Glue stops the run after this long, in minutes.")
    on_timeout: OnTimeout = Field(
        default="stop_then_fail",
        description="What happens when the run is not over an hour after that: it is stopped, or waited for.",
    )

    def conflicts(self) -> Iterable[Conflict]:
        """Names that are taken, and members of the request that must stay as they are."""
        for name in self.arguments:
            if is_own_argument(name):
                yield Conflict(("arguments", name), "is an argument that Glue or Foldline gives; rename it")
        for member, reason in OWN_MEMBERS.items():
            if member in self.request:
                yield Conflict(("request", member), f"cannot be changed: {reason}")
        if self.runtime == "python_shell" and self.dpu not in SHELL_DPU:
            yield Conflict(("dpu",), f"{self.dpu:g}, must be 0.0625 or 1")


class GlueQualitySettings(RequestSettings):
    """`glue_quality`: rules in DQDL about a table of the catalogue; a broken one fails the task."""

    database: TableName = Field(description="Glue database of the table.")
    table: TableName = Field(description="The table.")
    rules: RulesetFile = Field(description="The rules, in a file beside this one.")
    references: dict[Identifier, TableName] = Field(
        default={}, description="Other tables of the database, by the names the rules call them."
    )
    warn: Annotated[tuple[str, ...], Strict(False)] = Field(
        default=(), description="Rules of the file, word for word, that are told and do not fail the task."
    )
    min_score: Share | None = Field(
        default=None,
        description="Share of the rules outside `warn` that must pass; null: all of them.",
    )
    workers: int = Field(default=5, ge=2, le=100, description="Machines of the evaluation (G.1X).")
    max_runtime: Duration = Field(default=3600, description="Glue stops the evaluation after this long.")

    def conflicts(self) -> Iterable[Conflict]:
        """A rule that is named twice, and a name that DQDL keeps for the table itself."""
        yield from repeated(self.warn, "warn")
        if "primary" in self.references:
            yield Conflict(("references", "primary"), "is what DQDL calls the table itself; take another")
