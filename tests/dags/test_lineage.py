"""OpenLineage events of real runs, as Airflow's own provider writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.dags.observedbed import SECRET
from tests.dags.observedruns import Runs

pytestmark = pytest.mark.xdist_group("observed")
pytest.importorskip("airflow.providers.openlineage")
BUCKET = "s3://foldline-local"
GLUE = "arn:aws:glue:us-east-1:123456789012"
NO_PROVIDER = """
import sys
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("openlineage", "airflow.providers.openlineage.extractors")):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refused())
from operators.folds import FoldsOperator
from operators.athena import AthenaUnloadOperator
print(AthenaUnloadOperator(step="flight_delays.ingest").task_id)
"""


def event(events: list[dict[str, Any]], kind: str, task: str) -> dict[str, Any]:
    """The one event of this kind of a task."""
    (found,) = [one for one in events if (one["eventType"], one["job"]["name"]) == (kind, f"observed.{task}")]
    return found


def names(datasets: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["namespace"], one["name"]) for one in datasets]


def test_the_graph_of_a_run_hangs_together(runs: Runs) -> None:
    """
    What a step wrote is, by the same name, what the next one read: raw file, table, unloaded table, folds.
    """
    catalogue, ingest, folds = (
        event(runs.good.lineage, "COMPLETE", task) for task in ("catalogue", "ingest", "preprocessing")
    )

    assert [(BUCKET, "observed/raw/visits")] == names(catalogue["inputs"])
    assert [(GLUE, "table/observed/visits")] == names(catalogue["outputs"]) == names(ingest["inputs"])
    assert [(BUCKET, "observed/table")] == names(ingest["outputs"]) == names(folds["inputs"])
    assert (BUCKET, "observed/folds") in names(folds["outputs"])


def test_names_stay_the_same_from_run_to_run_and_the_version_names_the_run(runs: Runs) -> None:
    """
    A data set per run would be a graph per run.
    """
    (table,) = event(runs.good.lineage, "COMPLETE", "ingest")["outputs"]

    assert runs.good.run_id[:10] not in table["name"]
    assert table["facets"]["version"]["datasetVersion"].startswith(f"{BUCKET}/observed/runs/")
    assert 40 == table["outputFacets"]["outputStatistics"]["rowCount"]


def test_a_table_has_its_columns(runs: Runs) -> None:
    """
    From the Glue catalogue, with their types.
    """
    (table,) = event(runs.good.lineage, "COMPLETE", "ingest")["inputs"]

    fields = {field["name"]: field["type"] for field in table["facets"]["schema"]["fields"]}
    assert {"visit", "sold", "minutes"} == set(fields)
    assert "string" == fields["visit"]


def test_a_query_is_named_with_its_id_text_and_bytes(runs: Runs) -> None:
    """
    The id leads to Athena's own history.
    """
    ingest = event(runs.good.lineage, "COMPLETE", "ingest")
    facets = ingest["run"]["facets"]

    assert "awsathena://athena.us-east-1.amazonaws.com" == facets["externalQuery"]["source"]
    assert facets["externalQuery"]["externalQueryId"] in [job["name"] for job in facets["foldline"]["jobs"]]
    assert facets["foldline"]["figures"]["bytes_scanned"] > 0
    assert "FROM recent" in ingest["job"]["facets"]["sql"]["query"]


def test_a_deferred_job_is_told_as_any_other(runs: Runs) -> None:
    """
    The task left its worker for the triggerer and came back; its end names the job's ARN and state.
    """
    facets = event(runs.good.lineage, "COMPLETE", "preprocessing")["run"]["facets"]
    (job,) = facets["foldline"]["jobs"]

    assert "Completed" == job["status"]
    assert job["arn"].startswith("arn:aws:sagemaker:us-east-1:123456789012:processing-job/")
    assert "waits in the triggerer for processing" in runs.good.log


def test_a_step_tells_what_it_will_read_when_it_starts(runs: Runs) -> None:
    """
    From the results it was handed, before it has asked AWS anything.
    """
    starts = [
        one
        for one in runs.good.lineage
        if (one["eventType"], one["job"]["name"]) == ("START", "observed.preprocessing")
    ]

    assert starts
    assert [(BUCKET, "observed/table")] == names(starts[0]["inputs"])


def test_a_failed_step_tells_what_it_read_and_that_it_wrote_nothing(runs: Runs) -> None:
    """
    With the query that ran, and Airflow's error.
    """
    failed = event(runs.bad.lineage, "FAIL", "ingest")

    assert [(GLUE, "table/observed/visits")] == names(failed["inputs"])
    assert [] == failed["outputs"]
    assert "gives no rows" in failed["run"]["facets"]["errorMessage"]["message"]


def test_every_event_is_valid_openlineage(runs: Runs) -> None:
    """
    Run and job named, every facet with producer and schema, as the standard asks.
    """
    for one in [*runs.good.lineage, *runs.bad.lineage]:
        assert {"eventTime", "producer", "schemaURL", "run", "job", "inputs", "outputs"} <= set(one)
        datasets = [*one["inputs"], *one["outputs"]]
        holders = [one["run"], one["job"], *datasets]
        found = [facet for holder in holders for facet in (holder.get("facets") or {}).values()]
        assert all({"_producer", "_schemaURL"} <= set(facet) for facet in found)
        assert all(dataset["namespace"] and dataset["name"] for dataset in datasets)


def test_no_event_holds_a_secret(runs: Runs) -> None:
    """
    Neither the webhook nor a key of AWS.
    """
    told = json.dumps([*runs.good.lineage, *runs.bad.lineage])

    assert SECRET not in told
    assert "secret_access_key" not in told.lower()


def test_operators_work_without_the_provider() -> None:
    """
    OpenLineage is an extra: nothing of it is imported until somebody asks for an event.
    """
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", NO_PROVIDER], cwd=root, capture_output=True, text=True, check=False
    )

    assert "ingest" == done.stdout.strip(), done.stderr
