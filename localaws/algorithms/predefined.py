"""The metrics SageMaker itself reads off the log lines of its built-in algorithms; read by the server.

A request for one of these images may not define its own, and the description of its job shows these.

Source: the ``MetricDefinitions`` of such jobs; AWS documentation, "Metrics computed by the … algorithm".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from localaws.algorithms.boosting_metrics import METRICS

XGBOOST = "sagemaker-xgboost"
LINEAR_LEARNER = (
    "absolute_loss",
    "binary_classification_accuracy",
    "binary_f_beta",
    "dcg",
    "macro_f_beta",
    "macro_precision",
    "macro_recall",
    "mse",
    "multiclass_accuracy",
    "multiclass_top_k_accuracy",
    "precision",
    "recall",
    "rmse",
    "roc_auc_score",
)
LOSSES = ("absolute_loss", "mse", "rmse", "msd", "ssd", "binary_classification_cross_entropy")
FINAL: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "factorization-machines": {
        "train": ("absolute_loss", "binary_classification_cross_entropy", "mse", "rmse"),
        "test": (
            "absolute_loss",
            "binary_classification_accuracy",
            "binary_classification_cross_entropy",
            "binary_f_beta",
            "mse",
            "rmse",
        ),
    },
    "kmeans": {"train": ("msd", "ssd"), "test": ("msd", "ssd")},
    "pca": {},
    "knn": {"test": ("accuracy", "macro_f_1_score", "mse")},
    "randomcutforest": {"test": ("f1", "precision", "recall")},
}
NUMBER = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"


def predefined_metrics(repository: str) -> list[tuple[str, str]]:
    """The names and regular expressions of an image's metrics; none when it is no built-in algorithm's.

    Args:
        repository: The image's, ``linear-learner``.
    """
    if repository == XGBOOST:
        return [
            (f"{channel}:{name}", rf".*\[[0-9]+\].*#011{channel}-{name}:{NUMBER}.*")
            for channel in ("train", "validation")
            for name in METRICS
        ]
    if repository == "linear-learner":
        return [*_progress(), *_linear_learner()]
    if repository not in FINAL:
        return []
    return [
        *_progress(),
        *(_final(channel, name) for channel, names in FINAL[repository].items() for name in names),
    ]


def _progress() -> Iterator[tuple[str, str]]:
    yield "train:progress", r"#progress_metric: host=\S+, completed (\S+) %"


def _linear_learner() -> Iterator[tuple[str, str]]:
    for channel in ("train", "validation"):
        pattern = rf"#quality_metric: host=\S+, epoch=\S+, {channel} \S+_objective <loss>=(\S+)"
        yield f"{channel}:objective_loss", pattern
    yield "test:objective_loss", r"#quality_metric: host=\S+, test \S+_objective <loss>=(\S+)"
    for channel in ("validation", "test"):
        for name in LINEAR_LEARNER:
            yield _final(channel, name)


def _final(channel: str, name: str) -> tuple[str, str]:
    kind = "loss" if name in LOSSES else "score"
    return f"{channel}:{name}", rf"#quality_metric: host=\S+, {channel} {name} <{kind}>=(\S+)"
