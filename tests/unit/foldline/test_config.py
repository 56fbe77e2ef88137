"""A pipeline as its files, its environment and a run's params make it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from foldline.config import load_pipeline, pipelines, problems, project_root
from foldline.errors import ConfigError
from foldline.steps.data import IngestSettings
from foldline.steps.fitting import TrainingSettings, TuningSettings
from foldline.steps.release import ReportSettings

ROOT = Path(__file__).parents[3]


def test_a_good_project_has_no_problem(project):
    """
    The project that the other tests break is right as it is.
    """
    assert [] == project.told()
    assert ["churn"] == pipelines(project.root)


@pytest.mark.parametrize("env", ["local", "dev", "prod"])
def test_the_pipelines_of_this_repository_are_right(env):
    """
    Every pipeline in infra/ loads in every environment.
    """
    assert [] == problems(env=env, root=ROOT)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("ingest", "query: ingest.sql", "query: ingst.sql", "ingest.yaml:2 query: 'ingst.sql', there is no such file in infra/churn; did you mean 'ingest.sql'?"),
        ("ingest", "age, plan]", "agee, plan]", "preprocessing.yaml:3 numeric[0]: 'age' is not among ingest's columns; did you mean 'agee'?"),
        ("preprocessing", "[plan]", "[plam]", "preprocessing.yaml:4 categorical[0]: 'plam' is not among ingest's columns; did you mean 'plan'?"),
        ("preprocessing", "stratified", "group, column: week", "preprocessing.yaml:5 folds.column: 'week' is not among ingest's columns"),
        ("preprocessing", "row_id: id", "row_id: id\nholdout: {column: dy, from: 2025-12-01}", "preprocessing.yaml:2 holdout.column: 'dy' is not among ingest's columns"),
        ("quality", "  age: {", "  aeg: {", "quality.yaml:3 columns.aeg: 'aeg' is not among ingest's columns; did you mean 'age'?"),
        ("quality", "left_us", "plan", "quality.yaml:1 label.column: 'plan', but preprocessing says 'left_us'"),
        ("tuning", "image: xgboost", "image: xgbost", "tuning.yaml:9 job.image: 'xgbost', environment local has the images xgboost; did you mean 'xgboost'?"),
        ("tuning", "{name: roc_auc, direction: maximize}", "{name: log_loss, direction: minimize}", "tuning.yaml:2 metric.name: 'log_loss', must be 'roc_auc' as in training: scores are compared"),
        ("pipeline", "preprocessing.folds.k", "preprocesing.folds.k", "pipeline.yaml:4 params.folds: 'preprocesing.folds.k', there is no step 'preprocesing'; did you mean 'preprocessing'?"),
        ("pipeline", "preprocessing.folds.k", "preprocessing.folds.kk", "pipeline.yaml:4 params.folds: 'preprocessing.folds.kk' is no setting of step 'preprocessing'; did you mean 'k'?"),
        ("pipeline", "preprocessing.folds.k", "preprocessing.folds", "pipeline.yaml:4 params.folds: 'preprocessing.folds' is a mapping; name one of its keys: splitter, column, k, seed"),
        ("pipeline", "preprocessing.folds.k", "gate.margin", "pipeline.yaml:4 params.folds: 'gate.margin', there is no step 'gate'"),
        ("pipeline", "parameters.since", "parameters.until", "pipeline.yaml:5 params.since: 'ingest.parameters.until', but parameters of step 'ingest' has no 'until'"),
        ("pipeline", "preprocessing.folds.k", "folds", "pipeline.yaml:4 params.folds: 'folds' is no setting: a step and a key in its file, such as preprocessing.folds.k"),
    ],
)  # fmt: skip
def test_files_that_do_not_agree(broken, file, old, new, told):
    """
    Each file is right alone; the conflict is told in the file that should change.
    """
    assert f"churn/{told}" in broken(f"churn/{file}.yaml", old, new)


def test_everything_is_told_at_once(project):
    """
    Problems of several files come in one error, each file under its name, with lines in order.
    """
    project.edit("churn/tuning.yaml", "trials: 4", "trials: 0\n  trails: 4")
    project.edit("churn/tuning.yaml", "max_runtime: 20m", "max_runtime: 20")
    project.edit("churn/quality.yaml", "max: 120", "max: old")
    project.write("churn/broken.yaml", "a: [1\n")
    with pytest.raises(ConfigError) as caught:
        project.load()
    assert (
        str(caught.value)
        == """\
