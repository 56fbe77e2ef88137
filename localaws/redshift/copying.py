"""COPY: files from S3 into a table."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlglot import exp

from localaws.athena.hivetypes import literal, quoted
from localaws.errors import AwsError
from localaws.redshift.definitions import check_lengths, table_name
from localaws.redshift.engine import Link
from localaws.redshift.failures import StatementFailed, refused
from localaws.redshift.options import Words, column_names, need_role, read_options
from localaws.s3.blobs import StoredObject, split_uri
from localaws.world import World

KNOWN_WORDS = """
IAM_ROLE FORMAT IGNOREHEADER DELIMITER GZIP ZSTD MANIFEST NULL REGION EMPTYASNULL DATEFORMAT TIMEFORMAT
REMOVEQUOTES STATUPDATE COMPUPDATE ENCODING MAXERROR
"""
KNOWN = KNOWN_WORDS.split()
EMPTY = {"EMPTYASNULL", "NULL"}
AUTO = ("", "AUTO", "auto")
LOAD_ERROR = (
    "Load into table '{table}' failed.  Check 'sys_load_error_detail' system table for details. ({why})"
)


def copy(words: Words, link: Link, world: World) -> int:
    """Carry a COPY out; the number of rows.

    Raises:
        StatementFailed: The table or the files are not there, do not fit, or an option is not served.
    """
    words.expect("COPY")
    table = _table(words)
    given = column_names(words)
    words.expect("FROM")
    source = words.text()
    options = read_options(words, "COPY", KNOWN)
    need_role(options)
    if options.get("MAXERROR", "0") != "0":
        raise refused("COPY with MAXERROR: a row that does not fit ends it")
    for name in ("DATEFORMAT", "TIMEFORMAT"):
        if options.get(name, "auto").lower() not in ("auto", "yyyy-mm-dd", "yyyy-mm-dd hh:mi:ss"):
            raise refused(f"COPY with the {name} {options[name]!r}")
    types = _types(table, link)
    columns = given or list(types)
    if unknown := [name for name in columns if name not in types]:
        raise StatementFailed(f'column "{unknown[0]}" of relation "{table.name}" does not exist')
    files = _files(source, world, manifest="MANIFEST" in options)
    listed = ", ".join(quoted(name) for name in columns)
    rows = _reader(files, {name: types[name] for name in columns}, options)
    try:
        [(count,)] = link.rows(f"INSERT INTO {table_name(table, link)} ({listed}) {rows}")
        check_lengths(table, link)
    except Exception as error:
        if type(error).__name__ in ("ConversionException", "InvalidInputException", "StatementFailed"):
            why = str(error).split("\n")[0]
            raise StatementFailed(LOAD_ERROR.format(table=table.name, why=why)) from error
        raise
    return int(count)


def _table(words: Words) -> exp.Table:
    parts = [words.take().lower()]
    while words.accept("."):
        parts.append(words.take().lower())
    return exp.table_(parts[-1], db=parts[-2] if len(parts) > 1 else None, quoted=True)


def _types(table: exp.Table, link: Link) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in link.rows(f"DESCRIBE {table_name(table, link)}")}


def _files(source: str, world: World, *, manifest: bool) -> list[StoredObject]:
    """The objects under a prefix, or those a manifest lists."""
    try:
        bucket, key = split_uri(source)
        if manifest:
            entries = json.loads(world.objects.get(bucket, key).path.read_bytes())["entries"]
            found = [world.objects.get(*split_uri(entry["url"])) for entry in entries]
        else:
            found = [item for item in world.objects.list(bucket, key) if item.size]
    except (AwsError, ValueError, KeyError, TypeError) as error:
        raise StatementFailed(f"S3ServiceException: {source} cannot be read: {error}") from error
    if not found:
        raise StatementFailed(f"The specified S3 prefix '{key}' does not exist")
    return found


def _reader(files: Sequence[StoredObject], types: Mapping[str, str], options: Mapping[str, str]) -> str:
    """A SELECT of the files' rows in the order of the columns."""
    paths = "[" + ", ".join(literal(str(item.path)) for item in files) + "]"
    codec = "gzip" if "GZIP" in options else "zstd" if "ZSTD" in options else "none"
    if options["FORMAT"] == "PARQUET":
        return f"SELECT * FROM read_parquet({paths})"
    if options["FORMAT"] == "JSON":
        if options.get("JSON", "") not in AUTO:
            raise refused(f"COPY with JSON {options['JSON']!r}")
        listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
        return f"SELECT * FROM read_json({paths}, columns = {{{listed}}}, compression = '{codec}')"
    delimiter = options.get("DELIMITER", "," if options["FORMAT"] == "CSV" else "|")
    listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    quote = options.get("QUOTE", '"') if options["FORMAT"] == "CSV" or "REMOVEQUOTES" in options else ""
    # An empty field is NULL; in a column of texts it is the empty text, unless the options say otherwise.
    texts = [literal(name) for name, kind in types.items() if kind == "VARCHAR"]
    keep = f", force_not_null = [{', '.join(texts)}]" if texts and not options.keys() & EMPTY else ""
    null = options.get("NULL", "")
    return (
        f"SELECT * FROM read_csv({paths}, columns = {{{listed}}}, auto_detect = false, header = false, "
        f"skip = {int(options.get('IGNOREHEADER', 0))}, delim = {literal(delimiter)}, "
        f"quote = {literal(quote)}, escape = {literal(quote)}, nullstr = {literal(null)}, "
        f"compression = '{codec}'{keep})"
    )
