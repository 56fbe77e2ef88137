"""Tuning jobs as clients see them: trials, counters, the best of them, and how a search ends."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError

SCORE_IS_X = 'tell(float(given["x"]))'
NAMED = 'tell(float(given["x"].strip(chr(34))))'
ENDLESS = 'tell(float(given["x"]))\nwhile True: time.sleep(0.05)'
X = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]}


def grid(*values: str) -> dict:
    """One categorical hyperparameter x."""
    return {"CategoricalParameterRanges": [{"Name": "x", "Values": list(values)}]}


def code_of(call, **request) -> tuple[str, str]:
    """The error a call is refused with: code and text."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def test_trials_are_training_jobs(tuner):
    """
    Each trial is a training job named after its tuning job, with its ARN, its tags, and hyperparameters as strings.
    """
    request = tuner.request(
        SCORE_IS_X,
        ranges={
            **X,
            "IntegerParameterRanges": [{"Name": "n", "MinValue": "1", "MaxValue": "5"}],
            "CategoricalParameterRanges": [{"Name": "c", "Values": ['"a"', '"b"']}],
        },
        jobs=3,
        parallel=2,
    )
    name = tuner.create({**request, "Tags": [{"Key": "team", "Value": "ml"}]})
    done = tuner.tuned(name)
    trials = tuner.trials(name)
    job = tuner.sagemaker.describe_training_job(TrainingJobName=trials[0]["TrainingJobName"])
    tags = tuner.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    given = job["HyperParameters"]

    assert ["001", "002", "003"] == [trial["TrainingJobName"].split("-")[-2] for trial in trials]
    assert all(re.fullmatch(name + r"-\d{3}-[0-9a-f]{8}", trial["TrainingJobName"]) for trial in trials)
    assert done["HyperParameterTuningJobArn"] == job["TuningJobArn"]
    assert [{"Key": "team", "Value": "ml"}] == tags
    assert "score" == given["_tuning_objective_metric"]
    assert "score" == done["TrainingJobDefinition"]["StaticHyperParameters"]["_tuning_objective_metric"]
    assert "train.py" == given["sagemaker_program"]
    assert given["c"] in ('"a"', '"b"')
    assert given["n"] in "12345"
    assert {"x", "n", "c"} == set(trials[0]["TunedHyperParameters"])
    assert trials[0]["TunedHyperParameters"].items() <= given.items()


