"""The container side under SageMaker's contract: each program runs in a bare interpreter on the tree that is uploaded."""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foldline.folds import FoldManifest
from foldline.layout import RunLayout
from foldline.remote.storage.sourcetree import source_tree
from foldline.trials import encode

LAYOUT = RunLayout("bucket", "flights", "run")
SCHEMA = {
    "row_id": "flight_id",
    "label": "late",
    "numeric": ["dep_hour", "temp"],
    "categorical": ["carrier", "origin"],
}
BASELINE = {
    "estimator": "training.baseline.HistoricalRate",
    "hyperparameters": {"by": ["carrier"], "prior_rows": 5},
}
FORBIDDEN = {"airflow", "boto3", "botocore", "pydantic", "pandas", "sklearn", "localaws", "operators"}
K = 3
LAUNCHER = """
import json, runpy, sys
try:
    runpy.run_module(sys.argv[1], run_name="__main__", alter_sys=True)
finally:
    sys.stderr.write("\\nmodules " + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})) + "\\n")
"""


@dataclass
class Ended:
    """A program that has ended."""

    code: int
    output: str
    errors: str

    @property
    def modules(self) -> set[str]:
        """Top-level modules it had imported."""
        return set(json.loads(self.errors.rpartition("\nmodules ")[2]))


@dataclass
class Bench:
    """A code tree as the container gets it, and a place for jobs."""

    code: Path
    root: Path

    def run(self, job: Path, module: str) -> Ended:
        """Run a container module with nothing on its path but the tree and the installed libraries."""
        path = os.pathsep.join([str(self.code), sysconfig.get_path("purelib")])
        environment = {
            "PYTHONPATH": path,
            "FOLDLINE_JOB_DIR": str(job),
            "OMP_NUM_THREADS": "1",
            "PATH": os.defpath,
        }
        command = [sys.executable, "-S", "-P", "-c", LAUNCHER, module]
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def processing(self, name: str, settings: dict, inputs: dict[str, Path]) -> Path:
        """The folder of a processing job with its inputs."""
        folder = self.root / name / "processing" / "input"
        (folder / "settings").mkdir(parents=True)
        (folder / "settings" / "settings.json").write_text(json.dumps(settings))
        for key, source in inputs.items():
            shutil.copytree(source, folder / key)
        return self.root / name

    def training(
        self, name: str, folds: Path, fold: int | None, estimator: str, hyperparameters: dict
    ) -> Path:
        """The folder of a training job; its channels hold what the S3 manifests of the split list."""
        job = self.root / name
        channel = job / "input" / "data"
        (job / "input" / "config").mkdir(parents=True)
        ours = {"foldline_estimator": estimator, "foldline_metric": "roc_auc", "foldline_fold": fold}
        texts = encode({**ours, **hyperparameters})
        (job / "input" / "config" / "hyperparameters.json").write_text(json.dumps(texts))
        (channel / "folds").mkdir(parents=True)
        shutil.copy(folds / "manifest.json", channel / "folds")
        if fold is None:
            _channel(folds, LAYOUT.all_manifest.key, channel / "train")
        else:
            _channel(folds, LAYOUT.train_manifest(fold).key, channel / "train")
            _channel(folds, LAYOUT.validation_manifest(fold).key, channel / "validation")
        return job


def _channel(folds: Path, key: str, target: Path) -> None:
    document = json.loads((folds / key.removeprefix(LAYOUT.folds.key)).read_text())
    assert {"prefix": str(LAYOUT.folds)} == document[0]
    for name in document[1:]:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folds / name, target / name)


