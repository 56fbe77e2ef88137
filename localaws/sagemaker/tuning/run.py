"""One tuning job under way: starts trials, looks at them, stops them, and says how it ended.

It remembers nothing that its document does not say. A trial is written down before its training job is
created, under a name that follows from the tuning job and its number: whoever goes on after a kill finds the
training job there, or creates it, and never twice.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from contextlib import suppress
from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.documents import TAGS, Documents
from localaws.sagemaker.job_rules import FINAL
from localaws.sagemaker.training.jobs import KIND as TRAINING
from localaws.sagemaker.training.jobs import TrainingJobs
from localaws.sagemaker.tuning.plan import Plan
from localaws.sagemaker.tuning.search import Search
from localaws.sagemaker.tuning.trials import Trial, best, objective_counters, status_counters
from localaws.sagemaker.tuning.verdict import Verdict, criterion_met, hopeless, outcome, progress
from localaws.sagemaker.tuning.warm_start import known_past, overall_best

log = logging.getLogger("localaws")
AS_IT_STANDS = Verdict("")  # as its trials have it when the last one has ended
LOOK_SECONDS = 0.25  # between looks at trials that run; logs reach the store as often


class TuningRun:
    """Runs one tuning job to its last status, in a thread of its own.

    Args:
        documents: The tuning jobs.
        training: Where trials become training jobs.
        name: The tuning job.
    """

    def __init__(self, documents: Documents, training: TrainingJobs, name: str) -> None:
        self._documents = documents
        self._training = training
        self._jobs = Documents(documents.world, TRAINING)
        self._name = name
        document = documents.need(name)
        self._arn = document["HyperParameterTuningJobArn"]
        self._plan = Plan.of(document)
        self._search = Search(self._plan, document["_Seed"], known_past(document), documents.world.logs)
        self._wake = threading.Event()
        self._down = False
        self._thread = threading.Thread(target=self._run, name=f"tuning/{name}", daemon=True)

    def start(self) -> None:
        """Begin, or go on."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the job still goes on."""
        return self._thread.is_alive() or not self._thread.ident

    def wake(self) -> None:
        """Have it look: a trial ended, or somebody stopped the job."""
        self._wake.set()

    def leave(self) -> None:
        """End the thread, not the job: the server goes down."""
        self._down = True
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        try:
            if not self._documents.need(self._name)["_Trials"]:
                self._documents.world.pace.pause("tuning.Starting", self._wake)
            while not self._down:
                self._wake.clear()
                if self._advance():
                    return
                self._wake.wait(self._patience())
        except Exception as error:
            log.exception("the tuning job %s failed inside", self._name)
            reason = f"InternalServerError: localaws failed inside ({type(error).__name__}); see its log"
            self._finish(Verdict("Failed", reason), self._trials())

    def _advance(self) -> bool:
        """Do what there is to do; True when the job is over."""
        trials = self._trials()
        try:
            self._look(trials)
            ending = self._ending(trials)
            if not ending:
                self._launch(trials)
        except AwsError as error:  # a training job was refused; what runs is ended, and so is the search
            trials = [trial for trial in trials if trial.summary]
            ending = self._end_with(Verdict("Failed", f"ClientError: {error.code}: {error.message}"))
        running = [trial for trial in trials if trial.status == "InProgress"]
        self._stop(running if ending else self._search.losers(trials))
        if self._down or any(not trial.ended for trial in trials):
            self._save(trials)
            return False
        self._finish(ending if ending and ending != AS_IT_STANDS else outcome(trials), trials)
        return True

    def _trials(self) -> list[Trial]:
        return [Trial(**document) for document in self._documents.need(self._name)["_Trials"]]

    def _look(self, trials: list[Trial]) -> None:
        """See how the training jobs stand; create the one an earlier server had only written down."""
        for trial in trials:
            if trial.ended:
                continue
            definition = self._plan.definitions[trial.definition]
            job = self._jobs.find(trial.job)
            if job is None and trial.summary:
                gone = {
                    "TrainingJobStatus": "Failed",
                    "FailureReason": "ClientError: the training job was deleted",
                }
                job = {**trial.summary, **gone}
            trial.see(job or self._create(trial), definition.objective, definition.name)

    def _launch(self, trials: list[Trial]) -> None:
        """Start as many trials as may run."""
        while not hopeless(trials) and not self._down:
            following = self._search.next_trial(trials)
            if following is None:
                return
            name = self._job_name(following.number)
            trial = Trial(following.number, name, following.definition, following.tuned)
            trials.append(trial)
            self._save(trials)
            definition = self._plan.definitions[trial.definition]
            trial.see(self._create(trial), definition.objective, definition.name)

    def _create(self, trial: Trial) -> dict[str, Any]:
        """The trial's training job."""
        definition = self._plan.definitions[trial.definition]
        tags = self._documents.world.store.get(TAGS, self._arn) or {}
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        request = definition.training_request(trial.job, trial.tuned, listed)
        return self._training.create(request, TuningJobArn=self._arn)

    def _job_name(self, number: int) -> str:
        created = self._documents.need(self._name)["CreationTime"]
        digest = hashlib.sha256(f"{self._arn}/{created}/{number}".encode()).hexdigest()
        return f"{self._name}-{number:03d}-{digest[:8]}"

    def _stop(self, trials: list[Trial]) -> None:
        for trial in trials:
            with suppress(AwsError):  # it has ended meanwhile
                self._training.StopTrainingJob({"TrainingJobName": trial.job})

    def _ending(self, trials: list[Trial]) -> Verdict | None:
        """How the job ends if it is to end before its trials are all done; once decided, that stays."""
        document = self._documents.need(self._name)
        if document["HyperParameterTuningJobStatus"] == "Stopping":
            return Verdict("Stopped")
        if document["_Ending"]:
            return Verdict(*document["_Ending"])
        if criterion_met(self._plan.criteria, trials, self._plan.objective):
            return self._end_with(AS_IT_STANDS)
        return self._end_with(AS_IT_STANDS) if self._left() <= 0 else None

    def _end_with(self, verdict: Verdict) -> Verdict:
        self._documents.update(self._name, _Ending=[verdict.status, verdict.reason])
        return verdict

    def _left(self) -> float:
        """Seconds the job may still take."""
        if self._plan.seconds is None:
            return float("inf")
        return float(self._documents.need(self._name)["CreationTime"]) + self._plan.seconds - time.time()

    def _patience(self) -> float | None:
        """Seconds to wait for news."""
        if self._plan.watches:
            return LOOK_SECONDS
        left = self._left()
        return None if left == float("inf") else max(left, LOOK_SECONDS)

    def _save(self, trials: list[Trial]) -> None:
        """Write down how the trials stand."""
        document = self._documents.need(self._name)
        changes = self._members(trials, document)
        if any(document.get(member) != value for member, value in changes.items()):
            self._documents.update(self._name, **changes)

    def _finish(self, verdict: Verdict, trials: list[Trial]) -> None:
        """Write down the last status, together with all that goes with it."""
        with self._documents.world.store.transaction():
            document = self._documents.need(self._name)
            stopping = document["HyperParameterTuningJobStatus"] == "Stopping"
            status = "Stopped" if stopping else verdict.status
            now = time.time()
            reason = {"FailureReason": verdict.reason[:1024]} if status == "Failed" else {}
            self._documents.update(
                self._name,
                **self._members(trials, document),
                HyperParameterTuningJobStatus=status,
                HyperParameterTuningEndTime=now,
                ConsumedResources={"RuntimeInSeconds": max(1, round(now - document["CreationTime"]))},
                **reason,
            )

    def _members(self, trials: list[Trial], document: dict[str, Any]) -> dict[str, Any]:
        """What the description says about the trials."""
        winner = best(trials, self._plan.objective)
        summary = winner.summary if winner else None
        so_far = progress(trials, self._plan.objective)
        details: dict[str, Any] = {"NumberOfTrainingJobsObjectiveNotImproving": so_far.not_improving}
        if so_far.converged_at is not None:
            details["ConvergenceDetectedTime"] = so_far.converged_at
        return {
            "_Trials": [trial.document() for trial in trials],
            "TrainingJobStatusCounters": status_counters(trials),
            "ObjectiveStatusCounters": objective_counters(trials),
            "BestTrainingJob": summary,
            "OverallBestTrainingJob": overall_best(document, summary, self._plan),
            "TuningJobCompletionDetails": details,
        }


def is_over(document: dict[str, Any]) -> bool:
    """Whether a tuning job has its last status."""
    return document["HyperParameterTuningJobStatus"] in FINAL
