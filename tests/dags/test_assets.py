"""Assets: what a pipeline makes, and what another DAG can be scheduled on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from foldline.config import load_pipeline
from foldline.errors import ConfigError
from operators.assets import MAKERS, as_it_is, asset, outlets
from tests.dags.observedruns import Runs

pytestmark = pytest.mark.xdist_group("observed")
ROOT = Path(__file__).parents[2]


def events(runs: Runs, run_id: str) -> dict[str, dict[str, Any]]:
    """What the events of a run said, by asset."""
    with runs.bed.database() as database:
        rows = database.execute(
            "SELECT a.name, e.extra FROM asset_event e JOIN asset a ON a.id = e.asset_id WHERE e.source_run_id = ?",
            (run_id,),
        ).fetchall()
    return {name: json.loads(extra) for name, extra in rows}


def test_a_good_run_tells_of_each_asset_it_made(runs: Runs) -> None:
    """
    Raw data, table and features, each with the run, the digest of its config and what its task returned.
    """
    found = events(runs, runs.good.run_id)

    assert {"observed.raw", "observed.table", "observed.features"} == set(found)
    assert {runs.good.run_id} == {extra["run"] for extra in found.values()}
    assert (2, 40) == (found["observed.features"]["k"], found["observed.table"]["rows"])
    assert found["observed.features"]["uri"].endswith("/folds/")
    assert found["observed.table"]["digest"]


def test_a_failed_run_tells_only_of_what_it_made(runs: Runs) -> None:
    """
    Nobody learns from a table that was not written.
    """
    assert {"observed.raw"} == set(events(runs, runs.bad.run_id))


def test_new_features_queue_the_dag_that_waits_for_them(runs: Runs) -> None:
    """
    `follower` is scheduled by the asset; the scheduler finds it in the queue of asset-triggered runs.
    """
    with runs.bed.database() as database:
        rows = database.execute("SELECT target_dag_id FROM asset_dag_run_queue").fetchall()

    assert [("follower",)] == rows


@pytest.mark.parametrize("name", MAKERS)
def test_addresses_are_as_airflow_itself_would_write_them(name: str) -> None:
    """
    We spare Airflow its check of s3:// while a DAG file is parsed; what it would have made of it is what we wrote.
    """
    from airflow.sdk import Asset

    ours = asset(load_pipeline("flight_delays", env="local", root=ROOT), name)

    assert Asset(name=ours.name, uri=ours.uri).uri == ours.uri
    assert "//" not in ours.uri.partition("://")[2]


def test_an_address_is_the_same_in_every_run_and_differs_by_environment() -> None:
    """
    It names no run; two accounts never share it.
    """
    local, dev = (load_pipeline("flight_delays", env=env, root=ROOT) for env in ("local", "dev"))

    assert "s3://foldline-local/flight_delays/folds" == asset(local, "features").uri
    assert "x-sagemaker://eu-west-1/111111111111/model-package-group/flight-delays" == asset(dev, "model").uri


def test_an_asset_nobody_makes_is_refused_by_name() -> None:
    """
    A misspelt asset would be a DAG that never runs.
    """
    with pytest.raises(ConfigError, match="did you mean 'features'"):
        asset(load_pipeline("flight_delays", env="local", root=ROOT), "feature")


@pytest.mark.parametrize(
    ("step", "names"),
    [("register", ["flight_delays.model"]), ("deploy", ["flight_delays.endpoint"]), ("tuning", [])],
)
def test_steps_declare_what_they_make(step: str, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Model and endpoint are outlets too; a step that only scores makes nothing.
    """
    monkeypatch.setenv("FOLDLINE_ROOT", str(ROOT))
    monkeypatch.setenv("FOLDLINE_ENV", "local")

    assert names == [made.name for made in outlets(f"flight_delays.{step}")]


def test_an_edited_pipeline_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its files are read once for all operators of a DAG, and again as soon as one of them changes.
    """
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    monkeypatch.setenv("FOLDLINE_ROOT", str(tmp_path))
    first = as_it_is("flight_delays")
    file = tmp_path / "infra/flight_delays/pipeline.yaml"

    file.write_text(f"{file.read_text()}\n# edited\n")

    assert first is not as_it_is("flight_delays")
    assert as_it_is("flight_delays") is as_it_is("flight_delays")
