"""The gate before anything is spent: is the table fit to learn from?"""

from __future__ import annotations

from typing import Any

from foldline.errors import QualityError
from foldline.layout import S3Uri
from foldline.outcomes import PROCESSING
from foldline.steps.data import PreprocessingSettings, QualitySettings
from operators.base import StepOperator
from operators.results import TableResult
from operators.steprun import StepRun
from preprocessing.request import quality_request, quality_settings


class QualityOperator(StepOperator):
    """Examine the ingested table in a processing job; fail with the offenders when a rule is broken.

    Args:
        table: Result of the ingest.
    """

    template_fields = ("step", "table")

    def __init__(self, *, table: TableResult, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = table

    def work(self, run: StepRun) -> TableResult:
        """The table, as it came, when it passes."""
        settings = run.settings(QualitySettings)
        document = quality_settings(settings, run.only(PreprocessingSettings))
        request = quality_request(
            settings,
            run.pipeline.environment,
            run.layout,
            code=run.code,
            document=run.settings_document(document),
            table=S3Uri.parse(self.table["uri"]),
        )
        run.run_job(PROCESSING, request, job=settings.job)
        report = run.objects.get_document(run.layout.quality / "quality.json")
        run.evidence.update(report)
        broken = [check for check in report["checks"] if not check["passed"]]
        if not report["passed"]:
            raise QualityError(
                f"{len(broken)} of {len(report['checks'])} quality checks failed; nothing was trained",
                where=str(run.layout.quality / "quality.json"),
                cause="\n".join(check["message"] for check in broken),
                mend=f"mend the data, or the rules in infra/{run.pipeline.name}/{run.step}.yaml",
            )
        run.detail = f"{len(report['checks'])} checks passed on {report['rows']:,} rows"
        return self.table
