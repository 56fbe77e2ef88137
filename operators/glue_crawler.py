"""Raw files → tables of the Glue catalogue."""

from __future__ import annotations

from foldline.runs import JobRecord
from foldline.steps.data import CatalogueSettings
from operators.base import StepOperator
from operators.results import CatalogueResult
from operators.steprun import StepRun
from preprocessing.request import classifier_request, crawler_request


class GlueCrawlerOperator(StepOperator):
    """Crawl the pipeline's raw folders and check that every wanted table was found."""

    def work(self, run: StepRun) -> CatalogueResult:
        """The crawled tables."""
        settings = run.settings(CatalogueSettings)
        run.crawlers.ensure_database(settings.database)
        classifier = classifier_request(settings, run.pipeline.environment, run.common)
        if classifier is not None:
            run.crawlers.ensure_classifier(classifier)
        request = crawler_request(settings, run.pipeline.environment, run.common)
        crawl = run.crawlers.run(request, run.memory, budget=settings.max_runtime)
        run.jobs.append(
            JobRecord(
                name=request["Name"],
                kind="crawler",
                status=crawl.status,
                seconds=crawl.seconds,
                started=crawl.started,
            )
        )
        where = str(run.common.raw())
        tables = run.crawlers.tables(settings.database, settings.tables, where)
        run.evidence["tables"] = [
            {
                "name": table["Name"],
                "columns": len(table["StorageDescriptor"]["Columns"]),
                "rows": _count(table, "recordCount"),
                "bytes": _count(table, "sizeKey"),
            }
            for table in tables
        ]
        run.detail = f"{len(tables)} tables in {settings.database}"
        return {"database": settings.database, "tables": list(settings.tables)}


def _count(table: dict[str, object], key: str) -> int | None:
    parameters = table.get("Parameters")
    value = parameters.get(key) if isinstance(parameters, dict) else None
    return int(value) if value is not None else None
