"""``s3://`` paths for Spark without Hadoop's S3 file system: objects are brought here, results taken back.

``install`` wraps the methods of pyspark's readers and writers that take a path. Reading mirrors the objects
under a prefix into the run's stage folder, ``<stage>/<bucket>/<key>``, at the moment the frame is made.
Writing goes to an empty local folder, then to S3: old objects away first with ``overwrite``, ``_SUCCESS``
last.
"""

from __future__ import annotations

import functools
import inspect
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from awsglue import s3

READS = ("csv", "json", "parquet", "orc", "text", "load", "xml")
WRITES = ("csv", "json", "parquet", "orc", "text", "save", "xml")


def stage() -> Path:
    """The run's folder for copies of objects."""
    return Path(os.environ["LOCALAWS_GLUE_STAGE"])


def install() -> None:
    """Make pyspark in this process understand S3 paths, and the Glue catalogue where the job asks for it."""
    from pyspark.core.context import SparkContext
    from pyspark.core.rdd import RDD
    from pyspark.sql.classic.dataframe import DataFrame  # noqa: F401  # loads the writer's module
    from pyspark.sql.readwriter import DataFrameReader, DataFrameWriter

    for name in READS:
        if hasattr(DataFrameReader, name):
            setattr(DataFrameReader, name, _reading(getattr(DataFrameReader, name)))
    DataFrameReader.option = _base_path(DataFrameReader.option)
    DataFrameReader.options = _one_by_one(DataFrameReader.options)
    DataFrameWriter.mode = _remembering(DataFrameWriter.mode)
    for name in WRITES:
        if hasattr(DataFrameWriter, name):
            setattr(DataFrameWriter, name, _writing(getattr(DataFrameWriter, name)))
    for name in ("textFile", "wholeTextFiles"):
        setattr(SparkContext, name, _reading(getattr(SparkContext, name)))
    RDD.saveAsTextFile = _saving_text(RDD.saveAsTextFile)
    if "LOCALAWS_GLUE_CATALOG" in os.environ:
        from awsglue.sqltables import install as install_tables

        install_tables()


def local(path: Any) -> Any:
    """A path, or a list of them, as Spark can read it here."""
    if isinstance(path, list | tuple):
        return [local(entry) for entry in path]
    if not s3.is_uri(path):
        return path
    bucket, key = s3.split(path)
    fixed = key[: min((key.find(sign) for sign in "*?[{" if sign in key), default=len(key))]
    prefix = fixed if fixed == key else fixed.rpartition("/")[0]
    if fixed == key and not s3.is_object(bucket, key):
        prefix = key.rstrip("/") + "/" if key.strip("/") else ""
    found = [item for item in s3.listing(bucket, prefix) if not item.key.endswith("/")]
    if not found:
        from pyspark.errors import AnalysisException

        raise AnalysisException(f"[PATH_NOT_FOUND] Path does not exist: {path}.")
    kept = {Path(copy) for copy in mirror(bucket, found)}
    for copy in (stage() / bucket / prefix).rglob("*"):
        if copy.is_file() and not copy.name.startswith(".") and copy not in kept:
            copy.unlink()  # not in S3 any more
    return str(stage() / bucket / key)


def mirror(bucket: str, items: list[s3.Item]) -> list[str]:
    """Copies of objects in the stage folder, brought now if new or changed; their paths."""
    paths = []
    for item in items:
        target = stage() / bucket / item.key
        seen = target.parent / f".{target.name}.etag"
        if not seen.exists() or seen.read_text() != item.etag:
            target.parent.mkdir(parents=True, exist_ok=True)
            s3.download(bucket, item.key, target)
            seen.write_text(item.etag)
        paths.append(str(target))
    return paths


