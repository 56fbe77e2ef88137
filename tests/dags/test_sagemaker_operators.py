"""Jobs of one's own on the local endpoint: each starts once, leaves what it was asked for, or says why not."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG

from foldline.aws import Clients
from foldline.config import load_pipeline
from foldline.errors import ConfigError, DataError, JobConflict, JobFailed
from foldline.remote.calls import SystemClock
from foldline.waiting import Deferring, Staying, Suspended
from operators.cross_validation import over_folds
from operators.folds import FoldsOperator
from operators.hyperparameter_tuning import HyperParameterTuningJobOperator
from operators.model import ModelOperator
from operators.model_package import ModelPackageOperator
from operators.processing_job import ProcessingJobOperator
from operators.steprun import Place, StepRun
from operators.training_job import TrainingJobOperator
from operators.transform_job import TransformJobOperator
from tests.conftest import Endpoint

pytestmark = pytest.mark.xdist_group("sagemaker_operators")
BUCKET = "own-jobs"
ENVIRONMENT = f"""\
account: "123456789012"
region: us-east-1
bucket: {BUCKET}
role: arn:aws:iam::123456789012:role/jobs
images: {{sklearn: "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"}}
network_isolation: false
polling: {{first: 50ms, longest: 200ms, patience: 10s}}
"""
JOB = "{image: sklearn, instance: [ml.m5.large, ml.m5.xlarge], max_runtime: 5m}"
STEPS = {
    "pipeline": "description: Jobs of one's own\nstart: 2026-01-01\n",
    "copy": f"""\
kind: processing_job
source: code
program: copy_rows.py
inputs: {{rows: null}}
outputs: {{rows: null}}
job: {JOB}
""",
    "fit": """\
kind: training_job
source: code
program: fit.py
hyperparameters: {depth: 3, word: plain}
metrics: {score: "score=([0-9.]+)"}
channels: {train: {}}
job:
  image: sklearn
  instance: [ml.m5.large, ml.m5.xlarge]
  max_runtime: 5m
  spot: true
  checkpoints: true
""",
    "search": f"""\
kind: tuning_job
source: code
program: fit.py
metrics: {{score: "score=([0-9.]+)"}}
channels: {{train: {{}}}}
space: {{depth: {{categorical: ["1", "2", fails]}}}}
objective: {{metric: score, direction: maximize}}
search: {{strategy: grid, trials: null, max_parallel: 3, max_runtime: 5m}}
min_completed: 2
job: {JOB}
""",
    "model": "image: sklearn\nenvironment: {SAGEMAKER_PROGRAM: inference.py}\n",
    "training": f"""\
estimator: xgboost.XGBClassifier
metric: {{name: roc_auc, direction: maximize}}
job: {JOB}
""",
    "register": "group: own-jobs\napproval: approved\ninstances: [ml.m5.large]\n",
    "predict": "kind: transform_job\ninstance: ml.m5.large\nmax_runtime: 5m\n",
}
CODE = {
    "copy_rows.py": """
import pathlib
source = pathlib.Path("/opt/ml/processing/input/rows")
target = pathlib.Path("/opt/ml/processing/output/rows")
target.mkdir(parents=True, exist_ok=True)
for file in source.iterdir():
    (target / file.name).write_bytes(file.read_bytes())
""",
    "fit.py": """
import json, pathlib
asked = json.loads(pathlib.Path("/opt/ml/input/config/hyperparameters.json").read_text())
if asked["depth"] == "fails":
    raise SystemExit("this depth cannot be fitted")
print(f"score={asked['depth']}")
if asked.get("word") != "nothing":
    pathlib.Path("/opt/ml/model/model.json").write_text(json.dumps(asked))
""",
}
SERVE = """
def model_fn(folder):
    return None
def transform_fn(model, data, content_type, accept):
    return "\\n".join({lines}), "text/csv"
