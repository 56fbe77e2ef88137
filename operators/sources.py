"""A step's own source folder in S3, uploaded by its content when it is not there yet."""

from __future__ import annotations

from foldline.layout import S3Uri
from foldline.remote.storage.sourcetree import SourceTree, ensure_archive, ensure_uploaded, folder_tree
from foldline.steps.sagemaker import OwnCode
from operators.steprun import StepRun


def source(run: StepRun, settings: OwnCode) -> S3Uri | None:
    """The prefix of the step's source folder; None where it has none.

    Raises:
        ConfigError: The folder or the program is not there.
    """
    tree = _tree(run, settings)
    account = run.pipeline.environment.account
    return ensure_uploaded(run.clients.client("s3"), run.common, account, tree) if tree else None


def source_archive(run: StepRun, settings: OwnCode) -> S3Uri | None:
    """The same as ``sourcedir.tar.gz``, for script mode.

    Raises:
        ConfigError: The folder or the program is not there, or the job would install something.
    """
    tree = _tree(run, settings)
    account = run.pipeline.environment.account
    return ensure_archive(run.clients.client("s3"), run.common, account, tree) if tree else None


def _tree(run: StepRun, settings: OwnCode) -> SourceTree | None:
    if settings.source is None:
        return None
    return folder_tree(run.pipeline.root, settings.source, settings.program)
