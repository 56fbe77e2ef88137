"""Environments: where a pipeline runs.

`infra/env/<name>.yaml`, chosen by `FOLDLINE_ENV`, is the only difference between a laptop and AWS.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, Strict, ValidationError

from foldline.endpointurl import endpoint_fault
from foldline.errors import ConfigError
from foldline.project import NAME, NAME_RULE, environments, project_root, step_names
from foldline.stepfiles.documents import Document, Unreadable, read_document
from foldline.stepfiles.problems import (
    Problem,
    conflict_problem,
    model_problems,
    nearest,
    raise_if_any,
    unreadable,
)
from foldline.stepfiles.spellings import Account, Bucket, KeyArn, Region, RoleArn, SecurityGroup, Subnet
from foldline.stepfiles.units import Duration, Interval
from foldline.steps.kinds import KINDS
from foldline.steps.settings import Conflict, Settings

DEFAULT = "local"
"""The environment when ``FOLDLINE_ENV`` is not set."""


class Polling(Settings):
    """How often a running job is looked at: fast first looks, then back-off."""

    first: Interval = Field(default=0.3, description="Until the second look.")
    longest: Interval = Field(default=30.0, description="Between two looks at most.")
    patience: Duration = Field(
        default=1800, description="How long a throttled, failing or unreachable call is tried again."
    )

    def conflicts(self) -> Iterable[Conflict]:
        """Looks that get more frequent."""
        if self.first > self.longest:
            yield Conflict(("first",), "must not be longer than longest")


class Environment(Settings):
    """One account and region, or the laptop."""

    name: str = Field(description="Name of the environment: the stem of its file.")
    account: Account = Field(description="AWS account; every call checks that it is this one.")
    region: Region = Field(description="AWS region.")
    bucket: Bucket = Field(description="The bucket below which all artifacts of all pipelines lie.")
    endpoint_url: str | None = Field(
        default=None, description="Local endpoint in place of AWS; `AWS_ENDPOINT_URL` wins over it."
    )
    allow_remote_endpoint: bool = Field(
        default=False,
        description="Permit an `endpoint_url` on another machine: it sees all data and credentials.",
    )
    role: RoleArn = Field(description="Role the jobs run under.")
    roles: dict[str, RoleArn] = Field(default={}, description="Roles by kind of step, where they differ.")
    images: dict[str, str] = Field(
        default={}, description="Container images by the short name step files use."
    )
    kms_key: KeyArn | None = Field(default=None, description="Key of volumes, outputs and query results.")
    subnets: Annotated[tuple[Subnet, ...], Strict(False)] = Field(
        default=(), description="Subnets of the jobs."
    )
    security_groups: Annotated[tuple[SecurityGroup, ...], Strict(False)] = Field(
        default=(), description="Security groups of the jobs."
    )
    network_isolation: bool = Field(default=True, description="Containers without any network.")
    aws_conn_id: str | None = Field(
        default=None, description="Airflow connection with the credentials; null: boto3's own search."
    )
    workgroup: str = Field(default="primary", description="Athena workgroup of all queries.")
    athena_usd_per_tb: float = Field(
        default=5.0, ge=0, description="Price of a terabyte that Athena scans, for the cost of a query."
    )
    deferrable: bool = Field(
        default=False,
        description="Hand the waiting over to Airflow's triggerer: no worker slot is held while a job runs.",
    )
    polling: Polling = Field(default_factory=Polling, description="How often jobs are looked at.")
    steps: dict[str, dict[str, Any]] = Field(
        default={}, description="Overrides by step, merged over `infra/<pipeline>/<step>.yaml`."
    )

    def conflicts(self) -> Iterable[Conflict]:
        """A remote endpoint, foreign roles, half a network."""
        url, remote = self.endpoint_url, self.allow_remote_endpoint
        if url is not None and (fault := endpoint_fault(url, remote=remote)):
            yield Conflict(("endpoint_url",), f"{self.endpoint_url!r} {fault}")
        for path, arn in [
            (("role",), self.role),
            *((("roles", kind), arn) for kind, arn in self.roles.items()),
        ]:
            if (owner := arn.split(":")[4]) != self.account:
                yield Conflict(path, f"belongs to account {owner}, the environment is {self.account}")
        for kind in self.roles:
            if kind not in KINDS:
                yield Conflict(("roles", kind), "is no kind of step", nearest(kind, KINDS))
        if bool(self.subnets) != bool(self.security_groups):
            given, other = ("subnets", "security_groups") if self.subnets else ("security_groups", "subnets")
            yield Conflict((given,), f"needs {other} too: a job's network has both")

    def role_for(self, kind: str) -> str:
        """The role that jobs of this kind of step run under."""
        return self.roles.get(kind, self.role)

    def image(self, name: str) -> str:
        """The URI of the image that step files call ``name``; a full URI stands for itself.

        Raises:
            ConfigError: This environment has no such image.
        """
        if name in self.images or "/" in name:
            return self.images.get(name, name)
        near = nearest(name, self.images)
        raise ConfigError(
            f"environment {self.name} has no image {name!r}" + (f"; did you mean {near!r}?" if near else ""),
            where=f"infra/env/{self.name}.yaml, images",
            mend=f"add {name} to images, or name one of: {', '.join(self.images) or '(none)'}",
        )


def read_environment(name: str, root: Path) -> tuple[Environment | None, Document | None, list[Problem]]:
    """The environment, the document it was read from, and all that is wrong with it."""
    shown = f"infra/env/{name}.yaml"
    if NAME.fullmatch(name) is None:
        return None, None, [Problem(shown, 0, "", f"{name!r} is no environment name: {NAME_RULE}")]
    try:
        document = read_document(root / shown, shown)
    except Unreadable as error:
        if not (root / shown).is_file():
            known = environments(root)
            near = nearest(name, known)
            message = f"there is no environment {name!r}; known: {', '.join(known) or 'none'}"
            return None, None, [Problem(shown, 0, "", message, nearest=near)]
        return None, None, [unreadable(error)]
    if "name" in document.value:
        place = document.place(("name",))
        return (
            None,
            document,
            [Problem(place.file, place.line, "name", "unknown key: the file's name is the name")],
        )
    try:
        found = Environment.model_validate({"name": name, **document.value})
    except ValidationError as error:
        return None, document, model_problems(error, Environment, document)
    steps = step_names(root)
    strangers = [
        Conflict(("steps", step), "no pipeline has such a step", nearest(step, steps))
        for step in found.steps
        if step not in steps
    ]
    return found, document, [conflict_problem(conflict, document) for conflict in strangers]


def environment_name(name: str | None = None) -> str:
    """``name``, or else what ``FOLDLINE_ENV`` says, or else ``local``."""
    return name or os.environ.get("FOLDLINE_ENV") or DEFAULT


def environment(name: str | None = None, root: Path | None = None) -> Environment:
    """The environment ``name``, by default the one in ``FOLDLINE_ENV``, else ``local``.

    Raises:
        ConfigError: Its file is missing or wrong; every problem is in the message.
    """
    name = environment_name(name)
    found, _, problems = read_environment(name, root or project_root())
    raise_if_any(problems, name)
    assert found is not None, "no environment without a problem"
    return found
