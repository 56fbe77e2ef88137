"""A tuning job on a server of its own: it goes on under the next one, whatever became of the one before."""

from __future__ import annotations

import os
import signal

import pytest

from localaws.store import Store

GATE = """
from pathlib import Path
tell(1.0)
print("ready", flush=True)
while not Path(given["gate"]).exists(): time.sleep(0.02)
"""
X = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_search_goes_on_after_a_restart(own_tuner, tmp_path, how):
    """
    Killed or stopped in the middle of a search, the next server takes it to its end, and no trial is started twice.
    """
    gate = tmp_path / "gate"
    endpoint, tuner = own_tuner()
    request = tuner.request(GATE, ranges=X, jobs=4, parallel=2, RandomSeed=3, static={"gate": str(gate)})
    name = tuner.create(request)
    tuner.account.wait_for_line("TrainingJobs", tuner.wait_for_trial(name), "ready")
    os.kill(endpoint.process.pid, how)
    endpoint.process.wait(20)
    gate.touch()
    _, again = own_tuner()
    done = again.tuned(name)
    trials = [trial["TrainingJobName"] for trial in again.trials(name)]
    jobs = again.sagemaker.list_training_jobs(NameContains=name, MaxResults=100)["TrainingJobSummaries"]

    assert "Completed" == done["HyperParameterTuningJobStatus"]
    assert 4 == len(trials)
    assert sorted(trials) == sorted(job["TrainingJobName"] for job in jobs)
    assert ["001", "002", "003", "004"] == [trial.split("-")[-2] for trial in trials]
    assert 0 == done["TrainingJobStatusCounters"]["InProgress"]


def test_a_stopping_search_is_stopped_by_the_next_server(own_tuner, tmp_path):
    """
    A search that was being stopped when the server was killed is Stopped by the next one, which starts no trial.
    """
    endpoint, tuner = own_tuner()
    script = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: None)\n" + GATE
    gate = tmp_path / "gate"
    name = tuner.create(tuner.request(script, ranges=X, jobs=4, static={"gate": str(gate)}))
    tuner.account.wait_for_line("TrainingJobs", tuner.wait_for_trial(name), "ready")
    tuner.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    os.kill(endpoint.process.pid, signal.SIGKILL)
    endpoint.process.wait(20)
    gate.touch()
    _, again = own_tuner()

    assert "Stopped" == again.tuned(name)["HyperParameterTuningJobStatus"]
    assert 1 == len(again.trials(name))


def test_a_search_out_of_time_is_ended(own_tuner, tmp_path):
    """
    When MaxRuntimeInSeconds have passed since its creation, what runs is stopped and the search is over.
    """
    endpoint, tuner = own_tuner()
    limits = {"MaxParallelTrainingJobs": 1, "MaxRuntimeInSeconds": 120}
    request = tuner.request(GATE, ranges=X, ResourceLimits=limits, static={"gate": str(tmp_path / "never")})
    name = tuner.create(request)
    tuner.account.wait_for_line("TrainingJobs", tuner.wait_for_trial(name), "ready")
    os.kill(endpoint.process.pid, signal.SIGKILL)
    endpoint.process.wait(20)
    store, kind = Store(endpoint.state / "state.db"), "sagemaker:hyper-parameter-tuning-job"
    store.update(kind, name, CreationTime=store.get(kind, name)["CreationTime"] - 120)
    store.close()
    _, again = own_tuner()
    done = again.tuned(name)

    assert "Completed" == done["HyperParameterTuningJobStatus"]
    assert done["ConsumedResources"]["RuntimeInSeconds"] >= 120
    assert ["Stopped"] == [trial["TrainingJobStatus"] for trial in again.trials(name)]


def test_a_stop_between_two_trials_ends_no_search(own_tuner):
    """
    A server that is stopped while one short trial follows the other leaves the rest of them to the next server.
    """
    endpoint, tuner = own_tuner()
    name = tuner.create(tuner.request("tell(1.0)", ranges=X, jobs=12, RandomSeed=1))
    tuner.wait_for_trials(name, 4)
    endpoint.stop()
    _, again = own_tuner()
    done = again.tuned(name)
    trials = again.trials(name)

    assert "Completed" == done["HyperParameterTuningJobStatus"]
    assert [f"{number:03d}" for number in range(1, 13)] == [
        t["TrainingJobName"].split("-")[-2] for t in trials
    ]
    assert 12 == len({trial["TunedHyperParameters"]["x"] for trial in trials})


def test_a_refused_trial_fails_the_search(own_tuner, tmp_path, monkeypatch):
    """
    When a trial's training job is refused, the search stops what runs and has failed with that refusal's words.
    """
    quotas = tmp_path / "quotas.json"
    quotas.write_text('{"ml.m5.large for training job usage": 1}')
    monkeypatch.setenv("LOCALAWS_QUOTAS", str(quotas))
    _, tuner = own_tuner()
    static = {"gate": str(tmp_path / "never")}
    done = tuner.tune(GATE, ranges=X, jobs=4, parallel=2, static=static)
    [trial] = tuner.trials(done["HyperParameterTuningJobName"])

    assert "Failed" == done["HyperParameterTuningJobStatus"]
    assert "'ml.m5.large for training job usage' is 1 Instances" in done["FailureReason"]
    assert "Stopped" == trial["TrainingJobStatus"]