def test_the_best_trial_is_told(tuner):
    """
    A completed search has its best trial, with the objective that trial's log told, and all counters.
    """
    done = tuner.tune(NAMED, ranges=grid("2", "7", "5"), Strategy="Grid", parallel=2)
    name = done["HyperParameterTuningJobName"]
    scores = {
        trial["TunedHyperParameters"]["x"]: trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        for trial in tuner.trials(name)
    }
    best = done["BestTrainingJob"]

    assert "Completed" == done["HyperParameterTuningJobStatus"]
    assert {"2": 2.0, "7": 7.0, "5": 5.0} == scores
    assert {"x": "7"} == best["TunedHyperParameters"]
    assert {"Type": "Maximize", "MetricName": "score", "Value": 7.0} == best[
        "FinalHyperParameterTuningJobObjectiveMetric"
    ]
    assert "Succeeded" == best["ObjectiveStatus"]
    assert {"Succeeded": 3, "Pending": 0, "Failed": 0} == done["ObjectiveStatusCounters"]
    assert 3 == done["TrainingJobStatusCounters"]["Completed"]
    assert 3 == done["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    assert done["HyperParameterTuningEndTime"] >= done["CreationTime"]


def test_minimizing_prefers_less(tuner):
    """
    With the objective Minimize the best trial is the one of the least value.
    """
    objective = {"Type": "Minimize", "MetricName": "score"}
    done = tuner.tune(
        NAMED, ranges=grid("2", "7"), Strategy="Grid", parallel=2, HyperParameterTuningJobObjective=objective
    )

    assert {"x": "2"} == done["BestTrainingJob"]["TunedHyperParameters"]


@pytest.mark.parametrize("strategy", ["Random", "Bayesian"])
def test_the_same_seed_tries_the_same(tuner, strategy):
    """
    Two searches of the same RandomSeed, one trial after the other, try the same combinations; another seed does not.
    """
    tried = []
    for seed in (7, 7, 8):
        done = tuner.tune(SCORE_IS_X, ranges=X, jobs=6, Strategy=strategy, RandomSeed=seed)
        trials = tuner.trials(done["HyperParameterTuningJobName"])
        tried.append([trial["TunedHyperParameters"]["x"] for trial in trials])

    assert tried[0] == tried[1]
    assert tried[0] != tried[2]
    assert 6 == len(set(tried[0]))


def test_trials_are_listed_by_objective_in_pages(tuner):
    """
    The trials can be sorted by their objective, filtered by status, and come in pages.
    """
    done = tuner.tune(
        'import sys\nsys.exit(1) if given["x"] == "0" else tell(float(given["x"]))',
        ranges=grid("3", "0", "9", "6"),
        Strategy="Grid",
        parallel=2,
    )
    name = done["HyperParameterTuningJobName"]
    by_objective = tuner.trials(
        name, SortBy="FinalObjectiveMetricValue", SortOrder="Descending", PaginationConfig={"PageSize": 2}
    )
    failed = tuner.trials(name, StatusEquals="Failed")

    assert ["9", "6", "3"] == [trial["TunedHyperParameters"]["x"] for trial in by_objective]
    assert ["0"] == [trial["TunedHyperParameters"]["x"] for trial in failed]
    assert "Failed" == failed[0]["ObjectiveStatus"]
    assert failed[0]["FailureReason"].startswith("AlgorithmError")
    assert "Completed" == done["HyperParameterTuningJobStatus"]
    assert 1 == done["TrainingJobStatusCounters"]["NonRetryableError"]


def test_a_search_without_a_success_is_given_up(tuner):
    """
    After five failures and no success no more trials are started, and the search has failed in AWS's words.
    """
    done = tuner.tune("raise SystemExit(1)", ranges=X, jobs=9)

    assert "Failed" == done["HyperParameterTuningJobStatus"]
    assert (
        "No training job succeeded after 5 attempts. Please take a look at the training job failures to get more "
        "details." == done["FailureReason"]
    )
    assert 5 == len(tuner.trials(done["HyperParameterTuningJobName"]))
    assert "BestTrainingJob" not in done


def test_a_search_without_an_objective_has_failed(tuner):
    """
    Trials that complete without telling the objective make the search fail, with AWS's hint at the regular expression.
    """
    done = tuner.tune("pass", ranges=grid("1", "2"), Strategy="Grid")

    assert "Failed" == done["HyperParameterTuningJobStatus"]
    assert done["FailureReason"].startswith("No objective metrics found after running 2 training jobs.")
    assert {"Succeeded": 0, "Pending": 0, "Failed": 2} == done["ObjectiveStatusCounters"]


def test_stopping_stops_the_trials(tuner):
    """
    A stopped search stops its running trials and starts no more; its last status comes after theirs.
    """
    name = tuner.create(tuner.request(ENDLESS, ranges=X, jobs=5, parallel=1))
    trial = tuner.wait_for_trial(name)
    busy = code_of(tuner.sagemaker.delete_hyper_parameter_tuning_job, HyperParameterTuningJobName=name)
    tuner.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    done = tuner.tuned(name)
    again = code_of(tuner.sagemaker.stop_hyper_parameter_tuning_job, HyperParameterTuningJobName=name)

    assert "ResourceInUse" == busy[0]
    assert "Stopped" == done["HyperParameterTuningJobStatus"]
    assert [(trial, "Stopped")] == [
        (t["TrainingJobName"], t["TrainingJobStatus"]) for t in tuner.trials(name)
    ]
    assert 1 == done["TrainingJobStatusCounters"]["Stopped"]
    assert "ValidationException" == again[0]


def test_names_are_unique_and_forgotten(tuner):
    """
    A second tuning job of a name is ResourceInUse; a deleted one is ResourceNotFound, and its training jobs stay.
    """
    request = tuner.request(NAMED, ranges=grid("1"), Strategy="Grid")
    name = tuner.create(request)
    tuner.tuned(name)
    trials = [trial["TrainingJobName"] for trial in tuner.trials(name)]
    taken = code_of(tuner.sagemaker.create_hyper_parameter_tuning_job, **request)
    tuner.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    gone = code_of(tuner.sagemaker.describe_hyper_parameter_tuning_job, HyperParameterTuningJobName=name)

    assert (
        "ResourceInUse",
        f"A hyperparameter tuning job with the name, {name}, already exists. Choose a different name.",
    ) == taken
    assert "ResourceNotFound" == gone[0]
    assert ["Completed"] == [
        tuner.sagemaker.describe_training_job(TrainingJobName=trial)["TrainingJobStatus"] for trial in trials
    ]


def test_a_reached_target_ends_the_search(tuner):
    """
    TargetObjectiveMetricValue completes the search as soon as a trial reaches it.
    """
    criteria = {"TargetObjectiveMetricValue": 2.0}
    done = tuner.tune(
        NAMED, ranges=grid("1", "2", "3", "4"), Strategy="Grid", TuningJobCompletionCriteria=criteria
    )

    assert "Completed" == done["HyperParameterTuningJobStatus"]
    assert 2 == len(tuner.trials(done["HyperParameterTuningJobName"]))


def test_a_search_that_does_not_improve_ends(tuner):
    """
    BestObjectiveNotImproving completes the search after so many trials in a row that are no better than the best.
    """
    criteria = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}
    done = tuner.tune(
        NAMED,
        ranges=grid("500", "501", "2", "3", "600"),
        Strategy="Grid",
        TuningJobCompletionCriteria=criteria,
    )

    assert "Completed" == done["HyperParameterTuningJobStatus"]
    assert 4 == len(tuner.trials(done["HyperParameterTuningJobName"]))
    assert 3 == done["TuningJobCompletionDetails"]["NumberOfTrainingJobsObjectiveNotImproving"]


