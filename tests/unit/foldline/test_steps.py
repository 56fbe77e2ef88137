"""What each kind of step file may say."""

from __future__ import annotations

import pytest

from foldline.config import load_pipeline
from foldline.steps.fields import slot_at
from foldline.steps.fitting import TuningSettings
from foldline.steps.kinds import KINDS, kind_of
from foldline.steps.settings import DIRECTIONS
from foldline.trials import Dimension, Space
from training.metrics import METRICS


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("tuning", "trials: 4", "trails: 4", "8 search.trails: unknown key; did you mean 'trials'?"),
        ("tuning", "trials: 4", "trials: 0", "8 search.trials: 0, must be at least 1"),
        ("tuning", "trials: 4", "trials: four", "8 search.trials: 'four', must be a whole number"),
        ("tuning", "trials: 4", "trials: 4.0", "8 search.trials: 4.0, must be a whole number"),
        ("tuning", "trials: 4", "trials: true", "8 search.trials: true, must be a whole number"),
        ("tuning", "trials: 4", 'trials: "4"', "8 search.trials: '4', must be a whole number"),
        ("tuning", "trials: 4", "trials:", "8 search.trials: null, must be a whole number"),
        ("tuning", "trials: 4", "sampler: tp", "8 search.sampler: 'tp', must be one of tpe, random; did you mean 'tpe'?"),
        ("tuning", "  trials: 4", "  max_parallel: 0", "8 search.max_parallel: 0, must be at least 1"),
        ("tuning", "direction: maximize", "direction: minimize", "2 metric.direction: 'minimize', must be 'maximize' for roc_auc"),
        ("tuning", "{int: [3, 9]}", "{int: [9, 3]}", "5 space.max_depth.int: [9, 3], the low end must be below the high end"),
        ("tuning", "{int: [3, 9]}", "{int: [3, 9], float: [1, 2]}", "5 space.max_depth: must have exactly one of int, float and categorical, has int and float"),
        ("tuning", "{int: [3, 9]}", "{}", "5 space.max_depth: must have exactly one of int, float and categorical, has none of them"),
        ("tuning", "{int: [3, 9]}", "{int: [3.5, 9]}", "5 space.max_depth.int[0]: 3.5, must be a whole number"),
        ("tuning", "{int: [3, 9]}", "{categorical: []}", "5 space.max_depth.categorical: must not be empty"),
        ("tuning", "{int: [3, 9]}", "[3, 9]", "5 space.max_depth: a list, must be a mapping of keys to values"),
        ("tuning", "[0.01, 0.3]", "[0, 0.3]", "6 space.learning_rate.float: low end 0, must be above 0 on a logarithmic scale"),
        ("tuning", "n_estimators", "max_depth", "5 space.max_depth: is also fixed in hyperparameters; keep one"),
        ("tuning", "xgboost.XGBClassifier", "XGBClassifier", "1 estimator: 'XGBClassifier' is no estimator: a dotted name such as xgboost.XGBClassifier"),
        ("tuning", "{n_estimators: 50}", "{n_estimators: 2025-01-01}", "3 hyperparameters.n_estimators: 2025-01-01, must be text, a number, true, false, null, or a list or mapping of these; quote a date"),
        ("tuning", "{image: xgboost, ", "{", "9 job.image: is missing (Key of the environment's `images`, or a full URI)"),
        ("tuning", "ml.m5.large", "ml.m5", "9 job.instance: 'ml.m5' is no instance type: such as ml.m5.xlarge, lower case"),
        ("tuning", "max_runtime: 20m", "max_runtime: 20", "9 job.max_runtime: 20 is no duration; write a number with a unit: 20s, 20m, 20h"),
        ("tuning", "max_runtime: 20m", "volume: 30 GB", "9 job.volume: '30 GB' is no size; write a number with a unit: 30 MiB, 30 GiB"),
        ("tuning", "max_runtime: 20m", "environment: {OMP_NUM_THREADS: 2}", "9 job.environment.OMP_NUM_THREADS: 2, must be text; quote it if it looks like something else"),
        ("preprocessing", "k: 5", "k: 1", "5 folds.k: 1, must be at least 2"),
        ("preprocessing", "k: 5", "k: 101", "5 folds.k: 101, must be at most 100"),
        ("preprocessing", "splitter: stratified", "splitter: group", "5 folds.splitter: 'group' needs `column`: the column whose values stay together"),
        ("preprocessing", "k: 5", "column: plan", "5 folds.column: is read by the 'group' splitter only, not by 'stratified'"),
        ("preprocessing", "numeric: [age]", "numeric: [age, plan]", "4 categorical[0]: 'plan' is also in numeric"),
        ("preprocessing", "numeric: [age]", "numeric: [age, Age]", "3 numeric[1]: 'Age' is here twice"),
        ("preprocessing", "numeric: [age]", "numeric: [left_us]", "3 numeric[0]: 'left_us' is the label, not a feature"),
        ("preprocessing", "numeric: [age]", "numeric: [id]", "3 numeric[0]: 'id' is the row_id, not a feature"),
        ("preprocessing", "numeric: [age]", "numeric: age", "3 numeric: 'age', must be a list such as [a, b]"),
        ("preprocessing", "numeric: [age]", "holdout: {column: age}", "3 holdout.from: is missing (Rows from this value on, inclusive, are held out)"),
        ("quality", "min_share: 0.1", "min_share: 1.5", "1 label.min_share: 1.5, must be at most 1"),
        ("quality", "min_share: 0.1", "min_share: 0.95", "1 label.min_share: 0.95, must not be above max_share (0.9)"),
        ("quality", "min: 0, max", "min: 121, max", "3 columns.age.min: 121, must not be above max (120)"),
        ("quality", "age: {", "'a ge': {", "3 columns.a ge: 'a ge' is no identifier: letters, digits and _, not starting with a digit"),
        ("quality", "max: 120", "max: .inf", "3 columns.age.max: '.inf', must be a number"),
        ("quality", "max: 120", "unique: NO", "3 columns.age.unique: 'NO', must be true or false"),
        ("ingest", "query: ingest.sql", "query: ../ingest.sql", "2 query: '../ingest.sql' is no query file: a .sql file beside the step file, such as ingest.sql"),
        ("ingest", "no_age:", "kept:", "4 rules.kept: is what rows are called that no rule drops; take another name"),
        ("ingest", "age IS NULL", "''", "4 rules.no_age: must not be empty"),
        ("ingest", "database: churn", "database: Churn", "1 database: 'Churn' is no Glue name: lower-case letters, digits and _, not starting with a digit"),
        ("pipeline", "start: 2026-01-01", "start: soon", "2 start: 'soon', must be a date such as 2013-12-31"),
        ("pipeline", "start: 2026-01-01", "start: 2026-01-01\nschedule: '@weakly'", "3 schedule: '@weakly', must be null, a cron line of five fields, or @once | @continuous | @hourly | @daily | @weekly | @monthly | @quarterly | @yearly"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_with_file_line_and_rule(broken, file, old, new, told):
    """
    One line of the message says what is there, and what must be.
    """
    expected = f"churn/{file}.yaml:{told}"
    assert expected in broken(f"churn/{file}.yaml", old, new)


def test_a_gate_has_no_request(project):
    """
    A step that calls no AWS operation refuses the escape hatch that would do nothing.
    """
    project.write("churn/gate.yaml", "margin: 0.1\nrequest: {Tags: []}\n")
    assert ["churn/gate.yaml:2 request: unknown key, must be one of margin"] == project.told()


def test_the_space_keeps_the_order_of_the_file(project):
    """
    Dimensions reach the sampler in the order they are written: same file, same trials.
    """
    space = project.load().step("tuning", TuningSettings).search_space
    depth = Dimension("max_depth", "int", 3, 9)
    rate = Dimension("learning_rate", "float", 0.01, 0.3, log=True)
    assert Space((depth, rate)) == space


def test_a_document_reads_back(project):
    """
    The settings as JSON are spelt as a file would spell them, and give equal settings.
    """
    for name, settings in project.load().steps.items():
        written = settings.document()
        if name != "ingest":  # JSON has no dates; its parameters are texts there
            assert settings == type(settings).model_validate(written)
    assert "30 GiB" == project.load()["tuning"].document()["job"]["volume"]


def test_settings_are_frozen(project):
    """
    Nothing changes a setting after it was checked.
    """
    with pytest.raises(ValueError, match="frozen"):
        project.load()["tuning"].search.trials = 5


def test_a_path_leads_to_its_field():
    """
    A path spelt as in the file finds the field, through aliases, mappings and lists.
    """
    holdout = slot_at(KINDS["preprocessing"], ("holdout", "from"))
    assert "Rows from this value on, inclusive, are held out." == holdout.field.description
    assert {"type": ["number", "null"], "minimum": 0, "maximum": 1} == slot_at(
        KINDS["quality"], ("columns", "age", "max_null_share")
    ).schema
    assert int is slot_at(KINDS["tuning"], ("space", "depth", "int", 1)).type
    assert slot_at(KINDS["tuning"], ("search", "tirals")) is None


def test_every_kind_knows_its_name():
    """
    The kind of settings is the name of their file.
    """
    assert list(KINDS) == [kind_of(model) for model in KINDS.values()]


def test_the_container_knows_the_same_metrics():
    """
    A metric that a file may name is one that a job can score, with the same direction.
    """
    assert dict(METRICS) == DIRECTIONS


def test_instance_settings_exist(monkeypatch):
    """
    What a model calls an instance setting is a field that holds instance types.
    """
    pipeline = load_pipeline("flight_delays", env="local")
    for name, step in pipeline.steps.items():
        for path in step.instance_settings:
            slot = slot_at(type(step), path.split("."))
            assert slot is not None, f"{name}: {path}"
            leaf = slot.child(0) or slot
            assert "instance type" == leaf.mark.noun
