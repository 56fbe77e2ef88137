"""Reading: the files of one pipeline as models, as far as they are right, and all that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from foldline.environment import Environment, environment_name, read_environment
from foldline.project import NAME, NAME_RULE, pipelines
from foldline.stepfiles import consistency, secretcheck
from foldline.stepfiles.documents import Document, Unreadable, read_document
from foldline.stepfiles.problems import Problem, conflict_problem, model_problems, nearest, shown, unreadable
from foldline.steps.kinds import KINDS
from foldline.steps.settings import PipelineSettings, Settings, StepSettings

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Reading:
    """What was read of a pipeline.

    Attributes:
        environment: Its environment, unless that is wrong.
        settings: Its ``pipeline.yaml``, unless that is wrong.
        steps: Its steps by name, less those that are wrong.
        documents: All files that are YAML, by stem, with the environment's overrides merged in.
        problems: All that is wrong.
    """

    environment: Environment | None
    settings: PipelineSettings | None
    steps: Mapping[str, StepSettings]
    documents: Mapping[str, Document]
    problems: list[Problem]


def read_pipeline(name: str, env: str | None, root: Path) -> Reading:
    """The files of ``infra/<name>/`` and of the environment ``env``, each problem noted and none raised."""
    environment, overrides, problems = read_environment(environment_name(env), root)
    folder = root / "infra" / name
    if NAME.fullmatch(name) is None:
        problem = Problem("infra", 0, "", f"{name!r} is no pipeline name: {NAME_RULE}")
        return Reading(environment, None, {}, {}, [*problems, problem])
    if not (folder / "pipeline.yaml").is_file():
        known = pipelines(root)
        message = f"there is no pipeline {name!r}; known: {', '.join(known) or 'none'}"
        problem = Problem(f"infra/{name}/pipeline.yaml", 0, "", message, nearest=nearest(name, known))
        return Reading(environment, None, {}, {}, [*problems, problem])
    documents = {}
    for file in sorted(folder.glob("*.yaml")):
        try:
            document = read_document(file, f"infra/{name}/{file.name}")
        except Unreadable as error:
            problems.append(unreadable(error))
            continue
        over = overrides.at("steps", file.stem) if overrides is not None else None
        documents[file.stem] = document.merged(over) if over is not None and over.value else document
    for file in sorted(folder.glob("*.yml")):
        problems.append(Problem(f"infra/{name}/{file.name}", 0, "", f"is not read; name it {file.stem}.yaml"))
    if overrides is not None:
        problems += secretcheck.secret_problems(overrides.without("steps"))  # those are merged into the steps
    return checked(folder, environment, documents, problems)


def checked(
    folder: Path,
    environment: Environment | None,
    documents: Mapping[str, Document],
    problems: list[Problem],
) -> Reading:
    """The models of documents that were read; their problems are added to ``problems``."""
    found = list(problems)
    steps: dict[str, StepSettings] = {}
    settings: PipelineSettings | None = None
    for stem, document in documents.items():
        if stem == "pipeline":
            settings = _read(PipelineSettings, document.without(secretcheck.KEY), found)
        elif (model := _model(stem, document, found)) is not None:
            step = _read(model, document.without("kind").without(secretcheck.KEY), found)
            if step is not None:
                steps[stem] = step
    for kind, model in KINDS.items():
        if kind not in documents and not model.model_fields:
            steps[kind] = model()
    for stem, conflict in consistency.conflicts(folder, settings, steps, environment, documents):
        found.append(conflict_problem(conflict, documents[stem]))
    found += [problem for each in documents.values() for problem in secretcheck.secret_problems(each)]
    found += secretcheck.query_problems(folder, documents)
    return Reading(environment, settings, steps, documents, found)


def _model(stem: str, document: Document, problems: list[Problem]) -> type[StepSettings] | None:
    """The model that reads a step file: its ``kind``, or else its name."""
    kind = document.value.get("kind", stem)
    if isinstance(kind, str) and kind in KINDS:
        return KINDS[kind]
    place = document.place(("kind",))
    said = "kind" if "kind" in document.value else ""
    rule = (
        "must be one of" if said else "the file's name is no kind of step; name it, or write `kind:`, one of"
    )
    message = f"{shown(kind)}, {rule} {', '.join(KINDS)}"
    problems.append(Problem(place.file, place.line, said, message, nearest=nearest(kind, KINDS)))
    return None


def _read(model: type[S], document: Document, problems: list[Problem]) -> S | None:
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        problems += model_problems(error, model, document)
        return None
