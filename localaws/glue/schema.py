"""What a crawler learns of a file: its format and columns; and when two files belong to one table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

SIMILAR = 0.7  # share of common columns from which Glue takes files for one table
WIDTH = {"tinyint": 0, "smallint": 1, "int": 2, "bigint": 3, "float": 4, "double": 5}

Column = tuple[str, str]


@dataclass(frozen=True)
class Schema:
    """The format and columns of a file, or of the files of a table.

    Attributes:
        classification: Glue's word for the format: ``csv``, ``json``, ``parquet``, ``UNKNOWN``.
        columns: (name, Hive type), in the file's order.
        delimiter: CSV only.
        header: CSV only; the first line holds the names.
        quoted: CSV only; some value stands in quotes.
        quote: CSV only; the quote symbol a custom classifier names.
        serde: CSV only; the SerDe a custom classifier asks for, by Glue's word.
        paths: JSON only; the top-level keys as they are spelled in the file.
    """

    classification: str
    columns: tuple[Column, ...] = ()
    delimiter: str = ""
    header: bool = False
    quoted: bool = False
    quote: str = '"'
    serde: str = ""
    paths: frozenset[str] = field(default=frozenset())


def compatible(one: Schema, other: Schema, *, combine: bool = False) -> bool:
    """Whether two schemas can be one table's.

    Args:
        one: A schema.
        other: Another.
        combine: Do without likeness (Glue's CombineCompatibleSchemas).
    """
    if (one.classification, one.delimiter, one.serde) != (other.classification, other.delimiter, other.serde):
        return False
    if combine:
        return True
    mine, theirs = {name for name, _ in one.columns}, {name for name, _ in other.columns}
    return len(mine & theirs) >= SIMILAR * max(len(mine), len(theirs))


def merged(schemas: list[Schema]) -> Schema:
    """The schema that holds what all of them hold: columns as they appear, types widened as needed."""
    types: dict[str, str] = {}
    for schema in schemas:
        for name, kind in schema.columns:
            types[name] = widened(types[name], kind) if name in types else kind
    return replace(
        schemas[0],
        columns=tuple(types.items()),
        header=any(schema.header for schema in schemas),
        quoted=any(schema.quoted for schema in schemas),
        paths=frozenset().union(*(schema.paths for schema in schemas)),
    )


def widened(one: str, other: str) -> str:
    """The narrowest type two types fit in; ``string`` takes everything."""
    if one == other:
        return one
    if one in WIDTH and other in WIDTH:
        return max(one, other, key=lambda kind: WIDTH[kind])
    return "string"
