"""Checks across the step files of one pipeline: each file is right alone, and wrong beside the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from foldline.environment import Environment
from foldline.stepfiles.extractfiles import extract_conflicts
from foldline.stepfiles.gluefiles import glue_file_conflicts
from foldline.stepfiles.problems import nearest
from foldline.steps.data import IngestSettings, PreprocessingSettings, QualitySettings
from foldline.steps.fields import slot_at
from foldline.steps.fitting import CrossValidationSettings, TrainingSettings, TuningSettings
from foldline.steps.queries import StatementSettings
from foldline.steps.release import DeploySettings, EvaluationSettings, RegisterSettings, TransformSettings
from foldline.steps.settings import Conflict, JobSettings, Metric, PipelineSettings, StepSettings

Steps = Mapping[str, StepSettings]
Found = Iterator[tuple[str, Conflict]]
"""Conflicts with the step at which each is told."""


def conflicts(
    folder: Path,
    settings: PipelineSettings | None,
    steps: Steps,
    env: Environment | None,
    written: Collection[str],
) -> Found:
    """Everything on which the files of one pipeline do not agree.

    Args:
        folder: The pipeline's folder in ``infra/``.
        settings: Its ``pipeline.yaml``, when that is right alone.
        steps: Its steps that are right alone, by name.
        env: The environment, when that is right alone.
        written: Names of all its files, right or wrong.
    """
    if settings is not None:
        yield from _params(settings, steps, written)
    yield from _queries(folder, steps)
    for name, step in steps.items():
        yield from ((name, conflict) for conflict in glue_file_conflicts(folder, step))
        yield from ((name, conflict) for conflict in extract_conflicts(folder, step, env))
    yield from _columns(steps)
    yield from _metrics(steps)
    yield from _instances(steps)
    yield from _holdout(steps)
    if env is not None:
        yield from _images(steps, env)


def _params(settings: PipelineSettings, steps: Steps, written: Collection[str]) -> Found:
    for name, path in settings.params.items():
        step, *keys = path.split(".")
        known = set(written) - {"pipeline"}
        message, near = "", ""
        if step in steps:
            message, near = _path_fault(steps[step], path, step, keys)
        elif step not in known:
            message, near = f"{path!r}, there is no step {step!r}", nearest(step, known)
        if message:
            yield "pipeline", Conflict(("params", name), message, near)


def _path_fault(settings: StepSettings, path: str, step: str, keys: list[str]) -> tuple[str, str]:
    """Why no param can stand for the setting at ``path``, and the nearest key; empty when one can."""
    slot, parent = slot_at(type(settings), keys), slot_at(type(settings), keys[:-1])
    if slot is None or parent is None:
        known = parent.keys if parent is not None else []
        return f"{path!r} is no setting of step {step!r}", nearest(keys[-1], known)
    if slot.model is not None:
        return f"{path!r} is a mapping; name one of its keys: {', '.join(slot.keys)}", ""
    present: Any = settings.document()
    for key in keys[:-1]:
        present = present[key]
        if present is None:
            return f"{path!r}, but {key} of step {step!r} is null", ""
    if parent.free and keys[-1] not in present:
        message = f"{path!r}, but {keys[-2]} of step {step!r} has no {keys[-1]!r}"
        return message, nearest(keys[-1], present)
    return "", ""


def _queries(folder: Path, steps: Steps) -> Found:
    for name, step in steps.items():
        if isinstance(step, StatementSettings) and not (folder / step.query).is_file():
            there = [file.name for file in folder.glob("*.sql")]
            message = f"{step.query!r}, there is no such file in {folder.parent.name}/{folder.name}"
            yield name, Conflict(("query",), message, nearest(step.query, there))


def _columns(steps: Steps) -> Found:
    ingested = [
        column for step in steps.values() if isinstance(step, IngestSettings) for column in step.columns
    ]
    if not ingested:
        return
    known = set(ingested)
    for name, step in steps.items():
        for path, column in _columns_read(step):
            if column not in known:
                message = f"{column!r} is not among ingest's columns"
                yield name, Conflict(path, message, nearest(column, ingested))


def _columns_read(step: StepSettings) -> Iterable[tuple[tuple[str | int, ...], str]]:
    if isinstance(step, QualitySettings):
        yield ("label", "column"), step.label.column
        for column in step.columns:
            yield ("columns", column), column
    if isinstance(step, PreprocessingSettings):
        yield ("row_id",), step.row_id
        yield ("label",), step.label
        for kind, columns in (("numeric", step.numeric), ("categorical", step.categorical)):
            for number, column in enumerate(columns):
                yield (kind, number), column
        if step.holdout is not None:
            yield ("holdout", "column"), step.holdout.column
        if step.folds.column is not None:
            yield ("folds", "column"), step.folds.column


def _metrics(steps: Steps) -> Found:
    """Scores are compared across steps, so they must be of one metric and one label."""
    first: tuple[str, Metric] | None = None
    labels = {name: step.label for name, step in steps.items() if isinstance(step, PreprocessingSettings)}
    for name, step in steps.items():
        if isinstance(step, CrossValidationSettings | TuningSettings | TrainingSettings | EvaluationSettings):
            first = first or (name, step.metric)
            if step.metric != first[1]:
                message = (
                    f"{step.metric.name!r}, must be {first[1].name!r} as in {first[0]}: scores are compared"
                )
                yield name, Conflict(("metric", "name"), message)
        if isinstance(step, QualitySettings) and labels and step.label.column not in labels.values():
            other, label = next(iter(labels.items()))
            yield name, Conflict(("label", "column"), f"{step.label.column!r}, but {other} says {label!r}")


def _holdout(steps: Steps) -> Found:
    """Batch transform predicts the hold-out, and what follows reads its predictions."""
    without = [
        name for name, step in steps.items() if isinstance(step, PreprocessingSettings) and not step.holdout
    ]
    needing = [
        name for name, step in steps.items() if isinstance(step, TransformSettings | EvaluationSettings)
    ]
    for name in without if needing else ():
        yield (
            name,
            Conflict(("holdout",), f"must say which rows are held out: {' and '.join(needing)} read them"),
        )


def _instances(steps: Steps) -> Found:
    allowed = [step.instances for step in steps.values() if isinstance(step, RegisterSettings)]
    for name, step in steps.items():
        if (
            isinstance(step, DeploySettings)
            and allowed
            and all(step.instance not in known for known in allowed)
        ):
            message = f"{step.instance!r}, register allows {', '.join(allowed[0])}"
            yield name, Conflict(("instance",), message)


def _images(steps: Steps, env: Environment) -> Found:
    for name, step in steps.items():
        job = getattr(step, "job", None)
        if isinstance(job, JobSettings) and job.image not in env.images and "/" not in job.image:
            known = ", ".join(env.images) or "(none)"
            message = f"{job.image!r}, environment {env.name} has the images {known}"
            yield name, Conflict(("job", "image"), message, nearest(job.image, env.images))
