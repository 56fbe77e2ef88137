"""What an extract step would send, built offline; part of `foldline.cli.plan`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from foldline.outcomes import PROCESSING
from foldline.remote.extracts.rawtables import table_input
from foldline.steps.extract import ExtractSettings
from preprocessing.extract_request import extract_request

if TYPE_CHECKING:
    from foldline.cli.plan import Plan, PlannedCall

KEY = "a" * 20
"""Stands for what Airflow would give."""


def extract_calls(plan: Plan, step: str, settings: ExtractSettings) -> Iterator[PlannedCall]:
    """The processing job of a step that has one, and the table without its columns."""
    root = plan.common.extracts(step) / f"{KEY}/"
    if settings.job is not None:
        request = extract_request(
            settings, plan.pipeline.environment, code=plan.code, document=plan.document(step), root=root
        )
        yield plan.job(step, PROCESSING, request)
    if settings.publish is not None:
        publish = settings.publish
        yield plan.call(step, "glue", "CreateDatabase", {"DatabaseInput": {"Name": publish.database}})
        body = table_input(publish.table, [], root, {"foldline:owner": step})
        request = {"DatabaseName": publish.database, "TableInput": body}
        yield plan.call(step, "glue", "CreateTable", request)
