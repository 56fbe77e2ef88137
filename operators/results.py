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


class ReportResult(TypedDict):
    """Where the run record and its page are."""

    report: str
    record: str