infra/churn/broken.yaml (environment local): 1 problem
  line 2  is no YAML: while parsing a flow sequence did not find expected ',' or ']'
infra/churn/quality.yaml (environment local): 1 problem
  line 3  columns.age.max: 'old', must be a number
infra/churn/tuning.yaml (environment local): 3 problems
  line 8   search.trials: 0, must be at least 1
  line 9   search.trails: unknown key; did you mean 'trials'?
  line 10  job.max_runtime: 20 is no duration; write a number with a unit: 20s, 20m, 20h
  mend    foldline validate checks all files without running anything"""
    )


def test_a_broken_pipeline_leaves_the_others_alone(project):
    """
    A second pipeline loads while the first has a broken file.
    """
    project.write("other/pipeline.yaml", "description: Another\nstart: 2026-01-01\n")
    project.edit("churn/tuning.yaml", "trials: 4", "trials: 0")
    assert "other" == load_pipeline("other", root=project.root).name
    assert ["infra/churn/tuning.yaml"] == [problem.file for problem in problems(root=project.root)]


def test_the_file_name_is_the_kind_unless_the_file_says_another(project):
    """
    A second training step has any name and its kind in the file.
    """
    text = (project.root / "infra/churn/training.yaml").read_text()
    project.write("churn/training_b.yaml", f"kind: training\n{text}")
    pipeline = project.load()
    assert pipeline.step("training", TrainingSettings) == pipeline.step("training_b", TrainingSettings)


def test_an_unknown_kind(project):
    """
    Neither the name of the file nor what it says is a kind of step.
    """
    project.write("churn/tunning.yaml", "a: 1\n")
    project.write("churn/second.yaml", "a: 1\nkind: trainng\n")
    second, tunning = project.told()
    assert second.startswith("churn/second.yaml:2 kind: 'trainng', must be one of catalogue, ingest")
    assert second.endswith("; did you mean 'training'?")
    assert tunning.startswith("churn/tunning.yaml:1 'tunning', the file's name is no kind of step")
    assert tunning.endswith("; did you mean 'tuning'?")


def test_an_environment_overrides_steps(project):
    """
    An override merges over the step's file before anything is checked.
    """
    project.edit("env/local.yaml", "polling:", "steps:\n  tuning: {search: {trials: 2}}\npolling:")
    tuning = project.load().step("tuning", TuningSettings)
    assert (2, 10) == (tuning.search.trials, tuning.search.max_parallel)
    assert 1200 == tuning.job.max_runtime


def test_a_problem_of_an_override_is_told_where_it_is_written(project):
    """
    The line is one of the environment's file, not of the step's.
    """
    project.edit("env/local.yaml", "polling:", "steps:\n  tuning: {search: {trials: 0}}\npolling:")
    assert ["env/local.yaml:9 search.trials: 0, must be at least 1"] == project.told()


def test_an_unknown_pipeline(project):
    """
    The message lists the pipelines there are.
    """
    with pytest.raises(
        ConfigError, match=r"there is no pipeline 'chrun'; known: churn; did you mean 'churn'\?"
    ):
        load_pipeline("chrun", root=project.root)


def test_an_unknown_step(project):
    """
    A step that no file describes is named with the nearest one.
    """
    with pytest.raises(ConfigError, match=r"pipeline churn has no step 'tunin'; did you mean 'tuning'\?"):
        project.load()["tunin"]
    with pytest.raises(ConfigError, match="step 'tuning' of churn is of kind tuning, not ingest"):
        project.load().step("tuning", IngestSettings)


def test_a_report_needs_no_file(project):
    """
    A kind with nothing to set is a step of every pipeline.
    """
    assert ReportSettings() == project.load()["report"]


def test_params_are_typed(project):
    """
    A param takes default, type, bounds and description from the setting it stands for.
    """
    schemas = project.load().param_schemas()
    assert {
        "default": 5,
        "type": "integer",
        "minimum": 2,
        "maximum": 100,
        "description": "Number of folds. (preprocessing.folds.k)",
    } == schemas["folds"]
    assert {"default": "2025-01-01", "type": "string", "format": "date"}.items() <= schemas["since"].items()
    assert "20m" == schemas["budget"]["default"]
    assert "string" == schemas["budget"]["type"]


def test_airflow_takes_the_params(project):
    """
    Airflow's own Param accepts each schema with its default, and refuses what the setting refuses.
    """
    sdk = pytest.importorskip("airflow.sdk")
    params = {name: sdk.Param(**schema) for name, schema in project.load().param_schemas().items()}
    assert [5, "2025-01-01", "20m"] == [param.resolve() for param in params.values()]
    for name, value in (("folds", 1), ("since", "soon"), ("budget", "20")):
        with pytest.raises(ValueError, match=f"{value}'? (is less than|is not a|does not match)"):
            params[name].resolve(value)


def test_params_change_one_run(project):
    """
    A param's value stands in place of its setting; the pipeline it came from is as before.
    """
    pipeline = project.load()
    run = pipeline.with_params({"folds": 3, "since": "2025-06-01", "budget": "1h"})
    assert 3 == run["preprocessing"].folds.k
    assert "2025-06-01" == run["ingest"].parameters["since"].isoformat()
    assert 3600 == run["training"].job.max_runtime
    assert 5 == pipeline["preprocessing"].folds.k
    assert "2025-01-01" == project.load().with_params({})["ingest"].parameters["since"].isoformat()


def test_a_bad_param_is_told_with_its_setting_and_rule(project):
    """
    Unknown params and values out of bounds are told together, and nothing is started.
    """
    with pytest.raises(ConfigError) as caught:
        project.load().with_params({"folds": 1, "since": "soon", "fold": 3, "budget": 20})
    assert (
        str(caught.value)
        == """\
