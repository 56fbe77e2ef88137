"""Sensors on tables: enough rows, and fresh ones. Each look is a query of its own, run exactly once."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from airflow.sdk.exceptions import AirflowSkipException

from foldline.errors import JobTimedOut
from foldline.remote.warehouse.queries import QueryOutcome
from foldline.stepfiles.units import duration_text
from foldline.steps.queries import FreshnessSettings, RowCountSettings, SensorSettings
from foldline.waiting import Watch
from operators.athena_runs import run_query, scanned
from operators.base import StepOperator
from operators.results import FreshnessResult, RowCountResult
from operators.steprun import StepRun
from preprocessing.ingest import literals
from preprocessing.statements import freshness_statement, row_count_statement

LOOK_SECONDS = 600
"""How long one look's query may take."""
LOOK, FIRST = "look", "first-look"
"""What is remembered: the look that is due, what those before it cost; and when the first was asked for."""
ADDED = ("bytes_scanned", "seconds", "cost_usd")
"""Figures that are added up over all looks."""


@dataclass(frozen=True)
class Asked:
    """What a look's query needs."""

    database: str
    max_runtime: int = LOOK_SECONDS


class AthenaSensor(StepOperator):
    """Looks until a table is as it should be.

    The number of the look is remembered, and it is part of its query's identity: a replay reads the look that
    was under way and starts none. Intervals and the time limit are counted by Athena's own clock, so they go
    on through retries. While it waits it holds no worker where tasks defer.
    """

    kind: ClassVar[type[SensorSettings]]

    @abstractmethod
    def statement(self, settings: Any) -> str:
        """The query of a look; gives one row."""

    @abstractmethod
    def verdict(self, settings: Any, row: list[str | None]) -> tuple[dict[str, Any] | None, str]:
        """What the task returns when the row is as it should be, else None; and what was seen."""

    def look(self, run: StepRun) -> dict[str, Any]:
        """What was seen when the table was as it should be, once it is."""
        settings = run.settings(self.kind)
        while True:
            so_far = run.memory.get(LOOK) or {"number": 0, **dict.fromkeys(ADDED, 0)}
            number = int(so_far["number"])
            outcome = self._query(run, settings, number)
            found, seen = self.verdict(settings, run.queries.rows(outcome.query_id)[0])
            spent = {figure: so_far[figure] + run.evidence[figure] for figure in ADDED}
            run.evidence.update(looks=number + 1, seen=seen, **spent)
            run.detail = f"{seen}; looks: {number + 1}, {scanned(run)}"
            if found is not None:
                place = {"database": settings.database, "table": settings.table}
                return {**place, **found, "looks": number + 1}
            self._rest(run, settings, outcome, seen)
            run.memory.put(LOOK, {"number": number + 1, **spent})

    def _query(self, run: StepRun, settings: SensorSettings, number: int) -> QueryOutcome:
        text = self.statement(settings)
        for figure in ("query_ids", *ADDED):
            run.evidence.pop(figure, None)
        run.jobs.clear()  # the record names the last look and adds up all: a sensor may look for days
        return run_query(
            run,
            Asked(settings.database),
            lambda generation: text,
            literals(settings.partition),
            where=f"infra/{run.pipeline.name}/{run.step}.yaml",
            label=f"look-{number:05d}",
        )

    def _rest(self, run: StepRun, settings: SensorSettings, outcome: QueryOutcome, seen: str) -> None:
        """Pause until the next look is due.

        Raises:
            JobTimedOut: It would be due after the time limit.
            AirflowSkipException: The same, where the step says so.
        """
        status = outcome.execution["Status"]
        ended, submitted = status["CompletionDateTime"], status["SubmissionDateTime"]
        first = run.memory.once(FIRST, lambda: {"at": submitted.isoformat()})
        due = ended + dt.timedelta(seconds=settings.poke_interval)
        waited = (due - dt.datetime.fromisoformat(first["at"])).total_seconds()
        if waited > settings.timeout:
            limit = duration_text(settings.timeout)
            told = f"{settings.database}.{settings.table} was not ready within {limit}: {seen}"
            if settings.on_timeout == "skip":
                raise AirflowSkipException(told)
            raise JobTimedOut(
                told,
                where=f"Athena query {outcome.query_id}",
                mend="see why the table is late, or raise `timeout`",
            )
        left = (due - max(outcome.read_at, ended)).total_seconds()
        if left > 0:
            run.waits.pause(left, Watch("query", (), left))


class AthenaRowCountSensor(AthenaSensor):
    """Wait until a table, or a partition of it, has enough rows."""

    kind = RowCountSettings

    def statement(self, settings: RowCountSettings) -> str:
        """Counts the rows."""
        return row_count_statement(settings)

    def verdict(self, settings: RowCountSettings, row: list[str | None]) -> tuple[dict[str, Any] | None, str]:
        """The number of rows, when there are enough."""
        rows = int(row[0] or 0)
        seen = f"{rows:,} rows, {settings.min_rows:,} wanted"
        return ({"rows": rows} if rows >= settings.min_rows else None), seen

    def work(self, run: StepRun) -> RowCountResult:
        """The number of rows."""
        return cast(RowCountResult, self.look(run))


class AthenaFreshnessSensor(AthenaSensor):
    """Wait until a table's newest row is young enough."""

    kind = FreshnessSettings

    def statement(self, settings: FreshnessSettings) -> str:
        """Reads the newest moment and its age."""
        return freshness_statement(settings)

    def verdict(
        self, settings: FreshnessSettings, row: list[str | None]
    ) -> tuple[dict[str, Any] | None, str]:
        """The newest moment and its age, when it is young enough."""
        newest, age = row
        wanted = duration_text(settings.max_age)
        if newest is None or age is None:
            return None, f"no row with a {settings.column}, one of at most {wanted} wanted"
        found = {"newest": newest, "age_seconds": int(age)}
        seen = f"newest row of {newest}, {duration_text(max(0, int(age)))} old, at most {wanted} wanted"
        return (found if int(age) <= settings.max_age else None), seen

    def work(self, run: StepRun) -> FreshnessResult:
        """The newest moment and its age."""
        return cast(FreshnessResult, self.look(run))
