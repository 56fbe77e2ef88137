"""Glue's Parquet classifier: the exact types off a file's footer."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from localaws.glue.schema import Schema

SIMPLE = {
    pa.bool_(): "boolean",
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.uint8(): "smallint",
    pa.uint16(): "int",
    pa.uint32(): "bigint",
    pa.uint64(): "decimal(20,0)",
    pa.float16(): "float",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.null(): "string",
}


def parquet_schema(path: Path) -> tuple[Schema, int] | None:
    """The schema of a Parquet file and its number of rows; None when it is no Parquet file."""
    try:
        footer = pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError):
        return None
    columns = tuple((field.name.lower(), hive_type(field.type)) for field in footer.schema.to_arrow_schema())
    return Schema("parquet", columns=columns), int(footer.num_rows)


def hive_type(kind: pa.DataType) -> str:
    """The Hive type of an Arrow type; what Hive has no type for is read as a string."""
    if kind in SIMPLE:
        return SIMPLE[kind]
    if pa.types.is_dictionary(kind):
        return hive_type(kind.value_type)
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return "binary"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"array<{hive_type(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{hive_type(kind.key_type)},{hive_type(kind.item_type)}>"
    if pa.types.is_struct(kind):
        inner = (
            f"{kind.field(n).name.lower()}:{hive_type(kind.field(n).type)}" for n in range(kind.num_fields)
        )
        return f"struct<{','.join(inner)}>"
    return "string"
