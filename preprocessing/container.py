"""SageMaker's contract as a program inside the container sees it: where things lie, how a failure is told.

Container side, shared by processing steps and training jobs: standard library only, Python 3.10.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foldline.errors import DataError, FoldlineError
from foldline.trials import decode
from preprocessing.lean import arrow_without_pandas

FAILURE_LIMIT = 1_000
"""Characters of a failure message: SageMaker keeps the first 1,024 as FailureReason or ExitMessage."""

TOOLKIT = "sagemaker_"
"""Prefix of the hyperparameters that SageMaker's own script-mode toolkit adds."""


@dataclass(frozen=True)
class JobDir:
    """The folder SageMaker hands to a job: ``/opt/ml``, or ``$FOLDLINE_JOB_DIR``."""

    root: Path

    @classmethod
    def current(cls) -> JobDir:
        """The folder of the job this process is."""
        return cls(Path(os.environ.get("FOLDLINE_JOB_DIR", "/opt/ml")))

    def input(self, name: str) -> Path:
        """The folder of a processing input.

        Raises:
            DataError: The request named no such input.
        """
        return _existing(self.root / "processing" / "input" / name, f"processing input {name!r}")

    def output(self, name: str) -> Path:
        """The folder of a processing output; made when absent."""
        return _made(self.root / "processing" / "output" / name)

    def settings(self) -> dict[str, Any]:
        """The processing step's settings document."""
        document: dict[str, Any] = json.loads((self.input("settings") / "settings.json").read_text("utf-8"))
        return document

    def hyperparameters(self) -> dict[str, Any]:
        """The training job's hyperparameters, decoded; SageMaker's own entries are left out."""
        path = self.root / "input" / "config" / "hyperparameters.json"
        texts = json.loads(path.read_text("utf-8"))
        return decode({name: text for name, text in texts.items() if not name.startswith(TOOLKIT)})

    def channel(self, name: str) -> Path:
        """The folder of a training channel.

        Raises:
            DataError: The request named no such channel.
        """
        return _existing(self.root / "input" / "data" / name, f"training channel {name!r}")

    @property
    def model(self) -> Path:
        """What becomes ``model.tar.gz``; made when absent."""
        return _made(self.root / "model")

    @property
    def data(self) -> Path:
        """What becomes ``output.tar.gz``; made when absent."""
        return _made(self.root / "output" / "data")


def run(step: Callable[[JobDir], None], failure_file: str) -> int:
    """The exit code of ``step``; a failure is printed and left where SageMaker looks for it.

    Args:
        step: The job's work.
        failure_file: ``message`` for a processing job, ``failure`` for a training job.
    """
    job = JobDir.current()
    arrow_without_pandas()
    try:
        step(job)
    except FoldlineError as error:
        text = str(error)
        print(text, file=sys.stderr)  # noqa: T201 - the job's log is its standard error
    except Exception as error:  # the roof of the process: a user sees this text as FailureReason
        traceback.print_exc()
        text = "".join(traceback.format_exception_only(type(error), error)).strip()
    else:
        return 0
    _made(job.root / "output").joinpath(failure_file).write_text(_bounded(text), "utf-8")
    return 1


def _bounded(text: str) -> str:
    return text if len(text) <= FAILURE_LIMIT else text[: FAILURE_LIMIT - 2] + " …"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _existing(folder: Path, what: str) -> Path:
    if not folder.is_dir():
        raise DataError(
            f"{what} is not there", where=str(folder), mend="the job's request must name it; see request.py"
        )
    return folder