def test_definitions_search_spaces_of_their_own(tuner):
    """
    Several training job definitions each try their own ranges; trials tell whose they are, and compare.
    """
    request = tuner.request(NAMED, ranges={}, Strategy="Grid", parallel=2)
    definitions = [
        {
            **request["TrainingJobDefinition"],
            "DefinitionName": name,
            "TuningObjective": {"Type": "Maximize", "MetricName": "score"},
            "HyperParameterRanges": grid(*values),
        }
        for name, values in {"small": ("1", "2"), "large": ("10",)}.items()
    ]
    config = request["HyperParameterTuningJobConfig"]
    del (
        request["TrainingJobDefinition"],
        config["ParameterRanges"],
        config["HyperParameterTuningJobObjective"],
    )
    name = tuner.create({**request, "TrainingJobDefinitions": definitions})
    done = tuner.tuned(name)

    assert ["small", "small", "large"] == [t["TrainingJobDefinitionName"] for t in tuner.trials(name)]
    assert "large" == done["BestTrainingJob"]["TrainingJobDefinitionName"]


def test_tuning_jobs_are_listed(tuner):
    """
    The list has strategy, limits and counters of each job, filtered by name and status.
    """
    name = tuner.tune(NAMED, ranges=grid("1"), Strategy="Grid")["HyperParameterTuningJobName"]
    [listed] = tuner.sagemaker.list_hyper_parameter_tuning_jobs(NameContains=name, StatusEquals="Completed")[
        "HyperParameterTuningJobSummaries"
    ]

    assert "Grid" == listed["Strategy"]
    assert {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1} == listed["ResourceLimits"]
    assert 1 == listed["TrainingJobStatusCounters"]["Completed"]