def flights() -> pa.Table:
    random = np.random.default_rng(3)
    rows = 900
    hour = random.integers(5, 24, rows)
    return pa.table(
        {
            "flight_id": [f"f-{number:04d}" for number in random.permutation(rows)],
            "flight_date": [dt.date(2013, 11, 1) + dt.timedelta(days=number % 45) for number in range(rows)],
            "late": pa.array((random.random(rows) < (hour - 4) / 30).astype(np.int32)),
            "dep_hour": pa.array(hour.astype(np.int32)),
            "temp": pa.array(random.normal(50, 20, rows), mask=random.random(rows) < 0.1),
            "carrier": [["AA", "B6", "A, Inc.", None][number] for number in random.integers(0, 4, rows)],
            "origin": [["EWR", "JFK"][number] for number in random.integers(0, 2, rows)],
        }
    )


def split_settings(**folds) -> dict:
    return {
        "schema": SCHEMA,
        "holdout": {"column": "flight_date", "from": "2013-12-01"},
        "folds": {"splitter": "group", "column": "flight_date", "k": K, "seed": 7, **folds},
        "folds_uri": str(LAYOUT.folds),
    }


QUALITY = {
    "quality": {
        "min_rows": 100,
        "label": {"column": "late", "min_share": 0.05, "max_share": 0.6},
        "columns": {"flight_id": {"max_null_share": 0, "unique": True}},
        "leakage": {"max_auc": 0.9},
    },
    "schema": SCHEMA,
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Bench:
    root = tmp_path_factory.mktemp("container")
    for name, source in source_tree().files:
        (root / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, root / "code" / name)
    (root / "table").mkdir()
    pq.write_table(flights(), root / "table" / "20260101_000000_aaaaa")
    return Bench(root / "code", root)


@pytest.fixture(scope="module")
def ran(bench) -> dict[str, Ended]:
    """All programs, one after the other, as a pipeline runs them; by name of the job."""
    ended = {}

    def run(job: Path, module: str) -> Path:
        ended[job.name] = bench.run(job, module)
        assert 0 == ended[job.name].code, ended[job.name].errors
        return job

    run(bench.processing("quality", QUALITY, {"table": bench.root / "table"}), "preprocessing.quality")
    split = run(
        bench.processing("split", split_settings(), {"table": bench.root / "table"}), "preprocessing.split"
    )
    outputs = split / "processing" / "output"
    folds = outputs / "folds"
    boosted = ("xgboost.XGBClassifier", {"n_estimators": 15, "max_depth": 3})
    for fold in range(K):
        job = run(bench.training(f"fit-{fold}", folds, fold, *boosted), "training.fit")
        archive = bench.root / "validation" / f"fold-{fold:03d}" / "output.tar.gz"
        archive.parent.mkdir(parents=True)
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(job / "output" / "data" / "predictions.parquet", "predictions.parquet")
    run(
        bench.training("baseline", folds, 0, BASELINE["estimator"], BASELINE["hyperparameters"]),
        "training.fit",
    )
    run(bench.training("final", folds, None, *boosted), "training.fit")
    ended["serve"] = served(bench, bench.root / "final" / "model", outputs / "holdout" / "features")
    settings = {"schema": SCHEMA, "metric": "roc_auc", "threshold": {"maximize": "f1"}, "baseline": BASELINE}
    inputs = {
        "folds": folds,
        "labels": outputs / "holdout" / "labels",
        "predictions": bench.root / "predictions",
        "validation": bench.root / "validation",
    }
    run(bench.processing("evaluate", settings, inputs), "training.evaluate")
    return ended


def served(bench: Bench, model: Path, features: Path) -> Ended:
    """Batch transform by the code that travels in the model: the first column is kept aside and joined again."""
    program = (
        "import csv, io, json, sys\n"
        "import serve\n"
        "model = serve.model_fn(sys.argv[1])\n"
        "lines = list(csv.reader(open(sys.argv[2], encoding='utf-8', newline='')))\n"
        "body = io.StringIO()\n"
        "csv.writer(body, lineterminator='\\n').writerows(line[1:] for line in lines)\n"
        "records = serve.input_fn(body.getvalue().encode(), 'text/csv')\n"
        "answers = serve.output_fn(serve.predict_fn(records, model), 'text/csv').splitlines()\n"
        "for line, answer in zip(lines, answers, strict=True):\n"
        "    print(line[0], answer, sep=',')\n"
        "names = sorted({name.partition('.')[0] for name in sys.modules})\n"
        "sys.stderr.write('\\nmodules ' + json.dumps(names))\n"
    )
    path = os.pathsep.join([str(model / "code"), sysconfig.get_path("purelib")])
    command = [sys.executable, "-S", "-P", "-c", program, str(model), str(features / "part-00000.csv")]
    done = subprocess.run(
        command,
        cwd=bench.root,
        env={"PYTHONPATH": path, "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    (bench.root / "predictions").mkdir()
    (bench.root / "predictions" / "part-00000.csv.out").write_text(done.stdout)
    return Ended(done.returncode, done.stdout, done.stderr)


def document(bench: Bench, *parts: str) -> dict:
    return json.loads(bench.root.joinpath(*parts).read_text())


def test_no_program_meets_the_orchestrator(ran):
    """
    Neither Airflow, boto3 nor pydantic is imported, nor the libraries that would make a job start slowly.
    """
    assert {} == {name: ended.modules & FORBIDDEN for name, ended in ran.items() if ended.modules & FORBIDDEN}


def test_serving_needs_no_arrow(ran):
    """
    An endpoint starts without it.
    """
    assert "pyarrow" not in ran["serve"].modules
    assert "xgboost" in ran["serve"].modules


def test_the_quality_report_is_complete(bench, ran):
    """
    Rows, verdict, checks and columns are there.
    """
    found = document(bench, "quality", "processing", "output", "report", "quality.json")

    assert (900, True, 7) == (found["rows"], found["passed"], len(found["columns"]))
    assert {"check", "column", "severity", "limit", "observed", "passed", "message"} == set(
        found["checks"][0]
    )


def test_every_fold_is_scored_in_the_form_the_request_looks_for(ran):
    """
    One line per metric, the score in full precision, rows as the manifest has them.
    """
    for fold in range(K):
        lines = dict(
            line.removeprefix("metric ").split("=") for line in ran[f"fit-{fold}"].output.splitlines()
        )
        assert {"fit_seconds", "rows_train", "rows_validation", "roc_auc"} == set(lines)
        assert 0.55 < float(lines["roc_auc"]) < 1
        assert lines["roc_auc"] == repr(float(lines["roc_auc"]))
        assert 600 == int(lines["rows_train"]) + int(lines["rows_validation"])


def test_a_fit_leaves_model_card_and_predictions(bench, ran):
    """
    The card tells estimator, schema, hyperparameters, score and versions; predictions are those of the fold's rows.
    """
    card = document(bench, "fit-1", "model", "foldline.json")
    predictions = pq.read_table(bench.root / "fit-1" / "output" / "data" / "predictions.parquet")
    manifest = FoldManifest.from_json(
        (bench.root / "split/processing/output/folds/manifest.json").read_text()
    )

    assert ("xgboost.XGBClassifier", 1, "roc_auc") == (card["estimator"], card["fold"], card["metric"])
    assert {"n_estimators": 15, "max_depth": 3} == card["hyperparameters"]
    assert SCHEMA == card["schema"]
    assert {"train", "validation"} == set(card["label_rates"])
    assert {"python", "numpy", "pyarrow", "xgboost"} == set(card["versions"])
    assert ["row_id", "label", "probability", "fold"] == predictions.column_names
    assert manifest.fold(1).validation.rows == predictions.num_rows
    assert {1} == set(predictions["fold"].to_pylist())


def test_the_final_fit_uses_all_rows_and_validates_on_none(bench, ran):
    """
    It has no score and leaves no predictions.
    """
    assert ["fit_seconds", "rows_train"] == [
        line.removeprefix("metric ").partition("=")[0] for line in ran["final"].output.splitlines()
    ]
    assert "metric rows_train=600" in ran["final"].output
    assert document(bench, "final", "model", "foldline.json")["score"] is None
    assert not (bench.root / "final" / "output").exists()


def test_the_evaluation_reconciles_and_judges(bench, ran):
    """
    All hold-out rows are predicted; model and baseline have the same figures; the threshold comes from the folds.
    """
    found = document(bench, "evaluate", "processing", "output", "evaluation", "evaluation.json")

    assert {"expected": 300, "predicted": 300, "missing": 0, "unexpected": 0, "duplicated": 0} == found[
        "rows"
    ]
    assert {"roc_auc", "average_precision", "log_loss", "brier_score"} == set(found["metrics"])
    assert set(found["metrics"]) == set(found["baseline"])
    assert found["metrics"]["roc_auc"] > 0.55
    assert "out-of-fold predictions" == found["threshold"]["chosen_on"]
    assert 300 == sum(found["confusion"].values())
    assert {"precision", "recall", "f1", "accuracy"} == set(found["at_threshold"])
    assert {"roc", "pr", "calibration", "baseline"} == set(found["curves"])
    scores = [document(bench, f"fit-{fold}", "model", "foldline.json")["score"] for fold in range(K)]
    assert found["out_of_fold"]["by_fold"] == pytest.approx(scores, abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"k": 99}, "2 <= k <= groups must hold, got k=99, groups=30"),
        ({"column": "flight_dat"}, "did you mean 'flight_date'?"),
    ],
)
def test_a_processing_step_that_fails_leaves_its_reason(bench, changes, words):
    """
    An error of ours: exit code 1, the text in output/message and on standard error, no traceback.
    """
    name = "split-" + "-".join(map(str, changes))
    job = bench.processing(name, split_settings(**changes), {"table": bench.root / "table"})

    ended = bench.run(job, "preprocessing.split")

    assert 1 == ended.code
    assert words in (job / "output" / "message").read_text()
    assert words in ended.errors
    assert "Traceback" not in ended.errors


