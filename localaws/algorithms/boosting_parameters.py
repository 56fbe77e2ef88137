"""XGBoost's hyperparameters as AWS's image checks them, and what of them the booster is given.

Source: AWS documentation, XGBoost hyperparameters (1.7-1); XGBoost's parameter reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.algorithms.boosting_metrics import METRICS
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.hyperparameters import Parameter, choice, flag, integer, number, text

OBJECTIVES = (
    "binary:hinge",
    "binary:logistic",
    "binary:logitraw",
    "count:poisson",
    "multi:softmax",
    "multi:softprob",
    "rank:map",
    "rank:ndcg",
    "rank:pairwise",
    "reg:absoluteerror",
    "reg:gamma",
    "reg:linear",
    "reg:logistic",
    "reg:pseudohubererror",
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:tweedie",
    "survival:aft",
    "survival:cox",
)
PARAMETERS: Mapping[str, Parameter] = {
    "num_round": integer(1, required=True),
    "csv_weights": integer(0, 1, default=0),
    "early_stopping_rounds": integer(1),
    "save_model_on_termination": choice("true", "false", default="false"),
    "booster": choice("gbtree", "gblinear", "dart"),
    "objective": choice(*OBJECTIVES, default="reg:squarederror"),
    "eval_metric": text(default=""),
    "num_class": integer(2),
    "base_score": number(0),
    "eta": number(0, 1),
    "gamma": number(0),
    "max_depth": integer(0),
    "min_child_weight": number(0),
    "max_delta_step": number(0),
    "subsample": number(high=1, above=0),
    "colsample_bytree": number(high=1, above=0),
    "colsample_bylevel": number(high=1, above=0),
    "colsample_bynode": number(high=1, above=0),
    "lambda": number(0),
    "alpha": number(0),
    "lambda_bias": number(0, 1),
    "tree_method": choice("auto", "exact", "approx", "hist", "gpu_hist"),
    "sketch_eps": number(above=0, below=1),
    "scale_pos_weight": number(above=0),
    "updater": text(),
    "dsplit": choice("row", "col"),
    "refresh_leaf": integer(0, 1),
    "process_type": choice("default", "update"),
    "grow_policy": choice("depthwise", "lossguide"),
    "max_leaves": integer(0),
    "max_bin": integer(0),
    "predictor": choice("auto", "cpu_predictor", "gpu_predictor"),
    "monotone_constraints": text(),
    "interaction_constraints": text(),
    "sample_type": choice("uniform", "weighted"),
    "normalize_type": choice("tree", "forest"),
    "rate_drop": number(0, 1),
    "one_drop": integer(0, 1),
    "skip_drop": number(0, 1),
    "tweedie_variance_power": number(above=1, below=2),
    "huber_slope": number(above=0),
    "aft_loss_distribution": choice("normal", "logistic", "extreme"),
    "aft_loss_distribution_scale": number(above=0),
    "deterministic_histogram": flag(),
    "sampling_method": choice("uniform", "gradient_based"),
    "num_parallel_tree": integer(1),
    "nthread": integer(1),
    "verbosity": integer(0, 3),
    "seed": integer(-(2**31) + 1, 2**31 - 2),
    "use_dask_gpu_training": choice("true", "false"),
}
NOT_OF_THE_BOOSTER = (
    "num_round",
    "csv_weights",
    "early_stopping_rounds",
    "save_model_on_termination",
    "eval_metric",
    "use_dask_gpu_training",
    # gone from XGBoost itself
    "lambda_bias",
    "sketch_eps",
    "dsplit",
    "predictor",
    "deterministic_histogram",
)
GPU = {"tree_method": "gpu_hist", "predictor": "gpu_predictor", "use_dask_gpu_training": "true"}
CONSTRAINED = {
    "monotone_constraints": ("exact", "hist"),
    "interaction_constraints": ("exact", "hist", "approx"),
}


def check(values: Mapping[str, Any]) -> None:
    """Refuse hyperparameters that do not go together.

    Raises:
        CustomerError: They do not.
    """
    problems = [
        f"{name} {word} needs a GPU; no instance here has one"
        for name, word in GPU.items()
        if values[name] == word
    ]
    if values["objective"].startswith("multi:") and values["num_class"] is None:
        problems.append("Require input for parameter 'num_class' for multi-classification")
    for name, methods in CONSTRAINED.items():
        if values[name] is not None and values["tree_method"] not in methods:
            problems.append(f"{name} can be used only when the tree_method parameter is set to {methods}")
    metrics = eval_metrics(values, "")
    unknown = [name for name in metrics if name.partition("@")[0] not in METRICS]
    if unknown:
        problems.append(f"Hyperparameter eval_metric: {unknown} is not in {sorted(METRICS)}")
    if "auc" in metrics and values["objective"].startswith(("reg:", "count:", "survival:")):
        problems.append("Metric 'auc' can only be applied for classification and ranking problems.")
    if problems:
        raise CustomerError("; ".join(problems))


def booster_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the booster is given; it is told its seed, so equal jobs fit equal models."""
    chosen = {
        name: value for name, value in values.items() if value is not None and name not in NOT_OF_THE_BOOSTER
    }
    if chosen["objective"] == "reg:linear":  # its name before XGBoost 1.0
        chosen["objective"] = "reg:squarederror"
    return {"seed": 0, **chosen}


def eval_metrics(values: Mapping[str, Any], tuned: str) -> list[str]:
    """The metrics of the log, in order; that of a tuning job's objective is always among them.

    Args:
        values: The hyperparameters.
        tuned: The objective's name, ``validation:auc``, or nothing.
    """
    names = [name.strip(" '\"") for name in values["eval_metric"].strip("[]").split(",")]
    objective = tuned.partition(":")[2]
    return list(dict.fromkeys(name for name in (*names, objective) if name))
