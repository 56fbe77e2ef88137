"""Rules about a table of the catalogue, evaluated by Glue Data Quality."""

from __future__ import annotations

from dataclasses import asdict

from foldline.contracts import check
from foldline.errors import QualityError
from foldline.remote.glue.quality import Evaluation, QualityRuns, RuleOutcome, start_request
from foldline.runs import JobRecord
from foldline.stepfiles.rulesets import rules_of, single_spaced
from foldline.steps.glue import GlueQualitySettings
from operators.base import StepOperator
from operators.results import GlueQualityResult
from operators.steprun import QUEUE_SECONDS, StepRun
from preprocessing.glue_request import owner_tags, quality_run_request, ruleset_request

MOST_RULES = 200
"""Rules that the run record keeps."""
MOST_TOLD = 20
"""Offenders that the error names."""


class GlueDataQualityOperator(StepOperator):
    """Evaluate a ruleset over a table; a broken one fails the task, unless it only warns."""

    def work(self, run: StepRun) -> GlueQualityResult:
        """The score, when the table is good enough."""
        settings, environment = run.settings(GlueQualitySettings), run.pipeline.environment
        text = (run.pipeline.folder / settings.rules).read_text(encoding="utf-8")
        tags = owner_tags(environment.name, run.place.dag_id, run.place.task_id)
        ruleset = ruleset_request(settings, text, environment.name, tags)
        request = quality_run_request(settings, environment, ruleset["Name"])
        identity = run.identity("quality-run", request)
        where = f"step {run.step!r}"
        check("glue", "CreateDataQualityRuleset", ruleset, where=where)
        asked = start_request(identity, 0, request)
        check("glue", "StartDataQualityRulesetEvaluationRun", asked, where=where)
        glue = run.clients.client("glue")
        runs = QualityRuns(glue, run.clock, run.waits, run.memory, run.backoff)
        runs.ensure_ruleset(ruleset)
        warn = {single_spaced(rule) for rule in settings.warn}
        numbers = [number for number, rule in enumerate(rules_of(text)) if rule in warn]
        budget = settings.max_runtime + QUEUE_SECONDS
        evaluation = runs.run(identity, request, budget=budget, warn=numbers)
        self._keep(run, evaluation)
        if offenders := evaluation.offenders(settings.min_score):
            raise _refusal(settings, evaluation, offenders)
        return {
            "run": evaluation.run_id,
            "score": evaluation.score,
            "rules": len(evaluation.rules),
            "warnings": evaluation.warnings,
        }

    def _keep(self, run: StepRun, evaluation: Evaluation) -> None:
        """Leave what was found for the run record, also when the table is refused."""
        run.jobs.append(
            JobRecord(
                name=evaluation.run_id,
                kind="quality-run",
                status="SUCCEEDED",
                seconds=evaluation.seconds,
                generation=evaluation.generation,
                started=evaluation.started,
            )
        )
        run.evidence["score"] = evaluation.score
        run.evidence["rules"] = [asdict(rule) for rule in evaluation.rules[:MOST_RULES]]
        passed = sum(rule.passed for rule in evaluation.rules)
        run.detail = f"{passed} of {len(evaluation.rules)} rules pass"
        for rule in evaluation.warnings:
            self.log.warning("this rule does not pass, and only warns: %s", rule)


def _refusal(
    settings: GlueQualitySettings, evaluation: Evaluation, offenders: list[RuleOutcome]
) -> QualityError:
    """The error that names the offenders."""
    lines = [f"{rule.result}  {rule.rule}: {rule.message}" for rule in offenders[:MOST_TOLD]]
    if len(offenders) > MOST_TOLD:
        lines.append(f"and {len(offenders) - MOST_TOLD} more; all are in the run record")
    wanted = "" if settings.min_score is None else f"; {settings.min_score:.0%} must pass"
    table = f"{settings.database}.{settings.table}"
    return QualityError(
        f"table {table} breaks {len(offenders)} of {len(evaluation.rules)} rules{wanted}",
        where=f"{settings.rules}; glue data quality run {evaluation.run_id}",
        cause="\n".join(lines),
        mend="mend the data, or the rule; a rule in `warn` is told and does not fail the task",
    )
