"""What this project owns at AWS, found by the tags that every create request carries.

The Resource Groups Tagging API reaches all that has tags: SageMaker's jobs, models, endpoint configs and
endpoints, Glue's crawlers, job definitions and rulesets, Athena's workgroups. It lags some seconds behind a
create. Athena queries, Redshift statements and the runs of Glue jobs and rulesets have no tags: they are not
in it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from foldline.names import NAME_LIMIT, TAG, TUNING_NAME_LIMIT, Identity, tag_value
from foldline.remote.paging import TAGGED, PacedLists

PAGE = 100
KINDS = {
    "sagemaker:training-job": "training",
    "sagemaker:processing-job": "processing",
    "sagemaker:transform-job": "transform",
    "sagemaker:hyper-parameter-tuning-job": "tuning",
    "sagemaker:endpoint": "endpoint",
    "sagemaker:endpoint-config": "endpoint-config",
    "sagemaker:model": "model",
    "sagemaker:model-package": "model-package",
    "sagemaker:model-package-group": "model-package-group",
    "glue:crawler": "crawler",
    "glue:job": "glue-definition",
    "glue:dataQualityRuleset": "ruleset",
    "athena:workgroup": "workgroup",
}
"""Kind of thing by the service and the type in its ARN, which are also the API's filter of types."""
JOBS = ("tuning", "training", "processing", "transform")
"""Kinds that run, cost money while they run, and end; what starts others comes first."""


@dataclass(frozen=True)
class Owned:
    """One thing of ours.

    Attributes:
        kind: A word of :data:`KINDS`; of a job also a key of `foldline.remote.watched.WATCHED`.
        name: Its name, as its service's calls take it.
        arn: Its ARN.
        tags: All its tags.
    """

    kind: str
    name: str
    arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)

    def tag(self, word: str) -> str:
        """The tag ``foldline:<word>``, or the empty string."""
        return self.tags.get(TAG + word, "")

    @property
    def env(self) -> str:
        """Environment it belongs to."""
        return self.tag("env")

    @property
    def dag(self) -> str:
        """DAG id, as `foldline.names.tag_value` has it."""
        return self.tag("dag")

    @property
    def run(self) -> str:
        """Run id, as `foldline.names.tag_value` has it."""
        return self.tag("run")

    @property
    def task(self) -> str:
        """Airflow's task id."""
        return self.tag("task").partition("/")[0]

    @property
    def label(self) -> str:
        """What tells it from its task's other jobs, such as ``trial-003/fold-001``."""
        return self.tag("task").partition("/")[2]

    @property
    def map_index(self) -> int:
        """Index of a mapped task, else -1."""
        return _number(self.tag("map"), -1)

    @property
    def epoch(self) -> int:
        """Rises with each clear of the task."""
        return _number(self.tag("epoch"), 0)

    @property
    def generation(self) -> int:
        """How many jobs of this identity were given up before."""
        return _number(self.tag("generation"), 0)


@dataclass(frozen=True)
class Inventory:
    """Finds what one environment owns.

    Attributes:
        client: boto3 client of ``resourcegroupstaggingapi``.
        lists: Reads lists.
        env: The environment; things of another are never seen.
    """

    client: Any
    lists: PacedLists
    env: str

    def owned(
        self,
        *,
        dag: str | None = None,
        run: str | None = None,
        task: str | None = None,
        map_index: int | None = None,
        kinds: Collection[str] | None = None,
    ) -> list[Owned]:
        """What carries this environment's tags, by kind and name; what is left out is not asked for.

        Args:
            dag: DAG id.
            run: Run id.
            task: Task id; its jobs of all trials and folds.
            map_index: Index of a mapped task.
            kinds: Words of :data:`KINDS`.
        """
        asked = {"env": self.env, "dag": dag, "run": run}
        filters = [
            {"Key": TAG + word, "Values": [tag_value(value)]}
            for word, value in asked.items()
            if value is not None
        ]
        # Whatever is ours has a key; a person's resource that only names an environment is not ours.
        filters.append({"Key": f"{TAG}key", "Values": []})
        types = [kind for kind, word in KINDS.items() if kinds is None or word in kinds]
        pages = self.lists.pages(
            self.client.get_resources,
            TAGGED,
            TagFilters=filters,
            ResourceTypeFilters=types,
            ResourcesPerPage=PAGE,
        )
        found = (parse(item) for page in pages for item in page["ResourceTagMappingList"])
        return sorted(
            (
                one
                for one in found
                if one is not None
                and task in (None, one.task, one.tag("task"))
                and map_index in (None, one.map_index)
            ),
            key=lambda one: (one.kind, one.name),
        )


def parse(mapping: Mapping[str, Any]) -> Owned | None:
    """The thing in one element of a GetResources answer; None for a type that is none of ours."""
    arn, tags = mapping["ResourceARN"], {tag["Key"]: tag["Value"] for tag in mapping["Tags"]}
    _, _, service, _, _, resource = arn.split(":", 5)
    word, _, name = resource.partition("/")
    kind = KINDS.get(f"{service}:{word}")
    if kind is None:
        return None
    return Owned(kind, spelt(kind, name, tags), arn, tags)


def spelt(kind: str, name: str, tags: Mapping[str, str]) -> str:
    """The name as it was given: SageMaker's ARNs have it in lower case, the tags tell it exactly."""

    def tag(word: str) -> str:
        return tags.get(TAG + word, "")

    identity = Identity(
        tag("env"),
        tag("dag"),
        tag("run"),
        tag("task"),
        _number(tag("map"), -1),
        kind,
        tag("spec"),
        _number(tag("epoch"), 0),
    )
    limit = TUNING_NAME_LIMIT if kind == "tuning" else NAME_LIMIT
    given = identity.name(_number(tag("generation"), 0), limit)
    return given if given.lower() == name.lower() else name


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.removeprefix("-").isdecimal() else otherwise
