"""Warm start: what a search may take over from earlier tuning jobs, and what it knows from them."""

from __future__ import annotations

from typing import Any

from localaws.sagemaker.documents import Documents
from localaws.sagemaker.job_rules import FINAL
from localaws.sagemaker.refusals import invalid, not_implemented
from localaws.sagemaker.tuning.definition import WHERE
from localaws.sagemaker.tuning.plan import Plan
from localaws.sagemaker.tuning.proposals import Past
from localaws.sagemaker.tuning.trials import Trial, best

IDENTICAL = "IdenticalDataAndAlgorithm"


def check_parents(documents: Documents, request: dict[str, Any], plan: Plan) -> None:
    """Check a request's WarmStartConfig.

    Raises:
        AwsError: ResourceNotFound: a parent is not there; ValidationException: it cannot be one;
            NotImplemented: a strategy or form of request that cannot be warm here.
    """
    warm = request.get("WarmStartConfig")
    if not warm:
        return
    if plan.strategy not in ("Bayesian", "Random"):
        raise not_implemented(f"{WHERE}.WarmStartConfig with the strategy {plan.strategy}")
    if len(plan.definitions) > 1:
        raise not_implemented(f"{WHERE}.WarmStartConfig with several TrainingJobDefinitions")
    for parent in _parents(documents, warm):
        name = parent["HyperParameterTuningJobName"]
        if parent["HyperParameterTuningJobStatus"] not in FINAL:
            raise invalid(f"The parent tuning job {name} has not ended; only one that has can be a parent")
        _check_parent(Plan.of(parent), plan, name, identical=warm["WarmStartType"] == IDENTICAL)


def _check_parent(theirs: Plan, ours: Plan, name: str, *, identical: bool) -> None:
    (new,) = ours.definitions
    for old in theirs.definitions:
        known = {parameter.name: type(parameter) for parameter in old.space.parameters}
        tunable = {parameter.name: type(parameter) for parameter in new.space.parameters}
        if known.keys() | old.static.keys() != tunable.keys() | new.static.keys():
            raise invalid(
                "The set of tunable plus static HyperParameter names is not the same across current and "
                "parent tuning jobs. Please ensure this set is constant when warm starting. Note that "
                "previously static HyperParameters can be tuned in warm start jobs and vice versa."
            )
        changed = sorted(one for one in known.keys() & tunable.keys() if known[one] is not tunable[one])
        if changed:
            raise invalid(
                f"The type of the hyperparameter {changed[0]} is not the same as in the parent {name}"
            )
        if old.objective != new.objective:
            raise invalid(f"The objective metric is not the same as in the parent {name}")
        if not identical:
            continue
        image = [one.document["AlgorithmSpecification"].get("TrainingImage") for one in (old, new)]
        data = [one.document.get("InputDataConfig") for one in (old, new)]
        if image[0] != image[1] or data[0] != data[1]:
            raise invalid(f"{IDENTICAL} needs the training image and the input data of the parent {name}")


def inherited(documents: Documents, request: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """What a new search keeps of its parents, which may be deleted later.

    Returns:
        ``_Past``: their trials as [configuration, loss], static hyperparameters counting as values that were
        tried; ``_ParentsBest``: the summary of their best trial, where it counts for OverallBestTrainingJob.
    """
    warm = request.get("WarmStartConfig")
    if not warm:
        return {"_Past": [], "_ParentsBest": None}
    past: list[tuple[dict[str, str], float | None]] = []
    winners: list[Trial] = []
    for parent in _parents(documents, warm):
        definitions, trials = Plan.of(parent).definitions, _trials(parent)
        for trial in trials:
            loss = None if trial.value is None else plan.objective.loss(trial.value)
            past.append(({**definitions[trial.definition].static, **trial.tuned}, loss))
            trial.summary["TuningJobName"] = parent["HyperParameterTuningJobName"]
        winner = best(trials, plan.objective)
        winners += [winner] if winner else []
    overall = best(winners, plan.objective)
    counts = warm["WarmStartType"] == IDENTICAL and overall is not None
    return {"_Past": past, "_ParentsBest": overall.summary if counts and overall else None}


def known_past(document: dict[str, Any]) -> list[Past]:
    """What a search inherited."""
    return [Past(configuration, loss) for configuration, loss in document["_Past"]]


def overall_best(document: dict[str, Any], own: dict[str, Any] | None, plan: Plan) -> dict[str, Any] | None:
    """``OverallBestTrainingJob``, of a search and its parents; None where AWS leaves it out.

    Args:
        document: The tuning job.
        own: The summary of its best trial, None when there is none.
        plan: Its plan.
    """
    if document.get("WarmStartConfig", {}).get("WarmStartType") != IDENTICAL:
        return None
    mine = {**own, "TuningJobName": document["HyperParameterTuningJobName"]} if own else None
    summaries = [summary for summary in (document["_ParentsBest"], mine) if summary]
    return min(summaries, key=lambda summary: plan.objective.loss(_value(summary)), default=None)


def _value(summary: dict[str, Any]) -> float:
    return float(summary["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])


def _parents(documents: Documents, warm: dict[str, Any]) -> list[dict[str, Any]]:
    names = [
        parent.get("HyperParameterTuningJobName", "") for parent in warm["ParentHyperParameterTuningJobs"]
    ]
    return [documents.need(name) for name in names]


def _trials(parent: dict[str, Any]) -> list[Trial]:
    return [Trial(**document) for document in parent["_Trials"]]
