"""Account quotas of instances, off unless asked for: ``LOCALAWS_QUOTAS`` names a JSON file of them.

The file's keys are what AWS calls these quotas, ``"ml.m5.xlarge for training job usage": 2``; the uses are
``training job``, ``spot training job``, ``processing job`` and ``transform job``. What it does not name has
no limit.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from localaws.errors import AwsError
from localaws.jobs.contract import groups_of
from localaws.sagemaker.job_rules import FINAL

VARIABLE = "LOCALAWS_QUOTAS"
_Job = tuple[Mapping[str, Any], Mapping[str, Any]]


class Quotas:
    """How many instances may be in use at once, by type and use.

    Args:
        limits: The numbers, by AWS's name of the quota.
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = limits

    @classmethod
    def of_environment(cls) -> Quotas:
        """The quotas of the file that ``LOCALAWS_QUOTAS`` names; none when it is not set.

        Raises:
            ValueError: The file does not hold a JSON object of whole numbers.
        """
        path = os.environ.get(VARIABLE)
        if not path:
            return cls({})
        try:
            limits = json.loads(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(f"{VARIABLE}={path} cannot be read as JSON: {error}") from error
        if not isinstance(limits, dict) or not all(isinstance(value, int) for value in limits.values()):
            raise ValueError(
                f'{VARIABLE}={path} must hold an object like {{"ml.m5.xlarge for training job usage": 2}}'
            )
        return cls(limits)

    def check(
        self, use: str, wanted: Mapping[str, Any], status: str, jobs: Callable[[], Iterable[_Job]]
    ) -> None:
        """Refuse a job that needs more instances than are left.

        Args:
            use: ``training job`` and so on.
            wanted: The resources it asks for.
            status: The member with a job's status.
            jobs: The documents of the jobs of this use with their resources; asked only where there is a
                limit.

        Raises:
            AwsError: ResourceLimitExceeded, in AWS's words.
        """
        limited = [name for name in _instances(wanted) if f"{name} for {use} usage" in self._limits]
        if not limited:
            return
        used: Counter[str] = Counter()
        for job, resources in jobs():
            if job[status] not in FINAL:
                used += _instances(resources)
        for name in limited:
            self._check(f"{name} for {use} usage", used[name], _instances(wanted)[name])

    def _check(self, quota: str, used: int, more: int) -> None:
        if used + more > self._limits[quota]:
            raise AwsError(
                "ResourceLimitExceeded",
                f"The account-level service limit '{quota}' is {self._limits[quota]} Instances, with current "
                f"utilization of {used} Instances and a request delta of {more} Instances. Please use AWS "
                "Service Quotas to request an increase for this quota. If AWS Service Quotas is not "
                "available, contact AWS support to request an increase for this quota.",
            )


def _instances(resources: Mapping[str, Any]) -> Counter[str]:
    """The instances some resources stand for, by type."""
    found: Counter[str] = Counter()
    for group in groups_of(resources):
        found[group.instance_type] += len(group.hosts)
    return found
