"""Where everything lies in S3: the only file that spells a key.

Prefixes end in `/` and numbers are padded, so that fold 1 never matches fold 10. Standard library only.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class S3Uri:
    """An S3 object or, when the key ends in `/`, a prefix."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> S3Uri:
        """The address in ``uri``.

        Raises:
            ValueError: ``uri`` is not of the form ``s3://bucket/key``.
        """
        match = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", uri, re.DOTALL)
        if match is None:
            raise ValueError(f"{uri!r} is not an S3 address of the form s3://bucket/key")
        return cls(match[1], match[2] or "")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def __truediv__(self, name: str) -> S3Uri:
        """The address of ``name`` below this prefix; a trailing `/` in ``name`` is kept."""
        base = self.key if not self.key or self.key.endswith("/") else self.key + "/"
        return S3Uri(self.bucket, base + name.lstrip("/"))

    @property
    def name(self) -> str:
        """The last part of the key, without a trailing `/`."""
        return self.key.rstrip("/").rpartition("/")[2]


STAGING = ("table/", "settings/", "quality/", "folds/", "holdout/", "predictions/")
"""Folders of a run that its own steps read again and nobody else: the reaper may remove them. Artifacts
(``jobs/``) may be in the model registry, records tell what happened: these stay."""


_GENERATION = "{foldline:generation}"
"""Stands in a request for the number of the generation that it is sent for."""


def each_generation(prefix: S3Uri) -> S3Uri:
    """A folder below ``prefix`` for each generation of a job: what a failed one half wrote is not met again.

    The address is for requests only; :func:`of_generation` tells where a generation's folder is.
    """
    return prefix / f"g{_GENERATION}/"