"""


@dataclass
class Own:
    """A project with jobs of its own."""

    root: Path
    client: Callable[[str], Any]

    def run(self, step: str, run_id: str = "r1", defer: bool = False, epoch: int = 0) -> StepRun:
        """One attempt of one task of a run."""
        pipeline = load_pipeline("own", root=self.root)
        clock = SystemClock(10.0)
        waits = Deferring(clock, patience=0.0) if defer else Staying(clock)
        place = Place("own", run_id, step, epoch=epoch)
        return StepRun(pipeline, step, place, Clients(pipeline.environment), clock, waits)

    def edit(self, step: str, old: str, new: str) -> None:
        """Replace a text of a step file."""
        file = self.root / "infra" / "own" / f"{step}.yaml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    def put(self, key: str, body: str | bytes) -> str:
        """Store an object; the prefix it lies below."""
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key.rpartition('/')[0]}/"

    def jobs(self, kind: str, words: str) -> list[str]:
        """Names of jobs of a kind with ``words`` in them."""
        answer = getattr(self.client("sagemaker"), f"list_{kind}_jobs")(NameContains=words, MaxResults=100)
        return next(
            [str(item[name]) for item in found for name in item if name.endswith("JobName")]
            for found in answer.values()
            if isinstance(found, list)
        )


def is_of(own: Own, job: str, run_id: str) -> bool:
    """Whether a processing job is a run's."""
    arn = own.client("sagemaker").describe_processing_job(ProcessingJobName=job)["ProcessingJobArn"]
    tags = own.client("sagemaker").list_tags(ResourceArn=arn)["Tags"]
    return {"Key": "foldline:run", "Value": run_id} in tags


