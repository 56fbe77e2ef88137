"""The table → a hold-out and k folds, written once."""

from __future__ import annotations

import json
from typing import Any

from foldline.folds import FoldManifest
from foldline.layout import S3Uri
from foldline.names import digest
from foldline.outcomes import PROCESSING
from foldline.steps.data import PreprocessingSettings
from operators.base import StepOperator
from operators.results import FoldsResult, TableResult
from operators.steprun import StepRun
from preprocessing.request import folds_request, folds_settings


class FoldsOperator(StepOperator):
    """Split the table in a processing job.

    Args:
        table: Result of the ingest or of the quality gate.
    """

    template_fields = ("step", "table")

    def __init__(self, *, table: TableResult, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = table

    def work(self, run: StepRun) -> FoldsResult:
        """Where the folds are and how many."""
        settings = run.settings(PreprocessingSettings)
        request = folds_request(
            settings,
            run.pipeline.environment,
            run.layout,
            code=run.code,
            document=run.settings_document(folds_settings(settings, run.layout)),
            table=S3Uri.parse(self.table["uri"]),
        )
        run.run_job(PROCESSING, request, job=settings.job)
        text = run.objects.get_bytes(run.layout.folds / "manifest.json").decode()
        manifest = FoldManifest.from_json(text)
        run.evidence.update(
            manifest=json.loads(text), holdout=run.objects.get_document(run.layout.holdout / "holdout.json")
        )
        run.detail = f"{manifest.k} folds of {manifest.rows:,} rows, {manifest.holdout_rows:,} held out"
        return {
            "uri": str(run.layout.folds),
            "k": manifest.k,
            "rows": manifest.rows,
            "digest": digest([shard.sha256 for shard in manifest.shards]),
            "holdout_rows": manifest.holdout_rows,
        }