def upload(
    folder: Path,
    uri: str,
    mode: str,
    *,
    partitions_only: bool = False,
    named: Callable[[int, str], str] | None = None,
) -> list[str]:
    """Take what Spark wrote to a local folder to S3; the partition folders written, such as ``a=1/b=2``.

    Args:
        folder: The local folder.
        uri: The prefix to write under.
        mode: ``overwrite`` removes what is there first.
        partitions_only: Remove only the partitions that are written (dynamic overwrite).
        named: Gives a file another name, by its number; ``_SUCCESS`` is left away then.
    """
    bucket, prefix = s3.split(uri.rstrip("/") + "/")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".crc"]
    written = sorted(
        {path.parent.relative_to(folder).as_posix() for path in files if path.name != "_SUCCESS"}
    )
    if mode == "overwrite":
        for part in [f"{part}/" for part in written] if partitions_only else [""]:
            s3.delete(bucket, [item.key for item in s3.listing(bucket, prefix + part)])
    for number, path in enumerate(sorted(files, key=lambda path: path.name == "_SUCCESS")):
        if named is None:
            s3.upload(path, bucket, prefix + path.relative_to(folder).as_posix())
        elif path.name != "_SUCCESS":
            place = path.with_name(named(number, path.name)).relative_to(folder)
            s3.upload(path, bucket, prefix + place.as_posix())
    shutil.rmtree(folder.parent)
    return [part for part in written if part != "."]


def output_folder() -> Path:
    """A folder that does not exist yet, for Spark to write to."""
    return Path(tempfile.mkdtemp(dir=stage())) / "out"


def _reading(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method whose first argument, a path, may be in S3."""

    @functools.wraps(method)
    def read(self: Any, path: Any = None, *args: Any, **options: Any) -> Any:
        return method(self, *(local(arg) for arg in ((path, *args) if path is not None else args)), **options)

    return read


def _base_path(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def option(self: Any, key: str, value: Any) -> Any:
        if key.lower() == "basepath" and s3.is_uri(value):
            bucket, prefix = s3.split(value)
            value = str(stage() / bucket / prefix)
        return method(self, key, value)

    return option


def _one_by_one(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def options(self: Any, **options: Any) -> Any:
        for key, value in options.items():
            self = self.option(key, value)
        return self

    return options


def _remembering(method: Callable[..., Any]) -> Callable[..., Any]:
    """DataFrameWriter.mode, which keeps the mode in the JVM only."""

    @functools.wraps(method)
    def mode(self: Any, saveMode: str | None) -> Any:
        self.s3_mode = saveMode
        return method(self, saveMode)

    return mode


def _writing(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that writes to a path, which may be in S3."""
    signature = inspect.signature(method)

    @functools.wraps(method)
    def write(self: Any, *args: Any, **options: Any) -> None:
        given = signature.bind(self, *args, **options)
        path: Any = given.arguments.get("path")
        if not s3.is_uri(path):
            method(self, *args, **options)
            return
        mode: str = given.arguments.pop("mode", None) or getattr(self, "s3_mode", None) or "error"
        if mode in ("error", "errorifexists", "ignore") and s3.listing(*s3.split(path.rstrip("/") + "/")):
            if mode == "ignore":
                return
            from pyspark.errors import AnalysisException

            text = f'Path {path} already exists. Set mode as "overwrite" to overwrite the existing path.'
            raise AnalysisException(f"[PATH_ALREADY_EXISTS] {text}")
        dynamic = self._spark.conf.get("spark.sql.sources.partitionOverwriteMode").lower() == "dynamic"
        if mode == "overwrite" and not dynamic:
            _refuse_reading(self._df, path)
        folder = output_folder()
        given.arguments["path"] = str(folder)
        method(*given.args, **given.kwargs)
        upload(folder, path, mode, partitions_only=dynamic)

    return write


def _refuse_reading(frame: Any, uri: str) -> None:
    """Refuse to overwrite what the frame itself reads, as Spark does.

    Raises:
        AnalysisException: A file the frame reads lies under the path.
    """
    bucket, key = s3.split(uri.rstrip("/") + "/")
    folder = stage() / bucket / key
    if folder.is_dir() and any(
        Path(unquote(urlsplit(file).path)).is_relative_to(folder) for file in frame.inputFiles()
    ):
        from pyspark.errors import AnalysisException

        text = f"Can't overwrite the path {uri} that is also being read from."
        raise AnalysisException(f"[UNSUPPORTED_OVERWRITE.PATH] {text}")


def _saving_text(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def save(self: Any, path: str, *args: Any, **options: Any) -> None:
        if not s3.is_uri(path):
            method(self, path, *args, **options)
            return
        folder = output_folder()
        method(self, str(folder), *args, **options)
        upload(folder, path, "append")

    return save
