"""The modules a script may import besides the server's own: files from S3, packages by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement

from localaws.errors import AwsError
from localaws.glue.jobs.arguments import words
from localaws.s3.blobs import Objects, split_uri

PIP_SECONDS = 600


class LibraryError(Exception):
    """A module cannot be had; the text is the run's ErrorMessage."""


def fetch(objects: Objects, uri: str, folder: Path) -> Path:
    """An object as a file of the same name in a folder.

    Raises:
        LibraryError: There is no such object.
    """
    try:
        bucket, key = split_uri(uri)
        source = objects.get(bucket, key).path
    except AwsError as error:
        raise LibraryError(f"{error.code}: cannot read {uri}: {error.message}") from error
    target = folder / PurePosixPath(key).name
    shutil.copyfile(source, target)
    return target


def bring(objects: Objects, arguments: dict[str, str], folder: Path) -> list[str]:
    """Fetch or find the modules a run asks for; the entries of PYTHONPATH that hold them, in order.

    ``--extra-py-files`` are ``.py``, ``.zip``, ``.egg`` and ``.whl`` in S3. The packages that
    ``--additional-python-modules`` names must be installed where the server runs; with
    ``LOCALAWS_GLUE_PIP=1`` pip installs those that are not.

    Raises:
        LibraryError: One of them cannot be had.
    """
    modules = words(arguments, "--additional-python-modules")
    files = words(arguments, "--extra-py-files") + [name for name in modules if name.startswith("s3://")]
    missing = [name for name in modules if not name.startswith("s3://") and not _installed(name)]
    paths = [str(folder)]
    for uri in files:
        file = fetch(objects, uri, folder)
        if file.suffix == ".whl":
            _unpack(file, folder)
        elif file.suffix in (".zip", ".egg"):
            paths.append(str(file))
        elif file.suffix != ".py":
            raise LibraryError(f"localaws takes .py, .zip, .egg and .whl as extra Python files, not {uri}")
    if missing:
        _install(missing, folder)
    return paths


def _unpack(wheel: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)  # names that would leave the folder are made harmless by zipfile
    except zipfile.BadZipFile as error:
        raise LibraryError(f"{wheel.name} is no wheel: {error}") from error


def _installed(module: str) -> bool:
    try:
        wanted = Requirement(module)
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except InvalidRequirement as error:
        raise LibraryError(f"--additional-python-modules: {module!r} is no requirement: {error}") from error
    except PackageNotFoundError:
        return False


def _install(modules: list[str], folder: Path) -> None:
    if os.environ.get("LOCALAWS_GLUE_PIP") != "1":
        raise LibraryError(
            f"--additional-python-modules: {', '.join(modules)} not installed in {sys.prefix}. Install it "
            "there, or start localaws with LOCALAWS_GLUE_PIP=1 to let each run install it with pip"
        )
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *modules]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise LibraryError(f"pip could not install {', '.join(modules)}: {last}")
