"""Airflow assets: what a pipeline makes and another DAG can be scheduled on.

An asset's address is stable over runs; each event says which run made what. Declared while a DAG file is
parsed, from settings alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Any

from airflow.sdk import Asset

from foldline.config import Pipeline, load_pipeline
from foldline.environment import environment_name
from foldline.errors import ConfigError
from foldline.layout import PipelineLayout
from foldline.project import project_root
from foldline.stepfiles.problems import nearest
from foldline.steps.data import CatalogueSettings, IngestSettings, PreprocessingSettings
from foldline.steps.extract import ExtractSettings
from foldline.steps.release import DeploySettings, RegisterSettings
from foldline.steps.settings import StepSettings
from operators.steprun import StepRun

MAKERS: dict[str, type[StepSettings] | UnionType] = {
    "raw": CatalogueSettings | ExtractSettings,
    "table": IngestSettings,
    "features": PreprocessingSettings,
    "model": RegisterSettings,
    "endpoint": DeploySettings,
}
"""The kind of step that makes each asset."""
FOLDERS = {"features": "folds"}
"""Assets that are not called like their folder; lineage (`foldline.lineage`) uses the same addresses."""
EXTRA_LIMIT = 500
"""Characters of one value that an event carries."""


def asset(pipeline: Pipeline, name: str, step: str = "") -> Asset:
    """An asset of a pipeline.

    Args:
        pipeline: The pipeline.
        name: One of :data:`MAKERS`.
        step: The step that makes it; may be left out when there is only one.

    Raises:
        ConfigError: No step makes it, or more than one does and none is named.
    """
    if name not in MAKERS:
        near = nearest(name, MAKERS)
        raise ConfigError(
            f"there is no asset {name!r}" + (f"; did you mean {near!r}?" if near else ""),
            mend=f"name one of: {', '.join(MAKERS)}",
        )
    makers = {key: found for key, found in pipeline.steps.items() if isinstance(found, MAKERS[name])}
    chosen = step or (next(iter(makers)) if len(makers) == 1 else "")
    if chosen not in makers:
        raise ConfigError(
            f"{len(makers)} steps of pipeline {pipeline.name!r} make the asset {name!r}",
            where=f"infra/{pipeline.name}/",
            mend=f"name the step: {', '.join(makers)}" if makers else f"add the step that makes {name}",
        )
    alone = len(makers) == 1
    made = Asset(f"{pipeline.name}.{name}" if alone else f"{pipeline.name}.{chosen}.{name}", group="foldline")
    uri = address(pipeline, name, makers[chosen]) + ("" if alone or name in REGISTERED else f"/{chosen}")
    # Airflow's check of s3:// imports boto3, a third of a second at each parse; ours is as it wants it.
    object.__setattr__(made, "uri", uri)
    return made


REGISTERED = frozenset({"model", "endpoint"})
"""Assets with a name of their own at SageMaker."""


def address(pipeline: Pipeline, name: str, settings: StepSettings) -> str:
    """The stable address of an asset: below the pipeline's S3 prefix, or its name at SageMaker.

    No URI scheme is registered for SageMaker; Airflow leaves those that begin with ``x-`` as they are.
    """
    environment = pipeline.environment
    at = f"x-sagemaker://{environment.region}/{environment.account}"
    if isinstance(settings, RegisterSettings):
        return f"{at}/model-package-group/{settings.group}"
    if isinstance(settings, DeploySettings):
        return f"{at}/endpoint/{settings.endpoint}"
    folder = FOLDERS.get(name, name)
    return str(PipelineLayout(environment.bucket, pipeline.name).root / folder)


def outlets(step: str) -> list[Asset]:
    """The assets that a step's task makes; none for most.

    Args:
        step: Address of the step, such as ``flight_delays.register``.
    """
    pipeline_name, _, step_name = step.rpartition(".")
    try:
        pipeline = as_it_is(pipeline_name)
    except ConfigError:
        return []  # an address that is rendered later, or a wrong one, which the task itself refuses
    settings = pipeline.steps.get(step_name)
    return [asset(pipeline, name, step_name) for name, maker in MAKERS.items() if isinstance(settings, maker)]


def as_it_is(name: str) -> Pipeline:
    """A pipeline, read once for all of its operators: they are made one after another at each parse."""
    root, env = project_root(), environment_name()
    files = [*(root / "infra" / name).iterdir()] if (root / "infra" / name).is_dir() else []
    files.append(root / "infra" / "env" / f"{env}.yaml")
    there = [(file, file.stat()) for file in files if file.is_file()]
    state = tuple(
        (str(file), stat.st_mtime_ns, stat.st_size) for file, stat in sorted(there, key=lambda one: one[0])
    )
    return _read(name, env, root, state)


@lru_cache(maxsize=16)
def _read(name: str, env: str, root: Path, state: tuple[tuple[str, int, int], ...]) -> Pipeline:
    return load_pipeline(name, env=env, root=root)


def announce(made: Sequence[Asset], events: Any, run: StepRun, result: Mapping[str, Any]) -> None:
    """Say in each asset's event which run made what: the short values of the task's result.

    Args:
        made: The assets.
        events: Airflow's ``outlet_events``.
        run: The task's run.
        result: What the task returns.
    """
    short = {
        key: value
        for key, value in result.items()
        if isinstance(value, int | float) or (isinstance(value, str) and len(value) <= EXTRA_LIMIT)
    }
    for one in made:
        events[one].extra = {
            "run": run.place.run_id,
            "environment": run.pipeline.environment.name,
            "config": run.pipeline.digest,
            **short,
        }
