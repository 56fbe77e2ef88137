"""Config: `infra/<pipeline>/*.yaml` and an environment as one frozen object, or every problem at once.

A DAG file loads its pipeline while it is parsed: milliseconds, no network. A broken file breaks its own
pipeline only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from foldline import consistency, params
from foldline.documents import Document, Unreadable, read_document
from foldline.environment import Environment, environment_name, read_environment
from foldline.errors import ConfigError
from foldline.problems import (
    Problem,
    conflict_problem,
    model_problems,
    nearest,
    raise_if_any,
    shown,
    unreadable,
)
from foldline.project import pipelines, project_root
from foldline.steps.kinds import KINDS, kind_of
from foldline.steps.settings import PipelineSettings, Settings, StepSettings

S = TypeVar("S", bound=StepSettings)

__all__ = ["Pipeline", "load_pipeline", "pipelines", "problems", "project_root", "read_pipeline"]


@dataclass(frozen=True)
class Pipeline:
    """A pipeline as its files, its environment and a run's params make it.

    Attributes:
        name: The pipeline: its folder in ``infra/``.
        root: The project's folder.
        environment: Where it runs.
        settings: Its ``pipeline.yaml``.
        steps: Its step files by name, in the order of the names.
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
        """The settings of a step; a kind with nothing to set needs no file.

        Raises:
            ConfigError: The pipeline has no such step.
        """
        if step in self.steps:
            return self.steps[step]
        model = KINDS.get(step)
        if model is not None and not model.model_fields:
            return model()
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
        documents, found = dict(self.documents), []
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
        loaded, more = _checked(self.name, self.root, self.environment, documents)
        found += [params.told_as_param(problem, self.settings.params) for problem in more]
        raise_if_any(found, self.environment.name, f"correct the params of {self.name} and trigger it again")
        assert loaded is not None, "no pipeline without a problem"
        return loaded

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


def load_pipeline(name: str, *, env: str | None = None, root: Path | None = None) -> Pipeline:
    """The pipeline in ``infra/<name>/``, in the environment ``env``.

    Args:
        name: The pipeline.
        env: The environment; by default the one in ``FOLDLINE_ENV``, else ``local``.
        root: The project's folder; by default the nearest one with ``infra/``.

    Raises:
        ConfigError: A file is missing or wrong; every problem is in the message, with file and line.
    """
    loaded, found = read_pipeline(name, env=env, root=root)
    raise_if_any(found, environment_name(env), "foldline validate checks all files without running anything")
    assert loaded is not None, "no pipeline without a problem"
    return loaded


def read_pipeline(
    name: str, *, env: str | None = None, root: Path | None = None
) -> tuple[Pipeline | None, list[Problem]]:
    """The pipeline if it is right, and all that is wrong with it and its environment."""
    root = root or project_root()
    environment, overrides, found = read_environment(environment_name(env), root)
    folder = root / "infra" / name
    if not (folder / "pipeline.yaml").is_file():
        near = nearest(name, pipelines(root))
        known = ", ".join(pipelines(root)) or "none"
        message = f"there is no pipeline {name!r}; known: {known}"
        return None, [*found, Problem(f"infra/{name}/pipeline.yaml", 0, "", message, nearest=near)]
    documents = {}
    for file in sorted(folder.glob("*.yaml")):
        try:
            document = read_document(file, f"infra/{name}/{file.name}")
        except Unreadable as error:
            found.append(unreadable(error))
            continue
        over = overrides.at("steps", file.stem) if overrides is not None else None
        documents[file.stem] = document.merged(over) if over is not None and over.value else document
    loaded, more = _checked(name, root, environment, documents)
    return (loaded if not found else None), [*found, *more]


def problems(name: str | None = None, *, env: str | None = None, root: Path | None = None) -> list[Problem]:
    """All that is wrong with one pipeline, or with all of them and the environment; empty when nothing is."""
    root = root or project_root()
    found: list[Problem] = []
    for pipeline in [name] if name is not None else pipelines(root):
        found += [
            problem for problem in read_pipeline(pipeline, env=env, root=root)[1] if problem not in found
        ]
    return found


def _checked(
    name: str, root: Path, environment: Environment | None, documents: Mapping[str, Document]
) -> tuple[Pipeline | None, list[Problem]]:
    """The models of documents that were read, and the problems of all of them together."""
    found: list[Problem] = []
    steps: dict[str, StepSettings] = {}
    settings: PipelineSettings | None = None
    for stem, document in documents.items():
        model, wrong = (PipelineSettings, None) if stem == "pipeline" else _model(stem, document)
        if wrong is not None:
            found.append(wrong)
        if model is None:
            continue
        one, more = _read(model, document if model is PipelineSettings else document.without("kind"))
        found += more
        if isinstance(one, PipelineSettings):
            settings = one
        elif isinstance(one, StepSettings):
            steps[stem] = one
    for step, conflict in consistency.conflicts(root / "infra" / name, settings, steps, environment):
        found.append(conflict_problem(conflict, documents[step]))
    if found or settings is None or environment is None:
        return None, found
    return Pipeline(name, root, environment, settings, steps, documents), []


def _model(stem: str, document: Document) -> tuple[type[StepSettings] | None, Problem | None]:
    """The model that reads a step file: its ``kind``, or else its name."""
    kind = document.value.get("kind", stem)
    if isinstance(kind, str) and kind in KINDS:
        return KINDS[kind], None
    place = document.place(("kind",))
    said = "kind" if "kind" in document.value else ""
    rule = (
        f"must be one of {', '.join(KINDS)}"
        if said
        else "the file's name is no kind of step, and no `kind` says one"
    )
    near = nearest(kind, KINDS)
    return None, Problem(place.file, place.line, said, f"{shown(kind)}, {rule}", nearest=near)


def _read(model: type[Settings], document: Document) -> tuple[Settings | None, list[Problem]]:
    try:
        return model.model_validate(document.value), []
    except ValidationError as error:
        return None, model_problems(error, model, document)
