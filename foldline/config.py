"""Config: `infra/<pipeline>/*.yaml` and an environment as one frozen object, or every problem at once.

A DAG file loads its pipeline while it is parsed: milliseconds, no network. A broken file breaks its own
pipeline only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from foldline import names
from foldline.environment import Environment, environment_name
from foldline.errors import ConfigError
from foldline.project import pipelines, project_root
from foldline.remote.storage.sourcetree import folder_tree
from foldline.stepfiles import params, secretcheck
from foldline.stepfiles.documents import Document
from foldline.stepfiles.problems import Problem, nearest, raise_if_any
from foldline.stepfiles.reading import Reading, checked, read_pipeline
from foldline.steps.kinds import kind_of
from foldline.steps.sagemaker import OwnCode
from foldline.steps.settings import PipelineSettings, StepSettings

S = TypeVar("S", bound=StepSettings)

__all__ = ["Pipeline", "load_pipeline", "pipeline_of", "pipelines", "problems", "project_root"]


@dataclass(frozen=True)
class Pipeline:
    """A pipeline as its files, its environment and a run's params make it.

    Attributes:
        name: The pipeline: its folder in ``infra/``.
        root: The project's folder.
        environment: Where it runs.
        settings: Its ``pipeline.yaml``.
        steps: Its steps by name; a kind with nothing to set is there without a file.
    """

    name: str
    root: Path
    environment: Environment
    settings: PipelineSettings
    steps: Mapping[str, StepSettings]
    documents: Mapping[str, Document] = field(repr=False, compare=False)

    @property
    def folder(self) -> Path:
        """Where its step files and queries lie."""
        return self.root / "infra" / self.name

    def __getitem__(self, step: str) -> StepSettings:
        """The settings of a step.

        Raises:
            ConfigError: The pipeline has no such step.
        """
        if step in self.steps:
            return self.steps[step]
        near = nearest(step, self.steps)
        raise ConfigError(
            f"pipeline {self.name} has no step {step!r}" + (f"; did you mean {near!r}?" if near else ""),
            where=f"infra/{self.name}/{step}.yaml does not exist",
            mend=f"add the file, or name one of: {', '.join(self.steps)}",
        )

    def step(self, name: str, model: type[S]) -> S:
        """The settings of a step that must be of one kind.

        Raises:
            ConfigError: There is no such step, or it is of another kind.
        """
        settings = self[name]
        if not isinstance(settings, model):
            raise ConfigError(
                f"step {name!r} of {self.name} is of kind {kind_of(settings)}, not {kind_of(model)}",
                where=f"infra/{self.name}/{name}.yaml",
                mend=f"write kind: {kind_of(model)} into the file, or name another step",
            )
        return settings

    def with_params(self, values: Mapping[str, Any]) -> Pipeline:
        """The pipeline one run sees: each param put in place of the setting it stands for, all checked anew.

        Args:
            values: Params by name, as a trigger's JSON gives them; those left out keep the setting.

        Raises:
            ConfigError: A param is unknown or breaks its setting's rule; every problem is in the message.
        """
        documents, found = dict(self.documents), list[Problem]()
        for name, value in values.items():
            path = self.settings.params.get(name)
            if path is None:
                message = params.unknown(name, self.settings.params)
                found.append(Problem(params.FILE, 0, "", message))
                continue
            step, *keys = path.split(".")
            here = documents[step]
            try:
                now = params.current(self.steps[step], here, keys)
                fitted = params.fitting(name, value, now)
                documents[step] = here.with_value(tuple(keys), fitted, params.place(name))
            except params.BadParam as error:
                found.append(Problem(params.FILE, 0, name, str(error)))
        reading = checked(self.folder, self.environment, documents, found)
        told = [params.told_as_param(problem, self.settings.params) for problem in reading.problems]
        raise_if_any(told, self.environment.name, f"correct the params of {self.name} and trigger it again")
        return pipeline_of(self.name, self.root, reading)

    @property
    def not_secret(self) -> frozenset[str]:
        """Texts that look like secrets and of which the step files say that they are none."""
        return secretcheck.declared(self.folder, self.documents)

    def param_schemas(self) -> dict[str, dict[str, Any]]:
        """JSON Schema keywords of each param for Airflow's ``Param``: default, type, bounds, description."""
        schemas = {}
        for name, path in self.settings.params.items():
            step = path.partition(".")[0]
            schemas[name] = params.schema(self.steps[step], self.documents[step], path)
        return schemas

    def document(self) -> dict[str, Any]:
        """All settings of all steps as plain JSON, defaults included: what the run record keeps."""
        steps = {name: step.document() for name, step in self.steps.items()}
        return {"pipeline": self.settings.document(), **steps}

    @property
    def digest(self) -> str:
        """Digest of all that a run is asked to do and where: settings, queries, source folders, environment.

        How a run is watched and priced (endpoint URL, polling, deferral, prices) is left out: it changes
        nothing that is done.
        """
        watching = {"endpoint_url", "allow_remote_endpoint", "polling", "deferrable", "athena_usd_per_tb"}
        files = [file for kind in ("*.sql", "*.py", "*.dqdl") for file in sorted(self.folder.glob(kind))]
        queries = {file.name: file.read_text(encoding="utf-8") for file in files}
        environment = self.environment.document(exclude=watching)
        sources = {
            name: folder_tree(self.root, step.source).digest
            for name, step in self.steps.items()
            if isinstance(step, OwnCode) and step.source is not None
        }
        asked = {**self.document(), "queries": queries, "environment": environment}
        return names.digest({**asked, "sources": sources} if sources else asked)


def load_pipeline(name: str, *, env: str | None = None, root: Path | None = None) -> Pipeline:
    """The pipeline in ``infra/<name>/``, in the environment ``env``.

    Args:
        name: The pipeline.
        env: The environment; by default the one in ``FOLDLINE_ENV``, else ``local``.
        root: The project's folder; by default the nearest one with ``infra/``.

    Raises:
        ConfigError: A file is missing or wrong; every problem is in the message, with file and line.
    """
    root = root or project_root()
    reading = read_pipeline(name, env, root)
    raise_if_any(
        reading.problems,
        environment_name(env),
        "foldline validate checks all files without running anything",
    )
    return pipeline_of(name, root, reading)


def pipeline_of(name: str, root: Path, reading: Reading) -> Pipeline:
    """The pipeline of a reading without problems."""
    environment, settings = reading.environment, reading.settings
    assert environment is not None and settings is not None, "what was not read is a problem"
    return Pipeline(name, root, environment, settings, reading.steps, reading.documents)


def problems(name: str | None = None, *, env: str | None = None, root: Path | None = None) -> list[Problem]:
    """All that is wrong with one pipeline, or with all of them and the environment; empty when nothing is."""
    root = root or project_root()
    names = [name] if name is not None else pipelines(root)
    found = [problem for one in names for problem in read_pipeline(one, env, root).problems]
    return list(dict.fromkeys(found))
