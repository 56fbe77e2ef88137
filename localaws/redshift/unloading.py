"""UNLOAD: a query's rows as files in S3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from localaws.athena.hivetypes import literal, quoted
from localaws.errors import AwsError
from localaws.redshift.compiler import compiled
from localaws.redshift.dialect import parse, tokens_of
from localaws.redshift.engine import Link
from localaws.redshift.failures import StatementFailed, refused
from localaws.redshift.options import Words, need_role, read_options
from localaws.s3.blobs import split_uri
from localaws.world import World

KNOWN_WORDS = """
IAM_ROLE FORMAT HEADER DELIMITER PARALLEL ALLOWOVERWRITE CLEANPATH MANIFEST GZIP ZSTD
ADDQUOTES NULL REGION EXTENSION
"""
KNOWN = [*KNOWN_WORDS.split(), "PARTITION BY"]
ENDINGS = {"GZIP": ".gz", "ZSTD": ".zst"}
SLICES = "0000"


def unload(words: Words, link: Link, world: World) -> int:
    """Carry an UNLOAD out; the number of rows.

    Raises:
        StatementFailed: The place is taken, an option is not served, the query fails.
    """
    words.expect("UNLOAD")
    words.expect("(")
    query = words.text()
    words.expect(")")
    words.expect("TO")
    bucket, prefix = _place(words.text(), world)
    options = read_options(words, "UNLOAD", KNOWN)
    need_role(options)
    if options["FORMAT"] == "PARQUET" and (
        options.keys() & {"HEADER", "DELIMITER", "GZIP", "ZSTD", "ADDQUOTES"}
    ):
        raise StatementFailed("UNLOAD with FORMAT PARQUET takes no text options")
    found = world.objects.list(bucket, prefix)
    if found and not options.keys() & {"ALLOWOVERWRITE", "CLEANPATH"}:
        raise StatementFailed(
            "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, "
            "manually removing the target files in S3, or using the ALLOWOVERWRITE option."
        )
    tree = parse(query, tokens_of(query))
    rows, files = _written(compiled(tree, link, link.database), link, options)
    link.check()
    if "CLEANPATH" in options:
        for item in found:
            world.objects.delete(bucket, item.key)
    _publish(files, bucket, prefix, options, world)
    return rows


def _place(uri: str, world: World) -> tuple[str, str]:
    try:
        bucket, prefix = split_uri(uri)
    except AwsError as error:
        raise StatementFailed(f"Invalid S3 path: {uri}") from error
    if not world.objects.bucket_exists(bucket):
        raise StatementFailed(f"S3ServiceException:The specified bucket does not exist,Status 404 ({bucket})")
    return bucket, prefix


def _written(sql: str, link: Link, options: Mapping[str, str]) -> tuple[int, list[tuple[str, Path]]]:
    """Run the query into files of the link's folder: the rows, and each file's folder and path."""
    folder = link.folder / "unload"
    partitions = [name for name in options.get("PARTITION", "").split(",") if name]
    chosen = [_format(options)]
    if partitions:
        chosen.append(f"PARTITION_BY ({', '.join(map(quoted, partitions))})")
        chosen += ["WRITE_PARTITION_COLUMNS true"] if options.get("INCLUDE") else []
        [(rows,)] = link.rows(f"COPY ({sql}) TO {literal(str(folder))} ({', '.join(chosen)})")
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return int(rows), [(path.parent.relative_to(folder).as_posix() + "/", path) for path in paths]
    [(rows,)] = link.rows(f"COPY ({sql}) TO {literal(str(folder))} ({', '.join(chosen)})")
    return int(rows), [("", folder)]


def _format(options: Mapping[str, str]) -> str:
    if options["FORMAT"] == "PARQUET":
        return "FORMAT parquet, COMPRESSION snappy"
    codec = next((word.lower() for word in ENDINGS if word in options), "none")
    if options["FORMAT"] == "JSON":
        return f"FORMAT json, COMPRESSION {codec}"
    delimiter = options.get("DELIMITER", "," if options["FORMAT"] == "CSV" else "|")
    if len(delimiter) != 1:
        raise refused(f"UNLOAD with the delimiter {delimiter!r}")
    text = f"FORMAT csv, HEADER {'HEADER' in options}, DELIMITER {literal(delimiter)}, COMPRESSION {codec}"
    if options["FORMAT"] == "CSV":
        return text
    quoting = ", FORCE_QUOTE *" if "ADDQUOTES" in options else ", QUOTE '', ESCAPE ''"
    return f"{text}, NULLSTR {literal(options.get('NULL', ''))}{quoting}"


def _publish(
    files: list[tuple[str, Path]], bucket: str, prefix: str, options: Mapping[str, str], world: World
) -> None:
    """Store the files, and the manifest after them."""
    ending = "." + options["EXTENSION"].lstrip(".") if "EXTENSION" in options else _ending(options)
    slices = "000" if options.get("PARALLEL") in ("OFF", "FALSE") else f"{SLICES}_part_00"
    entries = []
    for number, (folder, path) in enumerate(files):
        start = f"{prefix.rstrip('/')}/{folder}" if folder else prefix
        part = slices if not folder else f"{SLICES}_part_{number:02}"
        size = path.stat().st_size
        world.objects.put_file(bucket, f"{start}{part}{ending}", path, move=True)
        entries.append({"url": f"s3://{bucket}/{start}{part}{ending}", "meta": {"content_length": size}})
    if "MANIFEST" in options:
        manifest = json.dumps({"entries": entries}, indent=2).encode()
        world.objects.put_bytes(bucket, f"{prefix}manifest", manifest)


def _ending(options: Mapping[str, str]) -> str:
    return (
        ".parquet"
        if options["FORMAT"] == "PARQUET"
        else next((e for w, e in ENDINGS.items() if w in options), "")
    )
