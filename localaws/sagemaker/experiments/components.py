"""Trial components: the steps of trials, each with parameters, artifacts and metrics."""

from __future__ import annotations

from typing import Any

from localaws.sagemaker.documents import Documents
from localaws.sagemaker.experiments.jobs import of_job
from localaws.sagemaker.experiments.kinds import COMPONENT, EXPERIMENT, TRIAL, plain_name
from localaws.sagemaker.experiments.metrics import summaries
from localaws.sagemaker.refusals import invalid
from localaws.world import World

REPLACED = ("DisplayName", "Status", "StartTime", "EndTime")
MERGED = ("Parameters", "InputArtifacts", "OutputArtifacts")


class TrialComponents:
    """Creates, describes, lists, updates and deletes trial components."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._experiments = Documents(world, EXPERIMENT)
        self._trials = Documents(world, TRIAL)
        self._components = Documents(world, COMPONENT)

    def CreateTrialComponent(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a component that is in no trial yet."""
        shown = {"DisplayName": request.get("DisplayName", request["TrialComponentName"])}
        component = self._components.create(request, _Trials=[], _Metrics={}, **shown)
        return {"TrialComponentArn": component["TrialComponentArn"]}

    def DescribeTrialComponent(self, request: dict[str, Any]) -> dict[str, Any]:
        """The component; one of a job tells how that job stands."""
        name = plain_name(self._world, COMPONENT, request["TrialComponentName"])
        return described(self._world, self._components.need(name))

    def ListTrialComponents(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of components: all, an experiment's, a trial's, or those of a source."""
        filters = dict(request)
        experiment, trial = filters.pop("ExperimentName", None), filters.pop("TrialName", None)
        source = filters.pop("SourceArn", None)
        if sum(bool(one) for one in (experiment, trial, source)) > 1:
            raise invalid("Only one of ExperimentName, TrialName and SourceArn can be given")
        components = self._components.all()
        if experiment:
            self._experiments.need(experiment)
            trials = {one["TrialName"] for one in self._trials.all() if one["ExperimentName"] == experiment}
            components = [component for component in components if trials & set(component["_Trials"])]
        if trial:
            self._trials.need(trial)
            components = [component for component in components if trial in component["_Trials"]]
        if source:
            components = [one for one in components if one.get("Source", {}).get("SourceArn") == source]
        answer = self._components.page(components, filters, "TrialComponentSummaries")
        shown = [described(self._world, component) for component in answer["TrialComponentSummaries"]]
        listed = [{**component, "TrialComponentSource": component.get("Source")} for component in shown]
        return {**answer, "TrialComponentSummaries": listed}

    def UpdateTrialComponent(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change a component; parameters and artifacts are added to those there are."""
        name = request["TrialComponentName"]
        with self._world.store.transaction():
            component = self._components.need(name)
            changes = {member: request[member] for member in REPLACED if member in request}
            for member in MERGED:
                removed = request.get(f"{member}ToRemove", [])
                merged = {**component.get(member, {}), **request.get(member, {})}
                changes[member] = {key: value for key, value in merged.items() if key not in removed}
            self._components.update(name, **changes)
        return {"TrialComponentArn": component["TrialComponentArn"]}

    def DeleteTrialComponent(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a component that is in no trial."""
        name = request["TrialComponentName"]
        with self._world.store.transaction():
            component = self._components.need(name)
            if component["_Trials"]:
                raise invalid(
                    f"Trial component '{name}' cannot be deleted, it is associated with the trials "
                    f"{', '.join(component['_Trials'])}."
                )
            self._components.delete(name)
        return {"TrialComponentArn": component["TrialComponentArn"]}


def described(world: World, component: dict[str, Any]) -> dict[str, Any]:
    """A component as DescribeTrialComponent has it: what its job says, under what was written of it since."""
    job = of_job(world, component)
    merged = {member: {**job.get(member, {}), **component.get(member, {})} for member in MERGED}
    metrics = [*job.get("Metrics", []), *summaries(component)]
    return {"CreatedBy": {}, "LastModifiedBy": {}, **job, **component, **merged, "Metrics": metrics}
