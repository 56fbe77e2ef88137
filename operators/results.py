"""What tasks hand to each other through XCom: short, typed, JSON; never data, descriptions or secrets."""

from __future__ import annotations

from typing import TypedDict


class CatalogueResult(TypedDict):
    """The crawled tables."""

    database: str
    tables: list[str]


class TableResult(TypedDict):
    """The ingested table."""

    uri: str
    rows: int
    digest: str
    query_id: str


class ExtractResult(TypedDict):
    """Rows of a database as they lie in S3; ``database`` and ``table`` are empty where none is published."""

    uri: str
    rows: int
    bytes: int
    digest: str
    schema_digest: str
    database: str
    table: str


class QueryResult(TypedDict):
    """A statement that ran; ``row`` is its only row where the step fetches one."""

    query_id: str
    uri: str
    row: dict[str, str | int | float | bool | None] | None
    bytes_scanned: int
    cost_usd: float
    seconds: float


class SwappedTableResult(TableResult):
    """A table that readers now see; ``uri`` is its files."""

    database: str
    table: str
    bytes_scanned: int
    cost_usd: float
    seconds: float


class RowCountResult(TypedDict):
    """A table with enough rows."""

    database: str
    table: str
    rows: int
    looks: int


class FreshnessResult(TypedDict):
    """A table that is fresh enough."""

    database: str
    table: str
    newest: str
    age_seconds: int
    looks: int


class GlueJobResult(TypedDict):
    """A run of a Glue job: its id, the folder it was given for what it writes, and what Glue bills."""

    job: str
    run: str
    uri: str
    seconds: int
    dpu_seconds: float


class GlueQualityResult(TypedDict):
    """Rules about a table that passed, those that only warn apart."""

    run: str
    score: float
    rules: int
    warnings: list[str]


class FoldsResult(TypedDict):
    """The folds, written once."""

    uri: str
    k: int
    rows: int
    digest: str
    holdout_rows: int


class FitResult(TypedDict):
    """One fit: its score on the fold it did not see (None for the final fit) and its artifact."""

    job: str
    model: str
    metric: str
    score: float | None
    fold: int | None


class TrialResult(TypedDict):
    """The best trial of a search."""

    number: int
    hyperparameters: dict[str, str | int | float | bool | None]
    metric: str
    scores: list[float]
    mean: float
    sd: float
    jobs: list[str]


class GateResult(TypedDict):
    """The gate's verdict; a rejected candidate fails the task instead."""

    mean_difference: float
    margin: float


class PackageResult(TypedDict):
    """The registered model package."""

    arn: str
    version: int
    status: str


class PredictionsResult(TypedDict):
    """Batch predictions of the hold-out."""

    uri: str
    rows: int
    model: str


class EvaluationResult(TypedDict):
    """The hold-out figures."""

    metric: str
    score: float
    baseline: float | None
    threshold: float


class EndpointResult(TypedDict):
    """The endpoint that serves."""

    endpoint: str
    config: str
    action: str


class ProcessingJobResult(TypedDict):
    """One processing job of one's own, and where each of its outputs is."""

    job: str
    outputs: dict[str, str]


class TrainingJobResult(TypedDict):
    """One training job of one's own: its artifact and the last value of each metric."""

    job: str
    model: str
    metrics: dict[str, float]
    fold: int | None


class TuningJobResult(TypedDict):
    """A search by SageMaker's tuner: its best training job, and how many completed and failed."""

    job: str
    best: str
    model: str
    hyperparameters: dict[str, str]
    metric: str
    value: float
    completed: int
    failed: int


class TransformJobResult(TypedDict):
    """One batch transform; ``records`` is None where lines were not counted."""

    job: str
    uri: str
    model: str
    records: int | None


class ModelResult(TypedDict):
    """A SageMaker model."""

    name: str
    arn: str


class ReportResult(TypedDict):
    """Where the run record and its page are."""

    report: str
    record: str


class ReaperResult(TypedDict):
    """What nobody owns: how many of each action; where the audit lies, empty when nothing was changed."""

    found: dict[str, int]
    audit: str