def test_hyperband_ends_trials_that_go_on_for_too_long(tuner):
    """
    Under Hyperband a trial that shows more epochs than MaxResource is stopped, and counts with what it showed.
    """
    done = tuner.tune(
        'while True:\n    tell(float(given["x"]))\n    time.sleep(0.05)',
        ranges=X,
        jobs=2,
        parallel=2,
        Strategy="Hyperband",
        StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 3}},
    )

    assert "Completed" == done["HyperParameterTuningJobStatus"]
    assert 2 == done["TrainingJobStatusCounters"]["Stopped"]
    assert {"Succeeded": 2, "Pending": 0, "Failed": 0} == done["ObjectiveStatusCounters"]


def test_a_trial_that_falls_behind_is_stopped(tuner):
    """
    With early stopping Auto a trial below the median of four completed ones is stopped, and the search completes.
    """
    done = tuner.tune(
        'tell(float(given["x"]))\nwhile given["x"] == "1": time.sleep(0.05)',
        ranges=grid("5", "6", "7", "8", "1", "9"),
        Strategy="Grid",
        TrainingJobEarlyStoppingType="Auto",
    )
    statuses = [trial["TrainingJobStatus"] for trial in tuner.trials(done["HyperParameterTuningJobName"])]

    assert ["Completed"] * 4 + ["Stopped", "Completed"] == statuses
    assert "Completed" == done["HyperParameterTuningJobStatus"]
    assert {"x": "9"} == done["BestTrainingJob"]["TunedHyperParameters"]


def test_warm_start_counts_the_parents_trials(tuner):
    """
    A warm search does not repeat what its parent tried, and the overall best is the parent's where that is better.
    """
    parent = tuner.request(NAMED, ranges=grid("1", "9"), Strategy="Grid")
    tuner.tuned(tuner.create(parent))
    child = {
        **parent,
        "HyperParameterTuningJobName": parent["HyperParameterTuningJobName"] + "-b",
        "HyperParameterTuningJobConfig": {
            **parent["HyperParameterTuningJobConfig"],
            "Strategy": "Random",
            "ParameterRanges": grid("1", "9", "4"),
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1},
        },
        "WarmStartConfig": {
            "ParentHyperParameterTuningJobs": [
                {"HyperParameterTuningJobName": parent["HyperParameterTuningJobName"]}
            ],
            "WarmStartType": "IdenticalDataAndAlgorithm",
        },
    }
    name = tuner.create(child)
    done = tuner.tuned(name)

    assert ["4"] == [trial["TunedHyperParameters"]["x"] for trial in tuner.trials(name)]
    assert {"x": "4"} == done["BestTrainingJob"]["TunedHyperParameters"]
    assert {"x": "9"} == done["OverallBestTrainingJob"]["TunedHyperParameters"]
    assert parent["HyperParameterTuningJobName"] == done["OverallBestTrainingJob"]["TuningJobName"]


def test_trials_have_resources_and_checkpoints_of_their_own(tuner):
    """
    A trial runs on the first of the preferred instances, and keeps its checkpoints under its own name.
    """
    request = tuner.request(NAMED, ranges=grid("1"), Strategy="Grid")
    definition = request["TrainingJobDefinition"]
    del definition["ResourceConfig"]
    preferred = [
        {"InstanceType": kind, "InstanceCount": 1, "VolumeSizeInGB": 5}
        for kind in ("ml.c5.xlarge", "ml.m5.xlarge")
    ]
    definition["HyperParameterTuningResourceConfig"] = {
        "AllocationStrategy": "Prioritized",
        "InstanceConfigs": preferred,
    }
    definition["CheckpointConfig"] = {"S3Uri": tuner.account.uri("checkpoints/")}
    name = tuner.create(request)
    done = tuner.tuned(name)
    [trial] = tuner.trials(name)
    job = tuner.sagemaker.describe_training_job(TrainingJobName=trial["TrainingJobName"])

    assert "Completed" == done["HyperParameterTuningJobStatus"]
    assert preferred[0] == job["ResourceConfig"] == done["TrainingJobDefinition"]["ResourceConfig"]
    assert tuner.account.uri(f"checkpoints/{trial['TrainingJobName']}") == job["CheckpointConfig"]["S3Uri"]