@pytest.mark.parametrize(
    ("name", "fold", "estimator", "hyperparameters", "words"),
    [
        ("misspelt", 0, "xgboost.XGBClasifier", {}, "did you mean 'xgboost.XGBClassifier'?"),
        ("unknown", 0, "xgboost.XGBClassifier", {"max_dept": 3}, "did you mean 'max_depth'?"),
        ("refused", 0, "xgboost.XGBClassifier", {"max_depth": "deep"}, "XGBoostError"),
    ],
)
def test_a_fit_that_fails_leaves_its_reason(bench, ran, name, fold, estimator, hyperparameters, words):
    """
    In output/failure, where SageMaker takes FailureReason from; a library's exception as its last line.
    """
    folds = bench.root / "split" / "processing" / "output" / "folds"
    job = bench.training(f"fit-{name}", folds, fold, estimator, hyperparameters)

    ended = bench.run(job, "training.fit")

    text = (job / "output" / "failure").read_text()
    assert 1 == ended.code
    assert words in text
    assert len(text) <= 1_000
    assert not (job / "model" / "foldline.json").exists()


def test_a_fit_refuses_to_train_on_its_validation_rows(bench, ran):
    """
    All shards in the train channel of a fold: refused before the fit, whatever the request says.
    """
    folds = bench.root / "split" / "processing" / "output" / "folds"
    job = bench.training("fit-leak", folds, 1, "xgboost.XGBClassifier", {})
    shutil.copytree(job / "input/data/validation", job / "input/data/train/again")

    ended = bench.run(job, "training.fit")

    assert 1 == ended.code
    assert "0 shards missing or changed, 1 not expected" in (job / "output" / "failure").read_text()


@pytest.mark.parametrize(
    "path", [path for _, path in source_tree().files], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_container_modules_are_python_3_10(path):
    """
    SageMaker's images are behind: no syntax of a later Python.
    """
    assert ast.parse(path.read_text("utf-8"), feature_version=(3, 10))