@pytest.fixture
def own(
    tmp_path: Path, endpoint: Endpoint, client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> Own:
    """The project in a folder of this test's own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    monkeypatch.delenv("FOLDLINE_ENV", raising=False)
    client("s3").create_bucket(Bucket=BUCKET)
    folder = tmp_path / "infra" / "own"
    for path in (folder, tmp_path / "infra" / "env", tmp_path / "code"):
        path.mkdir(parents=True)
    (tmp_path / "infra" / "env" / "local.yaml").write_text(ENVIRONMENT)
    for name, text in STEPS.items():
        (folder / f"{name}.yaml").write_text(text)
    for name, text in CODE.items():
        (tmp_path / "code" / name).write_text(text)
    return Own(tmp_path, client)


@pytest.fixture
def faults(endpoint: Endpoint) -> Iterator[Callable[..., None]]:
    """Adds fault rules to the endpoint; gone when the test is over."""

    def ask(method: str, rule: Mapping[str, Any] | None = None) -> None:
        body = json.dumps(rule).encode() if rule else None
        request = urllib.request.Request(
            f"{endpoint.url}/_localaws/faults",
            data=body,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()

    yield lambda **rule: ask("POST", rule)
    ask("DELETE")


def test_a_replayed_processing_job_is_one_job_with_its_outputs(own: Own) -> None:
    """
    Handed over and run again from its start until the end: one job, and the outputs of the first.
    """
    rows = own.put("raw/rows/part.csv", "1,2\n")
    operator = ProcessingJobOperator(step="own.copy", inputs={"rows": {"uri": rows}})
    attempts = 0
    while True:
        attempts += 1
        try:
            result = operator.work(own.run("copy", defer=True))
            break
        except Suspended as suspended:
            Staying(SystemClock()).pause(0.05, suspended.watch)

    again = operator.work(own.run("copy"))

    assert attempts > 1
    assert result == again
    assert [result["job"]] == own.jobs("processing", "copy-g")
    place = result["outputs"]["rows"].removeprefix(f"s3://{BUCKET}/")
    body = own.client("s3").get_object(Bucket=BUCKET, Key=f"{place}part.csv")["Body"].read()
    assert b"1,2\n" == body


def test_a_processing_job_that_is_started_again_never_meets_what_the_first_one_wrote(
    own: Own, faults: Callable[..., None]
) -> None:
    """
    F53: each generation has a folder of its own, and the result names the one that succeeded.
    """
    faults(effect="internal", job="processing", resource="copy-g0-*", count=1)
    operator = ProcessingJobOperator(step="own.copy", inputs={"rows": own.put("raw/b/part.csv", "3\n")})

    run = own.run("copy", "again")
    result = operator.work(run)

    (failed,) = [name for name in own.jobs("processing", "copy-g0") if is_of(own, name, "again")]
    describe = own.client("sagemaker").describe_processing_job
    first, second = (
        describe(ProcessingJobName=name)["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
        for name in (failed, result["job"])
    )
    assert first.replace("/g0/", "/g1/") == second == result["outputs"]["rows"]
    assert "/g1/rows/" in second
    assert second in json.dumps(run.requests)


def test_an_input_that_nobody_hands_in_is_refused_before_anything_starts(own: Own) -> None:
    """
    So is one that the step file does not name, and a value that is no address.
    """
    for given, words in [
        ({}, "was not handed rows"),
        ({"rowz": "s3://b/k"}, "has no rowz"),
        ({"rows": "k"}, "no S3"),
    ]:
        with pytest.raises(ConfigError, match=words):
            ProcessingJobOperator(step="own.copy", inputs=given).work(own.run("copy", "refused"))


def test_a_spot_job_without_capacity_goes_on_with_the_next_type_and_the_same_checkpoints(
    own: Own, faults: Callable[..., None]
) -> None:
    """
    CapacityError is a new generation on the second instance type, at the same place of checkpoints.
    """
    before = set(own.jobs("training", "fit-g"))
    faults(effect="capacity", job="training", resource="fit-g0-*", count=1)

    result = TrainingJobOperator(step="own.fit", channels={"train": own.put("raw/a/x.csv", "1\n")}).work(
        own.run("fit", "capacity")
    )

    assert {"score": 3.0} == result["metrics"]
    names = sorted(set(own.jobs("training", "fit-g")) - before)
    assert [result["job"]] == [name for name in names if "-g1-" in name]
    first, second = (own.client("sagemaker").describe_training_job(TrainingJobName=name) for name in names)
    machines = [one["ResourceConfig"]["InstanceType"] for one in (first, second)]
    assert ["ml.m5.large", "ml.m5.xlarge"] == machines
    assert first["CheckpointConfig"]["S3Uri"] == second["CheckpointConfig"]["S3Uri"]
    assert second["EnableManagedSpotTraining"]
    assert {"depth": "3", "word": "plain"} == second["HyperParameters"]


def test_a_fold_fills_the_channels_train_and_validation(own: Own) -> None:
    """
    Mapped over folds, a job reads its fold's manifests; Airflow's grid calls the tasks fold 0, fold 1, ….
    """
    own.edit("fit", "channels: {train: {}}", "channels: {train: {}, validation: {}}")
    run = own.run("fit", "folds")
    prefix = own.put("shards/shard-1.csv", "1\n")
    for manifest in (run.layout.train_manifest(1), run.layout.validation_manifest(1)):
        own.put(manifest.key, json.dumps([{"prefix": prefix}, "shard-1.csv"]))
    folds: Any = {"uri": str(run.layout.folds), "k": 2, "rows": 2, "digest": "d", "holdout_rows": 0}

    result = TrainingJobOperator(step="own.fit", folds=folds, fold=1).work(run)

    assert (1, 3.0) == (result["fold"], result["metrics"]["score"])
    described = own.client("sagemaker").describe_training_job(TrainingJobName=result["job"])
    sources = [channel["DataSource"]["S3DataSource"] for channel in described["InputDataConfig"][1:]]
    assert ["ManifestFile", "ManifestFile"] == [source["S3DataType"] for source in sources]
    with DAG("mapped"):
        mapped = over_folds(
            TrainingJobOperator, step="own.fit", folds=FoldsOperator(step="own.prepare", table=folds)
        )
    assert "fold {{ task.fold }}" == mapped.partial_kwargs["map_index_template"]


def test_source_code_that_changes_under_way_changes_the_digest_of_the_run(own: Own) -> None:
    """
    All tasks of a run work with one code: an edit is as good as an edit of a step file.
    """
    before = load_pipeline("own", root=own.root).digest
    (own.root / "code" / "fit.py").write_text("print('another program')\n")

    assert before != load_pipeline("own", root=own.root).digest


def test_a_completed_job_without_a_model_is_tried_once_more_and_fails(own: Own) -> None:
    """
    Completed is no success when nothing lies where the model should: two jobs, then a final error.
    """
    own.edit("fit", "word: plain", "word: nothing")
    data, before = {"train": own.put("raw/a/x.csv", "1\n")}, set(own.jobs("training", "fit-g"))

    with pytest.raises(JobFailed, match="completed without what it was to leave"):
        TrainingJobOperator(step="own.fit", channels=data).work(own.run("fit", "hollow"))

    tried = sorted(set(own.jobs("training", "fit-g")) - before)
    assert ["fit-g0", "fit-g1"] == [name[:6] for name in tried]


def test_a_search_says_which_trials_failed_and_returns_the_best(own: Own) -> None:
    """
    Two of three complete: the better one wins, the failure is counted; with three wanted the search fails.
    """
    data = {"train": own.put("raw/a/x.csv", "1\n")}
    run = own.run("search", "some")

    result = HyperParameterTuningJobOperator(step="own.search", channels=data).work(run)

    assert (2.0, 2, 1) == (result["value"], result["completed"], result["failed"])
    assert {"depth": "2"} == result["hyperparameters"]
    assert len(result["job"]) <= 32
    assert [result["job"]] == [job.name for job in run.jobs]
    own.edit("search", "min_completed: 2", "min_completed: 3")
    with pytest.raises(JobFailed, match="completed 2 training jobs, fewer than") as told:
        HyperParameterTuningJobOperator(step="own.search", channels=data).work(own.run("search", "some"))
    assert "this depth cannot be fitted" in told.value.cause or "AlgorithmError" in told.value.cause


def served_by(own: Own, name: str, lines: str) -> str:
    """A model artifact that answers each batch with ``lines``; its address."""
    import io
    import tarfile

    body, packed = SERVE.format(lines=lines).encode(), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(body)
        tar.addfile(member, io.BytesIO(body))
    return own.put(f"{name}/model.tar.gz", packed.getvalue()) + "model.tar.gz"


def test_a_transform_that_answers_fewer_records_than_it_was_asked_fails(own: Own) -> None:
    """
    Three records in, three out is a success; three in, one out is not, whatever the job's status says.
    """
    data = own.put("records/rows.csv", "1\n2\n3\n")
    whole = served_by(own, "whole", "['0.5' for line in data.splitlines() if line]")
    short = served_by(own, "short", "['0.5']")
    results = [
        ModelOperator(step="own.model", model=artifact).work(own.run("model")) for artifact in (whole, short)
    ]

    good = TransformJobOperator(step="own.predict", model=results[0], data=data).work(own.run("predict"))
    with pytest.raises(DataError, match="did not answer all") as told:
        TransformJobOperator(step="own.predict", model=results[1], data=data).work(own.run("predict"))

    assert (3, results[0]["name"]) == (good["records"], good["model"])
    assert "3 records went in, 1 came out" in told.value.cause


def test_a_model_is_made_once_and_a_foreign_one_of_its_name_is_never_used(own: Own) -> None:
    """
    The same artifact, image and environment are the same model; another content under the name is a conflict.
    """
    operator = ModelOperator(step="own.model", model=served_by(own, "once", "['1']"))
    first, again = operator.work(own.run("model")), operator.work(own.run("model", "another-run"))
    assert first == again

    sagemaker = own.client("sagemaker")
    there = sagemaker.describe_model(ModelName=first["name"])
    sagemaker.delete_model(ModelName=first["name"])
    container = {**there["PrimaryContainer"], "Environment": {"SAGEMAKER_PROGRAM": "theirs.py"}}
    sagemaker.create_model(
        ModelName=first["name"], PrimaryContainer=container, ExecutionRoleArn=there["ExecutionRoleArn"]
    )
    with pytest.raises(JobConflict, match="exists and is another one"):
        operator.work(own.run("model"))


def test_a_retry_registers_the_same_version_and_a_clear_a_new_one(own: Own) -> None:
    """
    One version per identity, whether AWS still knows the token or not.
    """
    model: Any = {"job": "fit", "model": served_by(own, "package", "['1']"), "metric": "roc_auc"}
    trial: Any = {"metric": "roc_auc", "scores": [0.5, 0.7], "mean": 0.6, "sd": 0.1}
    operator = ModelPackageOperator(step="own.register", model=model, trial=trial)

    versions = [
        operator.work(own.run("register", "package", epoch=epoch))["version"] for epoch in (0, 0, 1, 1)
    ]

    assert [1, 1, 2, 2] == versions
