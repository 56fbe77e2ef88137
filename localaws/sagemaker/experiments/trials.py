"""Trials: what belongs together in an experiment, as a set of trial components."""

from __future__ import annotations

from typing import Any

from localaws.sagemaker.documents import Documents
from localaws.sagemaker.experiments.kinds import COMPONENT, EXPERIMENT, TRIAL
from localaws.sagemaker.refusals import invalid
from localaws.world import World


class Trials:
    """Creates, describes, lists, updates and deletes trials; puts components into them and takes them out."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self._experiments = Documents(world, EXPERIMENT)
        self._trials = Documents(world, TRIAL)
        self._components = Documents(world, COMPONENT)

    def CreateTrial(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a trial of an experiment, without components."""
        shown = {"DisplayName": request.get("DisplayName", request["TrialName"])}
        with self._store.transaction():
            self._experiments.need(request["ExperimentName"])
            return {"TrialArn": self._trials.create(request, **shown)["TrialArn"]}

    def DescribeTrial(self, request: dict[str, Any]) -> dict[str, Any]:
        """The trial."""
        return {"CreatedBy": {}, "LastModifiedBy": {}, **self._trials.need(request["TrialName"])}

    def ListTrials(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of trials: all, an experiment's, or those a component is in."""
        filters = dict(request)
        experiment, component = filters.pop("ExperimentName", None), filters.pop("TrialComponentName", None)
        trials = self._trials.all()
        if experiment:
            self._experiments.need(experiment)
            trials = [trial for trial in trials if trial["ExperimentName"] == experiment]
        if component:
            within = self._components.need(component)["_Trials"]
            trials = [trial for trial in trials if trial["TrialName"] in within]
        return self._trials.page(trials, filters, "TrialSummaries")

    def UpdateTrial(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change what it is displayed as."""
        name = request["TrialName"]
        changes = {"DisplayName": request["DisplayName"]} if "DisplayName" in request else {}
        with self._store.transaction():
            self._trials.need(name)
            return {"TrialArn": self._trials.update(name, **changes)["TrialArn"]}

    def DeleteTrial(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a trial that has no components."""
        name = request["TrialName"]
        with self._store.transaction():
            arn = self._trials.need(name)["TrialArn"]
            if any(name in component["_Trials"] for component in self._components.all()):
                raise invalid(f"Trial '{name}' cannot be deleted, it still has trial components.")
            self._trials.delete(name)
        return {"TrialArn": arn}

    def AssociateTrialComponent(self, request: dict[str, Any]) -> dict[str, Any]:
        """Put a component into a trial; no matter if it is there already."""
        return self._associate(request, within=True)

    def DisassociateTrialComponent(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take a component out of a trial; no matter if it is not there."""
        return self._associate(request, within=False)

    def _associate(self, request: dict[str, Any], *, within: bool) -> dict[str, Any]:
        with self._store.transaction():
            trial = self._trials.need(request["TrialName"])
            component = self._components.need(request["TrialComponentName"])
            others = [name for name in component["_Trials"] if name != trial["TrialName"]]
            self._components.update(
                component["TrialComponentName"], _Trials=[*others, trial["TrialName"]] if within else others
            )
        return {"TrialArn": trial["TrialArn"], "TrialComponentArn": component["TrialComponentArn"]}
