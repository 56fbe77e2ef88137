"""Nested columns made flat: structs as columns ``outer.inner``, arrays as frames of their own."""

from __future__ import annotations

from typing import Any


def unnested(frame: Any) -> Any:
    """The frame with every struct's fields as columns, at any depth."""
    from pyspark.sql import functions as f
    from pyspark.sql.types import StructType

    while any(isinstance(field.dataType, StructType) for field in frame.schema.fields):
        columns = []
        for field in frame.schema.fields:
            if isinstance(field.dataType, StructType):
                columns += [
                    f.col(f"`{field.name}`")[inner].alias(f"{field.name}.{inner}")
                    for inner in field.dataType.names
                ]
            else:
                columns.append(f.col(f"`{field.name}`"))
        frame = frame.select(*columns)
    return frame


def relationalized(frame: Any, root: str) -> dict[str, Any]:
    """Flat frames by name: the root, and ``<root>_<column>`` for each array.

    The array's column holds a number instead, which is ``id`` in the array's frame; there, ``index`` counts
    the entries and ``<column>.val`` (or ``<column>.val.<field>``) holds them.
    """
    from pyspark.sql import functions as f
    from pyspark.sql.types import ArrayType, StructType

    frame = unnested(frame)
    arrays = [field.name for field in frame.schema.fields if isinstance(field.dataType, ArrayType)]
    if not arrays:
        return {root: frame}
    numbered = frame.withColumn("__id", f.monotonically_increasing_id() + 1).cache()
    found: dict[str, Any] = {}
    for name in arrays:
        entries = numbered.select(
            f.col("__id").alias("id"), f.posexplode(f.col(f"`{name}`")).alias("index", "val")
        )
        field = entries.schema["val"]
        renamed = (
            [f.col("val")[inner].alias(f"{name}.val.{inner}") for inner in field.dataType.names]
            if isinstance(field.dataType, StructType)
            else [f.col("val").alias(f"{name}.val")]
        )
        found |= relationalized(entries.select("id", "index", *renamed), f"{root}_{name}")
    columns = [f.col("__id").alias(name) if name in arrays else f.col(f"`{name}`") for name in frame.columns]
    return {root: numbered.select(*columns), **found}
