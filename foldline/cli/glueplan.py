"""What the steps on Glue would send, built offline; part of `foldline.cli.plan`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from foldline.remote.glue.jobs import GlueWork
from foldline.remote.glue.quality import start_request
from foldline.steps.glue import GlueJobSettings, GlueQualitySettings
from preprocessing.glue_request import (
    glue_job_definition,
    glue_job_name,
    glue_run_request,
    owner_tags,
    quality_run_request,
    ruleset_request,
)

if TYPE_CHECKING:
    from foldline.cli.plan import Plan, PlannedCall

KEY = "a" * 20
"""Stands for what Airflow would give."""


def glue_job_calls(plan: Plan, step: str, settings: GlueJobSettings) -> Iterator[PlannedCall]:
    """The job's definition and one run of it."""
    environment, dag = plan.pipeline.environment, plan.pipeline.name
    definition = glue_job_definition(
        settings,
        environment,
        name=glue_job_name(environment.name, dag, step),
        script=plan.common.script(KEY, settings.script),
        tags=owner_tags(environment.name, dag, step),
    )
    request = glue_run_request(settings, definition, raw=plan.common.raw())
    identity = plan.identity(step, "glue-job", request)
    output = plan.layout.output(step, f"{identity.key}-g0")
    work = GlueWork(definition, request, identity, lambda generation: output, settings.max_runtime)
    yield plan.call(step, "glue", "CreateJob", definition)
    yield plan.call(step, "glue", "StartJobRun", work.start_request(0))


def glue_quality_calls(plan: Plan, step: str, settings: GlueQualitySettings) -> Iterator[PlannedCall]:
    """The ruleset and one evaluation of it."""
    environment = plan.pipeline.environment
    text = (plan.pipeline.folder / settings.rules).read_text(encoding="utf-8")
    tags = owner_tags(environment.name, plan.pipeline.name, step)
    ruleset = ruleset_request(settings, text, environment.name, tags)
    request = quality_run_request(settings, environment, ruleset["Name"])
    started = start_request(plan.identity(step, "quality-run", request), 0, request)
    yield plan.call(step, "glue", "CreateDataQualityRuleset", ruleset)
    yield plan.call(step, "glue", "StartDataQualityRulesetEvaluationRun", started)
