"""A pipeline as its files, its environment and a run's params make it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foldline.config import load_pipeline, pipelines, problems, project_root
from foldline.errors import ConfigError
from foldline.steps.data import IngestSettings
from foldline.steps.fitting import TrainingSettings, TuningSettings
from foldline.steps.release import ReportSettings
from tests.unit.foldline.conftest import FILES

ROOT = Path(__file__).parents[3]


def test_a_good_project_has_no_problem(project):
    """
    The project that the other tests break is right as it is.
    """
    assert [] == project.told()
    assert ["churn"] == pipelines(project.root)


def test_batch_transform_asks_for_a_hold_out(project):
    """
    A pipeline that predicts the hold-out and keeps none is told before anything runs.
    """
    (project.root / "infra/churn/transform.yaml").write_text("instance: ml.m5.large\n")

    (told,) = project.told()

    assert "preprocessing.yaml" in told
    assert "holdout: must say which rows are held out: transform read" in told


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
        ("pipeline", "preprocessing.folds.k", "preprocessing.holdout.from", "pipeline.yaml:4 params.folds: 'preprocessing.holdout.from', but holdout of step 'preprocessing' is null"),
        ("pipeline", "preprocessing.folds.k", "pipeline.retries", "pipeline.yaml:4 params.folds: 'pipeline.retries', there is no step 'pipeline'"),
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


def test_an_override_of_no_step(project):
    """
    An override that no pipeline could take is a mistake, not a wish.
    """
    project.edit("env/local.yaml", "polling:", "steps:\n  tunning: {search: {trials: 2}}\npolling:")
    assert [
        "env/local.yaml:9 steps.tunning: no pipeline has such a step; did you mean 'tuning'?"
    ] == project.told()


def test_a_file_with_the_other_ending(project):
    """
    A step file that would not be read is told, instead of passed over in silence.
    """
    project.write("churn/gate.yml", "margin: 0.1\n")
    assert ["churn/gate.yml:0 is not read; name it gate.yaml"] == project.told()


@pytest.mark.parametrize("name", ["../churn", "churn model", "", "/etc", "1st", "a" * 64])
def test_names_that_are_no_names(project, name):
    """
    A pipeline's or environment's name becomes part of keys and tags, and never leads out of its folder.
    """
    assert f"{name!r} is no pipeline name" in problems(name, root=project.root)[0].message
    if name:
        assert f"{name!r} is no environment name" in problems("churn", env=name, root=project.root)[0].message


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_no_file_makes_reading_crash(project, name, data):
    """
    Whatever a file holds, what comes back is a list of problems, never another error.
    """
    original = (project.root / "infra" / name).read_bytes()
    try:
        (project.root / "infra" / name).write_bytes(data.draw(damaged(original)))
        assert all(problem.message for problem in problems("churn", root=project.root))
    finally:
        (project.root / "infra" / name).write_bytes(original)


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Content with one value replaced, one line gone, or some bytes changed; or something else altogether."""
    values = st.sampled_from(
        [b"null", b"[]", b"{}", b"-1", b"1e400", b"x", b"[[1]]", b"{a: {b: 1}}", b"*a", b"2020-13-01"]
    )
    lines = content.splitlines(keepends=True)

    def with_value(number: int, value: bytes) -> bytes:
        key, colon, _ = lines[number].partition(b":")
        return b"".join([*lines[:number], key + colon + b" " + value + b"\n", *lines[number + 1 :]])

    some_line = st.integers(0, len(lines) - 1)
    return st.one_of(
        st.builds(with_value, some_line, values),
        some_line.map(lambda number: b"".join(lines[:number] + lines[number + 1 :])),
        st.builds(lambda at, new: content[:at] + new + content[at + 1 :], st.integers(0, len(content)), st.binary(max_size=3)),
        st.text(max_size=60).map(str.encode),
    )  # fmt: skip


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
