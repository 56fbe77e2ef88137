"""Experiments: named collections of trials."""

from __future__ import annotations

from typing import Any

from localaws.sagemaker.documents import Documents
from localaws.sagemaker.experiments.kinds import EXPERIMENT, TRIAL
from localaws.sagemaker.refusals import invalid
from localaws.world import World


class Experiments:
    """Creates, describes, lists, updates and deletes experiments."""

    def __init__(self, world: World) -> None:
        self._experiments = Documents(world, EXPERIMENT)
        self._trials = Documents(world, TRIAL)

    def CreateExperiment(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store an experiment without trials."""
        shown = {"DisplayName": request.get("DisplayName", request["ExperimentName"])}
        return {"ExperimentArn": self._experiments.create(request, **shown)["ExperimentArn"]}

    def DescribeExperiment(self, request: dict[str, Any]) -> dict[str, Any]:
        """The experiment."""
        experiment = self._experiments.need(request["ExperimentName"])
        return {"CreatedBy": {}, "LastModifiedBy": {}, **experiment}

    def ListExperiments(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of experiments."""
        return self._experiments.list(request, "ExperimentSummaries")

    def UpdateExperiment(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change what it is displayed and described as."""
        name = request["ExperimentName"]
        changes = {member: request[member] for member in ("DisplayName", "Description") if member in request}
        with self._experiments.world.store.transaction():
            self._experiments.need(name)
            return {"ExperimentArn": self._experiments.update(name, **changes)["ExperimentArn"]}

    def DeleteExperiment(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget an experiment that has no trials."""
        name = request["ExperimentName"]
        with self._experiments.world.store.transaction():
            arn = self._experiments.need(name)["ExperimentArn"]
            if any(trial["ExperimentName"] == name for trial in self._trials.all()):
                raise invalid(f"Experiment '{name}' cannot be deleted, it still has trials.")
            self._experiments.delete(name)
        return {"ExperimentArn": arn}
