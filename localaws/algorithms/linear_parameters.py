"""Linear learner's hyperparameters.

Source: AWS documentation, Linear learner hyperparameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.algorithms.errors import CustomerError
from localaws.algorithms.hyperparameters import Parameter, choice, flag, integer, number

AUTO = "auto"
LOSSES = {
    "regressor": (
        "squared_loss",
        "absolute_loss",
        "eps_insensitive_squared_loss",
        "eps_insensitive_absolute_loss",
        "quantile_loss",
        "huber_loss",
    ),
    "binary_classifier": ("logistic", "hinge_loss"),
    "multiclass_classifier": ("softmax_loss",),
}
"""The losses of each predictor type; the first is what ``auto`` means."""

CRITERIA = (
    "accuracy",
    "f_beta",
    "f1",
    "precision_at_target_recall",
    "recall_at_target_precision",
    "loss_function",
    "cross_entropy_loss",
)
PARAMETERS: Mapping[str, Parameter] = {
    "predictor_type": choice(*LOSSES, required=True),
    "num_classes": integer(3, 1_000_000),
    "accuracy_top_k": integer(1, default=3),
    "balance_multiclass_weights": flag(default=False),
    "beta_1": number(0, 1, default=AUTO, auto=True),
    "beta_2": number(0, 1, default=AUTO, auto=True),
    "bias_lr_mult": number(above=0, default=AUTO, auto=True),
    "bias_wd_mult": number(0, default=AUTO, auto=True),
    "binary_classifier_model_selection_criteria": choice(*CRITERIA, default="accuracy"),
    "early_stopping_patience": integer(1, default=3),
    "early_stopping_tolerance": number(above=0, default=0.001),
    "epochs": integer(1, default=15),
    "f_beta": number(above=0, default=1.0),
    "feature_dim": integer(1, default=AUTO, auto=True),
    "huber_delta": number(0, default=1.0, auto=True),
    "init_bias": number(default=0.0),
    "init_method": choice("uniform", "normal", default="uniform"),
    "init_scale": number(above=0, default=0.07),
    "init_sigma": number(above=0, default=0.01),
    "l1": number(0, default=AUTO, auto=True),
    "learning_rate": number(above=0, default=AUTO, auto=True),
    "loss": choice(AUTO, *(loss for losses in LOSSES.values() for loss in losses), default=AUTO),
    "loss_insensitivity": number(above=0, default=0.01),
    "lr_scheduler_factor": number(above=0, below=1, default=AUTO, auto=True),
    "lr_scheduler_minimum_lr": number(above=0, default=AUTO, auto=True),
    "lr_scheduler_step": integer(1, default=AUTO, auto=True),
    "margin": number(above=0, default=1.0),
    "mini_batch_size": integer(1, default=1000),
    "momentum": number(0, below=1, default=AUTO, auto=True),
    "normalize_data": flag(default=True, auto=True),
    "normalize_label": flag(default=AUTO, auto=True),
    "num_calibration_samples": integer(1, default=10_000_000),
    "num_models": integer(1, default=AUTO, auto=True),
    "num_point_for_scaler": integer(1, default=10_000),
    "optimizer": choice(AUTO, "sgd", "adam", "rmsprop", default=AUTO),
    "positive_example_weight_mult": number(above=0, default=1.0, auto=True),
    "quantile": number(above=0, below=1, default=0.5),
    "target_precision": number(0, 1, default=0.8),
    "target_recall": number(0, 1, default=0.8),
    "unbias_data": flag(default=AUTO, auto=True),
    "unbias_label": flag(default=AUTO, auto=True),
    "use_bias": flag(default=True),
    "use_lr_scheduler": flag(default=True),
    "wd": number(0, default=AUTO, auto=True),
}


def check(values: Mapping[str, Any]) -> None:
    """Refuse hyperparameters that do not go together.

    Raises:
        CustomerError: They do not.
    """
    kind = values["predictor_type"]
    if kind == "multiclass_classifier" and values["num_classes"] is None:
        raise CustomerError("num_classes must be given when predictor_type is multiclass_classifier")
    if values["loss"] not in (AUTO, *LOSSES[kind]):
        raise CustomerError(f"the loss of a {kind} is one of {', '.join(LOSSES[kind])}, got {values['loss']}")


def loss_of(values: Mapping[str, Any]) -> str:
    """The loss's name."""
    chosen: str = values["loss"]
    return LOSSES[values["predictor_type"]][0] if chosen == AUTO else chosen
