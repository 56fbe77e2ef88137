"""A processing job's outputs on their way to S3: at its end, or while it runs."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from localaws.jobs.artifacts import files_in, upload_file, upload_tree
from localaws.jobs.sandbox import Instance
from localaws.s3.blobs import Objects
from localaws.sagemaker.processing.request import processing_outputs
from localaws.sagemaker.processing.stage import real_path

EVERY_SECONDS = 1.0  # how often outputs of the mode Continuous are looked at


def upload_outputs(objects: Objects, job: dict[str, Any], hosts: list[Instance]) -> None:
    """Store every output that is complete; may be asked again."""
    for output in processing_outputs(job):
        target = output["S3Output"]
        for host in hosts:
            upload_tree(objects, real_path(host, target["LocalPath"]), target["S3Uri"])


class ContinuousOutputs:
    """Stores what is new or changed in the outputs of the mode Continuous, while the job runs.

    Args:
        objects: Where they go.
        job: The job's document.
        hosts: Its hosts.
    """

    def __init__(self, objects: Objects, job: dict[str, Any], hosts: list[Instance]) -> None:
        self._objects = objects
        targets = [output["S3Output"] for output in processing_outputs(job)]
        self._folders = [
            (real_path(host, target["LocalPath"]), target["S3Uri"])
            for target in targets
            if target["S3UploadMode"] == "Continuous"
            for host in hosts
        ]
        self._seen: dict[Path, tuple[int, int]] = {}
        self._next = time.monotonic() + EVERY_SECONDS

    def tick(self) -> None:
        """Look, if it is time to: a file goes to S3 as it is, and again when it has changed."""
        if not self._folders or time.monotonic() < self._next:
            return
        for folder, uri in self._folders:
            for path in files_in(folder):
                with suppress(FileNotFoundError):  # a program may rename and remove what it writes
                    self._upload(path, folder, uri)
        self._next = time.monotonic() + EVERY_SECONDS

    def _upload(self, path: Path, folder: Path, uri: str) -> None:
        found = path.stat()
        state = (found.st_mtime_ns, found.st_size)
        if self._seen.get(path) != state:
            upload_file(self._objects, path, folder, uri)
            self._seen[path] = state
