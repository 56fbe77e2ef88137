"""The pipeline's Python functions called directly: DuckDB and the container side, no Airflow, no endpoint.

The same rows, folds, trials and fits as the DAG; two worker processes, as the local endpoint has on two
cores.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foldline.cli.samples import raw_files, sample_of
from foldline.config import Pipeline
from foldline.folds import FoldManifest
from foldline.layout import PipelineLayout
from foldline.steps.data import IngestSettings, PreprocessingSettings, QualitySettings
from foldline.steps.fitting import CrossValidationSettings, TrainingSettings, TuningSettings
from foldline.steps.release import EvaluationSettings
from foldline.trials import OURS, encode
from preprocessing.ingest import judged
from preprocessing.request import folds_settings, quality_settings
from training.request import evaluation_settings
from training.search import Study

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WORKERS = 2


class Direct:
    """One run in a scratch folder."""

    def __init__(self, pipeline: Pipeline, scratch: Path) -> None:
        self.pipeline, self.scratch = pipeline, scratch
        self.preprocessing = pipeline.step("preprocessing", PreprocessingSettings)

    def run(self, fraction: float) -> None:
        """Raw CSV files to evaluation figures."""
        table = self.ingest(self.raw(fraction))
        self.processing("quality", "preprocessing.quality", {"table": table}, self.quality_document())
        layout = PipelineLayout("bucket", "p").run("r")
        document = folds_settings(self.preprocessing, layout)
        split = self.processing("split", "preprocessing.split", {"table": table}, document)
        self.folds = split / "processing/output/folds"
        self.holdout = split / "processing/output/holdout"
        self.manifest = FoldManifest.from_json((self.folds / "manifest.json").read_text())
        self.search()

    def raw(self, fraction: float) -> DuckDBPyConnection:
        """A plain DuckDB with a view of each raw CSV file."""
        import duckdb

        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'; CREATE MACRO from_iso8601_timestamp(x) AS x::TIMESTAMPTZ")
        connection.execute("CREATE MACRO day_of_week(x) AS isodow(x)")
        for name, body in raw_files(sample_of(self.pipeline.name), fraction):
            path = self.scratch / f"{name}.csv"
            path.write_bytes(body)
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_csv('{path}')")
        return connection

    def ingest(self, connection: DuckDBPyConnection) -> Path:
        """The kept rows as Parquet, by plain DuckDB."""
        import sqlglot

        settings = self.pipeline.step("ingest", IngestSettings)
        folder = self.scratch / "table"
        folder.mkdir(exist_ok=True)
        text = judged(settings, (self.pipeline.folder / settings.query).read_text())
        for value in settings.parameters.values():
            text = text.replace("?", f"'{value}'", 1)
        text += f"SELECT {', '.join(settings.columns)} FROM judged WHERE dropped_by IS NULL"
        (select,) = sqlglot.transpile(text, read="athena", write="duckdb")
        connection.execute(f"COPY ({select}) TO '{folder / 'part.parquet'}' (FORMAT parquet)")
        return folder

    def quality_document(self) -> dict[str, Any]:
        """Settings of the quality gate."""
        return quality_settings(self.pipeline.step("quality", QualitySettings), self.preprocessing)

    def processing(self, name: str, module: str, inputs: dict[str, Path], document: dict[str, Any]) -> Path:
        """Run a processing module over linked inputs; its job folder."""
        root = self.scratch / name
        settings = root / "processing/input/settings"
        settings.mkdir(parents=True)
        (settings / "settings.json").write_text(json.dumps(document, default=str))
        for key, source in inputs.items():
            (root / "processing/input" / key).symlink_to(source)
        program(root, module)
        return root

    def fit(self, name: str, estimator: str, hyperparameters: dict[str, Any], fold: int | None) -> float:
        """Run one fit over linked shards; its score."""
        root = self.scratch / name
        shards = self.manifest.shards if fold is None else self.manifest.fold(fold).train
        channel(root / "input/data/train", self.folds, [shard.key for shard in shards])
        channel(root / "input/data/folds", self.folds, ["manifest.json"])
        if fold is not None:
            channel(root / "input/data/validation", self.folds, [self.manifest.fold(fold).validation.key])
        ours = {OURS + "estimator": estimator, OURS + "metric": "roc_auc", OURS + "fold": fold}
        config = root / "input/config"
        config.mkdir(parents=True)
        (config / "hyperparameters.json").write_text(json.dumps(encode({**ours, **hyperparameters})))
        program(root, "training.fit")
        return float(json.loads((root / "model/foldline.json").read_text())["score"] or 0.0)

    def search(self) -> None:
        """Baseline, trials, final fit."""
        baseline = self.pipeline.step("cross_validation", CrossValidationSettings)
        tuning = self.pipeline.step("tuning", TuningSettings)
        final = self.pipeline.step("training", TrainingSettings)
        folds = range(self.manifest.k)
        study = Study(tuning.search_space, tuning.search.sampler, "maximize", tuning.search.seed)
        batch = max(1, tuning.search.max_parallel // self.manifest.k)
        with ThreadPoolExecutor(WORKERS) as pool:
            list(
                pool.map(
                    lambda fold: self.fit(f"base-{fold}", baseline.estimator, baseline.hyperparameters, fold),
                    folds,
                )
            )
            while (left := tuning.search.trials - len(study.scored)) > 0:
                trials = study.ask(min(batch, left))
                work = [(trial, fold) for trial in trials for fold in folds]
                scores = list(
                    pool.map(
                        lambda one: self.fit(
                            f"{one[0].label}-{one[1]}",
                            tuning.estimator,
                            {**tuning.hyperparameters, **one[0].hyperparameters},
                            one[1],
                        ),
                        work,
                    )
                )
                for number, trial in enumerate(trials):
                    study.tell(trial, scores[number * len(folds) : (number + 1) * len(folds)])
        best = study.best().trial
        self.fit("final", final.estimator, {**tuning.hyperparameters, **best.hyperparameters}, None)
        self.evaluate([f"{best.label}-{fold}" for fold in folds])

    def evaluate(self, fits: list[str]) -> None:
        """Predict the hold-out with the final model and judge it."""
        predict = self.scratch / "predictions"
        predict.mkdir()
        lines = (self.holdout / "features/part-00000.csv").read_text().splitlines()
        (predict / "part-00000.csv.out").write_text("".join(predicted(self.scratch / "final/model", lines)))
        validation = self.scratch / "validation"
        for fit in fits:
            folder = validation / fit / "output"
            folder.mkdir(parents=True)
            source = self.scratch / fit / "output/data"
            subprocess.run(["tar", "-czf", folder / "output.tar.gz", "-C", source, "."], check=True)
        settings = self.pipeline.step("evaluation", EvaluationSettings)
        inputs = {
            "folds": self.folds,
            "labels": self.holdout / "labels",
            "predictions": predict,
            "validation": validation,
        }
        document = evaluation_settings(settings, self.preprocessing.table)
        self.processing("evaluation", "training.evaluate", inputs, document)


def predicted(model: Path, lines: list[str]) -> Iterable[str]:
    """``row_id,probability`` lines, by the serving functions."""
    from deploy import serve

    served = serve.model_fn(str(model))
    features = "\n".join(line.partition(",")[2] for line in lines)
    probabilities = serve.predict_fn(serve.input_fn(features, "text/csv"), served)
    for line, probability in zip(lines, probabilities, strict=True):
        yield f"{line.partition(',')[0]},{float(probability)!r}\n"


def channel(folder: Path, source: Path, keys: list[str]) -> None:
    """Link files of the folds prefix into a channel."""
    for key in keys:
        target = folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source / key, target)


def program(root: Path, module: str) -> None:
    """Run a container-side module on a job folder."""
    variables = {
        **os.environ,
        "FOLDLINE_JOB_DIR": str(root),
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    done = subprocess.run(
        [sys.executable, "-m", module], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def run_direct(pipeline: Pipeline, fraction: float, scratch: Path) -> None:
    """The whole pipeline, directly.

    Args:
        pipeline: Its settings.
        fraction: Share of the flights.
        scratch: An empty folder.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    Direct(pipeline, scratch).run(fraction)
