"""A database's rows → Parquet in S3, each row once: by the worker, or by a processing job."""

from __future__ import annotations

import logging
from typing import Any

from foldline.errors import DataError
from foldline.layout import S3Uri, path_slug
from foldline.remote.extracts.parts import Extract, drift
from foldline.remote.extracts.rawtables import RawTable
from foldline.remote.extracts.watermarks import Watermarks
from foldline.remote.memory import Memory
from foldline.remote.warehouse.swaps import Swaps
from foldline.steps.extract import ExtractSettings
from operators.athena_runs import query_file
from operators.base import StepOperator
from operators.extract_job import extracted_by_job
from operators.extract_worker import Reading
from operators.results import ExtractResult
from operators.steprun import StepRun

log = logging.getLogger(__name__)
SCHEMA = "schema"
"""Name of the document with the columns of the last extract."""
PUBLISHED = "published"
"""What is remembered once the rows were published: a later run may have put its own there since."""


class SourceExtractOperator(StepOperator):
    """Bring a query's rows into S3, complete or not at all, and publish them as a Glue table."""

    def work(self, run: StepRun) -> ExtractResult:
        """Where the rows are and how many."""
        settings = run.settings(ExtractSettings)
        query, where = ("", f"infra/{run.pipeline.name}/{run.step}.yaml")
        if settings.query is not None:
            query, where = query_file(run, settings.query)
        extract, key = place_of(run, settings, query)
        table = _table(run, settings, f"{run.pipeline.environment.name}/{self.step}")
        if table is not None:
            table.check(windows=settings.since is not None)
        watermarks = Watermarks(
            extract.client, extract.account, run.common.extracts(run.step) / "watermark.json"
        )
        manifest = extract.manifest()
        if manifest is None:
            if settings.runs_on == "job":
                found = extracted_by_job(run, settings, query, extract)
            else:
                found = Reading(run, settings, query, extract, watermarks, where).extracted()
            _judge(run, settings, found, where)
            manifest = extract.complete(found)
            if manifest["uri"] != found["uri"]:
                extract.tidy(manifest)  # a twin was first
        if manifest.get("window") is not None:
            watermarks.advance(run.place.run_id, manifest["window"])
        if run.memory.get(PUBLISHED) is None:
            if table is not None:
                _publish(run, settings, table, manifest, key)
            _common(run).put(SCHEMA, manifest["columns"])
            extract.tidy(manifest)
            run.memory.put(PUBLISHED, {"uri": manifest["uri"]})
        run.evidence.update(
            {name: manifest.get(name) for name in ("rows", "bytes", "columns", "snapshot", "window", "uri")},
            parts=len(manifest["parts"]),
        )
        run.detail = f"{manifest['rows']:,} rows in {len(manifest['parts'])} files"
        return {
            "uri": manifest["uri"],
            "rows": manifest["rows"],
            "bytes": manifest["bytes"],
            "digest": manifest["digest"],
            "schema_digest": manifest["schema_digest"],
            "database": settings.publish.database if settings.publish else "",
            "table": settings.publish.table if settings.publish else "",
        }


def place_of(run: StepRun, settings: ExtractSettings, query: str) -> tuple[Extract, str]:
    """Where a step's rows go, and the key of who asks for what."""
    environment = run.pipeline.environment
    key = run.identity("extract", {"query": query, "settings": settings.document()}).key
    root = run.common.extracts(run.step) / f"{key}/"
    return Extract(run.clients.client("s3"), environment.account, root, environment.kms_key), key


def _table(run: StepRun, settings: ExtractSettings, owner: str) -> RawTable | None:
    if settings.publish is None:
        return None
    swaps = Swaps(
        run.clients.client("glue"),
        run.clients.client("s3"),
        run.clock,
        run.pipeline.environment.account,
        run.common.extracts(run.step),
    )
    return RawTable(swaps, settings.publish.database, settings.publish.table, owner)


def _common(run: StepRun) -> Memory:
    """What all runs of the step share."""
    place = run.common.extracts(run.step)
    return Memory(run.clients.client("s3"), place, run.pipeline.environment.account)


def _judge(run: StepRun, settings: ExtractSettings, found: dict[str, Any], where: str) -> None:
    """Refuse too few rows, and tell or refuse columns that changed; nothing is published before.

    Raises:
        DataError: The rows may not be published.
    """
    if found["rows"] < settings.min_rows:
        raise DataError(
            f"step {run.step!r} finds {found['rows']:,} rows, must find {settings.min_rows:,}",
            where=where,
            cause=f"window: {found['window']}" if found.get("window") else "",
            mend="widen `parameters`, or lower `min_rows`",
        )
    changed = drift(_common(run).get(SCHEMA) or found["columns"], found["columns"])
    run.evidence["drift"] = changed
    if changed and settings.on_drift == "fail":
        raise DataError(
            f"the columns of step {run.step!r} are not those of the last extract; nothing was published",
            where=where,
            cause="\n".join(changed),
            mend="correct the query, or take the new columns with `on_drift: tell` once",
        )
    for change in changed:
        log.warning("since the last extract %s", change)


def _publish(
    run: StepRun, settings: ExtractSettings, table: RawTable, manifest: dict[str, Any], key: str
) -> None:
    location, columns = S3Uri.parse(manifest["uri"]), manifest["columns"]
    if settings.since is None:
        table.show(columns, location, manifest["rows"], key=key, keep=settings.keep)
    elif manifest["rows"]:
        table.add(columns, run.common.extracts(run.step), path_slug(run.place.run_id), location)