params (environment local): 4 problems
  since: 'soon', must be a date such as 2025-01-01
  'fold' is not one of folds, since, budget; did you mean 'folds'?
  folds (preprocessing.folds.k): 1, must be at least 2
  budget (training.job.max_runtime): 20 is no duration; write a number with a unit: 20s, 20m, 20h
  mend    correct the params of churn and trigger it again"""
    )


def test_the_root_is_the_nearest_folder_with_infra(project, monkeypatch):
    """
    A file or folder inside, the current folder, or FOLDLINE_ROOT leads to the project.
    """
    (project.root / "dags").mkdir()
    (project.root / "dags/churn.py").touch()
    assert project.root == project_root(project.root / "dags/churn.py")
    monkeypatch.delenv("FOLDLINE_ROOT", raising=False)
    monkeypatch.chdir(project.root / "dags")
    assert project.root == project_root()
    monkeypatch.chdir("/")
    with pytest.raises(ConfigError, match="there is no project in / or above it"):
        project_root()
    monkeypatch.setenv("FOLDLINE_ROOT", str(project.root))
    assert project.root == project_root()


def test_two_hundred_bad_files_are_told_quickly_and_whole(project):
    """
    Every one of 200 bad files is told by name, none stops the reading of the others.
    """
    for number in range(200):
        project.write(f"churn/bad_{number:03d}.yaml", f"kind: gate\nmargin: -{number + 1}\n")
    told = project.told()
    assert 200 == len(told)
    assert "churn/bad_199.yaml:2 margin: -200, must be at least 0" == told[-1]
    with pytest.raises(ConfigError) as caught:
        project.load()
    assert len(str(caught.value)) <= 6000


def test_loading_a_pipeline_imports_nothing_heavy():
    """
    A DAG file that loads its pipeline does not pay for boto3, pandas or Airflow's providers.
    """
    heavy = ("boto3", "botocore", "airflow", "pandas", "numpy", "sqlglot", "jinja2", "typer")
    program = (
        "import sys; from foldline.config import load_pipeline; load_pipeline('flight_delays');"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": ""},
    )
    assert "[]" == result.stdout.strip()
