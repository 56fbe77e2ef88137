"""An extract that a processing job does, each host its share of the rows."""

from __future__ import annotations

from typing import Any

from foldline.errors import DataError
from foldline.outcomes import PROCESSING
from foldline.remote.extracts.parts import Extract
from foldline.steps.extract import ExtractSettings
from operators.extract_worker import manifest_of
from operators.steprun import StepRun
from preprocessing.extract_request import extract_request, extract_settings, reports_place, rows_place


def extracted_by_job(run: StepRun, settings: ExtractSettings, query: str, extract: Extract) -> dict[str, Any]:
    """The manifest of rows that are all in S3, not yet written.

    Raises:
        DataError: A host has not reported, its files are not as it says, or hosts differ in their columns.
        JobError: The job did not end well.
    """
    assert settings.job is not None, "the settings' own check"
    document = run.settings_document(extract_settings(settings, query))
    environment = run.pipeline.environment
    request = extract_request(settings, environment, code=run.code, document=document, root=extract.root)
    outcome = run.run_job(PROCESSING, request, job=settings.job)
    place = rows_place(extract.root)
    reports = [
        run.objects.get_document(reports_place(extract.root) / f"shard-{shard:03d}.json")
        for shard in range(settings.job.instances)
    ]
    there = {item.uri.name: item for item in run.objects.below(place)}
    parts = [part for report in reports for part in report["parts"]]
    for part in parts:
        found = there.get(part["name"])
        if found is None or found.size != part["bytes"]:
            raise DataError(
                f"processing job {outcome.name} reports {part['name']}, which is not there as it says",
                where=str(place),
                mend="clear the task",
            )
        part["etag"] = found.etag
    if any(report["columns"] != reports[0]["columns"] for report in reports):
        raise DataError(
            "the hosts found different column types",
            where=f"processing job {outcome.name}",
            cause="\n".join(str(report["columns"])[:300] for report in reports),
            mend="name the columns that differ under `types`",
        )
    run.evidence["rows_by_host"] = [sum(part["rows"] for part in report["parts"]) for report in reports]
    snapshots = [report["snapshot"] for report in reports]
    return {**manifest_of(str(place), parts, reports[0]["columns"]), "snapshot": ", ".join(snapshots)}