def of_generation(value: Any, number: int) -> Any:
    """An address or a request, with the folders of one generation.

    Args:
        value: An `S3Uri`, or plain data with texts.
        number: How many jobs of the same work were given up before.
    """
    if isinstance(value, str):
        return value.replace(_GENERATION, str(number))
    if isinstance(value, S3Uri):
        return S3Uri(value.bucket, of_generation(value.key, number))
    if isinstance(value, dict):
        return {key: of_generation(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [of_generation(item, number) for item in value]
    return value


def endpoint_lock(bucket: str, endpoint: str) -> S3Uri:
    """The lock of an endpoint: one for the whole environment, whichever pipeline deploys to it."""
    return S3Uri(bucket, f"locks/endpoints/{endpoint}.json")


def path_slug(text: str, limit: int = 80) -> str:
    """A key part made of ``text``: lower-risk characters only, and unique for distinct texts.

    Airflow run ids hold `:` and `+`; what had to be replaced is told apart by eight characters of a hash.
    """
    slug = re.sub(r"[^A-Za-z0-9_.=-]+", "-", text).strip("-.")[:limit]
    if slug and slug == text:
        return slug
    return f"{slug or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def sweep_audit(bucket: str, env: str, moment: str) -> S3Uri:
    """What one sweep of the reaper did; no pipeline's name begins with ``_``."""
    return S3Uri(bucket, f"_reaper/{env}/{moment}.json")


@dataclass(frozen=True)
class PipelineLayout:
    """What all runs of one pipeline share."""

    bucket: str
    pipeline: str

    @property
    def root(self) -> S3Uri:
        """Everything of this pipeline."""
        return S3Uri(self.bucket, f"{self.pipeline}/")

    def raw(self, table: str = "") -> S3Uri:
        """The folder of one raw table, or of all of them."""
        return self.root / (f"raw/{table}/" if table else "raw/")

    def code(self, digest: str) -> S3Uri:
        """The container-side source tree with this digest."""
        return self.root / f"code/{digest}/"

    def code_marker(self, digest: str) -> S3Uri:
        """Written after the last file of a source tree: whoever sees it sees all of them."""
        return self.root / f"code/{digest}.files"

    def code_archive(self, digest: str) -> S3Uri:
        """The source tree with this digest as ``sourcedir.tar.gz``, for script mode."""
        return self.root / f"code/{digest}.tar.gz"

    @property
    def queries(self) -> S3Uri:
        """Where Athena leaves its result files."""
        return self.root / "queries/"

    def table_versions(self, table: str) -> S3Uri:
        """The versions of a table that outlives runs, each by the key of the query that wrote it."""
        return self.root / f"tables/{table}/"

    def extracts(self, step: str) -> S3Uri:
        """What a step has extracted, each by the key of who asked, and what it remembers between runs."""
        return self.root / f"extracts/{step}/"

    @property
    def runs(self) -> S3Uri:
        """The prefixes of all runs."""
        return self.root / "runs/"

    def script(self, digest: str, name: str) -> S3Uri:
        """A script that a service runs, by its content: the same text is uploaded once."""
        return self.root / f"scripts/{digest}/{name}"

    def run(self, run_id: str) -> RunLayout:
        """One run's own place."""
        return RunLayout(self.bucket, self.pipeline, run_id)


@dataclass(frozen=True)
class RunLayout:
    """One run's place in S3: ``s3://bucket/pipeline/runs/<run>/``."""

    bucket: str
    pipeline: str
    run_id: str

    @property
    def root(self) -> S3Uri:
        """Everything of this run."""
        return S3Uri(self.bucket, f"{self.pipeline}/runs/{path_slug(self.run_id)}/")

    def table(self, key: str) -> S3Uri:
        """The ingested table, by the query's key: a retried query never meets a half-written folder."""
        return self.root / f"table/{key}/"

    def output(self, step: str, key: str) -> S3Uri:
        """What a script of the user's writes, by the key of its run: another try never meets its files."""
        return self.root / f"output/{step}/{key}/"

    def settings(self, step: str, digest: str) -> S3Uri:
        """The folder with the settings a container reads, by content."""
        return self.root / f"settings/{step}/{digest}/"

    @property
    def quality(self) -> S3Uri:
        """The quality job's findings."""
        return self.root / "quality/"

    @property
    def folds(self) -> S3Uri:
        """The fold manifest, the shards and the channel manifests."""
        return self.root / "folds/"

    def train_manifest(self, fold: int) -> S3Uri:
        """The S3 manifest of the k-1 shards that fold ``fold`` trains on."""
        return self.folds / f"channels/fold-{fold:03d}/train.manifest"

    def validation_manifest(self, fold: int) -> S3Uri:
        """The S3 manifest of the one shard that fold ``fold`` validates on."""
        return self.folds / f"channels/fold-{fold:03d}/validation.manifest"

    @property
    def all_manifest(self) -> S3Uri:
        """The S3 manifest of all k shards, for the final fit."""
        return self.folds / "channels/all/train.manifest"

    @property
    def holdout(self) -> S3Uri:
        """Hold-out features (CSV, for batch transform) and labels (Parquet)."""
        return self.root / "holdout/"

    @property
    def jobs(self) -> S3Uri:
        """Where training jobs leave ``<job>/output/model.tar.gz``."""
        return self.root / "jobs/"

    @property
    def checkpoints(self) -> S3Uri:
        """Where jobs keep what an interrupted one goes on from."""
        return self.root / "checkpoints/"

    def outputs(self, task_id: str, key: str) -> S3Uri:
        """What a processing or transform job of one's own leaves, by who asked for what."""
        return self.root / f"outputs/{path_slug(task_id)}/{key}/"

    def predictions(self, key: str) -> S3Uri:
        """Batch-transform output of the transform job with this key."""
        return self.root / f"predictions/{key}/"

    @property
    def metrics(self) -> S3Uri:
        """The candidate's scores by fold, as the model registry links them."""
        return self.root / "metrics.json"

    @property
    def validation_manifest_of_best(self) -> S3Uri:
        """The S3 manifest of the best trial's out-of-fold predictions."""
        return self.root / "best/validation.manifest"

    @property
    def evaluation(self) -> S3Uri:
        """The evaluation job's figures and curves."""
        return self.root / "evaluation/"

    def memory(self, task_id: str = "", map_index: int = -1, epoch: int = 0) -> S3Uri:
        """What one task, or the whole run, remembers between attempts; a clear starts with nothing."""
        if not task_id:
            return self.root / "memory/"
        return self.memories(task_id, map_index) / f"{epoch}/"

    def memories(self, task_id: str, map_index: int = -1) -> S3Uri:
        """What one task remembers, each epoch in a folder of its own."""
        suffix = f"-{map_index:03d}" if map_index >= 0 else ""
        return self.root / f"memory/{task_id}{suffix}/"

    def record(self, task_id: str, map_index: int = -1) -> S3Uri:
        """What one task leaves for the run record."""
        suffix = f"-{map_index:03d}" if map_index >= 0 else ""
        return self.root / f"record/{task_id}{suffix}.json"

    @property
    def records(self) -> S3Uri:
        """All tasks' records."""
        return self.root / "record/"

    @property
    def run_json(self) -> S3Uri:
        """The run record."""
        return self.root / "run.json"

    @property
    def report(self) -> S3Uri:
        """The one-page report."""
        return self.root / "report.html"
