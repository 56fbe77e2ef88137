"""A small project on disk that a test may break in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from foldline.config import Pipeline, load_pipeline, problems

JOB = "{image: xgboost, instance: ml.m5.large, max_runtime: 20m}"
METRIC = "{name: roc_auc, direction: maximize}"
FILES = {
    "env/local.yaml": """\
account: "123456789012"
region: us-east-1
bucket: test-bucket
endpoint_url: http://127.0.0.1:4566
role: arn:aws:iam::123456789012:role/jobs
images:
  xgboost: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5
polling: {first: 50ms, longest: 500ms}
""",
    "churn/pipeline.yaml": """\
description: Will this customer leave?
start: 2026-01-01
params:
  folds: preprocessing.folds.k
  since: ingest.parameters.since
  budget: training.job.max_runtime
""",
    "churn/ingest.yaml": """\
database: churn
query: ingest.sql
parameters: {since: 2025-01-01}
rules: {no_age: age IS NULL}
columns: [id, left_us, age, plan]
""",
    "churn/ingest.sql": "SELECT id, left_us, age, plan, day\nFROM customers\nWHERE day >= DATE(?)\n",
    "churn/quality.yaml": f"""\
label: {{column: left_us, min_share: 0.1, max_share: 0.9}}
columns:
  age: {{min: 0, max: 120}}
job: {JOB}
""",
    "churn/preprocessing.yaml": f"""\
row_id: id
label: left_us
numeric: [age]
categorical: [plan]
folds: {{splitter: stratified, k: 5, seed: 1}}
job: {JOB}
""",
    "churn/tuning.yaml": f"""\
estimator: xgboost.XGBClassifier
metric: {METRIC}
hyperparameters: {{n_estimators: 50}}
space:
  max_depth: {{int: [3, 9]}}
  learning_rate: {{float: [0.01, 0.3], log: true}}
search:
  trials: 4
job: {JOB}
""",
    "churn/training.yaml": f"""\
estimator: xgboost.XGBClassifier
metric: {METRIC}
job: {JOB}
""",
}


@dataclass(frozen=True)
class Project:
    """A project's folder."""

    root: Path

    def write(self, name: str, text: str) -> None:
        """Put a file below ``infra/``."""
        file = self.root / "infra" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that is in a file exactly once."""
        file = self.root / "infra" / name
        text = file.read_text(encoding="utf-8")
        assert 1 == text.count(old), f"{old!r} in {name}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def load(self) -> Pipeline:
        """Its pipeline."""
        return load_pipeline("churn", root=self.root)

    def told(self) -> list[str]:
        """All problems as ``file:line text``, without the folder ``infra/``."""
        found = problems("churn", root=self.root)
        return [f"{problem.file.removeprefix('infra/')}:{problem.line} {problem}" for problem in found]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with one pipeline, ``churn``, that has no problem."""
    monkeypatch.delenv("FOLDLINE_ENV", raising=False)
    found = Project(tmp_path)
    for name, text in FILES.items():
        found.write(name, text)
    return found


@pytest.fixture
def broken(project: Project) -> Callable[[str, str, str], list[str]]:
    """Breaks a file in one place and gives what is told about it: ``broken(file, old, new)``."""

    def told(name: str, old: str, new: str) -> list[str]:
        project.edit(name, old, new)
        return project.told()

    return told
