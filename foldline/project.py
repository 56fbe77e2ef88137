"""The project: the nearest folder with `infra/`, and the pipelines in it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from foldline.errors import ConfigError

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
"""Names of pipelines and environments: they become DAG ids, tags and parts of S3 keys."""
NAME_RULE = "letters, digits, _ and -, beginning with a letter, at most 63"
NOT_PIPELINES = frozenset({"env", "schema", "aws"})
"""Folders of `infra/` that hold something else."""


def project_root(start: Path | str | None = None) -> Path:
    """The nearest folder with ``infra/``, from ``start`` upward.

    Args:
        start: A folder or file; by default the folder in ``FOLDLINE_ROOT``, or else the current one.

    Raises:
        ConfigError: No folder up to the root of the disk holds ``infra/``.
    """
    begin = Path(start or os.environ.get("FOLDLINE_ROOT") or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / "infra").is_dir():
            return folder
    raise ConfigError(
        f"there is no project in {begin} or above it: no folder holds infra/",
        mend="change into the project, or set FOLDLINE_ROOT to the folder that holds infra/",
    )


def pipelines(root: Path | None = None) -> list[str]:
    """Names of the project's pipelines: the folders of ``infra/`` with a ``pipeline.yaml``."""
    infra = (root or project_root()) / "infra"
    return sorted(
        folder.parent.name
        for folder in infra.glob("*/pipeline.yaml")
        if folder.parent.name not in NOT_PIPELINES
    )


def step_names(root: Path) -> set[str]:
    """Names of all step files of all pipelines, and ``pipeline`` itself."""
    return {file.stem for name in pipelines(root) for file in (root / "infra" / name).glob("*.yaml")}


def environments(root: Path | None = None) -> list[str]:
    """Names of the project's environments: the files of ``infra/env/``."""
    return sorted(file.stem for file in ((root or project_root()) / "infra" / "env").glob("*.yaml"))
